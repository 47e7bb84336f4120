/** One database in memory: its tables, its lock, its transactions, the host that a test has set. */
#ifndef ITN_STORE_MEMORY_DATABASE_H
#define ITN_STORE_MEMORY_DATABASE_H

#include <pthread.h>
#include <sys/queue.h>

#include "core/map.h"
#include "store/memory.h"
#include "store/memory_rows.h"
#include "store/memory_value.h"

enum memory_table {
	IN_HEAD,
	IN_TRADES,
	IN_CARGO,
	IN_STOCK,
	IN_REQUESTS,
	IN_EVENTS,    /* by seq */
	IN_EVENT_IDS, /* to the seq */
	IN_JOBS,      /* by seq */
	IN_COUNTERS,
	IN_NOTIFICATIONS,
	IN_POSTINGS, /* by number */
	IN_BALANCES, /* by account and item */
	IN_CLAIMS, /* by key */
	IN_ALERTS,
	MEMORY_TABLES
};

/** An engine's transaction. It outlives its process: the database owns it once that is gone. */
struct memory_session {
	struct row_transaction rows;
	bool open;
	bool killed;     /**< rolled back by another */
	bool orphan;     /**< nobody will end it */
	bool lands;      /**< its commit is under way */
	int64_t ends_us; /**< of an orphan, the store's time */
	TAILQ_ENTRY(memory_session) link;
};

/** A single write that is under way. */
struct memory_landing {
	struct memory_write *write; /**< NULL: a commit */
	struct memory_session *session;
	TAILQ_ENTRY(memory_landing) link;
};

struct memory_database {
	char *name;
	unsigned handles;
	pthread_mutex_t mutex; /**< of all that follows */
	pthread_cond_t freed;  /**< a transaction ended */
	struct row_table tables[MEMORY_TABLES];
	struct row_clock clock;
	int64_t last_us;
	const struct memory_host *host;
	void *host_context;
	TAILQ_HEAD(, memory_session) sessions; /**< open ones */
	TAILQ_HEAD(, memory_landing) landings;
	TAILQ_ENTRY(memory_database) link;
};

/** The database of this name, one handle more; NULL when there is none and `make` is not set. */
struct memory_database *database_take(const char *name, bool make);
/** One handle less: it goes with the last one. */
void database_give(struct memory_database *database);

void database_lock(struct memory_database *database);
void database_unlock(struct memory_database *database);

/* Called without the lock. */
enum itn_status database_at(struct memory_database *database, const char *call, enum memory_point point) must_check;
/** A point within a call that can't fail there. */
void database_let_others(struct memory_database *database, const char *call);
bool database_is_dead(struct memory_database *database);

/** Waits, with the lock, until the row is nobody's; lets go of the lock meanwhile. False: `until_us` has come. */
bool database_wait(struct memory_database *database, const struct row *row, int64_t until_us);
/** The store's time: goes up with each call where no host says otherwise. With the lock. */
int64_t database_now_us(struct memory_database *database);

/** With the lock. */
struct memory_session *session_begin(struct memory_database *database);
void session_commit(struct memory_database *database, struct memory_session *session);
/** Rolls it back if it is open and frees it. */
void session_end(struct memory_database *database, struct memory_session *session);
/** Rolls back what nobody will end any more. */
void session_kill(struct memory_database *database, struct memory_session *session);
/** Its process is gone. */
void session_leave(struct memory_database *database, struct memory_session *session);
/** The session that has this row and is open. */
struct memory_session *session_holding(struct memory_database *database, const struct row *row);

/** "%016x" of a number: sorts as it. Lives in the arena. */
struct str number_key(struct arena *arena, int64_t number);
/** Head as it is committed; always there. */
const struct memory_head *database_head(const struct memory_database *database);

/* memory_write.c */
struct memory_write;
/** With the lock: tries to have its effect. False: its document is another's. */
bool write_land(struct memory_database *database, struct memory_write *write);
void write_free(struct memory_write *write);

#endif
