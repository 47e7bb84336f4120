#include <string.h>

#include "store/memory_engine.h"

/* The state as it is committed; the database's lock is held. */
struct scan {
	struct memory_database *database;
	store_scan_fn *row;
	void *context;
	bool ended; /* the callback wants no more */
};

static void give(struct scan *scan, const struct scan_row *row)
{
	scan->ended = !scan->row(scan->context, row);
}

static void scan_head(struct scan *scan)
{
	const struct row_table *events = &scan->database->tables[IN_EVENTS];
	struct scan_row row = { .kind = SCAN_HEAD, .head = database_head(scan->database)->head };
	for (size_t i = 0; i < events->count; i++) {
		const struct event *event = row_seen(events->at[i], NULL);
		row.last_event = event ? event->seq : row.last_event;
	}
	give(scan, &row);
}

static const struct memory_document *shipment_of(const struct scan *scan, const struct trade *trade)
{
	if (!str_is_set(trade->shipment))
		return NULL;
	return row_seen(row_find(&scan->database->tables[IN_CARGO], trade->shipment), NULL);
}

static bool lane_is_busy(const struct scan *scan, struct str lane)
{
	const struct row_table *jobs = &scan->database->tables[IN_JOBS];
	for (size_t i = 0; i < jobs->count; i++) {
		const struct job *job = row_seen(jobs->at[i], NULL);
		if (job && str_eq(job->lane, lane))
			return true;
	}
	return false;
}

static void give_trade(struct scan *scan, const struct memory_document *document)
{
	struct trade trade = document->is.trade;
	const struct memory_document *shipment = shipment_of(scan, &trade);
	struct scan_row row = { .kind = SCAN_TRADE, .trade = &trade };
	bool aboard = trade.goods == GOODS_LOADED || trade.goods == GOODS_MOVED;
	trade.unsequenced = (unsigned)document->waiting;
	if (shipment) {
		row.shipment_open = shipment->is.cargo.open && trade.goods == GOODS_LOADED;
		row.shipment_settled = (aboard || trade_is_open(&trade)) &&
				       shipment->is.cargo.status == CARGO_DELIVERED && !shipment->waiting &&
				       !lane_is_busy(scan, shipment->is.cargo.destination);
	}
	give(scan, &row);
}

static void give_cargo(struct scan *scan, const struct memory_document *document)
{
	struct cargo cargo = document->is.cargo;
	cargo.unsequenced = (unsigned)document->waiting;
	give(scan, &(struct scan_row){ .kind = SCAN_CARGO, .cargo = &cargo });
}

/* Where the shipment of a transit account goes. */
static struct str destination_of(const struct scan *scan, struct str account)
{
	struct str prefix = STR("transit:");
	const struct memory_document *shipment;
	if (account.len <= prefix.len || memcmp(account.ptr, prefix.ptr, prefix.len) != 0)
		return STR_NONE;
	struct str id = { account.ptr + prefix.len, account.len - prefix.len };
	shipment = row_seen(row_find(&scan->database->tables[IN_CARGO], id), NULL);
	return shipment ? shipment->is.cargo.destination : STR_NONE;
}

static void give_balance(struct scan *scan, struct str key, int64_t quantity)
{
	const char *end = memchr(key.ptr, '\n', key.len);
	size_t len = end ? (size_t)(end - key.ptr) : key.len;
	struct balance balance = { .account = { key.ptr, len }, .quantity = quantity };
	balance.item = end ? (struct str){ end + 1, key.len - len - 1 } : STR("");
	give(scan, &(struct scan_row){ .kind = SCAN_BALANCE,
				       .balance = &balance,
				       .destination = destination_of(scan, balance.account) });
}

static void give_row(struct scan *scan, enum memory_table in, struct str key, const void *value)
{
	const struct memory_counter *counter = value;
	switch (in) {
	case IN_COUNTERS:
		give(scan, &(struct scan_row){ .kind = SCAN_COUNTER, .name = key, .value = counter->value });
		break;
	case IN_STOCK:
		give(scan, &(struct scan_row){ .kind = SCAN_STOCK, .stock = value });
		break;
	case IN_BALANCES:
		give_balance(scan, key, *(const int64_t *)value);
		break;
	case IN_JOBS:
		give(scan, &(struct scan_row){ .kind = SCAN_JOB, .job = value });
		break;
	case IN_TRADES:
		give_trade(scan, value);
		break;
	case IN_CARGO:
		give_cargo(scan, value);
		break;
	case IN_ALERTS:
		give(scan, &(struct scan_row){ .kind = SCAN_ALERT, .alert = value });
		break;
	default:
		break;
	}
}

static void scan_table(struct scan *scan, enum memory_table in)
{
	const struct row_table *table = &scan->database->tables[in];
	for (size_t i = 0; i < table->count && !scan->ended; i++) {
		const void *value = row_seen(table->at[i], NULL);
		if (value)
			give_row(scan, in, table->at[i]->key, value);
	}
}

static enum itn_status begin(struct memory_database *database, const char *call)
{
	enum itn_status status = database_at(database, call, MEMORY_BEFORE);
	if (!status)
		database_lock(database);
	return status;
}

enum itn_status memory_scan_state(struct store *store, store_scan_fn *row, void *context, struct error *error)
{
	static const enum memory_table tables[] = { IN_COUNTERS, IN_STOCK, IN_BALANCES, IN_JOBS,
						    IN_TRADES,   IN_CARGO, IN_ALERTS };
	struct scan scan = { .database = database_of(store), .row = row, .context = context };
	enum itn_status status = begin(scan.database, "scan_state");
	if (status)
		return error_set(error, status, "the store does not answer");
	scan_head(&scan);
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		scan_table(&scan, tables[i]);
	database_unlock(scan.database);
	return ITN_OK;
}

enum itn_status memory_scan_log(struct store *store, int64_t after, int64_t until, store_scan_event_fn *row,
				void *context)
{
	struct memory_database *database = database_of(store);
	const struct row_table *table = &database->tables[IN_EVENTS];
	enum itn_status status = begin(database, "scan_log");
	if (status)
		return status;
	struct arena *arena = arena_new(64);
	for (size_t i = row_place(table, number_key(arena, after + 1)); i < table->count; i++) {
		const struct event *event = row_seen(table->at[i], NULL);
		if (event && event->seq > until)
			break;
		if (event)
			row(context, event);
	}
	arena_free(arena);
	database_unlock(database);
	return ITN_OK;
}

enum itn_status memory_scan_postings(struct store *store, int64_t after, int64_t until, store_scan_posting_fn *row,
				     void *context)
{
	struct memory_database *database = database_of(store);
	const struct row_table *table = &database->tables[IN_POSTINGS];
	enum itn_status status = begin(database, "scan_postings");
	if (status)
		return status;
	struct arena *arena = arena_new(64);
	int64_t from = (after + 1) << POSTING_NUMBER_BITS;
	for (size_t i = row_place(table, number_key(arena, from)); i < table->count; i++) {
		const struct posting *posting = row_seen(table->at[i], NULL);
		if (posting && posting_seq(posting) > until)
			break;
		if (posting)
			row(context, posting);
	}
	arena_free(arena);
	database_unlock(database);
	return ITN_OK;
}

enum itn_status memory_scan_ids(struct store *store, store_scan_id_fn *row, void *context)
{
	struct memory_database *database = database_of(store);
	const struct row_table *table = &database->tables[IN_EVENT_IDS];
	bool wanted = true;
	enum itn_status status = begin(database, "scan_ids");
	if (status)
		return status;
	for (size_t i = 0; i < table->count && wanted; i++) {
		const int64_t *seq = row_seen(table->at[i], NULL);
		if (seq)
			wanted = row(context, table->at[i]->key, *seq);
	}
	database_unlock(database);
	return ITN_OK;
}

static void give_document(enum entity_kind entity, struct str key, const void *value, struct buf *json,
			  store_scan_document_fn *row, void *context)
{
	struct scan_document found = { .key = key };
	const struct memory_document *document = value;
	if (entity == ENTITY_INVENTORY) {
		found.stock = value;
		found.version = found.stock->version;
	} else if (entity == ENTITY_ALERT) {
		buf_reset(json, SIZE_MAX);
		alert_write_json(json, value);
		found.version = ((const struct alert *)value)->version;
		found.json = buf_str(json);
	} else {
		buf_reset(json, SIZE_MAX);
		if (entity == ENTITY_TRADE)
			trade_write_json(json, &document->is.trade);
		else
			cargo_write_json(json, &document->is.cargo);
		found.version = document_version(document);
		found.json = buf_str(json);
	}
	row(context, &found);
}

enum itn_status memory_scan_documents(struct store *store, enum entity_kind entity, const struct str *keys,
				      size_t count, store_scan_document_fn *row, void *context)
{
	struct memory_database *database = database_of(store);
	enum memory_table in = entity == ENTITY_INVENTORY ? IN_STOCK
			       : entity == ENTITY_ALERT   ? IN_ALERTS
							  : table_of(entity);
	struct buf json = { 0 };
	enum itn_status status = begin(database, "scan_documents");
	if (status)
		return status;
	for (size_t i = 0; i < count; i++) {
		const void *value = row_seen(row_find(&database->tables[in], keys[i]), NULL);
		if (value)
			give_document(entity, keys[i], value, &json, row, context);
	}
	database_unlock(database);
	buf_free(&json);
	return ITN_OK;
}

enum itn_status memory_scan_claims(struct store *store, struct str after, size_t max, store_scan_claim_fn *row,
				   void *context)
{
	struct memory_database *database = database_of(store);
	const struct row_table *table = &database->tables[IN_CLAIMS];
	size_t given = 0;
	enum itn_status status = begin(database, "scan_claims");
	if (status)
		return status;
	for (size_t i = row_place(table, after); i < table->count && given < max; i++) {
		const struct claim *claim = row_seen(table->at[i], NULL);
		if (!claim || str_eq(table->at[i]->key, after))
			continue;
		row(context, claim);
		given++;
	}
	database_unlock(database);
	return ITN_OK;
}
