#include <stdio.h>
#include <string.h>

#include "store/memory_store.h"

/* A read: its failure, and the lock on success. */
static enum itn_status read_begin(struct memory_database *database, const char *call)
{
	enum itn_status status = database_at(database, call, MEMORY_BEFORE);
	if (!status)
		database_lock(database);
	return status;
}

enum itn_status memory_head(struct store *store, struct store_head *ret_head)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "head");
	if (status)
		return status;
	*ret_head = database_head(database)->head;
	database_unlock(database);
	return ITN_OK;
}

enum itn_status memory_request_verdict(struct store *store, struct arena *arena, struct str id,
				       struct request_verdict *ret_verdict)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "request_verdict");
	if (status)
		return status;
	const struct memory_request *request = row_seen(row_find(&database->tables[IN_REQUESTS], id), NULL);
	if (request)
		*ret_verdict = (struct request_verdict){ request->state, arena_str(arena, request->detail) };
	database_unlock(database);
	return request ? ITN_OK : ITN_NOT_FOUND;
}

enum itn_status memory_trade(struct store *store, struct arena *arena, struct str id, struct trade *ret_trade)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "trade");
	if (status)
		return status;
	const struct memory_document *document = row_seen(row_find(&database->tables[IN_TRADES], id), NULL);
	if (document) {
		*ret_trade = trade_copy(arena, &document->is.trade);
		ret_trade->short_of = STR_NONE;
	}
	database_unlock(database);
	return document ? ITN_OK : ITN_NOT_FOUND;
}

enum itn_status memory_cargo(struct store *store, struct arena *arena, struct str id, struct cargo *ret_cargo)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "cargo");
	if (status)
		return status;
	const struct memory_document *document = row_seen(row_find(&database->tables[IN_CARGO], id), NULL);
	if (document) {
		*ret_cargo = cargo_copy(arena, &document->is.cargo);
		ret_cargo->reserved_trades = 0;
	}
	database_unlock(database);
	return document ? ITN_OK : ITN_NOT_FOUND;
}

static enum itn_status document_json(struct store *store, const char *call, enum memory_table in, struct str id,
				     struct buf *out, int64_t *ret_version)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, call);
	if (status)
		return status;
	const struct memory_document *document = row_seen(row_find(&database->tables[in], id), NULL);
	if (document && in == IN_TRADES)
		trade_write_json(out, &document->is.trade);
	else if (document)
		cargo_write_json(out, &document->is.cargo);
	if (document)
		*ret_version = document_version(document);
	database_unlock(database);
	return document ? ITN_OK : ITN_NOT_FOUND;
}

enum itn_status memory_trade_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version)
{
	return document_json(store, "trade_json", IN_TRADES, id, out, ret_version);
}

enum itn_status memory_cargo_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version)
{
	return document_json(store, "cargo_json", IN_CARGO, id, out, ret_version);
}

enum itn_status memory_events_read(struct store *store, int64_t after, size_t max, store_event_fn *row, void *context)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "events");
	if (status)
		return status;
	struct row_table *table = &database->tables[IN_EVENTS];
	struct arena *arena = arena_new(64);
	size_t given = 0;
	for (size_t i = row_place(table, number_key(arena, after + 1)); i < table->count && given < max; i++) {
		const struct event *event = row_seen(table->at[i], NULL);
		if (!event)
			continue;
		row(context, &(struct store_event_row){ event->seq, event->frame });
		given++;
	}
	database_unlock(database);
	arena_free(arena);
	return ITN_OK;
}

static bool is_of(struct str cause, struct str id)
{
	return cause.len >= id.len && !memcmp(cause.ptr, id.ptr, id.len) &&
	       (cause.len == id.len || cause.ptr[id.len] == '.');
}

/* A job of the event, or of one that was derived from it. */
static bool has_job(const struct memory_database *database, struct str id)
{
	const struct row_table *jobs = &database->tables[IN_JOBS];
	for (size_t i = 0; i < jobs->count; i++) {
		const struct job *job = row_seen(jobs->at[i], NULL);
		if (job && is_of(job->cause, id))
			return true;
	}
	return false;
}

enum itn_status memory_events_of(struct store *store, const struct event_range *range, store_scan_event_fn *row,
				 void *context)
{
	struct memory_database *database = database_of(store);
	const struct row_table *table = &database->tables[IN_EVENTS];
	enum itn_status status = read_begin(database, "events_of");
	size_t shown = 0;
	if (status)
		return status;
	for (size_t i = 0; i < table->count && shown < range->max; i++) {
		const struct event *event = row_seen(table->at[i], NULL);
		if (!event || event->entity != range->entity || !str_eq(event->key, range->key) ||
		    event->seq < range->from || event->seq > range->until)
			continue;
		row(context, event);
		shown++;
	}
	database_unlock(database);
	return ITN_OK;
}

enum itn_status memory_progress(struct store *store, const struct str *ids, size_t count,
				enum store_progress *ret_progress)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "progress");
	if (status)
		return status;
	for (size_t i = 0; i < count; i++) {
		bool logged = row_seen(row_find(&database->tables[IN_EVENT_IDS], ids[i]), NULL) != NULL;
		ret_progress[i] = !logged                     ? PROGRESS_ACCEPTED
				  : has_job(database, ids[i]) ? PROGRESS_LOGGED
							      : PROGRESS_DONE;
	}
	database_unlock(database);
	return ITN_OK;
}

enum itn_status memory_counters(struct store *store, struct str prefix, store_counter_fn *row, void *context)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "counters");
	if (status)
		return status;
	struct row_table *table = &database->tables[IN_COUNTERS];
	for (size_t i = row_place(table, prefix); i < table->count; i++) {
		const struct memory_counter *counter = row_seen(table->at[i], NULL);
		struct str name = table->at[i]->key;
		if (name.len < prefix.len || (prefix.len && memcmp(name.ptr, prefix.ptr, prefix.len)))
			break;
		if (counter)
			row(context, name, counter->value);
	}
	database_unlock(database);
	return ITN_OK;
}

static void count_waiting(struct store_vitals *vitals, int64_t at_us)
{
	if (vitals->waiting < STORE_COUNT_MAX)
		vitals->waiting++;
	if (!vitals->waiting_at || at_us / 1000 < vitals->waiting_at)
		vitals->waiting_at = at_us / 1000;
}

static void count_all(const struct memory_database *database, struct store_vitals *vitals)
{
	const struct row_table *jobs = &database->tables[IN_JOBS], *requests = &database->tables[IN_REQUESTS];
	for (enum memory_table in = IN_TRADES; in <= IN_CARGO; in++)
		for (size_t i = 0; i < database->tables[in].count; i++) {
			const struct memory_document *document = row_seen(database->tables[in].at[i], NULL);
			for (size_t n = 0; document && n < document->waiting; n++)
				count_waiting(vitals, document->outbox[n].at);
		}
	for (size_t i = 0; i < requests->count; i++) {
		const struct memory_request *request = row_seen(requests->at[i], NULL);
		if (request && request->at)
			count_waiting(vitals, request->at);
	}
	for (size_t i = 0; i < jobs->count; i++)
		vitals->jobs += vitals->jobs < STORE_COUNT_MAX && row_seen(jobs->at[i], NULL);
}

enum itn_status memory_vitals(struct store *store, struct store_vitals *ret_vitals)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "vitals");
	if (status)
		return status;
	const struct memory_head *head = database_head(database);
	struct store_vitals vitals = {
		.head = head->head,
		.lease = { .epoch = head->head.epoch, .beat = head->beat },
		.now = database_now_us(database) / 1000,
		.room = -1,
	};
	snprintf(vitals.lease.holder, sizeof(vitals.lease.holder), "%s", head->holder);
	count_all(database, &vitals);
	database_unlock(database);
	*ret_vitals = vitals;
	return ITN_OK;
}

enum itn_status memory_layout(struct store *store, store_fault_fn *fault unused_arg, void *context unused_arg,
			      struct error *error)
{
	enum itn_status status = database_at(database_of(store), "layout", MEMORY_BEFORE);
	return status ? error_set(error, status, "the store does not answer") : ITN_OK;
}

enum itn_status memory_backup(struct store *store unused_arg, const char *path unused_arg, struct error *error)
{
	return error_set(error, ITN_INVALID, "memory is not kept");
}
