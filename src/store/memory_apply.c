#include <stdio.h>

#include "store/memory_engine.h"

static const void *seen(const struct memory_engine *engine, enum memory_table in, struct str key)
{
	return row_seen(row_find(&engine_database(engine)->tables[in], key), &engine->session->rows);
}

enum itn_status memory_put(struct memory_engine *engine, enum memory_table in, struct str key, struct arena *arena,
			   void *value)
{
	struct row *row = row_make(&engine_database(engine)->tables[in], key);
	enum itn_status status = transaction_put(&engine->session->rows, row, arena, value);
	return status ? memory_refuse(engine, status, "another writes it too", key) : ITN_OK;
}

static enum itn_status head_advance(struct memory_engine *engine, const struct store_writes *writes)
{
	if (writes->last_seq != engine->last_seq + (int64_t)writes->event_count)
		return memory_refuse(engine, ITN_FAILED, "last_seq does not count the batch's events", writes->batch);
	struct arena *arena = arena_new(256);
	struct memory_head *head = arena_alloc(arena, sizeof(*head));
	*head = *(const struct memory_head *)seen(engine, IN_HEAD, STR("head"));
	head->head.last_seq = writes->last_seq;
	if (writes->event_count)
		head->head.logged_at = writes->events[writes->event_count - 1].logged_at;
	snprintf(head->batch, sizeof(head->batch), "%.*s", STR_ARG(writes->batch));
	return memory_put(engine, IN_HEAD, STR("head"), arena, head);
}

static enum itn_status event_put(struct memory_engine *engine, const struct event *event)
{
	struct arena *arena = arena_new(1024), *arena_of_id = arena_new(64);
	struct event *copy = arena_alloc(arena, sizeof(*copy));
	int64_t *seq = arena_alloc(arena_of_id, sizeof(*seq));
	*copy = event_copy(arena, event);
	*seq = event->seq;
	if (seen(engine, IN_EVENT_IDS, event->id)) {
		arena_free(arena);
		arena_free(arena_of_id);
		return memory_refuse(engine, ITN_EXISTS, "this event is in the log already", event->id);
	}
	enum itn_status status = memory_put(engine, IN_EVENT_IDS, event->id, arena_of_id, seq);
	if (status) {
		arena_free(arena);
		return status;
	}
	return memory_put(engine, IN_EVENTS, number_key(engine->arena, event->seq), arena, copy);
}

static enum itn_status events_put(struct memory_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->event_count; i++) {
		if (writes->events[i].seq != engine->last_seq + 1 + (int64_t)i)
			return memory_refuse(engine, ITN_FAILED, "an event's seq leaves a gap", writes->events[i].id);
		status = event_put(engine, &writes->events[i]);
	}
	return status;
}

static enum itn_status jobs_put(struct memory_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->job_count; i++) {
		struct arena *arena = arena_new(256);
		struct job *job = arena_alloc(arena, sizeof(*job));
		*job = job_copy(arena, &writes->jobs[i]);
		status = memory_put(engine, IN_JOBS, number_key(engine->arena, job->seq), arena, job);
	}
	for (size_t i = 0; !status && i < writes->job_done_count; i++)
		status = memory_put(engine, IN_JOBS, number_key(engine->arena, writes->jobs_done[i]), arena_new(0),
				    NULL);
	return status;
}

static int64_t added(int64_t sum, int64_t more)
{
	int64_t result;
	if (!__builtin_add_overflow(sum, more, &result))
		return result;
	return more > 0 ? INT64_MAX : INT64_MIN;
}

static enum itn_status counters_put(struct memory_engine *engine, const struct store_writes *writes)
{
	const struct row_table *table = &engine_database(engine)->tables[IN_COUNTERS];
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->counter_count; i++) {
		const struct memory_counter *known = seen(engine, IN_COUNTERS, writes->counters[i].name);
		struct arena *arena = arena_new(128);
		struct memory_counter *counter = arena_calloc(arena, 1, sizeof(*counter));
		counter->value = added(known ? known->value : 0, writes->counters[i].delta);
		status = memory_put(engine, IN_COUNTERS, writes->counters[i].name, arena, counter);
	}
	if (!str_is_set(writes->counters_from) || !str_is_set(writes->counters_below))
		return status;
	for (size_t i = row_place(table, writes->counters_from); !status && i < table->count; i++) {
		if (str_cmp(table->at[i]->key, writes->counters_below) >= 0)
			break;
		if (row_seen(table->at[i], &engine->session->rows))
			status = memory_put(engine, IN_COUNTERS, table->at[i]->key, arena_new(0), NULL);
	}
	return status;
}

static enum itn_status stale(struct memory_engine *engine, struct str key)
{
	return memory_refuse(engine, ITN_CONFLICT, "not the version that was read", key);
}

static enum itn_status stock_put(struct memory_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->stock_count; i++) {
		const struct stock *stock = writes->stock[i].stock;
		struct str key =
			arena_printf(engine->arena, "%.*s\n%.*s", STR_ARG(stock->station), STR_ARG(stock->item));
		const struct stock *known = seen(engine, IN_STOCK, key);
		if ((known ? known->version : 0) != writes->stock[i].from_version)
			return stale(engine, key);
		struct arena *arena = arena_new(256);
		struct stock *copy = arena_alloc(arena, sizeof(*copy));
		*copy = stock_copy(arena, stock);
		status = memory_put(engine, IN_STOCK, key, arena, copy);
	}
	return status;
}

static const struct verdict_write *verdict_find(const struct store_writes *writes, struct str request)
{
	for (size_t i = 0; i < writes->verdict_count; i++)
		if (str_eq(writes->verdicts[i].request, request))
			return &writes->verdicts[i];
	return NULL;
}

/* A request leaves the backlog, decided or not, or goes to its end. */
static enum itn_status request_put(struct memory_engine *engine, struct str id, const struct verdict_write *verdict)
{
	const struct memory_request *known = seen(engine, IN_REQUESTS, id);
	struct arena *arena = arena_new(512);
	struct memory_request *request = arena_alloc(arena, sizeof(*request));
	int64_t now = database_now_us(engine_database(engine));
	if (!known) {
		arena_free(arena);
		return ITN_OK;
	}
	*request = (struct memory_request){
		.entry = entry_copy(arena, &known->entry),
		.state = verdict ? verdict->state : known->state,
		.detail = arena_str(arena, verdict ? verdict->detail : known->detail),
	};
	if (verdict && verdict->state == REQUEST_WAITING)
		request->at = now > engine->batch_at ? now : engine->batch_at + 1;
	return memory_put(engine, IN_REQUESTS, id, arena, request);
}

static enum itn_status requests_drop(struct memory_engine *engine, struct str below)
{
	const struct row_table *table = &engine_database(engine)->tables[IN_REQUESTS];
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < table->count && str_cmp(table->at[i]->key, below) < 0; i++) {
		const struct memory_request *request = row_seen(table->at[i], &engine->session->rows);
		if (request && !request->at)
			status = memory_put(engine, IN_REQUESTS, table->at[i]->key, arena_new(0), NULL);
	}
	return status;
}

static enum itn_status requests_put(struct memory_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->verdict_count; i++)
		status = request_put(engine, writes->verdicts[i].request, &writes->verdicts[i]);
	for (size_t i = 0; !status && i < engine->request_count; i++)
		if (!verdict_find(writes, engine->requests[i]))
			status = request_put(engine, engine->requests[i], NULL);
	if (!status && str_is_set(writes->requests_below))
		status = requests_drop(engine, writes->requests_below);
	return status;
}

static struct memory_taken *taken_of(const struct memory_engine *engine, enum entity_kind entity, struct str key)
{
	for (size_t i = 0; i < engine->taken_count; i++)
		if (engine->taken[i].entity == entity && str_eq(engine->taken[i].key, key))
			return &engine->taken[i];
	return NULL;
}

/* The document as it was, without the entries that this batch takes. */
static struct memory_document *without_entries(struct arena *arena, const struct memory_document *known,
					       struct memory_taken *taken)
{
	struct memory_document *document = document_copy(arena, known, taken ? taken->count : 0);
	for (size_t i = 0; taken && i < document->waiting; i++)
		if (document->outbox[i].at < taken->floor)
			document->outbox[i].at = taken->floor;
	if (taken)
		taken->written = true;
	return document;
}

static enum itn_status trade_put(struct memory_engine *engine, const struct trade_write *write)
{
	struct str key = write->trade->id;
	const struct memory_document *known = seen(engine, IN_TRADES, key);
	if (!known || known->is.trade.version != write->from_version)
		return stale(engine, key);
	struct arena *arena = arena_new(2048);
	struct memory_document *document = without_entries(arena, known, taken_of(engine, ENTITY_TRADE, key));
	document->is.trade = trade_copy(arena, write->trade);
	return memory_put(engine, IN_TRADES, key, arena, document);
}

static enum itn_status cargo_put(struct memory_engine *engine, const struct cargo_write *write)
{
	struct str key = write->cargo->id;
	const struct memory_document *known = seen(engine, IN_CARGO, key);
	if (!known || known->is.cargo.version != write->from_version)
		return stale(engine, key);
	struct arena *arena = arena_new(2048);
	struct memory_document *document = without_entries(arena, known, taken_of(engine, ENTITY_CARGO, key));
	document->is.cargo = cargo_copy(arena, write->cargo);
	return memory_put(engine, IN_CARGO, key, arena, document);
}

static enum itn_status outboxes_put(struct memory_engine *engine)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < engine->taken_count; i++) {
		struct memory_taken *taken = &engine->taken[i];
		if (taken->written || !taken->count)
			continue;
		struct arena *arena = arena_new(2048);
		struct memory_document *document =
			without_entries(arena, seen(engine, table_of(taken->entity), taken->key), taken);
		status = memory_put(engine, table_of(taken->entity), taken->key, arena, document);
	}
	return status;
}

static enum itn_status trades_put(struct memory_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->trade_count; i++)
		status = trade_put(engine, &writes->trades[i]);
	return status;
}

static enum itn_status cargo_puts(struct memory_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->cargo_count; i++)
		status = cargo_put(engine, &writes->cargo[i]);
	return status ? status : outboxes_put(engine);
}

enum itn_status memory_writes_apply(struct memory_engine *engine, const struct store_writes *writes)
{
	static enum itn_status (*const steps[])(struct memory_engine * engine, const struct store_writes *writes) = {
		head_advance, events_put,   memory_notifications_put, memory_alerts_put, memory_ledger_put, jobs_put, counters_put,
		stock_put,    requests_put, trades_put,               cargo_puts,
	};
	struct memory_database *database = engine_database(engine);
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < sizeof(steps) / sizeof(steps[0]); i++) {
		status = database_at(database, "batch_commit", MEMORY_WITHIN);
		if (status)
			return memory_refuse(engine, status, "the store does not answer", STR_NONE);
		database_lock(database);
		status = engine->session->open ? steps[i](engine, writes) : ITN_CONFLICT;
		database_unlock(database);
	}
	return status;
}
