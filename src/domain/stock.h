/** Stock: one record per (station, item). Only the engine changes it. */
#ifndef ITN_DOMAIN_STOCK_H
#define ITN_DOMAIN_STOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"

struct stock {
	struct str station, item;
	int64_t on_hand;       /**< 0..SUM_MAX; includes what is reserved */
	int64_t reserved;      /**< 0..on_hand */
	int64_t incoming;      /**< on shipments under way here; alone it does not make the item tracked */
	int64_t reorder_level; /**< 0: none */
	bool tracked;          /**< was on hand or counted once */
	int64_t version;       /**< 0: no such record yet */
	int64_t updated_at;
};

int64_t stock_available(const struct stock *stock); /**< on hand and not set aside */
bool stock_is_low(const struct stock *stock);       /**< available is below the reorder level */
/** Somebody counted it, which makes it tracked even when there was none. `reorder_level` -1: stays.
 *  @return whether anything changed */
bool stock_counted(struct stock *stock, int64_t reorder_level);

/** One item as inventories show it: {name, quantity, reserved, available, incoming, reorderLevel?, version}. */
void stock_write_item(struct buf *out, const struct stock *stock);
/** The same with its station before: {stationId, name, …}. */
void stock_write_record(struct buf *out, const struct stock *stock);
/** {_id, stationId, items:[…], updatedAt}: `count` records (at least 1) of one station, sorted by item; updatedAt is
 *  the latest. */
void stock_write_json(struct buf *out, const struct stock *records, size_t count);

#endif
