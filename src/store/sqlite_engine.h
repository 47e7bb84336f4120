/** State of the engine's side of SQLite: its own connection and its own hold of the write lock. */
#ifndef ITN_STORE_SQLITE_ENGINE_H
#define ITN_STORE_SQLITE_ENGINE_H

#include "store/sqlite_store.h"

struct sqlite_engine {
	struct store_engine base;
	const char *holder;
	struct conn *conn;
	struct sqlite_lock lock;
	int64_t epoch;    /**< ours; 0: we hold no lease */
	int64_t last_seq; /**< of head, as we left it */
	bool open;        /**< a batch is: lock and transaction are held */
	int64_t front;    /**< the last row of the outbox that the batch read; 0: none */
	int wal_pages, wal_copied;
	char reason[256];
};

static inline struct sqlite_engine *sqlite_engine_of(struct store_engine *engine)
{
	return (struct sqlite_engine *)engine;
}

/** Keeps the reason of `status` when it is a failure; returns it. */
enum itn_status engine_note(struct sqlite_engine *engine, enum itn_status status);
/** Begins a transaction that renews our lease; ITN_LOST_LEASE, ITN_UNAVAILABLE, ITN_NO_ROOM: none is open. */
enum itn_status engine_begin_ours(struct sqlite_engine *engine, struct store_head *ret_head) must_check;
/** Commits and gives the lock back; rolled back when that fails, or ITN_UNKNOWN. */
enum itn_status engine_commit(struct sqlite_engine *engine) must_check;
/** Ends the batch after a failed read; returns the status. */
enum itn_status engine_failure(struct sqlite_engine *engine, enum itn_status status);
/** Rolls back, gives the lock back, closes the batch. */
void engine_roll_back(struct sqlite_engine *engine);

/* sqlite_notification.c */
/** Adds a new one in the open transaction. */
enum itn_status sqlite_notification_insert(struct conn *conn, const struct notification *notification) must_check;

/* sqlite_posting.c */
/** The batch's postings and balances, in the open transaction. */
enum itn_status sqlite_ledger_write(struct sqlite_engine *engine, const struct store_writes *writes) must_check;
/** Notes what a bug left; returns `status`. */
enum itn_status engine_bug(struct sqlite_engine *engine, enum itn_status status, const char *what, struct str of);

/* sqlite_alert.c */
/** The batch's alerts, in the open transaction. */
enum itn_status sqlite_alerts_write(struct sqlite_engine *engine, const struct store_writes *writes) must_check;

/* sqlite_commit.c */
/** Runs a statement that is guarded by the version that was read; ITN_CONFLICT: it is another. */
enum itn_status engine_run_guarded(struct sqlite_engine *engine, sqlite3_stmt *stmt, struct str key) must_check;
/** All of a batch's changes as statements, without the commit. */
enum itn_status sqlite_writes_apply(struct sqlite_engine *engine, const struct store_writes *writes) must_check;

#endif
