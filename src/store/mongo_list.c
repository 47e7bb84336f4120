#include <stdlib.h>

#include "core/memory.h"
#include "store/mongo_store.h"

static void put_status(bson_t *filter, const struct store_list *list)
{
	if (list->status < 0)
		return;
	const char *name = list->kind == LIST_CARGO ? cargo_status_name((enum cargo_status)list->status)
						    : trade_status_name((enum trade_status)list->status);
	bson_append_utf8(filter, "status", -1, name, -1);
}

static void list_filter(const struct store_list *list, bson_t *ret_filter)
{
	bson_init(ret_filter);
	put_status(ret_filter, list);
	bson_put_str(ret_filter, "destination", list->destination);
	bson_put_str(ret_filter, list->kind == LIST_CARGO ? "_id" : "shipmentId", list->shipment);
	if (list->kind == LIST_TRADES) {
		bson_put_str(ret_filter, "buyer", list->buyer);
		bson_put_str(ret_filter, "seller", list->seller);
		bson_put_str(ret_filter, "stationId", list->station);
	}
}

struct rows {
	struct arena *arena;
	struct buf json;
	store_row_fn *row;
	void *context;
	bool corrupt;
	size_t count;
	int64_t first, last; /* times of rows */
};

static void row_show(struct rows *rows, struct str key, int64_t time)
{
	rows->first = rows->count++ ? rows->first : time;
	rows->last = time;
	rows->row(rows->context, &(struct store_row){ .key = key, .time = time, .json = buf_str(&rows->json) });
}

static bool list_trade(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	struct trade trade;
	arena_reset(rows->arena);
	buf_reset(&rows->json, 65536);
	if ((rows->corrupt = !trade_from_bson(doc, rows->arena, false, &trade)))
		return false;
	trade_write_json(&rows->json, &trade);
	row_show(rows, trade.id, trade.created_at);
	return true;
}

static bool list_cargo(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	struct cargo cargo;
	arena_reset(rows->arena);
	buf_reset(&rows->json, 65536);
	if ((rows->corrupt = !cargo_from_bson(doc, rows->arena, false, &cargo)))
		return false;
	cargo_write_json(&rows->json, &cargo);
	row_show(rows, cargo.id, cargo.created_at);
	return true;
}

static enum itn_status find_rows(struct mongo_store *store, const struct store_list *list, bson_t *filter,
				 struct rows *rows)
{
	bool cargo = list->kind == LIST_CARGO;
	bson_t opts, hidden;
	opts_sorted(&opts, "createdAt", "_id", list->max - rows->count);
	bson_append_document_begin(&opts, "projection", -1, &hidden);
	bson_append_int32(&hidden, "outbox", -1, 0);
	bson_append_document_end(&opts, &hidden);
	enum itn_status status =
		store_find(store, cargo ? IN_CARGO : IN_TRADES, filter, &opts, cargo ? list_cargo : list_trade, rows);
	bson_destroy(filter);
	bson_destroy(&opts);
	return status;
}

static enum itn_status find_same_time(struct mongo_store *store, const struct store_list *list, struct rows *rows)
{
	bson_t filter;
	bool one = list->kind == LIST_CARGO && str_is_set(list->shipment);
	if (one && str_cmp(list->shipment, list->after.key) <= 0)
		return ITN_OK;
	list_filter(list, &filter);
	if (one)
		filter_times(&filter, list->after.time, list->after.time + 1);
	else
		filter_same_time(&filter, &list->after);
	return find_rows(store, list, &filter, rows);
}

static enum itn_status find_between(struct mongo_store *store, const struct store_list *list, int64_t from,
				    int64_t until, struct rows *rows)
{
	bson_t filter;
	list_filter(list, &filter);
	filter_times(&filter, from, until);
	return find_rows(store, list, &filter, rows);
}

/* A slice is some time long: what the last one has taught about that bounds the first range that is asked for, so that
 * a server that reads a range before it looks at the limit does not read all. Each further range is larger. */
#define SPAN_FIRST INT64_C(60000)
#define SPAN_LARGE INT64_C(86400000)

/* What is learned when a store is opened: the end of so many rows, in so many times the time of other reads. */
#define LEARN_ROWS     100
#define LEARN_TIMEOUTS 4

static bool is_dense(const struct store_list *list)
{
	return list->kind == LIST_TRADES && !str_is_set(list->destination) && !str_is_set(list->buyer) &&
	       !str_is_set(list->seller) && !str_is_set(list->station) && !str_is_set(list->shipment);
}

static void slice_learn(struct mongo_store *store, const struct store_list *list, const struct rows *rows, bool first)
{
	if (rows->count < list->max || list->status >= 0)
		return;
	store->slice_span = (rows->last - rows->first) * 2 + 1;
	if (first)
		store->slice_end = rows->last + 1;
}

/* Where the first slice ends; the last row's time is the answer. */
static bool learn_row(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	rows->count++;
	rows->last = bson_take_int(doc, "createdAt");
	return true;
}

void mongo_list_learn(struct mongo_store *store)
{
	struct via via = { .database = link_database(store->link) };
	struct rows rows = { 0 };
	bson_t none = BSON_INITIALIZER, opts, shown;
	if (link_status(store->link) == ITN_OK)
		via.client = link_client_new(store->link, link_timeout_ms(store->link) * LEARN_TIMEOUTS);
	if (!via.client)
		return;
	opts_sorted(&opts, "createdAt", "_id", LEARN_ROWS);
	bson_append_document_begin(&opts, "projection", -1, &shown);
	bson_append_int32(&shown, "createdAt", -1, 1);
	bson_append_document_end(&opts, &shown);
	if (via_find(&via, IN_TRADES, &none, &opts, learn_row, &rows) == ITN_OK && rows.count == LEARN_ROWS)
		store->slice_end = rows.last + 1;
	bson_destroy(&opts);
	bson_destroy(&none);
	mongoc_client_destroy(via.client);
}

static enum itn_status find_in_steps(struct mongo_store *store, const struct store_list *list, int64_t from,
				     int64_t until, struct rows *rows)
{
	bool first = from == 0;
	int64_t span = store->slice_span ? store->slice_span : SPAN_FIRST, end = first ? store->slice_end : from + span;
	int64_t bound = until && until < link_now_ms(store->link) ? until : link_now_ms(store->link);
	enum itn_status status = ITN_OK;
	while (!status && rows->count < list->max && end && end < bound && span < SPAN_LARGE) {
		status = find_between(store, list, from, end, rows);
		from = end;
		span *= 8;
		end = from + span;
	}
	if (!status && rows->count < list->max)
		status = find_between(store, list, from, until, rows);
	if (!status)
		slice_learn(store, list, rows, first);
	return status;
}

/* Nothing is made at the last instant that a filter can name or later. */
static enum itn_status list_documents(struct mongo_store *store, const struct store_list *list, struct rows *rows)
{
	if (list->after.time >= TIME_END - 1)
		return ITN_OK;
	bool behind = list->after.time && list->since <= list->after.time;
	int64_t from = behind ? list->after.time + 1 : list->since;
	int64_t until = list->until < TIME_END ? list->until : 0;
	enum itn_status status = ITN_OK;
	if (until && (from >= until || (behind && list->after.time >= until)))
		return behind && list->after.time < until ? find_same_time(store, list, rows) : ITN_OK;
	if (behind)
		status = find_same_time(store, list, rows);
	if (status || rows->count == list->max)
		return status;
	return is_dense(list) ? find_in_steps(store, list, from, until, rows)
			      : find_between(store, list, from, until, rows);
}

/* The records of one station, gathered row by row. */
struct stations {
	struct rows *rows;
	struct stock *records;
	size_t count, room, shown, max;
	int64_t version;
};

static void station_show(struct stations *stations)
{
	struct rows *rows = stations->rows;
	if (!stations->count)
		return;
	buf_reset(&rows->json, 65536);
	stock_write_json(&rows->json, stations->records, stations->count);
	row_show(rows, stations->records[0].station, 0);
	stations->shown++;
	stations->count = 0;
	arena_reset(rows->arena);
}

static bool station_row(void *context, const bson_t *doc)
{
	struct stations *stations = context;
	struct str station = bson_take_str(doc, "stationId");
	if (stations->count && !str_eq(stations->records[0].station, station)) {
		station_show(stations);
		if (stations->shown == stations->max)
			return false;
	}
	if (stations->count == stations->room) {
		stations->room = stations->room ? stations->room * 2 : 16;
		stations->records = memory_realloc(stations->records, stations->room * sizeof(*stations->records));
	}
	struct stock *record = &stations->records[stations->count];
	if ((stations->rows->corrupt = !stock_from_bson(doc, stations->rows->arena, record)))
		return false;
	stations->version += record->version;
	stations->count++;
	return true;
}

/* The records with above < _id < below; absent: from the first, to the last. */
static enum itn_status find_stock(struct mongo_store *store, struct str above, struct str below,
				  struct stations *stations)
{
	bson_t filter = BSON_INITIALIZER, range, opts;
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_str(&range, "$gt", str_is_set(above) ? above : STR(""));
	bson_put_str(&range, "$lt", below);
	bson_append_document_end(&filter, &range);
	opts_sorted(&opts, "_id", NULL, 0);
	enum itn_status status = store_find(store, IN_STOCK, &filter, &opts, station_row, stations);
	bson_destroy(&filter);
	bson_destroy(&opts);
	if (!status && stations->shown < stations->max)
		station_show(stations);
	return status;
}

#define KEY_ITEMS  '\n'            /* behind the station in each record's key */
#define KEY_BEHIND (KEY_ITEMS + 1) /* bounds all of a station's keys */

static enum itn_status list_stations(struct mongo_store *store, const struct store_list *list, struct rows *rows)
{
	struct stations stations = { .rows = rows, .max = list->max };
	struct arena *keys = arena_new(0);
	struct str above = STR_NONE, below = STR_NONE;
	bool one = str_is_set(list->station), behind = str_is_set(list->after.key);
	enum itn_status status = ITN_OK;
	if (one) {
		above = stock_key(keys, list->station, KEY_ITEMS, STR(""));
		below = stock_key(keys, list->station, KEY_BEHIND, STR(""));
	} else if (behind) {
		above = stock_key(keys, list->after.key, KEY_BEHIND, STR(""));
	}
	if (!one || !behind || str_cmp(list->after.key, list->station) < 0)
		status = find_stock(store, above, below, &stations);
	free(stations.records);
	arena_free(keys);
	return status;
}

enum itn_status mongo_list(struct store *base, const struct store_list *list, store_row_fn *row, void *context)
{
	struct mongo_store *store = mongo_store_of(base);
	struct rows rows = { .arena = arena_new(0), .row = row, .context = context };
	enum itn_status status;
	if (list->kind == LIST_MOVEMENTS)
		status = mongo_movements(store, list, row, context);
	else if (list->kind == LIST_ALERTS)
		status = mongo_alerts(store, list, row, context);
	else
		status = (list->kind == LIST_INVENTORY ? list_stations : list_documents)(store, list, &rows);
	arena_free(rows.arena);
	buf_free(&rows.json);
	return !status && rows.corrupt ? ITN_FAILED : status;
}

static void keep_json(void *context, const struct store_row *row)
{
	buf_add_str(context, row->json);
}

enum itn_status mongo_inventory_json(struct store *base, struct str station, struct buf *out, int64_t *ret_version)
{
	struct rows rows = { .arena = arena_new(0), .row = keep_json, .context = out };
	struct stations stations = { .rows = &rows, .max = 1 };
	struct arena *keys = arena_new(0);
	enum itn_status status = find_stock(mongo_store_of(base), stock_key(keys, station, KEY_ITEMS, STR("")),
					    stock_key(keys, station, KEY_BEHIND, STR("")), &stations);
	if (!status && rows.corrupt)
		status = ITN_FAILED;
	else if (!status && !stations.shown)
		status = ITN_NOT_FOUND;
	if (!status)
		*ret_version = stations.version;
	free(stations.records);
	arena_free(keys);
	arena_free(rows.arena);
	buf_free(&rows.json);
	return status;
}
