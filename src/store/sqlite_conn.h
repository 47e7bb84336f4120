/** A connection to the database file with its prepared statements. One thread at a time; sqlite3.h's only way in. */
#ifndef ITN_STORE_SQLITE_CONN_H
#define ITN_STORE_SQLITE_CONN_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/status.h"
#include "core/str.h"

/* Conditions that partial indexes and the queries over them must have in the same words. */
#define SQL_IS_WAITING "goods IN (1, 2) AND status IN (0, 3) AND (holds & 2) = 0"
#define SQL_IS_LOADED  "goods IN (3, 4) AND shipment IS NOT NULL"
#define SQL_IS_QUEUED  "status = 1"
#define SQL_IS_UNRESOLVED "status <> 2"
#define SQL_EVENT_COLUMNS \
	"seq, id, kind, entity, key, entity_version, time, logged_at, caused_by, message, batch, frame"
#define SQL_IS_OF_TIMELINE "entity IN (0, 1)"
#define SQL_SUM_MAX     "9007199254740991"
#define SQL_NUMBER_BITS "24"
#define SQL_UNSEQUENCED(entity, key) \
	"(SELECT count(*) FROM outbox WHERE entity = " entity " AND outbox.key = " key " AND outbox.kind <> 2)"

/* Where a trade's reservedLines begin in its doc, and where the member that stands behind them does, with what is before it. */
#define SQL_RESERVED "'\"reservedLines\":['"
#define SQL_BEHIND_RESERVED(doc, before) \
	"coalesce(nullif(instr(" doc ", '" before "\"shipmentId\":'), 0)," \
	" nullif(instr(" doc ", '" before "\"reason\":'), 0), instr(" doc ", '" before "\"version\":'))"

/* What the engine reads of a trade and of cargo, as sqlite_batch.c reads it. */
#define SQL_BATCH_TRADE_COLUMNS "doc, goods, short_of, " SQL_UNSEQUENCED("0", "trade.id")
#define SQL_BATCH_CARGO_COLUMNS "doc, open, reserved_trades, late_eta, " SQL_UNSEQUENCED("1", "cargo.id")

/* The columns of a notification, as sqlite_notification.c reads them. */
#define SQL_NOTIFICATION_COLUMNS \
	"id, event, channel, status, attempts, queued_at, next_at, version, recipient, subject, last_error, body"

/* Movements behind (at, n), by this index and its condition. */
#define SQL_MOVEMENTS_BY(index, condition) \
	"SELECT n, event, item, quantity, source, target, station, trade, shipment, at, source_balance, target_balance" \
	" FROM posting INDEXED BY " index " WHERE " condition " AND (at, n) > (?2, ?3) AND at < ?4 AND (?1 IS NULL OR station = ?1)" \
	" AND (?5 IS NULL OR trade = ?5) AND (?6 IS NULL OR shipment = ?6) AND (?7 IS NULL OR item = ?7)" \
	" ORDER BY at, n LIMIT ?8"

enum sqlite_sql {
#define SQL(name, text) SQL_##name,
#include "store/sqlite_sql.def"
#undef SQL
	SQLS
};

/** Prepared lists, by the set of their filters. */
#define CONN_LISTS 8

struct conn {
	sqlite3 *db;
	int64_t deadline_us; /**< whoever uses it sets it: locks are waited for, reads go on, until then */
	int os_error;        /**< errno as the last statement that failed left it: SQLite does not keep a commit's */
	bool patient;        /**< no deadline for statements that are running, only for locks */
	sqlite3_stmt *kept[SQLS];
	struct {
		unsigned filters;
		sqlite3_stmt *stmt;
	} lists[CONN_LISTS];
	unsigned next_list;
	struct conn *next; /**< the pool's */
};

/** Opens the file, which exists; `cache_kib` bounds the memory for pages. */
enum itn_status conn_open(const char *path, int cache_kib, struct conn **ret_conn, struct error *error) must_check;
/** NULL is allowed. */
void conn_close(struct conn *conn);
/** What SQLite's last failure on this connection means: ITN_NO_ROOM (no space, a quota, a limit of the file's size),
 *  ITN_UNAVAILABLE (it may mend) or ITN_FAILED. */
enum itn_status conn_failure(struct conn *conn, struct error *error);

/** The prepared statement, or NULL: everything that is done with NULL fails, and conn_failure() knows why. */
sqlite3_stmt *conn_sql(struct conn *conn, enum sqlite_sql which);
/** Runs it to its end and resets it. */
enum itn_status conn_run(struct conn *conn, sqlite3_stmt *stmt) must_check;
/** conn_run() of a statement without parameters. */
enum itn_status conn_do(struct conn *conn, enum sqlite_sql which) must_check;
/** Steps: true for a row; else `ret_status` is ITN_OK at the end or the failure, and the statement is reset. */
bool conn_row(struct conn *conn, sqlite3_stmt *stmt, enum itn_status *ret_status) must_check;
/** Rows that the last statement changed. */
static inline int conn_changes(struct conn *conn)
{
	return sqlite3_changes(conn->db);
}

/** The text must live until the statement is reset; absent is NULL. */
void bind_str(sqlite3_stmt *stmt, int index, struct str value);
static inline void bind_int(sqlite3_stmt *stmt, int index, int64_t value)
{
	sqlite3_bind_int64(stmt, index, value);
}
/** A column's text, valid until the next step; NULL is absent. */
struct str column_str(sqlite3_stmt *stmt, int column);
/** The same, copied. */
struct str column_copy(sqlite3_stmt *stmt, int column, struct arena *arena);
static inline int64_t column_int(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_int64(stmt, column);
}

#endif
