#include "store/store.h"

#include <string.h>

#include "store/kinds.h"
#include "store/measure.h"
#include "store/timeline.h"

static enum itn_status open_with(const struct config *config, bool make, struct store **ret_store, struct error *error)
{
	for (size_t i = 0; i < store_kind_count; i++)
		if (!strncmp(config->store, store_kinds[i].scheme, strlen(store_kinds[i].scheme)))
			return store_kinds[i].ops->open(config, make, ret_store, error);
	return error_set(error, ITN_INVALID, "the store is neither sqlite:PATH nor a mongodb:// URI");
}

enum itn_status store_open(const struct config *config, struct store **ret_store, struct error *error)
{
	return open_with(config, true, ret_store, error);
}

enum itn_status store_open_existing(const struct config *config, struct store **ret_store, struct error *error)
{
	return open_with(config, false, ret_store, error);
}

void store_close(struct store *store)
{
	if (store)
		store->ops->close(store);
}

enum itn_status store_check(struct store *store, struct error *error)
{
	return store->ops->check(store, error);
}

enum itn_status store_head(struct store *store, struct store_head *ret_head)
{
	return store_measure(store->ops->head(store, ret_head));
}

enum itn_status store_trade_create(struct store *store, const struct trade *trade, const struct entry *entry)
{
	return store_measure(store->ops->trade_create(store, trade, entry));
}

enum itn_status store_cargo_create(struct store *store, const struct cargo *cargo, const struct entry *entry)
{
	return store_measure(store->ops->cargo_create(store, cargo, entry));
}

enum itn_status store_trade_change(struct store *store, const struct trade *changed, int64_t from_version,
				   const struct entry *entry)
{
	return store_measure(store->ops->trade_change(store, changed, from_version, entry));
}

enum itn_status store_cargo_change(struct store *store, const struct cargo *changed, int64_t from_version,
				   const struct entry *entry)
{
	return store_measure(store->ops->cargo_change(store, changed, from_version, entry));
}

/* Whether an engine that knows stock-takes has had the data. */
static enum itn_status stock_takes_check(struct store *store)
{
	struct store_head head;
	enum itn_status status = store_head(store, &head);
	return !status && head.schema < STORE_STOCK_SCHEMA ? ITN_UNAVAILABLE : status;
}

enum itn_status store_request_add(struct store *store, const struct entry *request)
{
	enum itn_status status = request->entity == ENTITY_INVENTORY ? stock_takes_check(store) : ITN_OK;
	return status ? status : store_measure(store->ops->request_add(store, request));
}

enum itn_status store_request_verdict(struct store *store, struct arena *arena, struct str id,
				      struct request_verdict *ret_verdict)
{
	return store_measure(store->ops->request_verdict(store, arena, id, ret_verdict));
}

enum itn_status store_trade(struct store *store, struct arena *arena, struct str id, struct trade *ret_trade)
{
	return store_measure(store->ops->trade(store, arena, id, ret_trade));
}

enum itn_status store_cargo(struct store *store, struct arena *arena, struct str id, struct cargo *ret_cargo)
{
	return store_measure(store->ops->cargo(store, arena, id, ret_cargo));
}

enum itn_status store_trade_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version)
{
	return store_measure(store->ops->trade_json(store, id, out, ret_version));
}

enum itn_status store_cargo_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version)
{
	return store_measure(store->ops->cargo_json(store, id, out, ret_version));
}

enum itn_status store_inventory_json(struct store *store, struct str station, struct buf *out, int64_t *ret_version)
{
	return store_measure(store->ops->inventory_json(store, station, out, ret_version));
}

enum itn_status store_stock_at(struct store *store, struct arena *arena, struct str station, int64_t seq, int64_t time,
			       struct lines *ret_lines)
{
	return store->ops->stock_at(store, arena, station, seq, time, ret_lines);
}

enum itn_status store_list(struct store *store, const struct store_list *list, store_row_fn *row, void *context)
{
	bool timeline = list->kind == LIST_TRADE_TIMELINE || list->kind == LIST_CARGO_TIMELINE;

	return store_measure((timeline ? timeline_list : store->ops->list)(store, list, row, context));
}

enum itn_status store_events(struct store *store, int64_t after, size_t max, store_event_fn *row, void *context)
{
	return store_measure(store->ops->events(store, after, max, row, context));
}

enum itn_status store_progress(struct store *store, const struct str *ids, size_t count,
			       enum store_progress *ret_progress)
{
	return store_measure(store->ops->progress(store, ids, count, ret_progress));
}

enum itn_status store_counters(struct store *store, struct str prefix, store_counter_fn *row, void *context)
{
	return store_measure(store->ops->counters(store, prefix, row, context));
}

enum itn_status store_vitals(struct store *store, struct store_vitals *ret_vitals)
{
	return store_measure(store->ops->vitals(store, ret_vitals));
}

enum itn_status store_backup(struct store *store, const char *path, struct error *error)
{
	return store_measure(store->ops->backup(store, path, error));
}

enum itn_status store_layout(struct store *store, store_fault_fn *fault, void *context, struct error *error)
{
	return store_measure(store->ops->layout(store, fault, context, error));
}
