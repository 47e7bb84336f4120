/** Timelines, put together from what each store finds by an index: events, postings, alerts, notifications. */
#ifndef ITN_STORE_TIMELINE_H
#define ITN_STORE_TIMELINE_H

#include "store/notifications.h"
#include "store/scan.h"

/** store_list() of LIST_TRADE_TIMELINE and LIST_CARGO_TIMELINE. */
enum itn_status timeline_list(struct store *store, const struct store_list *list, store_row_fn *row,
			      void *context) must_check;

/* What a store engine gives for it, by an index (engine_ops.h): `events_of` calls for each of these events, in the
 * order of seq; `notifications_of` for each notification about any of the events with these ids, in any order; a store
 * of a schema before STORE_NOTIFICATIONS_SCHEMA has none. */

/** The events of one trade or shipment, from <= seq <= until, up to `max`. */
struct event_range {
	enum entity_kind entity; /**< ENTITY_TRADE or ENTITY_CARGO */
	struct str key;
	int64_t from, until;
	size_t max;
};

#endif
