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
	bool tracked;          /**< was on hand once */
	int64_t version;       /**< 0: no such record yet */
	int64_t updated_at;
};

/** One item as inventories show it: {name, quantity, reserved, available, incoming, reorderLevel?, version}. */
void stock_write_item(struct buf *out, const struct stock *stock);
/** {_id, stationId, items:[…], updatedAt}: `count` records (at least 1) of one station, sorted by item; updatedAt is
 *  the latest. */
void stock_write_json(struct buf *out, const struct stock *records, size_t count);

#endif
