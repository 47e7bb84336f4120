#include <stdio.h>

#include "core/clock.h"
#include "store/mongo_store.h"

static const char *const request_states[] = { "waiting", "changed", "same", "illegal", "no such" };
const struct member_names request_state_names = { request_states, REQUEST_NO_SUCH + 1, false };
_Static_assert(sizeof(request_states) / sizeof(request_states[0]) == REQUEST_NO_SUCH + 1, "a name for each state");

/* Passes rows on and counts them. */
struct counted {
	doc_fn *row;
	void *context;
	size_t count;
};

static bool count_row(void *context, const bson_t *doc)
{
	struct counted *counted = context;
	counted->count++;
	return counted->row(counted->context, doc);
}

enum itn_status store_find(struct mongo_store *store, enum mongo_collection in, const bson_t *filter,
			   const bson_t *opts, doc_fn *row, void *context)
{
	struct counted counted = { .row = row, .context = context };
	struct via via = { .database = link_database(store->link) };
	int64_t deadline_us = clock_monotonic_us() + link_timeout_ms(store->link) * 750;
	for (;;) {
		enum itn_status status = link_take(store->link, &via.client);
		if (status)
			return status;
		via.broken = false;
		status = via_find(&via, in, filter, opts, count_row, &counted);
		link_give(store->link, via.client);
		if (status != ITN_UNAVAILABLE)
			return status;
		link_suspect(store->link, via.error.message);
		int64_t left_us = deadline_us - clock_monotonic_us();
		if (counted.count || left_us <= 0 || !link_prove(store->link, left_us) ||
		    !link_pause(store->link, deadline_us))
			return status;
	}
}

void filter_id(bson_t *ret_filter, struct str id)
{
	bson_init(ret_filter);
	bson_put_str(ret_filter, "_id", id);
}

void opts_sorted(bson_t *ret_opts, const char *a, const char *b, size_t limit)
{
	bson_t sort;
	bson_init(ret_opts);
	bson_append_document_begin(ret_opts, "sort", -1, &sort);
	bson_append_int32(&sort, a, -1, 1);
	if (b)
		bson_append_int32(&sort, b, -1, 1);
	bson_append_document_end(ret_opts, &sort);
	if (limit)
		bson_put_int(ret_opts, "limit", (int64_t)limit);
	bson_append_int32(ret_opts, "batchSize", -1, 1001);
}

void filter_same_time(bson_t *filter, const struct store_cursor *after)
{
	bson_t larger;
	bson_append_date_time(filter, "createdAt", -1, after->time);
	bson_append_document_begin(filter, "_id", -1, &larger);
	bson_put_str(&larger, "$gt", str_is_set(after->key) ? after->key : STR(""));
	bson_append_document_end(filter, &larger);
}

void filter_times(bson_t *filter, int64_t from, int64_t until)
{
	bson_t range;
	if (!from && !until)
		return;
	bson_append_document_begin(filter, "createdAt", -1, &range);
	if (from)
		bson_append_date_time(&range, "$gte", -1, from);
	if (until)
		bson_append_date_time(&range, "$lt", -1, until);
	bson_append_document_end(filter, &range);
}

void head_from_bson(const bson_t *doc, struct store_head *ret_head)
{
	snprintf(ret_head->log, sizeof(ret_head->log), "%.*s", STR_ARG(bson_take_str(doc, "log")));
	ret_head->schema = bson_take_int(doc, "schema");
	ret_head->epoch = bson_take_int(doc, "epoch");
	ret_head->last_seq = bson_take_int(doc, "lastSeq");
	ret_head->logged_at = bson_take_int(doc, "loggedAt");
}

/* Where one document goes. */
struct target {
	struct arena *arena;
	void *to;
	struct buf *out;
	int64_t *version;
	bool found, corrupt;
};

static enum itn_status find_one(struct store *base, enum mongo_collection in, struct str id, doc_fn *row,
				struct target *target)
{
	bson_t filter;
	filter_id(&filter, id);
	enum itn_status status = store_find(mongo_store_of(base), in, &filter, NULL, row, target);
	bson_destroy(&filter);
	if (status)
		return status;
	return !target->found ? ITN_NOT_FOUND : target->corrupt ? ITN_FAILED : ITN_OK;
}

static bool head_row(void *context, const bson_t *doc)
{
	struct target *target = context;
	target->found = true;
	head_from_bson(doc, target->to);
	return true;
}

enum itn_status mongo_head(struct store *store, struct store_head *ret_head)
{
	struct target target = { .to = ret_head };
	enum itn_status status = find_one(store, IN_HEAD, STR("head"), head_row, &target);
	return status == ITN_NOT_FOUND ? ITN_FAILED : status;
}

static bool verdict_row(void *context, const bson_t *doc)
{
	struct target *target = context;
	struct request_verdict *verdict = target->to;
	struct str state = bson_take_str(doc, "state");
	target->found = true;
	target->corrupt = true;
	for (unsigned i = 0; i < request_state_names.count; i++)
		if (str_eq(state, str_from(request_state_names.at[i]))) {
			verdict->state = (enum request_state)i;
			target->corrupt = false;
		}
	verdict->detail = arena_str(target->arena, bson_take_str(doc, "detail"));
	return true;
}

enum itn_status mongo_request_verdict(struct store *store, struct arena *arena, struct str id,
				      struct request_verdict *ret_verdict)
{
	struct target target = { .arena = arena, .to = ret_verdict };
	return find_one(store, IN_REQUESTS, id, verdict_row, &target);
}

static bool trade_row(void *context, const bson_t *doc)
{
	struct target *target = context;
	target->found = true;
	target->corrupt = !trade_from_bson(doc, target->arena, true, target->to);
	return true;
}

enum itn_status mongo_trade(struct store *store, struct arena *arena, struct str id, struct trade *ret_trade)
{
	struct target target = { .arena = arena, .to = ret_trade };
	return find_one(store, IN_TRADES, id, trade_row, &target);
}

static bool cargo_row(void *context, const bson_t *doc)
{
	struct target *target = context;
	target->found = true;
	target->corrupt = !cargo_from_bson(doc, target->arena, true, target->to);
	return true;
}

enum itn_status mongo_cargo(struct store *store, struct arena *arena, struct str id, struct cargo *ret_cargo)
{
	struct target target = { .arena = arena, .to = ret_cargo };
	return find_one(store, IN_CARGO, id, cargo_row, &target);
}

static bool trade_json_row(void *context, const bson_t *doc)
{
	struct target *target = context;
	struct trade trade;
	target->found = true;
	if ((target->corrupt = !trade_from_bson(doc, target->arena, false, &trade)))
		return false;
	trade_write_json(target->out, &trade);
	*target->version = trade.version;
	return true;
}

static bool cargo_json_row(void *context, const bson_t *doc)
{
	struct target *target = context;
	struct cargo cargo;
	target->found = true;
	if ((target->corrupt = !cargo_from_bson(doc, target->arena, false, &cargo)))
		return false;
	cargo_write_json(target->out, &cargo);
	*target->version = cargo.version;
	return true;
}

static enum itn_status json_of(struct store *store, enum mongo_collection in, struct str id, doc_fn *row,
			       struct buf *out, int64_t *ret_version)
{
	struct target target = { .arena = arena_new(0), .out = out, .version = ret_version };
	enum itn_status status = find_one(store, in, id, row, &target);
	arena_free(target.arena);
	return status;
}

enum itn_status mongo_trade_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version)
{
	return json_of(store, IN_TRADES, id, trade_json_row, out, ret_version);
}

enum itn_status mongo_cargo_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version)
{
	return json_of(store, IN_CARGO, id, cargo_json_row, out, ret_version);
}

struct event_rows {
	store_event_fn *row;
	void *context;
};

static bool event_row(void *context, const bson_t *doc)
{
	struct event_rows *rows = context;
	struct store_event_row event = { .seq = bson_take_int(doc, "_id"), .frame = bson_take_str(doc, "frame") };
	rows->row(rows->context, &event);
	return true;
}

enum itn_status mongo_events(struct store *base, int64_t after, size_t max, store_event_fn *row, void *context)
{
	struct event_rows rows = { row, context };
	bson_t filter = BSON_INITIALIZER, range, opts, members;
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_int(&range, "$gt", after);
	bson_put_int(&range, "$lte", after > INT64_MAX - (int64_t)max ? INT64_MAX : after + (int64_t)max);
	bson_append_document_end(&filter, &range);
	opts_sorted(&opts, "_id", NULL, max);
	bson_append_document_begin(&opts, "projection", -1, &members);
	bson_append_int32(&members, "frame", -1, 1);
	bson_append_document_end(&opts, &members);
	enum itn_status status = store_find(mongo_store_of(base), IN_EVENTS, &filter, &opts, event_row, &rows);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

static int kind_of(struct str name, const char *(*name_of)(int kind), int kinds)
{
	int kind = 0;
	while (kind < kinds && !str_eq(name, str_from(name_of(kind))))
		kind++;
	return kind;
}

static const char *event_text(int kind)
{
	return event_name((enum event_kind)kind);
}

static const char *entity_text(int kind)
{
	return entity_name((enum entity_kind)kind);
}

struct event event_from_bson(const bson_t *doc)
{
	return (struct event){
		.seq = bson_take_int(doc, "_id"),
		.id = bson_take_str(doc, "id"),
		.batch = bson_take_str(doc, "batch"),
		.kind = (enum event_kind)kind_of(bson_take_str(doc, "event"), event_text, EVENT_KINDS),
		.entity = (enum entity_kind)kind_of(bson_take_str(doc, "entity"), entity_text, ENTITY_KINDS),
		.key = bson_take_str(doc, "key"),
		.entity_version = bson_take_int(doc, "entityVersion"),
		.time = bson_take_int(doc, "time"),
		.logged_at = bson_take_int(doc, "loggedAt"),
		.caused_by = bson_take_str(doc, "causedBy"),
		.message = bson_take_str(doc, "message"),
		.frame = bson_take_str(doc, "frame"),
	};
}

struct event_scan {
	store_scan_event_fn *row;
	void *context;
};

static bool event_of_row(void *context, const bson_t *doc)
{
	struct event_scan *scan = context;
	struct event event = event_from_bson(doc);
	scan->row(scan->context, &event);
	return true;
}

enum itn_status mongo_events_of(struct store *base, const struct event_range *range, store_scan_event_fn *row,
				void *context)
{
	struct event_scan scan = { row, context };
	bson_t filter = BSON_INITIALIZER, seqs, opts;
	bson_put_str(&filter, "entity", str_from(entity_name(range->entity)));
	bson_put_str(&filter, "key", range->key);
	bson_append_document_begin(&filter, "_id", -1, &seqs);
	bson_put_int(&seqs, "$gte", range->from);
	bson_put_int(&seqs, "$lte", range->until);
	bson_append_document_end(&filter, &seqs);
	opts_sorted(&opts, "_id", NULL, range->max);
	enum itn_status status = store_find(mongo_store_of(base), IN_EVENTS, &filter, &opts, event_of_row, &scan);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

static bool seq_row(void *context, const bson_t *doc)
{
	*(int64_t *)context = bson_take_int(doc, "_id");
	return true;
}

/* A job of the event, or of one that was derived from it: causes from the id on, up to what follows "id.…". */
static enum itn_status has_job(struct mongo_store *store, struct str id, bool *ret_has)
{
	bson_t filter = BSON_INITIALIZER, range, opts;
	struct arena *arena = arena_new(64);
	int64_t job = 0;
	bson_append_document_begin(&filter, "cause", -1, &range);
	bson_put_str(&range, "$gte", id);
	bson_put_str(&range, "$lt", arena_printf(arena, "%.*s/", STR_ARG(id)));
	bson_append_document_end(&filter, &range);
	opts_sorted(&opts, "cause", NULL, 1);
	enum itn_status status = store_find(store, IN_JOBS, &filter, &opts, seq_row, &job);
	bson_destroy(&filter);
	bson_destroy(&opts);
	arena_free(arena);
	*ret_has = job != 0;
	return status;
}

static enum itn_status progress_of(struct mongo_store *store, struct str id, enum store_progress *ret_progress)
{
	bson_t filter = BSON_INITIALIZER;
	int64_t seq = 0;
	bool job = false;
	bson_put_str(&filter, "id", id);
	enum itn_status status = store_find(store, IN_EVENTS, &filter, NULL, seq_row, &seq);
	bson_destroy(&filter);
	if (!status && seq)
		status = has_job(store, id, &job);
	*ret_progress = job ? PROGRESS_LOGGED : seq ? PROGRESS_DONE : PROGRESS_ACCEPTED;
	return status;
}

enum itn_status mongo_progress(struct store *base, const struct str *ids, size_t count,
			       enum store_progress *ret_progress)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < count; i++)
		status = progress_of(mongo_store_of(base), ids[i], &ret_progress[i]);
	return status;
}

struct counter_rows {
	struct str prefix;
	store_counter_fn *row;
	void *context;
};

static bool counter_row(void *context, const bson_t *doc)
{
	struct counter_rows *rows = context;
	struct str name = bson_take_str(doc, "_id");
	if (name.len < rows->prefix.len || (rows->prefix.len && memcmp(name.ptr, rows->prefix.ptr, rows->prefix.len)))
		return false;
	rows->row(rows->context, name, bson_take_int(doc, "value"));
	return true;
}

enum itn_status mongo_counters(struct store *base, struct str prefix, store_counter_fn *row, void *context)
{
	struct counter_rows rows = { prefix, row, context };
	bson_t filter = BSON_INITIALIZER, range, opts;
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_str(&range, "$gte", str_is_set(prefix) ? prefix : STR(""));
	bson_append_document_end(&filter, &range);
	opts_sorted(&opts, "_id", NULL, 0);
	enum itn_status status = store_find(mongo_store_of(base), IN_COUNTERS, &filter, &opts, counter_row, &rows);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}
