#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "store/mongo_engine.h"

/* The server takes longer for a part of a scan than for a client's request. */
#define SOCKET_TIMEOUTS 4
#define SHIPMENTS_KEPT  512
#define KEY_BYTES       264

/* What was found out about a shipment in this snapshot. */
struct shipment {
	char id[KEY_BYTES];
	size_t len; /* 0: none is kept here */
	char destination[KEY_BYTES];
	size_t destination_len; /* 0: there is no such shipment */
	bool open, settled;
};

/* A scan of the state, and where its rows go. */
struct scan {
	struct via via;
	struct arena *arena; /* of one row */
	store_scan_fn *row;
	void *context;
	bool ended;             /* the callback wants no more */
	enum itn_status status; /* of what a row made necessary to look for */
	struct shipment *shipments;
	struct error *error;
};

static bool give(struct scan *scan, const struct scan_row *row)
{
	scan->ended = !scan->row(scan->context, row);
	arena_reset(scan->arena);
	return !scan->ended;
}

static bool broken(struct scan *scan, const bson_t *doc)
{
	struct str id = bson_take_str(doc, "_id");
	error_set(scan->error, ITN_FAILED, "the document of %.*s can't be read", STR_ARG(id));
	scan->status = ITN_FAILED;
	return false;
}

static bool seq_row(void *context, const bson_t *doc)
{
	*(int64_t *)context = bson_take_int(doc, "_id");
	return false;
}

static enum itn_status last_event(struct scan *scan, int64_t *ret_seq)
{
	bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER, sort;
	bson_append_document_begin(&opts, "sort", -1, &sort);
	bson_append_int32(&sort, "_id", -1, -1);
	bson_append_document_end(&opts, &sort);
	bson_append_int64(&opts, "limit", -1, 1);
	*ret_seq = 0;
	enum itn_status status = via_find(&scan->via, IN_EVENTS, &filter, &opts, seq_row, ret_seq);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

static bool head_row(void *context, const bson_t *doc)
{
	head_from_bson(doc, context);
	return false;
}

/* Before all others: it gives the transaction its snapshot. */
static enum itn_status scan_head(struct scan *scan)
{
	struct scan_row row = { .kind = SCAN_HEAD };
	bson_t filter;
	filter_id(&filter, STR("head"));
	enum itn_status status = via_find(&scan->via, IN_HEAD, &filter, NULL, head_row, &row.head);
	bson_destroy(&filter);
	if (!status)
		status = last_event(scan, &row.last_event);
	if (!status)
		give(scan, &row);
	return status;
}

static bool counter_row(void *context, const bson_t *doc)
{
	return give(context, &(struct scan_row){ .kind = SCAN_COUNTER,
						 .name = bson_take_str(doc, "_id"),
						 .value = bson_take_int(doc, "value") });
}

static bool stock_row(void *context, const bson_t *doc)
{
	struct scan *scan = context;
	struct stock stock;
	if (!stock_from_bson(doc, scan->arena, &stock))
		return broken(scan, doc);
	return give(scan, &(struct scan_row){ .kind = SCAN_STOCK, .stock = &stock });
}

static bool job_row(void *context, const bson_t *doc)
{
	struct scan *scan = context;
	struct job job = job_from_bson(doc, scan->arena);
	return give(scan, &(struct scan_row){ .kind = SCAN_JOB, .job = &job });
}

static bool any_row(void *context, const bson_t *doc unused_arg)
{
	*(bool *)context = true;
	return false;
}

static enum itn_status lane_is_busy(struct scan *scan, struct str lane, bool *ret_busy)
{
	bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;
	bson_put_str(&filter, "lane", lane);
	bson_append_int64(&opts, "limit", -1, 1);
	*ret_busy = false;
	enum itn_status status = via_find(&scan->via, IN_JOBS, &filter, &opts, any_row, ret_busy);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

/* Of a shipment, what decides about its trades. */
struct seen {
	struct arena *arena;
	struct str lane;
	bool delivered, open, waits;
};

static bool shipment_row(void *context, const bson_t *doc)
{
	struct seen *seen = context;
	seen->delivered = str_eq(bson_take_str(doc, "status"), str_from(cargo_status_name(CARGO_DELIVERED)));
	seen->open = bson_take_bool(doc, "open");
	seen->waits = bson_has_field(doc, "outboxAt");
	seen->lane = arena_str(seen->arena, bson_take_str(doc, "destination"));
	return false;
}

static enum itn_status shipment_look(struct scan *scan, struct str id, struct shipment *shipment)
{
	struct seen seen = { .arena = scan->arena };
	bool busy = false;
	bson_t filter;
	filter_id(&filter, id);
	enum itn_status status = via_find(&scan->via, IN_CARGO, &filter, NULL, shipment_row, &seen);
	bson_destroy(&filter);
	if (!status && seen.delivered)
		status = lane_is_busy(scan, seen.lane, &busy);
	shipment->destination_len = seen.lane.len < KEY_BYTES ? seen.lane.len : 0;
	memcpy(shipment->destination, seen.lane.ptr ? seen.lane.ptr : "", shipment->destination_len);
	shipment->open = seen.open;
	shipment->settled = seen.delivered && !seen.waits && !busy;
	return status;
}

static size_t place_of(struct str id)
{
	size_t hash = 5381;
	for (size_t i = 0; i < id.len; i++)
		hash = hash * 33 + (unsigned char)id.ptr[i];
	return hash % SHIPMENTS_KEPT;
}

static enum itn_status shipment_of(struct scan *scan, struct str id, struct shipment **ret_shipment)
{
	struct shipment *shipment = &scan->shipments[place_of(id)];
	*ret_shipment = shipment;
	if (!id.len || (shipment->len == id.len && memcmp(shipment->id, id.ptr, id.len) == 0))
		return ITN_OK;
	shipment->len = id.len <= KEY_BYTES ? id.len : 0;
	memcpy(shipment->id, id.ptr, shipment->len);
	return shipment_look(scan, id, shipment);
}

static bool balance_row(void *context, const bson_t *doc)
{
	struct scan *scan = context;
	struct str key = bson_take_str(doc, "_id"), prefix = STR("transit:");
	const char *end = key.len ? memchr(key.ptr, '\n', key.len) : NULL;
	size_t len = end ? (size_t)(end - key.ptr) : key.len;
	struct balance balance = { .account = { key.ptr, len }, .quantity = bson_take_int(doc, "quantity") };
	struct scan_row row = { .kind = SCAN_BALANCE, .balance = &balance };
	struct shipment *shipment;
	balance.item = end ? (struct str){ end + 1, key.len - len - 1 } : STR("");
	if (len > prefix.len && memcmp(key.ptr, prefix.ptr, prefix.len) == 0) {
		struct str id = { key.ptr + prefix.len, len - prefix.len };
		if ((scan->status = shipment_of(scan, id, &shipment)))
			return false;
		if (shipment->destination_len)
			row.destination = (struct str){ shipment->destination, shipment->destination_len };
	}
	return give(scan, &row);
}

static bool trade_row(void *context, const bson_t *doc)
{
	struct scan *scan = context;
	struct scan_row row = { .kind = SCAN_TRADE };
	struct shipment *shipment;
	struct trade trade;
	if (!trade_from_bson(doc, scan->arena, false, &trade))
		return broken(scan, doc);
	row.trade = &trade;
	bool aboard = trade.goods == GOODS_LOADED || trade.goods == GOODS_MOVED;
	if (str_is_set(trade.shipment) && (aboard || trade_is_open(&trade))) {
		if ((scan->status = shipment_of(scan, trade.shipment, &shipment)))
			return false;
		row.shipment_open = shipment->open && trade.goods == GOODS_LOADED;
		row.shipment_settled = shipment->settled;
	}
	return give(scan, &row);
}

static bool cargo_row(void *context, const bson_t *doc)
{
	struct scan *scan = context;
	struct cargo cargo;
	if (!cargo_from_bson(doc, scan->arena, false, &cargo))
		return broken(scan, doc);
	return give(scan, &(struct scan_row){ .kind = SCAN_CARGO, .cargo = &cargo });
}

static bool alert_row(void *context, const bson_t *doc)
{
	struct scan *scan = context;
	struct alert alert;
	if (!alert_from_bson(doc, scan->arena, false, &alert))
		return broken(scan, doc);
	return give(scan, &(struct scan_row){ .kind = SCAN_ALERT, .alert = &alert });
}

static enum itn_status scan_collection(struct scan *scan, enum mongo_collection in, doc_fn *row)
{
	bson_t filter = BSON_INITIALIZER;
	enum itn_status status = via_find(&scan->via, in, &filter, NULL, row, scan);
	bson_destroy(&filter);
	return status ? status : scan->status;
}

static enum itn_status scan_all(struct scan *scan)
{
	static const struct {
		enum mongo_collection in;
		doc_fn *row;
	} parts[] = {
		{ IN_COUNTERS, counter_row }, { IN_STOCK, stock_row },  { IN_BALANCES, balance_row },
		{ IN_JOBS, job_row },         { IN_TRADES, trade_row }, { IN_CARGO, cargo_row },
		{ IN_ALERTS, alert_row },
	};
	enum itn_status status = scan_head(scan);
	for (size_t i = 0; !status && !scan->ended && i < sizeof(parts) / sizeof(parts[0]); i++)
		status = scan_collection(scan, parts[i].in, parts[i].row);
	return status;
}

static enum itn_status scan_in_transaction(struct scan *scan)
{
	if (!mongoc_client_session_start_transaction(scan->via.session, NULL, &scan->via.error))
		return ITN_UNAVAILABLE;
	enum itn_status status = scan_all(scan);
	mongoc_client_session_abort_transaction(scan->via.session, NULL);
	return status;
}

enum itn_status mongo_scan_state(struct store *base, store_scan_fn *row, void *context, struct error *error)
{
	struct mongo_link *link = mongo_store_of(base)->link;
	struct scan scan = { .row = row, .context = context, .error = error };
	enum itn_status status = link_status(link);
	if (status)
		return error_set(error, status, "MongoDB does not answer");
	scan.via.database = link_database(link);
	scan.via.client = link_client_new(link, link_timeout_ms(link) * SOCKET_TIMEOUTS);
	scan.arena = arena_new(0);
	scan.shipments = memory_calloc(SHIPMENTS_KEPT, sizeof(*scan.shipments));
	if (scan.via.client)
		scan.via.session = engine_session_new(scan.via.client, &scan.via.error);
	status = scan.via.session ? scan_in_transaction(&scan) : ITN_UNAVAILABLE;
	if (status && status != ITN_FAILED)
		status = error_set(error, ITN_UNAVAILABLE, "the state can't be read in one transaction: %s",
				   scan.via.error.message);
	if (scan.via.session)
		mongoc_client_session_destroy(scan.via.session);
	if (scan.via.client)
		mongoc_client_destroy(scan.via.client);
	free(scan.shipments);
	arena_free(scan.arena);
	return status;
}

/* Rows that are read outside of any transaction. */
struct rows {
	struct arena *arena;
	union {
		store_scan_event_fn *event;
		store_scan_posting_fn *posting;
		store_scan_id_fn *id;
		store_scan_claim_fn *claim;
		store_scan_document_fn *document;
	} row;
	void *context;
	enum entity_kind entity;
	struct buf json;
	bool corrupt;
};

static enum itn_status find_rows(struct store *store, enum mongo_collection in, bson_t *filter, bson_t *opts,
				 doc_fn *row, struct rows *rows)
{
	rows->arena = arena_new(0);
	enum itn_status status = store_find(mongo_store_of(store), in, filter, opts, row, rows);
	arena_free(rows->arena);
	buf_free(&rows->json);
	bson_destroy(filter);
	bson_destroy(opts);
	return !status && rows->corrupt ? ITN_FAILED : status;
}

/* from <= _id < until, in its order */
static void range(bson_t *filter, bson_t *opts, int64_t from, int64_t until)
{
	bson_t bounds;
	bson_init(filter);
	bson_append_document_begin(filter, "_id", -1, &bounds);
	bson_put_int(&bounds, "$gte", from);
	bson_put_int(&bounds, "$lt", until);
	bson_append_document_end(filter, &bounds);
	opts_sorted(opts, "_id", NULL, 0);
}

static bool event_row(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	struct event event = event_from_bson(doc);
	rows->row.event(rows->context, &event);
	return true;
}

enum itn_status mongo_scan_log(struct store *store, int64_t after, int64_t until, store_scan_event_fn *row,
			       void *context)
{
	struct rows rows = { .row.event = row, .context = context };
	bson_t filter, opts;
	range(&filter, &opts, after + 1, until + 1);
	return find_rows(store, IN_EVENTS, &filter, &opts, event_row, &rows);
}

static bool posting_row(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	struct posting posting;
	if ((rows->corrupt = !posting_from_bson(doc, rows->arena, &posting)))
		return false;
	rows->row.posting(rows->context, &posting);
	arena_reset(rows->arena);
	return true;
}

enum itn_status mongo_scan_postings(struct store *store, int64_t after, int64_t until, store_scan_posting_fn *row,
				    void *context)
{
	struct rows rows = { .row.posting = row, .context = context };
	bson_t filter, opts;
	range(&filter, &opts, (after + 1) << POSTING_NUMBER_BITS, (until + 1) << POSTING_NUMBER_BITS);
	return find_rows(store, IN_POSTINGS, &filter, &opts, posting_row, &rows);
}

static bool id_row(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	return rows->row.id(rows->context, bson_take_str(doc, "id"), bson_take_int(doc, "_id"));
}

enum itn_status mongo_scan_ids(struct store *store, store_scan_id_fn *row, void *context)
{
	struct rows rows = { .row.id = row, .context = context };
	bson_t filter = BSON_INITIALIZER, opts, members;
	opts_sorted(&opts, "id", NULL, 0);
	bson_append_document_begin(&opts, "projection", -1, &members);
	bson_append_int32(&members, "id", -1, 1);
	bson_append_document_end(&opts, &members);
	bson_append_bool(&opts, "allowDiskUse", -1, true);
	return find_rows(store, IN_EVENTS, &filter, &opts, id_row, &rows);
}

static bool claim_row(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	struct claim claim;
	if ((rows->corrupt = !claim_from_bson(doc, rows->arena, &claim)))
		return false;
	rows->row.claim(rows->context, &claim);
	arena_reset(rows->arena);
	return true;
}

enum itn_status mongo_scan_claims(struct store *store, struct str after, size_t max, store_scan_claim_fn *row,
				  void *context)
{
	struct rows rows = { .row.claim = row, .context = context };
	bson_t filter = BSON_INITIALIZER, opts, larger;
	bson_append_document_begin(&filter, "_id", -1, &larger);
	bson_put_str(&larger, "$gt", after);
	bson_append_document_end(&filter, &larger);
	opts_sorted(&opts, "_id", NULL, max);
	return find_rows(store, IN_CLAIMS, &filter, &opts, claim_row, &rows);
}

static bool stock_look(struct rows *rows, const bson_t *doc)
{
	struct stock stock;
	if ((rows->corrupt = !stock_from_bson(doc, rows->arena, &stock)))
		return false;
	rows->row.document(
		rows->context,
		&(struct scan_document){ .key = bson_take_str(doc, "_id"), .version = stock.version, .stock = &stock });
	return true;
}

static bool document_row(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	struct scan_document found = { .key = bson_take_str(doc, "_id"), .version = bson_take_int(doc, "version") };
	struct trade trade;
	struct cargo cargo;
	struct alert alert;
	arena_reset(rows->arena);
	if (rows->entity == ENTITY_INVENTORY)
		return stock_look(rows, doc);
	buf_reset(&rows->json, 65536);
	if (rows->entity == ENTITY_TRADE) {
		if ((rows->corrupt = !trade_from_bson(doc, rows->arena, false, &trade)))
			return false;
		trade_write_json(&rows->json, &trade);
	} else if (rows->entity == ENTITY_ALERT) {
		if ((rows->corrupt = !alert_from_bson(doc, rows->arena, false, &alert)))
			return false;
		alert_write_json(&rows->json, &alert);
	} else {
		if ((rows->corrupt = !cargo_from_bson(doc, rows->arena, false, &cargo)))
			return false;
		cargo_write_json(&rows->json, &cargo);
	}
	found.json = buf_str(&rows->json);
	rows->row.document(rows->context, &found);
	return true;
}

enum itn_status mongo_scan_documents(struct store *store, enum entity_kind entity, const struct str *keys, size_t count,
				     store_scan_document_fn *row, void *context)
{
	static const enum mongo_collection collections[] = { [ENTITY_TRADE] = IN_TRADES,
							     [ENTITY_CARGO] = IN_CARGO,
							     [ENTITY_INVENTORY] = IN_STOCK,
							     [ENTITY_ALERT] = IN_ALERTS };
	struct rows rows = { .row.document = row, .context = context, .entity = entity };
	bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER, in, list;
	char buf[16];
	const char *at;
	bson_append_document_begin(&filter, "_id", -1, &in);
	bson_append_array_begin(&in, "$in", -1, &list);
	for (size_t i = 0; i < count; i++) {
		bson_uint32_to_string((uint32_t)i, &at, buf, sizeof(buf));
		bson_put_str(&list, at, keys[i]);
	}
	bson_append_array_end(&in, &list);
	bson_append_document_end(&filter, &in);
	return find_rows(store, collections[entity], &filter, &opts, document_row, &rows);
}
