#include <string.h>

#include "store/mongo_engine.h"

/* Rows of one find in the open transaction, into an array of the arena that doubles when it is full. */
struct read {
	struct arena *arena;
	char *items;
	size_t count, room, size;
	bool corrupt;
	bool (*from_bson)(const bson_t *doc, struct arena *arena, void *to);
};

bool trade_item(const bson_t *doc, struct arena *arena, void *to)
{
	return trade_from_bson(doc, arena, true, to);
}

bool cargo_item(const bson_t *doc, struct arena *arena, void *to)
{
	return cargo_from_bson(doc, arena, true, to);
}

bool stock_item(const bson_t *doc, struct arena *arena, void *to)
{
	return stock_from_bson(doc, arena, to);
}

struct job job_from_bson(const bson_t *doc, struct arena *arena)
{
	return (struct job){
		.seq = bson_take_int(doc, "_id"),
		.lane = arena_str(arena, bson_take_str(doc, "lane")),
		.kind = (int)bson_take_int(doc, "kind"),
		.key = arena_str(arena, bson_take_str(doc, "key")),
		.cause = arena_str(arena, bson_take_str(doc, "cause")),
		.step = bson_take_int(doc, "step"),
		.derived = bson_take_int(doc, "derived"),
		.cursor = { bson_take_int(doc, "cursorTime"), arena_str(arena, bson_take_str(doc, "cursorKey")) },
	};
}

static bool job_item(const bson_t *doc, struct arena *arena, void *to)
{
	*(struct job *)to = job_from_bson(doc, arena);
	return true;
}

static bool read_row(void *context, const bson_t *doc)
{
	struct read *read = context;
	if (read->count == read->room) {
		read->room = read->room ? read->room * 2 : 16;
		char *larger = arena_calloc(read->arena, read->room, read->size);
		if (read->count)
			memcpy(larger, read->items, read->count * read->size);
		read->items = larger;
	}
	read->corrupt |= !read->from_bson(doc, read->arena, read->items + read->count++ * read->size);
	return !read->corrupt;
}

static enum itn_status run(struct mongo_engine *engine, enum mongo_collection in, bson_t *filter, bson_t *opts,
			   struct read *read)
{
	enum itn_status status = via_find(&engine->via, in, filter, opts, read_row, read);
	bson_destroy(filter);
	if (opts)
		bson_destroy(opts);
	if (!status && read->corrupt) {
		bson_set_error(&engine->via.error, 0, 0, "a document of %s can't be read", mongo_collection_name(in));
		status = ITN_FAILED;
	}
	return status ? engine_fail(engine, status) : ITN_OK;
}

static enum itn_status run_one(struct mongo_engine *engine, enum mongo_collection in, enum store_key_kind kind,
			       struct str id, struct read *read, void *ret)
{
	bson_t filter;
	enum itn_status status;
	if (prefetch_take(engine, kind, id, ret, &status))
		return status;
	filter_id(&filter, id);
	status = run(engine, in, &filter, NULL, read);
	if (status)
		return status;
	if (!read->count)
		return ITN_NOT_FOUND;
	memcpy(ret, read->items, read->size);
	return ITN_OK;
}

enum itn_status mongo_batch_trade(struct store_engine *engine, struct arena *arena, struct str id,
				  struct trade *ret_trade)
{
	struct read read = { .arena = arena, .size = sizeof(*ret_trade), .from_bson = trade_item };
	return run_one(mongo_engine_of(engine), IN_TRADES, STORE_KEY_TRADE, id, &read, ret_trade);
}

enum itn_status mongo_batch_cargo(struct store_engine *engine, struct arena *arena, struct str id,
				  struct cargo *ret_cargo)
{
	struct read read = { .arena = arena, .size = sizeof(*ret_cargo), .from_bson = cargo_item };
	return run_one(mongo_engine_of(engine), IN_CARGO, STORE_KEY_CARGO, id, &read, ret_cargo);
}

enum itn_status mongo_batch_stock(struct store_engine *engine, struct arena *arena, struct str station, struct str item,
				  struct stock *ret_stock)
{
	struct read read = { .arena = arena, .size = sizeof(*ret_stock), .from_bson = stock_item };
	struct str id = stock_key(arena, station, '\n', item);
	return run_one(mongo_engine_of(engine), IN_STOCK, STORE_KEY_STOCK, id, &read, ret_stock);
}

bool balance_item(const bson_t *doc, struct arena *arena unused_arg, void *to)
{
	*(int64_t *)to = bson_take_int(doc, "quantity");
	return true;
}

enum itn_status mongo_batch_balance(struct store_engine *base, struct str account, struct str item, int64_t *ret_quantity)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	struct read read = { .arena = engine->arena, .size = sizeof(*ret_quantity), .from_bson = balance_item };
	struct str id = stock_key(engine->arena, account, '\n', item);
	enum itn_status status = run_one(engine, IN_BALANCES, STORE_KEY_BALANCE, id, &read, ret_quantity);
	if (status != ITN_NOT_FOUND)
		return status;
	*ret_quantity = 0;
	return ITN_OK;
}

/* Documents in the order of (createdAt, _id). */
struct slice {
	enum mongo_collection in;
	const char *flag;   /* a member that must be true; NULL: none */
	const char *member; /* that must be this text */
	struct str of;
	const char *const *goods; /* two of them, either; NULL: any */
	struct str short_of;      /* absent: of any */
};

static void put_one_of(bson_t *filter, const char *member, const char *const *values)
{
	bson_t range, either;
	bson_append_document_begin(filter, member, -1, &range);
	bson_append_array_begin(&range, "$in", -1, &either);
	bson_append_utf8(&either, "0", -1, values[0], -1);
	bson_append_utf8(&either, "1", -1, values[1], -1);
	bson_append_array_end(&range, &either);
	bson_append_document_end(filter, &range);
}

static void slice_filter(const struct slice *slice, bson_t *ret_filter)
{
	bson_init(ret_filter);
	if (slice->flag)
		bson_append_bool(ret_filter, slice->flag, -1, true);
	bson_put_str(ret_filter, slice->member, slice->of);
	if (slice->goods)
		put_one_of(ret_filter, "goods", slice->goods);
	bson_put_str(ret_filter, "shortOf", slice->short_of);
}

static enum itn_status run_slice(struct mongo_engine *engine, const struct slice *slice,
				 const struct store_cursor *after, size_t max, struct read *read)
{
	bool behind = after && after->time;
	enum itn_status status = ITN_OK;
	bson_t filter, opts;
	if (behind) {
		slice_filter(slice, &filter);
		filter_same_time(&filter, after);
		opts_sorted(&opts, "createdAt", "_id", max);
		status = run(engine, slice->in, &filter, &opts, read);
	}
	if (status || read->count == max)
		return status;
	slice_filter(slice, &filter);
	filter_times(&filter, behind ? after->time + 1 : 0, 0);
	opts_sorted(&opts, "createdAt", "_id", max - read->count);
	return run(engine, slice->in, &filter, &opts, read);
}

enum itn_status mongo_batch_open_cargo(struct store_engine *engine, struct arena *arena, struct str destination,
				       const struct store_cursor *after, size_t max, struct cargo **ret_cargo,
				       size_t *ret_count)
{
	struct read read = { .arena = arena, .size = sizeof(struct cargo), .from_bson = cargo_item };
	struct slice slice = { .in = IN_CARGO, .flag = "open", .member = "destination", .of = destination };
	bool behind = after && after->time;
	if (!behind && prefetch_take_open(mongo_engine_of(engine), destination, max, ret_cargo, ret_count))
		return ITN_OK;
	enum itn_status status = run_slice(mongo_engine_of(engine), &slice, after, max, &read);
	if (status)
		return status;
	*ret_cargo = (struct cargo *)(void *)read.items;
	*ret_count = read.count;
	return ITN_OK;
}

static enum itn_status run_trades(struct mongo_engine *engine, const struct slice *slice,
				  const struct store_cursor *after, size_t max, struct arena *arena,
				  struct trade **ret_trades, size_t *ret_count)
{
	struct read read = { .arena = arena, .size = sizeof(struct trade), .from_bson = trade_item };
	enum itn_status status = run_slice(engine, slice, after, max, &read);
	if (status)
		return status;
	*ret_trades = (struct trade *)(void *)read.items;
	*ret_count = read.count;
	return ITN_OK;
}

enum itn_status mongo_batch_waiting(struct store_engine *engine, struct arena *arena, struct str destination,
				    const struct store_cursor *after, size_t max, struct trade **ret_trades,
				    size_t *ret_count)
{
	struct slice slice = { .in = IN_TRADES, .flag = "waits", .member = "destination", .of = destination };
	return run_trades(mongo_engine_of(engine), &slice, after, max, arena, ret_trades, ret_count);
}

enum itn_status mongo_batch_loaded(struct store_engine *engine, struct arena *arena, struct str shipment,
				   const struct store_cursor *after, size_t max, struct trade **ret_trades,
				   size_t *ret_count)
{
	static const char *const aboard[] = { "loaded", "moved" };
	struct slice slice = { .in = IN_TRADES, .member = "shipmentId", .of = shipment, .goods = aboard };
	return run_trades(mongo_engine_of(engine), &slice, after, max, arena, ret_trades, ret_count);
}

enum itn_status mongo_batch_short(struct store_engine *engine, struct arena *arena, struct str station, struct str item,
				  const struct store_cursor *after, size_t max, struct trade **ret_trades,
				  size_t *ret_count)
{
	struct slice slice = {
		.in = IN_TRADES, .flag = "short", .member = "stationId", .of = station, .short_of = item
	};
	return run_trades(mongo_engine_of(engine), &slice, after, max, arena, ret_trades, ret_count);
}

static bool short_row(void *context, const bson_t *doc)
{
	struct read *read = context;
	*(struct str *)(void *)read->items = arena_str(read->arena, bson_take_str(doc, "shortOf"));
	read->count++;
	return false;
}

enum itn_status mongo_batch_short_item(struct store_engine *base, struct arena *arena, struct str station,
				       struct str after, struct str *ret_item)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	struct read read = { .arena = arena, .items = (char *)ret_item };
	bson_t filter = BSON_INITIALIZER, range, opts, members;
	bson_append_bool(&filter, "short", -1, true);
	bson_put_str(&filter, "stationId", station);
	bson_append_document_begin(&filter, "shortOf", -1, &range);
	bson_put_str(&range, "$gt", str_is_set(after) ? after : STR(""));
	bson_append_document_end(&filter, &range);
	opts_sorted(&opts, "shortOf", NULL, 1);
	bson_append_document_begin(&opts, "projection", -1, &members);
	bson_append_int32(&members, "shortOf", -1, 1);
	bson_append_document_end(&opts, &members);
	enum itn_status status = via_find(&engine->via, IN_TRADES, &filter, &opts, short_row, &read);
	bson_destroy(&filter);
	bson_destroy(&opts);
	if (status)
		return engine_fail(engine, status);
	return read.count ? ITN_OK : ITN_NOT_FOUND;
}

/* {createdAt: time, _id < key}, or {createdAt < time}; NULL: any. */
static void filter_reserved(bson_t *ret_filter, struct str station, const struct store_cursor *below, bool same_time)
{
	bson_t range;
	bson_init(ret_filter);
	bson_append_bool(ret_filter, "reserves", -1, true);
	bson_put_str(ret_filter, "stationId", station);
	if (!below)
		return;
	if (!same_time) {
		bson_append_document_begin(ret_filter, "createdAt", -1, &range);
		bson_append_date_time(&range, "$lt", -1, below->time);
		bson_append_document_end(ret_filter, &range);
		return;
	}
	bson_append_date_time(ret_filter, "createdAt", -1, below->time);
	bson_append_document_begin(ret_filter, "_id", -1, &range);
	bson_put_str(&range, "$lt", below->key);
	bson_append_document_end(ret_filter, &range);
}

static void opts_downwards(bson_t *ret_opts, size_t limit)
{
	bson_t sort;
	bson_init(ret_opts);
	bson_append_document_begin(ret_opts, "sort", -1, &sort);
	bson_append_int32(&sort, "createdAt", -1, -1);
	bson_append_int32(&sort, "_id", -1, -1);
	bson_append_document_end(ret_opts, &sort);
	bson_put_int(ret_opts, "limit", (int64_t)limit);
}

enum itn_status mongo_batch_reserved(struct store_engine *base, struct arena *arena, struct str station,
				     const struct store_cursor *below, size_t max, struct trade **ret_trades,
				     size_t *ret_count)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	struct read read = { .arena = arena, .size = sizeof(struct trade), .from_bson = trade_item };
	enum itn_status status = ITN_OK;
	bson_t filter, opts;
	if (below && str_is_set(below->key)) {
		filter_reserved(&filter, station, below, true);
		opts_downwards(&opts, max);
		status = run(engine, IN_TRADES, &filter, &opts, &read);
	}
	if (!status && read.count < max) {
		filter_reserved(&filter, station, below, false);
		opts_downwards(&opts, max - read.count);
		status = run(engine, IN_TRADES, &filter, &opts, &read);
	}
	if (status)
		return status;
	*ret_trades = (struct trade *)(void *)read.items;
	*ret_count = read.count;
	return ITN_OK;
}

enum itn_status mongo_batch_lane_busy(struct store_engine *engine, struct str lane, bool *ret_busy)
{
	struct read read = { .arena = mongo_engine_of(engine)->arena,
			     .size = sizeof(struct job),
			     .from_bson = job_item };
	bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;
	bson_put_str(&filter, "lane", lane);
	bson_append_int32(&opts, "limit", -1, 1);
	enum itn_status status = run(mongo_engine_of(engine), IN_JOBS, &filter, &opts, &read);
	if (!status)
		*ret_busy = read.count > 0;
	return status;
}

static bool found(void *context, const bson_t *doc unused_arg)
{
	*(bool *)context = true;
	return false;
}

enum itn_status mongo_batch_logged(struct store_engine *base, struct str id, bool *ret_logged)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;
	bson_put_str(&filter, "id", id);
	bson_append_int32(&opts, "limit", -1, 1);
	*ret_logged = false;
	enum itn_status status = via_find(&engine->via, IN_EVENTS, &filter, &opts, found, ret_logged);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status ? engine_fail(engine, status) : ITN_OK;
}

enum itn_status jobs_read(struct mongo_engine *engine, struct arena *arena, size_t max, struct store_batch *batch)
{
	struct read read = { .arena = arena, .size = sizeof(struct job), .from_bson = job_item };
	bson_t filter = BSON_INITIALIZER, opts;
	opts_sorted(&opts, "_id", NULL, max + 1);
	enum itn_status status = via_find(&engine->via, IN_JOBS, &filter, &opts, read_row, &read);
	bson_destroy(&filter);
	bson_destroy(&opts);
	if (status)
		return status;
	batch->jobs = (struct job *)(void *)read.items;
	batch->more_jobs = read.count > max;
	batch->job_count = batch->more_jobs ? max : read.count;
	return ITN_OK;
}
