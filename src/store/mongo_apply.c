#include <stdlib.h>
#include <string.h>

#include "store/mongo_engine.h"

static enum itn_status writes_check(struct mongo_engine *engine, const struct store_writes *writes)
{
	if (writes->last_seq != engine->last_seq + (int64_t)writes->event_count)
		return engine_refuse(engine, ITN_FAILED, "last_seq does not count the batch's events", writes->batch);
	for (size_t i = 0; i < writes->event_count; i++)
		if (writes->events[i].seq != engine->last_seq + 1 + (int64_t)i)
			return engine_refuse(engine, ITN_FAILED, "an event's seq leaves a gap", writes->events[i].id);
	return ITN_OK;
}

static enum itn_status note(struct mongo_engine *engine, enum itn_status status, const char *what)
{
	if (status == ITN_CONFLICT && !engine->via.error.message[0])
		return engine_refuse(engine, status, what, STR_NONE);
	return status ? engine_refuse(engine, status, engine->via.error.message, STR_NONE) : ITN_OK;
}

/* An update of the one document that the filter names; both are destroyed. */
static void add_update(mongoc_bulk_operation_t *bulk, bson_t *filter, bson_t *update, bool upsert)
{
	bson_t opts = BSON_INITIALIZER;
	bson_error_t error;
	bson_append_bool(&opts, "upsert", -1, upsert);
	if (!mongoc_bulk_operation_update_one_with_opts(bulk, filter, update, &opts, &error))
		abort();
	bson_destroy(&opts);
	bson_destroy(filter);
	bson_destroy(update);
}

static void put_operator(bson_t *update, const char *name, bson_t *members)
{
	if (!bson_empty(members))
		bson_append_document(update, name, -1, members);
	bson_destroy(members);
}

static enum itn_status head_advance(struct mongo_engine *engine, const struct store_writes *writes)
{
	bson_t filter, update = BSON_INITIALIZER, set;
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_HEAD, true);
	engine_head_filter(engine, &filter);
	bson_append_document_begin(&update, "$set", -1, &set);
	bson_put_int(&set, "lastSeq", writes->last_seq);
	bson_put_str(&set, "batchId", writes->batch);
	if (writes->event_count)
		bson_put_int(&set, "loggedAt", writes->events[writes->event_count - 1].logged_at);
	bson_append_document_end(&update, &set);
	add_update(bulk, &filter, &update, false);
	return note(engine, via_bulk_run(&engine->via, bulk, 1), "head is not as this batch found it");
}

static void event_bson(const struct event *event, bson_t *ret_doc)
{
	bson_init(ret_doc);
	bson_put_int(ret_doc, "_id", event->seq);
	bson_put_str(ret_doc, "id", event->id);
	bson_put_str(ret_doc, "batch", event->batch);
	bson_put_str(ret_doc, "event", str_from(event_name(event->kind)));
	bson_put_str(ret_doc, "entity", str_from(entity_name(event->entity)));
	bson_put_str(ret_doc, "key", event->key);
	bson_put_int(ret_doc, "entityVersion", event->entity_version);
	bson_put_time(ret_doc, "time", event->time);
	bson_put_time(ret_doc, "loggedAt", event->logged_at);
	bson_put_str(ret_doc, "causedBy", event->caused_by);
	bson_put_str(ret_doc, "message", event->message);
	bson_put_str(ret_doc, "frame", event->frame);
}

static enum itn_status events_insert(struct mongo_engine *engine, const struct store_writes *writes)
{
	if (!writes->event_count)
		return ITN_OK;
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_EVENTS, true);
	for (size_t i = 0; i < writes->event_count; i++) {
		bson_t doc;
		event_bson(&writes->events[i], &doc);
		mongoc_bulk_operation_insert(bulk, &doc);
		bson_destroy(&doc);
	}
	return note(engine, via_bulk_run(&engine->via, bulk, 0), "events");
}

static enum itn_status notifications_insert(struct mongo_engine *engine, const struct store_writes *writes)
{
	if (!writes->notification_count)
		return ITN_OK;
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_NOTIFICATIONS, true);
	for (size_t i = 0; i < writes->notification_count; i++) {
		bson_t doc = BSON_INITIALIZER;
		notification_bson(&writes->notifications[i], &doc);
		mongoc_bulk_operation_insert(bulk, &doc);
		bson_destroy(&doc);
	}
	return note(engine, via_bulk_run(&engine->via, bulk, 0), "notifications");
}

static enum itn_status postings_insert(struct mongo_engine *engine, const struct store_writes *writes)
{
	if (!writes->posting_count)
		return ITN_OK;
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_POSTINGS, true);
	for (size_t i = 0; i < writes->posting_count; i++) {
		bson_t doc = BSON_INITIALIZER;
		posting_bson(&writes->postings[i], &doc);
		mongoc_bulk_operation_insert(bulk, &doc);
		bson_destroy(&doc);
	}
	return note(engine, via_bulk_run(&engine->via, bulk, 0), "postings");
}

static void add_balance(struct mongo_engine *engine, mongoc_bulk_operation_t *bulk, const struct balance_write *write)
{
	bson_t filter, update = BSON_INITIALIZER, set;
	filter_id(&filter, stock_key(engine->arena, write->balance.account, '\n', write->balance.item));
	if (write->drop) {
		mongoc_bulk_operation_remove_one(bulk, &filter);
		bson_destroy(&filter);
		bson_destroy(&update);
		return;
	}
	bson_append_document_begin(&update, "$set", -1, &set);
	bson_put_int(&set, "quantity", write->balance.quantity);
	bson_append_document_end(&update, &set);
	add_update(bulk, &filter, &update, true);
}

static enum itn_status balances_write(struct mongo_engine *engine, const struct store_writes *writes)
{
	if (!writes->balance_count)
		return ITN_OK;
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_BALANCES, true);
	for (size_t i = 0; i < writes->balance_count; i++)
		add_balance(engine, bulk, &writes->balances[i]);
	return note(engine, via_bulk_run(&engine->via, bulk, 0), "balances");
}

static int taken_compare(const void *key, const void *item)
{
	const struct taken *x = key, *y = item;
	return x->entity != y->entity ? (x->entity < y->entity ? -1 : 1) : str_cmp(x->key, y->key);
}

static struct taken *taken_find(struct mongo_engine *engine, enum entity_kind entity, struct str key)
{
	struct taken wanted = { .entity = entity, .key = key };
	if (!engine->taken_count)
		return NULL;
	return bsearch(&wanted, engine->taken, engine->taken_count, sizeof(wanted), taken_compare);
}

/* An entry that stays, with a time no earlier than that of those before it. */
static int64_t put_entry(bson_t *rest, uint32_t place, const bson_t *entry, int64_t floor)
{
	char buf[16];
	const char *index;
	int64_t at = bson_take_int(entry, "at");
	bson_t raised;
	at = at > floor ? at : floor;
	bson_uint32_to_string(place, &index, buf, sizeof(buf));
	bson_append_document_begin(rest, index, -1, &raised);
	bson_copy_to_excluding_noinit(entry, &raised, "at", NULL);
	bson_put_time(&raised, "at", at);
	bson_append_document_end(rest, &raised);
	return at;
}

/* What remains of an outbox of which the batch takes the first entries. */
static void put_rest(const struct taken *taken, bson_t *set, bson_t *unset)
{
	bson_t outbox, rest;
	bson_iter_t iter;
	uint32_t place = 0;
	int64_t oldest = INT64_MAX;
	if (taken->count == taken->total) {
		bson_append_bool(unset, "outbox", -1, true);
		bson_append_bool(unset, "outboxAt", -1, true);
		return;
	}
	bson_append_array_begin(set, "outbox", -1, &rest);
	if (!bson_init_static(&outbox, taken->outbox, taken->outbox_len) || !bson_iter_init(&iter, &outbox))
		abort();
	for (size_t i = 0; bson_iter_next(&iter); i++) {
		uint32_t len;
		const uint8_t *data;
		bson_t entry;
		bson_iter_document(&iter, &len, &data);
		if (i < taken->count || !bson_init_static(&entry, data, len))
			continue;
		int64_t at = put_entry(&rest, place++, &entry, taken->floor);
		oldest = at < oldest ? at : oldest;
	}
	bson_append_array_end(set, &rest);
	bson_append_date_time(set, "outboxAt", -1, oldest);
}

/* One update of a document and its outbox, guarded by the version that was read. */
static void add_document(struct mongo_engine *engine, mongoc_bulk_operation_t *bulk, enum entity_kind entity,
			 struct str key, int64_t version, bson_t *set, bson_t *unset)
{
	bson_t filter, update = BSON_INITIALIZER;
	struct taken *taken = taken_find(engine, entity, key);
	if (taken) {
		put_rest(taken, set, unset);
		taken->written = true;
	}
	put_operator(&update, "$set", set);
	put_operator(&update, "$unset", unset);
	filter_id(&filter, key);
	bson_put_int(&filter, "version", version);
	add_update(bulk, &filter, &update, false);
}

/* Documents whose entries the batch takes and that it leaves as they are. */
static int64_t add_outboxes(struct mongo_engine *engine, mongoc_bulk_operation_t *bulk, enum entity_kind entity)
{
	int64_t count = 0;
	for (size_t i = 0; i < engine->taken_count; i++) {
		struct taken *taken = &engine->taken[i];
		bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
		if (taken->entity != entity || taken->written)
			continue;
		add_document(engine, bulk, entity, taken->key, taken->version, &set, &unset);
		count++;
	}
	return count;
}

static enum itn_status run_if_any(struct mongo_engine *engine, mongoc_bulk_operation_t *bulk, int64_t count,
				  int64_t must_match, const char *what)
{
	if (count)
		return note(engine, via_bulk_run(&engine->via, bulk, must_match), what);
	mongoc_bulk_operation_destroy(bulk);
	return ITN_OK;
}

static enum itn_status trades_write(struct mongo_engine *engine, const struct store_writes *writes)
{
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_TRADES, true);
	for (size_t i = 0; i < writes->trade_count; i++) {
		bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
		const struct trade_write *write = &writes->trades[i];
		trade_bson_write(write->trade, &set, &unset);
		add_document(engine, bulk, ENTITY_TRADE, write->trade->id, write->from_version, &set, &unset);
	}
	int64_t count = (int64_t)writes->trade_count + add_outboxes(engine, bulk, ENTITY_TRADE);
	return run_if_any(engine, bulk, count, count, "a trade has not the version that was read");
}

static enum itn_status cargo_write(struct mongo_engine *engine, const struct store_writes *writes)
{
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_CARGO, true);
	for (size_t i = 0; i < writes->cargo_count; i++) {
		bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
		const struct cargo_write *write = &writes->cargo[i];
		cargo_bson_write(write->cargo, &set, &unset);
		due_bson(write->cargo, &set, &unset);
		add_document(engine, bulk, ENTITY_CARGO, write->cargo->id, write->from_version, &set, &unset);
	}
	int64_t count = (int64_t)writes->cargo_count + add_outboxes(engine, bulk, ENTITY_CARGO);
	return run_if_any(engine, bulk, count, count, "a cargo has not the version that was read");
}

static void add_stock(struct mongo_engine *engine, mongoc_bulk_operation_t *bulk, const struct stock_write *write)
{
	const struct stock *stock = write->stock;
	bson_t filter, update = BSON_INITIALIZER, set = BSON_INITIALIZER;
	filter_id(&filter, stock_key(engine->arena, stock->station, '\n', stock->item));
	if (!write->from_version) {
		stock_bson(stock, OWNERS_ALL, &filter);
		mongoc_bulk_operation_insert(bulk, &filter);
		bson_destroy(&filter);
		bson_destroy(&update);
		bson_destroy(&set);
		return;
	}
	bson_put_int(&filter, "version", write->from_version);
	stock_bson(stock, OWNERS_ENGINE, &set);
	put_operator(&update, "$set", &set);
	add_update(bulk, &filter, &update, false);
}

static enum itn_status stock_write(struct mongo_engine *engine, const struct store_writes *writes)
{
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_STOCK, true);
	int64_t updates = 0;
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < writes->stock_count; i++)
			if ((writes->stock[i].from_version != 0) == (round != 0)) {
				add_stock(engine, bulk, &writes->stock[i]);
				updates += round;
			}
	enum itn_status status = run_if_any(engine, bulk, (int64_t)writes->stock_count, updates,
					    "a stock record has not the version that was read");
	return status == ITN_EXISTS ? ITN_CONFLICT : status;
}

static void add_job(mongoc_bulk_operation_t *bulk, const struct job *job)
{
	bson_t filter = BSON_INITIALIZER, doc = BSON_INITIALIZER, opts = BSON_INITIALIZER;
	bson_error_t error;
	bson_put_int(&filter, "_id", job->seq);
	bson_put_int(&doc, "_id", job->seq);
	bson_put_str(&doc, "lane", job->lane);
	bson_put_int(&doc, "kind", job->kind);
	bson_put_str(&doc, "key", job->key);
	bson_put_str(&doc, "cause", job->cause);
	bson_put_int(&doc, "step", job->step);
	bson_put_int(&doc, "derived", job->derived);
	bson_put_int(&doc, "cursorTime", job->cursor.time);
	bson_put_str(&doc, "cursorKey", job->cursor.key);
	bson_append_bool(&opts, "upsert", -1, true);
	if (!mongoc_bulk_operation_replace_one_with_opts(bulk, &filter, &doc, &opts, &error))
		abort();
	bson_destroy(&filter);
	bson_destroy(&doc);
	bson_destroy(&opts);
}

static enum itn_status jobs_write(struct mongo_engine *engine, const struct store_writes *writes)
{
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_JOBS, true);
	for (size_t i = 0; i < writes->job_count; i++)
		add_job(bulk, &writes->jobs[i]);
	for (size_t i = 0; i < writes->job_done_count; i++) {
		bson_t filter = BSON_INITIALIZER;
		bson_put_int(&filter, "_id", writes->jobs_done[i]);
		mongoc_bulk_operation_remove_one(bulk, &filter);
		bson_destroy(&filter);
	}
	return run_if_any(engine, bulk, (int64_t)(writes->job_count + writes->job_done_count), 0, "jobs");
}

static void verdict_members(struct mongo_engine *engine, const struct verdict_write *verdict, bson_t *set,
			    bson_t *unset)
{
	bson_put_str(set, "state", str_from(request_state_names.at[verdict->state]));
	bson_put_str(set, "detail", verdict->detail);
	if (verdict->state != REQUEST_WAITING) {
		bson_append_bool(unset, "outboxAt", -1, true);
		return;
	}
	int64_t now = link_now_ms(engine_link(engine));
	bson_append_date_time(set, "outboxAt", -1, now > engine->batch_at ? now : engine->batch_at + 1);
}

static const struct verdict_write *verdict_find(const struct store_writes *writes, struct str request)
{
	for (size_t i = 0; i < writes->verdict_count; i++)
		if (str_eq(writes->verdicts[i].request, request))
			return &writes->verdicts[i];
	return NULL;
}

static void add_request(mongoc_bulk_operation_t *bulk, struct str id, bson_t *set, bson_t *unset)
{
	bson_t filter, update = BSON_INITIALIZER;
	put_operator(&update, "$set", set);
	put_operator(&update, "$unset", unset);
	filter_id(&filter, id);
	add_update(bulk, &filter, &update, false);
}

static void remove_decided(mongoc_bulk_operation_t *bulk, struct str below)
{
	bson_t filter = BSON_INITIALIZER, range;
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_str(&range, "$lt", below);
	bson_append_document_end(&filter, &range);
	bson_append_document_begin(&filter, "outboxAt", -1, &range);
	bson_append_bool(&range, "$exists", -1, false);
	bson_append_document_end(&filter, &range);
	mongoc_bulk_operation_remove(bulk, &filter);
	bson_destroy(&filter);
}

static enum itn_status requests_write(struct mongo_engine *engine, const struct store_writes *writes)
{
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_REQUESTS, true);
	int64_t count = 0;
	for (size_t i = 0; i < writes->verdict_count; i++, count++) {
		bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
		verdict_members(engine, &writes->verdicts[i], &set, &unset);
		add_request(bulk, writes->verdicts[i].request, &set, &unset);
	}
	for (size_t i = 0; i < engine->request_count; i++) {
		bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
		if (verdict_find(writes, engine->requests[i]))
			continue;
		bson_append_bool(&unset, "outboxAt", -1, true);
		add_request(bulk, engine->requests[i], &set, &unset);
		count++;
	}
	if (str_is_set(writes->requests_below)) {
		remove_decided(bulk, writes->requests_below);
		count++;
	}
	return run_if_any(engine, bulk, count, 0, "requests");
}

/* $inc beyond int64 is refused, and would be for ever: a counter that is far out is first put back to where a large
 * delta fits. */
#define COUNTER_FAR   (INT64_C(1) << 61)
#define COUNTER_LARGE (INT64_C(1) << 40)

static void counter_make_room(mongoc_bulk_operation_t *bulk, const struct counter_write *counter)
{
	bool up = counter->delta > 0;
	int64_t far = up ? COUNTER_FAR : -COUNTER_FAR;
	bson_t filter, range, update = BSON_INITIALIZER, set;
	filter_id(&filter, counter->name);
	bson_append_document_begin(&filter, "value", -1, &range);
	bson_put_int(&range, up ? "$gt" : "$lt", far);
	bson_append_document_end(&filter, &range);
	bson_append_document_begin(&update, "$set", -1, &set);
	bson_put_int(&set, "value", far);
	bson_append_document_end(&update, &set);
	add_update(bulk, &filter, &update, false);
}

static void counter_add(mongoc_bulk_operation_t *bulk, struct str name, int64_t delta)
{
	bson_t filter, update = BSON_INITIALIZER, inc;
	filter_id(&filter, name);
	bson_append_document_begin(&update, "$inc", -1, &inc);
	bson_put_int(&inc, "value", delta);
	bson_append_document_end(&update, &inc);
	add_update(bulk, &filter, &update, true);
}

static enum itn_status counters_write(struct mongo_engine *engine, const struct store_writes *writes)
{
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_COUNTERS, true);
	int64_t count = (int64_t)writes->counter_count;
	for (size_t i = 0; i < writes->counter_count; i++) {
		int64_t delta = writes->counters[i].delta;
		delta = delta > COUNTER_FAR ? COUNTER_FAR : delta < -COUNTER_FAR ? -COUNTER_FAR : delta;
		if (delta >= COUNTER_LARGE || delta <= -COUNTER_LARGE)
			counter_make_room(bulk, &writes->counters[i]);
		counter_add(bulk, writes->counters[i].name, delta);
	}
	if (str_is_set(writes->counters_from) && str_is_set(writes->counters_below)) {
		bson_t filter = BSON_INITIALIZER, range;
		bson_append_document_begin(&filter, "_id", -1, &range);
		bson_put_str(&range, "$gte", writes->counters_from);
		bson_put_str(&range, "$lt", writes->counters_below);
		bson_append_document_end(&filter, &range);
		mongoc_bulk_operation_remove(bulk, &filter);
		bson_destroy(&filter);
		count++;
	}
	return run_if_any(engine, bulk, count, 0, "counters");
}

/* Documents that others write too come last: the shorter they are held, the fewer conflicts. */
enum itn_status writes_apply(struct mongo_engine *engine, const struct store_writes *writes)
{
	enum itn_status status;
	engine->via.error = (bson_error_t){ 0 };
	if ((status = writes_check(engine, writes)) || (status = head_advance(engine, writes)) ||
	    (status = events_insert(engine, writes)) || (status = notifications_insert(engine, writes)) ||
	    (status = note(engine, alerts_write(engine, writes), "an alert has not the version that was read")) ||
	    (status = postings_insert(engine, writes)) || (status = balances_write(engine, writes)) ||
	    (status = jobs_write(engine, writes)) || (status = counters_write(engine, writes)) || (status = stock_write(engine, writes)) ||
	    (status = requests_write(engine, writes)) || (status = trades_write(engine, writes)) ||
	    (status = cargo_write(engine, writes)))
		return status;
	return ITN_OK;
}
