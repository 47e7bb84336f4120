/** A stock-take: what somebody counted at a station. Items that it does not name stay as they are. Pure. */
#ifndef ITN_DOMAIN_STOCK_TAKE_H
#define ITN_DOMAIN_STOCK_TAKE_H

#include "core/buf.h"
#include "core/fault.h"
#include "core/json_in.h"
#include "core/status.h"
#include "domain/line.h"

struct count {
	struct str item;
	int64_t quantity;      /**< 0..QUANTITY_MAX */
	int64_t reorder_level; /**< 0..QUANTITY_MAX, 0: none; -1: stays */
};

struct stock_take {
	struct count *at; /**< each item once */
	size_t count;     /**< 1..LINES_MAX */
};

/** Reads {items:[{name, quantity, reorderLevel?}]}. As trade_from_request(). */
enum itn_status stock_take_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
					struct stock_take *ret_take) must_check;
/** As a request's body. */
void stock_take_write_body(struct buf *out, const struct stock_take *take);
/** Reads what stock_take_write_body() wrote; texts are copied into the arena. ITN_FAILED when it is something else. */
enum itn_status stock_take_read_body(struct arena *arena, struct str body, struct stock_take *ret_take) must_check;
/** As the event stockTaken shows it: {_id, stationId, items}. */
void stock_take_write_json(struct buf *out, struct str station, const struct stock_take *take);

#endif
