#include <stdlib.h>
#include <string.h>

#include "store/mongo_engine.h"

/* The order of the backlog: within a document as its outbox has them; between documents by (time, id), where an entry's
 * place is never before its predecessor's. Each collection is read from the lowest outboxAt on, so that of what was not
 * read every entry is as young as the last document that was, or younger: only what is older can be taken.
 *
 * A server may read an index range as a whole before it heeds the limit. So the range ends a little behind the last
 * batch first (never begins there: a late writer's entry may be older), and has no end only when nothing is found
 * there. */

#define WINDOW_FIRST_MS 1000
#define WINDOW_MOST_MS  60000

struct waiting {
	struct entry entry;
	int64_t at;       /* the entry's own time, then the one that it counts with */
	struct str id;    /* the id that it counts with */
	struct taken *of; /* NULL: a request */
	size_t index;     /* in its outbox */
};

struct scan {
	struct mongo_engine *engine;
	struct arena *arena;
	enum entity_kind entity;
	struct waiting *waiting;
	size_t count, room;
	struct taken **taken;
	size_t taken_count, taken_room;
	size_t documents; /* of the collection being read */
	int64_t last_at;
	bool corrupt;
};

static void *room_for_one(struct arena *arena, void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : 64;
	void *larger = arena_calloc(arena, *room, size);
	if (count)
		memcpy(larger, array, count * size);
	return larger;
}

static struct waiting *waiting_add(struct scan *scan)
{
	scan->waiting = room_for_one(scan->arena, scan->waiting, scan->count, &scan->room, sizeof(*scan->waiting));
	return &scan->waiting[scan->count++];
}

static struct taken *taken_add(struct scan *scan)
{
	scan->taken =
		room_for_one(scan->arena, scan->taken, scan->taken_count, &scan->taken_room, sizeof(*scan->taken));
	return scan->taken[scan->taken_count++] = arena_calloc(scan->arena, 1, sizeof(struct taken));
}

static bool entry_read(struct scan *scan, const bson_iter_t *iter, struct taken *of)
{
	uint32_t len;
	const uint8_t *data;
	bson_t one;
	if (!BSON_ITER_HOLDS_DOCUMENT(iter))
		return false;
	bson_iter_document(iter, &len, &data);
	struct waiting *waiting = waiting_add(scan);
	*waiting = (struct waiting){ .of = of, .index = of->total++ };
	if (!bson_init_static(&one, data, len) || !entry_from_bson(&one, scan->arena, &waiting->entry, &waiting->at))
		return false;
	waiting->entry.entity = of->entity;
	waiting->entry.key = of->key;
	waiting->id = waiting->entry.id;
	return true;
}

static void follow(struct waiting *waiting, const struct waiting *before)
{
	if (waiting->at > before->at)
		return;
	waiting->at = before->at;
	if (str_cmp(waiting->id, before->id) < 0)
		waiting->id = before->id;
}

static bool outbox_read(struct scan *scan, const bson_t *outbox, struct taken *of)
{
	bson_iter_t iter;
	uint8_t *copy = arena_alloc(scan->arena, outbox->len);
	memcpy(copy, bson_get_data(outbox), outbox->len);
	of->outbox = copy;
	of->outbox_len = outbox->len;
	if (!bson_iter_init(&iter, outbox))
		return false;
	while (bson_iter_next(&iter)) {
		if (!entry_read(scan, &iter, of))
			return false;
		if (of->total > 1)
			follow(&scan->waiting[scan->count - 1], &scan->waiting[scan->count - 2]);
	}
	return true;
}

static bool document_row(void *context, const bson_t *doc)
{
	struct scan *scan = context;
	struct taken *of = taken_add(scan);
	bson_t outbox;
	scan->documents++;
	scan->last_at = bson_take_int(doc, "outboxAt");
	of->entity = scan->entity;
	of->key = arena_str(scan->arena, bson_take_str(doc, "_id"));
	of->version = bson_take_int(doc, "version");
	scan->corrupt |= !bson_take_document(doc, "outbox", &outbox) || !outbox_read(scan, &outbox, of);
	return !scan->corrupt;
}

static bool request_row(void *context, const bson_t *doc)
{
	struct scan *scan = context;
	struct waiting *waiting = waiting_add(scan);
	*waiting = (struct waiting){ 0 };
	scan->documents++;
	scan->last_at = bson_take_int(doc, "outboxAt");
	scan->corrupt |= !request_from_bson(doc, scan->arena, &waiting->entry, &waiting->at);
	waiting->id = waiting->entry.id;
	return !scan->corrupt;
}

/* Documents with outboxAt up to `upto` (0: any), at most `limit` (0: all). */
static enum itn_status scan_read(struct scan *scan, enum mongo_collection in, int64_t upto, size_t limit)
{
	bson_t filter = BSON_INITIALIZER, range, opts, members;
	bson_append_document_begin(&filter, "outboxAt", -1, &range);
	bson_append_date_time(&range, "$gt", -1, 0);
	if (upto)
		bson_append_date_time(&range, "$lte", -1, upto);
	bson_append_document_end(&filter, &range);
	opts_sorted(&opts, "outboxAt", NULL, limit);
	if (in != IN_REQUESTS) {
		bson_append_document_begin(&opts, "projection", -1, &members);
		bson_append_int32(&members, "version", -1, 1);
		bson_append_int32(&members, "outbox", -1, 1);
		bson_append_int32(&members, "outboxAt", -1, 1);
		bson_append_document_end(&opts, &members);
	}
	scan->documents = 0;
	scan->entity = in == IN_CARGO ? ENTITY_CARGO : ENTITY_TRADE;
	enum itn_status status =
		via_find(&scan->engine->via, in, &filter, &opts, in == IN_REQUESTS ? request_row : document_row, scan);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

/* Ids are different between documents, so equal places are those of one document. */
static int by_place(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	int ids = str_cmp(x->id, y->id);
	return ids ? ids : (x->index > y->index) - (x->index < y->index);
}

static int by_key(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;
	return x->entity != y->entity ? (x->entity < y->entity ? -1 : 1) : str_cmp(x->key, y->key);
}

/* All three collections; entries before `*ret_below` can be taken. */
static enum itn_status scan_all(struct scan *scan, int64_t upto, size_t limit, int64_t *ret_below)
{
	static const enum mongo_collection places[] = { IN_TRADES, IN_CARGO, IN_REQUESTS };
	*ret_below = upto ? upto + 1 : INT64_MAX;
	scan->count = scan->taken_count = 0;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		enum itn_status status = scan_read(scan, places[i], upto, limit);
		if (status)
			return status;
		if (scan->corrupt)
			return ITN_FAILED;
		if (limit && scan->documents == limit && scan->last_at < *ret_below)
			*ret_below = scan->last_at;
	}
	if (scan->count)
		qsort(scan->waiting, scan->count, sizeof(*scan->waiting), by_place);
	return ITN_OK;
}

static size_t takeable(const struct scan *scan, int64_t below)
{
	size_t count = 0;
	while (count < scan->count && scan->waiting[count].at < below)
		count++;
	return count;
}

static void taken_keep(struct mongo_engine *engine, struct arena *arena, const struct scan *scan)
{
	engine->taken = arena_calloc(arena, scan->taken_count, sizeof(*engine->taken));
	engine->taken_count = 0;
	for (size_t i = 0; i < scan->taken_count; i++)
		if (scan->taken[i]->count)
			engine->taken[engine->taken_count++] = *scan->taken[i];
	if (engine->taken_count)
		qsort(engine->taken, engine->taken_count, sizeof(*engine->taken), by_key);
}

static void batch_take(struct mongo_engine *engine, struct arena *arena, const struct scan *scan, size_t count,
		       struct store_batch *batch)
{
	struct entry *entries = arena_calloc(arena, count, sizeof(*entries));
	engine->requests = arena_calloc(arena, count, sizeof(*engine->requests));
	engine->request_count = 0;
	for (size_t i = 0; i < count; i++) {
		entries[i] = scan->waiting[i].entry;
		struct taken *of = scan->waiting[i].of;
		if (of) {
			of->count++;
			of->floor = scan->waiting[i].at;
		} else {
			engine->requests[engine->request_count++] = entries[i].id;
		}
	}
	engine->batch_at = count ? scan->waiting[count - 1].at : 0;
	taken_keep(engine, arena, scan);
	batch->entries = entries;
	batch->count = count;
}

static int64_t window_end(const struct mongo_engine *engine)
{
	return engine->front_at ? engine->front_at + engine->window : 0;
}

/* The next look shall find about as much as a batch takes. */
static void window_adapt(struct mongo_engine *engine, const struct scan *scan, size_t max)
{
	if (engine->window == 0)
		engine->window = WINDOW_FIRST_MS;
	else if (scan->count > 2 * max && engine->window > 1)
		engine->window /= 2;
	else if (scan->count < max && engine->window < WINDOW_MOST_MS)
		engine->window *= 2;
	if (engine->batch_at)
		engine->front_at = engine->batch_at;
}

/* Up to the window's end, then without one. */
static enum itn_status front_read(struct mongo_engine *engine, struct scan *scan, size_t max, int64_t *ret_below)
{
	int64_t upto = window_end(engine);
	enum itn_status status = scan_all(scan, upto, max + 1, ret_below);
	if (!status && upto && scan->count == 0)
		status = scan_all(scan, 0, max + 1, ret_below);
	if (!status && *ret_below != INT64_MAX && takeable(scan, *ret_below) == 0)
		status = scan_all(scan, *ret_below, 0, ret_below);
	return status;
}

enum itn_status backlog_read(struct mongo_engine *engine, struct arena *arena, size_t max, struct store_batch *batch)
{
	struct scan scan = { .engine = engine, .arena = arena };
	int64_t below;
	enum itn_status status = front_read(engine, &scan, max, &below);
	if (status)
		return status == ITN_FAILED && scan.corrupt
			       ? engine_refuse(engine, status, "an outbox can't be read", STR_NONE)
			       : status;
	size_t count = takeable(&scan, below);
	batch->more = count > max || below <= link_now_ms(engine_link(engine));
	batch_take(engine, arena, &scan, count < max ? count : max, batch);
	window_adapt(engine, &scan, max);
	return ITN_OK;
}

static bool seen_row(void *context, const bson_t *doc unused_arg)
{
	*(bool *)context = true;
	return false;
}

static enum itn_status any_in(struct via *via, enum mongo_collection in, int64_t upto, bool *ret_any)
{
	bson_t filter = BSON_INITIALIZER, range, opts = BSON_INITIALIZER;
	if (in != IN_JOBS) {
		bson_append_document_begin(&filter, "outboxAt", -1, &range);
		bson_append_date_time(&range, "$gt", -1, 0);
		if (upto)
			bson_append_date_time(&range, "$lte", -1, upto);
		bson_append_document_end(&filter, &range);
	}
	bson_append_int32(&opts, "limit", -1, 1);
	enum itn_status status = via_find(via, in, &filter, &opts, seen_row, ret_any);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

static enum itn_status any_up_to(struct via *via, int64_t upto, bool *ret_any)
{
	static const enum mongo_collection places[] = { IN_TRADES, IN_CARGO, IN_REQUESTS, IN_JOBS };
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && !*ret_any && i < sizeof(places) / sizeof(places[0]); i++)
		status = any_in(via, places[i], upto, ret_any);
	return status;
}

enum itn_status mongo_backlog(struct store_engine *base, int64_t until, bool *ret_any)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	enum itn_status status = engine_connect(engine);
	bool any = false;
	if (status)
		return status;
	struct via outside = engine->via;
	outside.session = NULL;
	if (window_end(engine))
		status = any_up_to(&outside, window_end(engine), &any);
	if (!status && !any)
		status = any_up_to(&outside, 0, &any);
	if (!status && !any && until)
		status = any_late(&outside, until, &any);
	if (status) {
		engine->via.error = outside.error;
		return engine_fail(engine, status);
	}
	*ret_any = any;
	return ITN_OK;
}
