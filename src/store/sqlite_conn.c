#include "store/sqlite_conn.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"

#define STEPS_BETWEEN_LOOKS 20000

static const char *const sql_texts[SQLS] = {
#define SQL(name, text) [SQL_##name] = text,
#include "store/sqlite_sql.def"
#undef SQL
};

/* Which line of SQLite found it is said first, then which statement met it. */
static bool tells_of_damage(int code, const char *message)
{
	return ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB) &&
	       strncmp(message, "statement aborts", strlen("statement aborts")) == 0;
}

static void take_message(void *context unused_arg, int code, const char *message)
{
	if (tells_of_damage(code, message))
		log_error("the database is damaged", LOG_CSTR("why", message));
	else
		log_debug("SQLite", LOG_CSTR("says", message));
}

static void configure(void)
{
	sqlite3_config(SQLITE_CONFIG_LOG, take_message, NULL);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

static int wait_while_busy(void *arg, int count)
{
	struct conn *conn = arg;
	int64_t now = clock_monotonic_us();
	if (now >= conn->deadline_us)
		return 0;
	long us = 100 + (long)((uint64_t)now * 2654435761U % 400) + count % 64;
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
	return 1;
}

static int stop_when_late(void *arg)
{
	struct conn *conn = arg;
	return !conn->patient && clock_monotonic_us() >= conn->deadline_us;
}

static enum itn_status conn_set_up(struct conn *conn, int cache_kib, struct error *error)
{
	char pragmas[256];
	snprintf(pragmas, sizeof(pragmas),
		 "PRAGMA cache_size = -%d; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF;"
		 "PRAGMA secure_delete = OFF; PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 16777216;"
		 "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF",
		 cache_kib);
	if (sqlite3_exec(conn->db, pragmas, NULL, NULL, NULL))
		return conn_failure(conn, error);
	return ITN_OK;
}

enum itn_status conn_open(const char *path, int cache_kib, struct conn **ret_conn, struct error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, configure);
	struct conn *conn = memory_calloc(1, sizeof(*conn));
	conn->deadline_us = clock_monotonic_us() + 1000000;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	enum itn_status status = ITN_OK;
	if (sqlite3_open_v2(path, &conn->db, flags, NULL)) {
		status = conn_failure(conn, error);
	} else {
		sqlite3_busy_handler(conn->db, wait_while_busy, conn);
		sqlite3_progress_handler(conn->db, STEPS_BETWEEN_LOOKS, stop_when_late, conn);
		status = conn_set_up(conn, cache_kib, error);
	}
	if (status)
		conn_close(conn);
	else
		*ret_conn = conn;
	return status;
}

void conn_close(struct conn *conn)
{
	if (!conn)
		return;
	for (unsigned i = 0; i < SQLS; i++)
		sqlite3_finalize(conn->kept[i]);
	for (unsigned i = 0; i < CONN_LISTS; i++)
		sqlite3_finalize(conn->lists[i].stmt);
	sqlite3_close(conn->db);
	free(conn);
}

static bool is_for_room(int code)
{
	return code == ENOSPC || code == EDQUOT || code == EFBIG;
}

enum itn_status conn_failure(struct conn *conn, struct error *error)
{
	enum itn_status status = ITN_FAILED;
	switch (sqlite3_extended_errcode(conn->db) & 0xff) {
	case SQLITE_FULL:
		status = ITN_NO_ROOM;
		break;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		status = is_for_room(sqlite3_system_errno(conn->db)) || is_for_room(conn->os_error) ? ITN_NO_ROOM
												    : ITN_UNAVAILABLE;
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_NOMEM:
	case SQLITE_INTERRUPT:
	case SQLITE_PROTOCOL:
		status = ITN_UNAVAILABLE;
	}
	return error_set(error, status, "the database file: %s", sqlite3_errmsg(conn->db));
}

sqlite3_stmt *conn_sql(struct conn *conn, enum sqlite_sql which)
{
	if (!conn->kept[which])
		sqlite3_prepare_v3(conn->db, sql_texts[which], -1, SQLITE_PREPARE_PERSISTENT, &conn->kept[which], NULL);
	return conn->kept[which];
}

bool conn_row(struct conn *conn, sqlite3_stmt *stmt, enum itn_status *ret_status)
{
	errno = 0;
	int rc = stmt ? sqlite3_step(stmt) : SQLITE_MISUSE;
	conn->os_error = errno;
	if (rc == SQLITE_ROW)
		return true;
	*ret_status = rc == SQLITE_DONE ? ITN_OK : conn_failure(conn, NULL);
	sqlite3_reset(stmt);
	return false;
}

enum itn_status conn_run(struct conn *conn, sqlite3_stmt *stmt)
{
	enum itn_status status;
	while (conn_row(conn, stmt, &status))
		continue;
	return status;
}

enum itn_status conn_do(struct conn *conn, enum sqlite_sql which)
{
	return conn_run(conn, conn_sql(conn, which));
}

void bind_str(sqlite3_stmt *stmt, int index, struct str value)
{
	if (value.ptr)
		sqlite3_bind_text64(stmt, index, value.ptr, value.len, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_null(stmt, index);
}

struct str column_str(sqlite3_stmt *stmt, int column)
{
	const char *text = (const char *)sqlite3_column_text(stmt, column);
	return text ? (struct str){ text, (size_t)sqlite3_column_bytes(stmt, column) } : STR_NONE;
}

struct str column_copy(sqlite3_stmt *stmt, int column, struct arena *arena)
{
	return arena_str(arena, column_str(stmt, column));
}
