/** A store in memory, for tests: `memory:NAME`, of one process, gone with its last handle. No daemon links it.
 *
 *  It keeps the contract and promises nothing beyond it: of what SQLite and MongoDB do it has the weaker each time. A
 *  transaction of the engine sees one snapshot and meets others only where both write the same document (first come,
 *  first served; who comes second has a conflict): what it has merely read, others may change. A single write waits
 *  while a transaction has its document. A refused change learns why only by reading afterwards: the document, then the
 *  log. A transaction whose process is gone stays open, with all that it wrote, until a successor in the lease ends it
 * or MEMORY_ORPHAN_MS have passed.
 *
 *  A host that a test sets stands for all that lies between the store and those who call it: it lets others run, and
 * makes calls fail before, and answers go astray after, they had their effect.
 */
#ifndef ITN_STORE_MEMORY_H
#define ITN_STORE_MEMORY_H

#include "store/engine_ops.h"

extern const struct store_ops memory_ops;

/** As MongoDB's transactionLifetimeLimitSeconds. */
#define MEMORY_ORPHAN_MS 60000

/** How far a call is. */
enum memory_point {
	MEMORY_BEFORE, /**< nothing has happened */
	MEMORY_WITHIN, /**< between two steps that others may come between; what is returned counts only in a batch */
	MEMORY_AFTER,  /**< its effect is in the store, its caller does not know yet */
};

struct memory_host {
	/** Called without any lock; may run others. `call` names the function of struct store_ops.
	 *  @return ITN_OK: it goes on. Before: ITN_UNAVAILABLE, ITN_NO_ROOM (it has no effect), ITN_UNKNOWN (a write's or commit's
	 * caller is told so at once and it has its effect later, in memory_land()). Within and before, in a batch: also
	 *          ITN_CONFLICT (the server aborts it). After, of a write or commit: ITN_UNKNOWN (the answer is lost).
	 */
	enum itn_status (*at)(void *context, const char *call, enum memory_point point);
	/** The document is another's: lets others run and returns, to look again. */
	void (*wait)(void *context);
	/** Whether the caller's machine is no more: its handles are closed without the store being told. */
	bool (*is_dead)(void *context);
	/** Whether a takeover can end the former holder's session. */
	bool (*can_kill)(void *context);
	/** The store's time as this caller estimates it, us. */
	int64_t (*now_us)(void *context);
};

/** Kept, for all handles of this store's database. NULL: none. */
void memory_set_host(struct store *store, const struct memory_host *host, void *context);
/** Lets the oldest write or commit that is under way (see ITN_UNKNOWN) have its effect. False: none was. */
bool memory_land(struct store *store);
/** The oldest that is under way never arrives: a commit's transaction is an orphan from now on. False: none was. */
bool memory_lose(struct store *store);

/** What the store knows of one event, for those who check the log; valid during the call. */
typedef void memory_event_fn(void *context, const struct event *event);
void memory_events(struct store *store, memory_event_fn *row, void *context);
/** The log's end, and the jobs that are outstanding, by seq; no host is asked. */
int64_t memory_last_seq(struct store *store);
typedef void memory_job_fn(void *context, const struct job *job);
void memory_jobs(struct store *store, memory_job_fn *row, void *context);
/** Every trade as it is stored, with the number of its entries that are not in the log yet. */
typedef void memory_trade_fn(void *context, const struct trade *trade, size_t waiting);
void memory_trades(struct store *store, memory_trade_fn *row, void *context);
/** Every cargo as it is stored. */
typedef void memory_cargo_fn(void *context, const struct cargo *cargo);
void memory_cargo_each(struct store *store, memory_cargo_fn *row, void *context);
/** Every posting, in the order of the ledger. */
typedef void memory_posting_fn(void *context, const struct posting *posting);
void memory_postings(struct store *store, memory_posting_fn *row, void *context);
/** How many transactions, jobs, entries and requests without verdict are open. */
struct memory_rest {
	size_t transactions, jobs, entries, under_way;
};
struct memory_rest memory_rest(struct store *store);

#endif
