#include "store/sqlite_engine.h"

struct posting posting_columns(sqlite3_stmt *stmt)
{
	return (struct posting){
		.number = column_int(stmt, 0),
		.event = column_str(stmt, 1),
		.item = column_str(stmt, 2),
		.quantity = column_int(stmt, 3),
		.from = (enum account_kind)column_int(stmt, 4),
		.to = (enum account_kind)column_int(stmt, 5),
		.station = column_str(stmt, 6),
		.trade = column_str(stmt, 7),
		.shipment = column_str(stmt, 8),
		.at = column_int(stmt, 9),
		.from_balance = column_int(stmt, 10),
		.to_balance = column_int(stmt, 11),
	};
}

/* The filter that the fewest have. */
static enum sqlite_sql movements_sql(const struct store_list *list)
{
	if (str_is_set(list->trade))
		return SQL_MOVEMENTS_OF_TRADE;
	if (str_is_set(list->shipment))
		return SQL_MOVEMENTS_OF_SHIPMENT;
	return str_is_set(list->item) ? SQL_MOVEMENTS_OF_ITEM : SQL_MOVEMENTS;
}

static sqlite3_stmt *movements_statement(struct conn *conn, const struct store_list *list)
{
	sqlite3_stmt *stmt = conn_sql(conn, movements_sql(list));
	bool since = list->since > list->after.time;
	bind_str(stmt, 1, list->station);
	bind_int(stmt, 2, since ? list->since : list->after.time);
	bind_int(stmt, 3, since ? -1 : posting_key_number(list->after.key));
	bind_int(stmt, 4, list->until ? list->until : INT64_MAX);
	bind_str(stmt, 5, list->trade);
	bind_str(stmt, 6, list->shipment);
	bind_str(stmt, 7, list->item);
	bind_int(stmt, 8, (int64_t)list->max);
	return stmt;
}

enum itn_status sqlite_movements(struct conn *conn, const struct store_list *list, store_row_fn *row, void *context)
{
	struct buf json = { 0 };
	char key[POSTING_KEY_LEN + 1];
	int64_t schema = 0;
	enum itn_status status = sqlite_schema_now(conn, &schema);
	if (status || schema < STORE_LEDGER_SCHEMA)
		return status;
	sqlite3_stmt *stmt = movements_statement(conn, list);
	while (conn_row(conn, stmt, &status)) {
		struct posting posting = posting_columns(stmt);
		buf_reset(&json, 65536);
		posting_write_json(&json, &posting);
		posting_key(posting.number, key);
		row(context, &(struct store_row){ str_from(key), posting.at, buf_str(&json) });
	}
	buf_free(&json);
	return status;
}

/* What is logged until when, up to which number, for a moment that is given as a seq. */
static enum itn_status moment_of(struct conn *conn, int64_t seq, int64_t *time, int64_t *ret_below)
{
	enum itn_status status = ITN_OK;
	*ret_below = INT64_MAX;
	if (seq < 0)
		return ITN_OK;
	*ret_below = (seq + 1) << POSTING_NUMBER_BITS;
	*time = 0;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_LOGGED_AT);
	bind_int(stmt, 1, seq);
	while (conn_row(conn, stmt, &status))
		*time = column_int(stmt, 0);
	return status;
}

static enum itn_status stock_at(struct conn *conn, struct arena *arena, struct str station, int64_t seq, int64_t time,
				struct lines *ret_lines)
{
	struct lines lines = { 0 };
	struct line line;
	size_t room = 0;
	bool found = false;
	int64_t below;
	enum itn_status status = moment_of(conn, seq, &time, &below);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_STOCK_AT);
	bind_str(stmt, 1, station);
	bind_int(stmt, 2, time);
	bind_int(stmt, 3, below);
	while (conn_row(conn, stmt, &status)) {
		found = true;
		if ((line.quantity = column_int(stmt, 1)) <= 0)
			continue;
		line.name = column_copy(stmt, 0, arena);
		lines_append(&lines, arena, &room, line);
	}
	*ret_lines = lines;
	return !status && !found ? ITN_NOT_FOUND : status;
}

enum itn_status sqlite_stock_at(struct store *base, struct arena *arena, struct str station, int64_t seq, int64_t time,
				struct lines *ret_lines)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	int64_t schema = 0;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	status = sqlite_schema_now(conn, &schema);
	if (!status)
		status = schema < STORE_LEDGER_SCHEMA ? ITN_NOT_FOUND
						      : stock_at(conn, arena, station, seq, time, ret_lines);
	reader_give(store, conn);
	return status;
}

enum itn_status sqlite_batch_balance(struct store_engine *base, struct str account, struct str item,
				     int64_t *ret_quantity)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_BATCH_BALANCE);
	enum itn_status status;
	bind_str(stmt, 1, account);
	bind_str(stmt, 2, item);
	*ret_quantity = 0;
	while (conn_row(engine->conn, stmt, &status))
		*ret_quantity = column_int(stmt, 0);
	if (status) {
		engine_note(engine, status);
		engine_roll_back(engine);
	}
	return status;
}

static enum itn_status posting_insert(struct sqlite_engine *engine, const struct posting *posting)
{
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_POSTING_INSERT);
	bind_int(stmt, 1, posting->number);
	bind_str(stmt, 2, posting->event);
	bind_str(stmt, 3, posting->item);
	bind_int(stmt, 4, posting->quantity);
	bind_int(stmt, 5, posting->from);
	bind_int(stmt, 6, posting->to);
	bind_str(stmt, 7, posting->station);
	bind_str(stmt, 8, posting->trade);
	bind_str(stmt, 9, posting->shipment);
	bind_int(stmt, 10, posting->at);
	bind_int(stmt, 11, posting->from_balance);
	bind_int(stmt, 12, posting->to_balance);
	enum itn_status status = engine_note(engine, conn_run(engine->conn, stmt));
	if (sqlite3_extended_errcode(engine->conn->db) == SQLITE_CONSTRAINT_PRIMARYKEY)
		return engine_bug(engine, ITN_EXISTS, "a posting of this number is there already", posting->item);
	return status;
}

static enum itn_status balance_write(struct sqlite_engine *engine, const struct balance_write *write)
{
	sqlite3_stmt *stmt = conn_sql(engine->conn, write->drop ? SQL_BALANCE_DELETE : SQL_BALANCE_WRITE);
	bind_str(stmt, 1, write->balance.account);
	bind_str(stmt, 2, write->balance.item);
	if (!write->drop)
		bind_int(stmt, 3, write->balance.quantity);
	return engine_note(engine, conn_run(engine->conn, stmt));
}

enum itn_status sqlite_ledger_write(struct sqlite_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->posting_count; i++)
		status = posting_insert(engine, &writes->postings[i]);
	for (size_t i = 0; !status && i < writes->balance_count; i++)
		status = balance_write(engine, &writes->balances[i]);
	return status;
}
