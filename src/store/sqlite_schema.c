#include <assert.h>
#include <stdio.h>

#include "core/id.h"
#include "domain/alert.h"
#include "domain/cargo.h"
#include "domain/entry.h"
#include "domain/notification.h"
#include "domain/trade.h"
#include "store/sqlite_conn.h"
#include "store/sqlite_file.h"
#include "store/sqlite_layout.h"
#include "store/store.h"

/* "ITN1" in the file's header tells our databases from others'. */
#define APPLICATION_ID 0x49544e31

static_assert(GOODS_NONE == 1 && GOODS_RESERVED == 2 && GOODS_LOADED == 3 && GOODS_MOVED == 4, "SQL_IS_WAITING, _LOADED");
static_assert(TRADE_PENDING == 0 && TRADE_DELAYED == 3 && HOLD_SHORTAGE == 2, "SQL_IS_WAITING");
static_assert(ACCOUNT_EXTERNAL == 0 && ACCOUNT_STATION == 1, "the opening postings, SQL_STOCK_AT");
static_assert(SUM_MAX == 9007199254740991 && POSTING_NUMBER_BITS == 24, "SQL_SUM_MAX, SQL_NUMBER_BITS");
static_assert(NOTIFICATION_QUEUED == 1, "SQL_IS_QUEUED");
static_assert(ALERT_RESOLVED == 2, "SQL_IS_UNRESOLVED");
static_assert(CARGO_DELIVERED == 3, "due_at");
static_assert(ENTITY_TRADE == 0 && ENTITY_CARGO == 1 && ENTRY_REQUEST == 2, "SQL_UNSEQUENCED");

const struct sqlite_statement sqlite_layout_statements[] = {
#define TABLE(schema, text) { schema, text },
#include "store/sqlite_schema.def"
#undef TABLE
};
const size_t sqlite_layout_count = sizeof(sqlite_layout_statements) / sizeof(sqlite_layout_statements[0]);

static enum itn_status read_int(struct conn *conn, const char *sql, int64_t *ret, struct error *error)
{
	sqlite3_stmt *stmt;
	if (sqlite3_prepare_v2(conn->db, sql, -1, &stmt, NULL))
		return conn_failure(conn, error);
	enum itn_status status = ITN_OK;
	if (sqlite3_step(stmt) == SQLITE_ROW)
		*ret = column_int(stmt, 0);
	else
		status = conn_failure(conn, error);
	sqlite3_finalize(stmt);
	return status;
}

static enum itn_status execute(struct conn *conn, const char *sql, struct error *error)
{
	return sqlite3_exec(conn->db, sql, NULL, NULL, NULL) ? conn_failure(conn, error) : ITN_OK;
}

static enum itn_status schema_look(struct conn *conn, bool *ret_empty, struct error *error)
{
	int64_t application = 0, version = 0, tables = 0;
	enum itn_status status;
	if ((status = read_int(conn, "PRAGMA application_id", &application, error)) ||
	    (status = read_int(conn, "PRAGMA user_version", &version, error)) ||
	    (status = read_int(conn, "SELECT count(*) FROM sqlite_schema", &tables, error)))
		return status;
	*ret_empty = tables == 0 && application == 0 && version == 0;
	if (*ret_empty)
		return ITN_OK;
	if (application != APPLICATION_ID)
		return error_set(error, ITN_FAILED, "the database is another program's");
	if (version > STORE_SCHEMA)
		return error_set(error, ITN_FAILED,
				 "the database has layout %lld, this program knows %d: a newer itn wrote it",
				 (long long)version, STORE_SCHEMA);
	if (version < 1)
		return error_set(error, ITN_FAILED, "the database has layout %lld, which no itn wrote", (long long)version);
	return ITN_OK;
}

/* In one transaction: another process may be making the schema meanwhile. */
static enum itn_status schema_look_at_once(struct conn *conn, bool *ret_empty, struct error *error)
{
	enum itn_status status = execute(conn, "BEGIN", error);
	if (status)
		return status;
	status = schema_look(conn, ret_empty, error);
	sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

static enum itn_status schema_write(struct conn *conn, struct error *error)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < sqlite_layout_count; i++)
		status = execute(conn, sqlite_layout_statements[i].text, error);
	if (status)
		return status;
	char log[STORE_LOG_ID_LEN + 1], text[256];
	id_random_hex(log, STORE_LOG_ID_LEN);
	snprintf(text, sizeof(text),
		 "INSERT INTO head VALUES (1, '%s', %d, 0, 0, 0, '', '', 0);"
		 "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		 log, STORE_SCHEMA, APPLICATION_ID, STORE_SCHEMA);
	return execute(conn, text, error);
}

static enum itn_status schema_make(struct conn *conn, struct error *error)
{
	bool empty = false;
	enum itn_status status;
	if ((status = execute(conn, "PRAGMA journal_mode = WAL", error)) ||
	    (status = execute(conn, "BEGIN IMMEDIATE", error)))
		return status;
	status = schema_look(conn, &empty, error);
	if (!status && empty)
		status = schema_write(conn, error);
	if (!sqlite3_get_autocommit(conn->db))
		sqlite3_exec(conn->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

enum itn_status sqlite_schema_prepare(const char *path, bool make, struct sqlite_lock *lock, int64_t deadline_us,
				      struct error *error)
{
	struct conn *conn;
	enum itn_status status = conn_open(path, 256, &conn, error);
	if (status)
		return status;
	conn->deadline_us = deadline_us;
	bool empty = false;
	status = schema_look_at_once(conn, &empty, error);
	if (!status && empty && !make) {
		status = error_set(error, ITN_FAILED, "the database is empty: no itn has used it yet");
	} else if (!status && empty) {
		status = sqlite_lock_take(lock, deadline_us);
		if (status) {
			error_set(error, status, "another process holds the write lock of the database");
		} else {
			status = schema_make(conn, error);
			sqlite_lock_release(lock);
		}
	}
	conn_close(conn);
	return status;
}
