#include <string.h>

#include "store/sqlite_store.h"

/* A scan of the state, and where its rows go. */
struct scan {
	struct conn *conn;
	struct arena *arena; /* of one row */
	store_scan_fn *row;
	void *context;
	bool ended; /* the callback wants no more */
	struct error *error;
};

/* Gives the row on; the statement is reset when it was the last that is wanted. */
static void give(struct scan *scan, sqlite3_stmt *stmt, const struct scan_row *row)
{
	if (scan->row(scan->context, row))
		return;
	scan->ended = true;
	sqlite3_reset(stmt);
}

static bool next(struct scan *scan, sqlite3_stmt *stmt, enum itn_status *ret_status)
{
	*ret_status = ITN_OK;
	if (scan->ended)
		return false;
	arena_reset(scan->arena);
	return conn_row(scan->conn, stmt, ret_status);
}

static enum itn_status scan_head(struct scan *scan)
{
	sqlite3_stmt *stmt = conn_sql(scan->conn, SQL_SCAN_HEAD);
	enum itn_status status;
	while (next(scan, stmt, &status)) {
		struct scan_row row = { .kind = SCAN_HEAD, .last_event = column_int(stmt, 5) };
		head_columns(stmt, &row.head);
		give(scan, stmt, &row);
	}
	return status;
}

static enum itn_status scan_counters(struct scan *scan)
{
	sqlite3_stmt *stmt = conn_sql(scan->conn, SQL_COUNTERS);
	enum itn_status status;
	bind_str(stmt, 1, STR(""));
	while (next(scan, stmt, &status))
		give(scan, stmt,
		     &(struct scan_row){
			     .kind = SCAN_COUNTER, .name = column_str(stmt, 0), .value = column_int(stmt, 1) });
	return status;
}

static enum itn_status scan_stock(struct scan *scan)
{
	sqlite3_stmt *stmt = conn_sql(scan->conn, SQL_SCAN_STOCK);
	struct stock stock;
	enum itn_status status;
	while (next(scan, stmt, &status)) {
		stock_columns(stmt, scan->arena, &stock);
		give(scan, stmt, &(struct scan_row){ .kind = SCAN_STOCK, .stock = &stock });
	}
	return status;
}

static enum itn_status scan_balances(struct scan *scan)
{
	sqlite3_stmt *stmt = conn_sql(scan->conn, SQL_SCAN_BALANCES);
	enum itn_status status;
	while (next(scan, stmt, &status)) {
		struct balance balance = { column_str(stmt, 0), column_str(stmt, 1), column_int(stmt, 2) };
		give(scan, stmt,
		     &(struct scan_row){
			     .kind = SCAN_BALANCE, .balance = &balance, .destination = column_str(stmt, 3) });
	}
	return status;
}

static enum itn_status scan_jobs(struct scan *scan)
{
	sqlite3_stmt *stmt = conn_sql(scan->conn, SQL_SCAN_JOBS);
	enum itn_status status;
	while (next(scan, stmt, &status)) {
		struct job job = {
			.seq = column_int(stmt, 0),
			.lane = column_str(stmt, 1),
			.kind = (int)column_int(stmt, 2),
			.key = column_str(stmt, 3),
			.cause = column_str(stmt, 4),
			.step = column_int(stmt, 5),
			.derived = column_int(stmt, 6),
			.cursor = { .time = column_int(stmt, 7), .key = column_str(stmt, 8) },
		};
		give(scan, stmt, &(struct scan_row){ .kind = SCAN_JOB, .job = &job });
	}
	return status;
}

static enum itn_status broken(struct scan *scan, sqlite3_stmt *stmt, const char *what)
{
	struct str id = column_str(stmt, 0);
	error_set(scan->error, ITN_FAILED, "the document of %s %.*s can't be read", what, STR_ARG(id));
	sqlite3_reset(stmt);
	return ITN_FAILED;
}

static enum itn_status scan_trades(struct scan *scan)
{
	sqlite3_stmt *stmt = conn_sql(scan->conn, SQL_SCAN_TRADES);
	enum itn_status status;
	while (next(scan, stmt, &status)) {
		struct trade trade = { 0 };
		struct str doc = column_str(stmt, 9);
		if (str_is_set(doc) && trade_read_json(scan->arena, doc, &trade))
			return broken(scan, stmt, "trade");
		trade.id = column_str(stmt, 0);
		trade.version = column_int(stmt, 1);
		trade.status = (enum trade_status)column_int(stmt, 2);
		trade.holds = (unsigned)column_int(stmt, 3);
		trade.goods = (enum trade_goods)column_int(stmt, 4);
		trade.destination = column_str(stmt, 5);
		trade.station = column_str(stmt, 6);
		trade.shipment = column_str(stmt, 7);
		trade.unsequenced = (unsigned)column_int(stmt, 8);
		give(scan, stmt,
		     &(struct scan_row){ .kind = SCAN_TRADE,
					 .trade = &trade,
					 .shipment_open = column_int(stmt, 10) != 0,
					 .shipment_settled = column_int(stmt, 11) != 0 });
	}
	return status;
}

static enum itn_status scan_cargo(struct scan *scan)
{
	sqlite3_stmt *stmt = conn_sql(scan->conn, SQL_SCAN_CARGO);
	enum itn_status status;
	while (next(scan, stmt, &status)) {
		struct cargo cargo = { 0 };
		struct str doc = column_str(stmt, 6);
		if (str_is_set(doc) && cargo_read_json(scan->arena, doc, &cargo))
			return broken(scan, stmt, "cargo");
		cargo.id = column_str(stmt, 0);
		cargo.version = column_int(stmt, 1);
		cargo.status = (enum cargo_status)column_int(stmt, 2);
		cargo.open = column_int(stmt, 3) != 0;
		cargo.destination = column_str(stmt, 4);
		cargo.unsequenced = (unsigned)column_int(stmt, 5);
		give(scan, stmt, &(struct scan_row){ .kind = SCAN_CARGO, .cargo = &cargo });
	}
	return status;
}

static enum itn_status scan_alerts(struct scan *scan)
{
	sqlite3_stmt *stmt = conn_sql(scan->conn, SQL_SCAN_ALERTS);
	enum itn_status status;
	while (next(scan, stmt, &status)) {
		struct alert alert;
		if (alert_read_json(scan->arena, column_str(stmt, 2), &alert))
			return broken(scan, stmt, "alert");
		alert.version = column_int(stmt, 1);
		give(scan, stmt, &(struct scan_row){ .kind = SCAN_ALERT, .alert = &alert });
	}
	return status;
}

static enum itn_status scan_all(struct scan *scan)
{
	static enum itn_status (*const parts[])(struct scan *) = {
		scan_head, scan_counters, scan_stock, scan_balances, scan_jobs, scan_trades, scan_cargo, scan_alerts,
	};
	enum itn_status status = conn_do(scan->conn, SQL_BEGIN_READ);
	for (size_t i = 0; !status && !scan->ended && i < sizeof(parts) / sizeof(parts[0]); i++)
		status = parts[i](scan);
	if (!sqlite3_get_autocommit(scan->conn->db) && conn_do(scan->conn, SQL_ROLLBACK) && !status)
		status = ITN_UNAVAILABLE;
	return status;
}

enum itn_status sqlite_scan_state(struct store *base, store_scan_fn *row, void *context, struct error *error)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct scan scan = { .row = row, .context = context, .error = error };
	error_set(error, ITN_OK, "%s can't be read", store->path);
	enum itn_status status = reader_take(store, &scan.conn);
	if (status)
		return status;
	scan.arena = arena_new(0);
	scan.conn->patient = true;
	status = scan_all(&scan);
	scan.conn->patient = false;
	arena_free(scan.arena);
	reader_give(store, scan.conn);
	return status;
}

enum itn_status sqlite_scan_log(struct store *base, int64_t after, int64_t until, store_scan_event_fn *row,
				void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_SCAN_LOG);
	bind_int(stmt, 1, after);
	bind_int(stmt, 2, until);
	while (conn_row(conn, stmt, &status)) {
		struct event event = event_columns(stmt);
		row(context, &event);
	}
	reader_give(store, conn);
	return status;
}

enum itn_status sqlite_scan_postings(struct store *base, int64_t after, int64_t until, store_scan_posting_fn *row,
				     void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_SCAN_POSTINGS);
	bind_int(stmt, 1, (after + 1) << POSTING_NUMBER_BITS);
	bind_int(stmt, 2, (until + 1) << POSTING_NUMBER_BITS);
	while (conn_row(conn, stmt, &status)) {
		struct posting posting = posting_columns(stmt);
		row(context, &posting);
	}
	reader_give(store, conn);
	return status;
}

enum itn_status sqlite_scan_ids(struct store *base, store_scan_id_fn *row, void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	bool wanted = true;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_SCAN_IDS);
	conn->patient = true;
	while (wanted && conn_row(conn, stmt, &status))
		wanted = row(context, column_str(stmt, 0), column_int(stmt, 1));
	sqlite3_reset(stmt);
	conn->patient = false;
	reader_give(store, conn);
	return wanted ? status : ITN_OK;
}

enum itn_status sqlite_scan_claims(struct store *base, struct str after, size_t max, store_scan_claim_fn *row,
				   void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	struct arena *arena = arena_new(0);
	sqlite3_stmt *stmt = conn_sql(conn, SQL_SCAN_CLAIMS);
	bind_str(stmt, 1, after);
	bind_int(stmt, 2, (int64_t)max);
	while (conn_row(conn, stmt, &status)) {
		struct claim claim = claim_columns(stmt, arena);
		row(context, &claim);
		arena_reset(arena);
	}
	arena_free(arena);
	reader_give(store, conn);
	return status;
}

/* Looks for documents, one after the other. */
struct look {
	struct conn *conn;
	struct arena *arena;
	store_scan_document_fn *row;
	void *context;
};

static enum itn_status look_document(struct look *look, enum sqlite_sql which, struct str key)
{
	sqlite3_stmt *stmt = conn_sql(look->conn, which);
	enum itn_status status;
	bind_str(stmt, 1, key);
	while (conn_row(look->conn, stmt, &status))
		look->row(look->context, &(struct scan_document){ .key = key,
								  .version = column_int(stmt, 0),
								  .json = column_str(stmt, 1) });
	return status;
}

static enum itn_status look_stock(struct look *look, struct str key)
{
	sqlite3_stmt *stmt = conn_sql(look->conn, SQL_BATCH_STOCK);
	const char *end = memchr(key.ptr, '\n', key.len);
	size_t len = end ? (size_t)(end - key.ptr) : key.len;
	struct stock stock;
	enum itn_status status;
	bind_str(stmt, 1, (struct str){ key.ptr, len });
	bind_str(stmt, 2, end ? (struct str){ end + 1, key.len - len - 1 } : STR(""));
	while (conn_row(look->conn, stmt, &status)) {
		stock_columns(stmt, look->arena, &stock);
		look->row(look->context,
			  &(struct scan_document){ .key = key, .version = stock.version, .stock = &stock });
	}
	return status;
}

enum itn_status sqlite_scan_documents(struct store *base, enum entity_kind entity, const struct str *keys, size_t count,
				      store_scan_document_fn *row, void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	static const enum sqlite_sql texts[] = {
		[ENTITY_TRADE] = SQL_TRADE_DOC, [ENTITY_CARGO] = SQL_CARGO_DOC, [ENTITY_ALERT] = SQL_ALERT_DOC
	};
	struct look look = { .row = row, .context = context };
	enum itn_status status = reader_take(store, &look.conn);
	if (status)
		return status;
	look.arena = arena_new(0);
	for (size_t i = 0; !status && i < count; i++) {
		arena_reset(look.arena);
		if (entity == ENTITY_INVENTORY)
			status = look_stock(&look, keys[i]);
		else
			status = look_document(&look, texts[entity], keys[i]);
	}
	arena_free(look.arena);
	reader_give(store, look.conn);
	return status;
}
