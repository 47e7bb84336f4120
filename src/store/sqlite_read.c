#include <stdio.h>
#include <string.h>

#include "core/memory.h"
#include "store/sqlite_store.h"

void head_columns(sqlite3_stmt *stmt, struct store_head *ret_head)
{
	struct str log = column_str(stmt, 0);
	snprintf(ret_head->log, sizeof(ret_head->log), "%.*s", STR_ARG(log));
	ret_head->schema = column_int(stmt, 1);
	ret_head->epoch = column_int(stmt, 2);
	ret_head->last_seq = column_int(stmt, 3);
	ret_head->logged_at = column_int(stmt, 4);
}

enum itn_status sqlite_schema_now(struct conn *conn, int64_t *ret_schema)
{
	sqlite3_stmt *stmt = conn_sql(conn, SQL_SCHEMA);
	enum itn_status status;
	while (conn_row(conn, stmt, &status))
		*ret_schema = column_int(stmt, 0);
	return status;
}

void stock_columns(sqlite3_stmt *stmt, struct arena *arena, struct stock *ret_stock)
{
	*ret_stock = (struct stock){
		.station = column_copy(stmt, 0, arena),
		.item = column_copy(stmt, 1, arena),
		.on_hand = column_int(stmt, 2),
		.reserved = column_int(stmt, 3),
		.incoming = column_int(stmt, 4),
		.reorder_level = column_int(stmt, 5),
		.tracked = column_int(stmt, 6) != 0,
		.version = column_int(stmt, 7),
		.updated_at = column_int(stmt, 8),
	};
}

enum itn_status sqlite_head(struct store *base, struct store_head *ret_head)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_HEAD);
	bool found = false;
	while (conn_row(conn, stmt, &status)) {
		head_columns(stmt, ret_head);
		found = true;
	}
	reader_give(store, conn);
	return !status && !found ? ITN_FAILED : status;
}

/* Finds the row of this id; the connection is the caller's, with the row's statement, until document_end(). */
struct document {
	struct conn *conn;
	sqlite3_stmt *stmt;
};

static enum itn_status document_find(struct sqlite_store *store, enum sqlite_sql which, struct str id,
				     struct document *ret_document)
{
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, which);
	bind_str(stmt, 1, id);
	if (conn_row(conn, stmt, &status)) {
		*ret_document = (struct document){ conn, stmt };
		return ITN_OK;
	}
	reader_give(store, conn);
	return status ? status : ITN_NOT_FOUND;
}

static void document_end(struct sqlite_store *store, struct document *document)
{
	sqlite3_reset(document->stmt);
	reader_give(store, document->conn);
}

enum itn_status sqlite_request_verdict(struct store *base, struct arena *arena, struct str id,
				       struct request_verdict *ret_verdict)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct document found;
	enum itn_status status = document_find(store, SQL_VERDICT, id, &found);
	if (status)
		return status;
	ret_verdict->state = (enum request_state)column_int(found.stmt, 0);
	ret_verdict->detail = column_copy(found.stmt, 1, arena);
	document_end(store, &found);
	return ITN_OK;
}

enum itn_status sqlite_trade(struct store *base, struct arena *arena, struct str id, struct trade *ret_trade)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct document found;
	enum itn_status status = document_find(store, SQL_TRADE_DOC, id, &found);
	if (status)
		return status;
	struct str doc = column_copy(found.stmt, 1, arena);
	enum trade_goods goods = (enum trade_goods)column_int(found.stmt, 2);
	document_end(store, &found);
	if ((status = trade_read_json(arena, doc, ret_trade)))
		return status;
	ret_trade->goods = goods;
	return ITN_OK;
}

enum itn_status sqlite_cargo(struct store *base, struct arena *arena, struct str id, struct cargo *ret_cargo)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct document found;
	enum itn_status status = document_find(store, SQL_CARGO_DOC, id, &found);
	if (status)
		return status;
	struct str doc = column_copy(found.stmt, 1, arena);
	bool open = column_int(found.stmt, 2) != 0;
	document_end(store, &found);
	if ((status = cargo_read_json(arena, doc, ret_cargo)))
		return status;
	ret_cargo->open = open;
	return ITN_OK;
}

static enum itn_status document_json(struct store *base, enum sqlite_sql which, struct str id, struct buf *out,
				     int64_t *ret_version)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct document found;
	enum itn_status status = document_find(store, which, id, &found);
	if (status)
		return status;
	*ret_version = column_int(found.stmt, 0);
	buf_add_str(out, column_str(found.stmt, 1));
	document_end(store, &found);
	return ITN_OK;
}

enum itn_status sqlite_trade_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version)
{
	return document_json(store, SQL_TRADE_DOC, id, out, ret_version);
}

enum itn_status sqlite_cargo_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version)
{
	return document_json(store, SQL_CARGO_DOC, id, out, ret_version);
}

enum itn_status sqlite_events(struct store *base, int64_t after, size_t max, store_event_fn *row, void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_EVENTS);
	bind_int(stmt, 1, after);
	bind_int(stmt, 2, (int64_t)max);
	while (conn_row(conn, stmt, &status)) {
		struct store_event_row event = { .seq = column_int(stmt, 0), .frame = column_str(stmt, 1) };
		row(context, &event);
	}
	reader_give(store, conn);
	return status;
}

struct event event_columns(sqlite3_stmt *stmt)
{
	return (struct event){
		.seq = column_int(stmt, 0),
		.id = column_str(stmt, 1),
		.kind = (enum event_kind)column_int(stmt, 2),
		.entity = (enum entity_kind)column_int(stmt, 3),
		.key = column_str(stmt, 4),
		.entity_version = column_int(stmt, 5),
		.time = column_int(stmt, 6),
		.logged_at = column_int(stmt, 7),
		.caused_by = column_str(stmt, 8),
		.message = column_str(stmt, 9),
		.batch = column_str(stmt, 10),
		.frame = column_str(stmt, 11),
	};
}

enum itn_status sqlite_events_of(struct store *base, const struct event_range *range, store_scan_event_fn *row,
				 void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	conn->patient = true;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_EVENTS_OF);
	bind_int(stmt, 1, range->entity);
	bind_str(stmt, 2, range->key);
	bind_int(stmt, 3, range->from);
	bind_int(stmt, 4, range->until);
	bind_int(stmt, 5, (int64_t)range->max);
	while (conn_row(conn, stmt, &status)) {
		struct event event = event_columns(stmt);
		row(context, &event);
	}
	conn->patient = false;
	reader_give(store, conn);
	return status;
}

static enum itn_status progress_of(struct conn *conn, struct str id, enum store_progress *ret_progress)
{
	sqlite3_stmt *stmt = conn_sql(conn, SQL_PROGRESS);
	bind_str(stmt, 1, id);
	*ret_progress = PROGRESS_ACCEPTED;
	enum itn_status status;
	while (conn_row(conn, stmt, &status))
		*ret_progress = column_int(stmt, 0) ? PROGRESS_LOGGED : PROGRESS_DONE;
	return status;
}

enum itn_status sqlite_progress(struct store *base, const struct str *ids, size_t count,
				enum store_progress *ret_progress)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	for (size_t i = 0; !status && i < count; i++)
		status = progress_of(conn, ids[i], &ret_progress[i]);
	reader_give(store, conn);
	return status;
}

enum itn_status sqlite_counters(struct store *base, struct str prefix, store_counter_fn *row, void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_COUNTERS);
	bind_str(stmt, 1, str_is_set(prefix) ? prefix : STR(""));
	while (conn_row(conn, stmt, &status)) {
		struct str name = column_str(stmt, 0);
		if (name.len < prefix.len || (prefix.len && memcmp(name.ptr, prefix.ptr, prefix.len))) {
			sqlite3_reset(stmt);
			status = ITN_OK;
			break;
		}
		row(context, name, column_int(stmt, 1));
	}
	reader_give(store, conn);
	return status;
}
