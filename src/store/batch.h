/** The engine's side of the store: the lease, and one transaction per batch that numbers events and applies effects.
 *
 *  One thread. The first statement of each batch updates head, filtered by our epoch and last seq, so that a stale engine
 *  can't commit. What a batch reads is one snapshot, taken in its transaction.
 */
#ifndef ITN_STORE_BATCH_H
#define ITN_STORE_BATCH_H

#include "domain/alert.h"
#include "domain/notification.h"
#include "domain/posting.h"
#include "store/store.h"

struct store_engine;

/** `holder` names this process in the lease (kept, not copied). Touches nothing yet. */
enum itn_status store_engine_open(struct store *store, const char *holder, struct store_engine **ret_engine,
				  struct error *error) must_check;
/** Aborts an open batch. NULL is allowed. */
void store_engine_close(struct store_engine *engine);

/** The lease as it stands. Whoever watches it times it on his own monotonic clock, from the last change that he saw. */
struct store_lease {
	int64_t epoch;
	int64_t beat; /**< goes up with each renewal */
	char holder[64]; /**< "" when it was released */
};
enum itn_status store_lease_read(struct store_engine *engine, struct store_lease *ret_lease) must_check;
/** Takes the lease when it is still as `seen`: epoch + 1. Ends the former holder's session where the store has sessions.
 *  ITN_LOST_LEASE: somebody renewed or took it meanwhile. */
enum itn_status store_lease_take(struct store_engine *engine, const struct store_lease *seen) must_check;
/** For an engine without work; every batch renews it too. ITN_LOST_LEASE: it is another's. */
enum itn_status store_lease_renew(struct store_engine *engine) must_check;
/** Gives it back, so that a standby need not wait. */
void store_lease_release(struct store_engine *engine);

/** Brings the data from an older schema to STORE_SCHEMA, for the lease's holder and before its first batch: step by step, each
 *  noted when it is done, so that whoever is killed in between is gone on from. Workers of this version and of the one before
 *  go on meanwhile. A step that finds itself half done completes it. Of data of this schema it makes the indexes that are
 *  missing; a SQLite database of more than 256 MB would keep writers waiting for that and is left as it is.
 *  @param ret_schema  what the data has now: STORE_SCHEMA, or what a newer program made of it: step down
 *  @return ITN_OK also when there was nothing to do; ITN_LOST_LEASE; ITN_UNAVAILABLE, ITN_NO_ROOM, ITN_UNKNOWN: call it
 *          again;
 *          ITN_FAILED: a step can't be done */
enum itn_status store_migrate(struct store_engine *engine, int64_t *ret_schema) must_check;

/** Effects that are outstanding: of a cause too large for one transaction, or behind such a one in the same lane. */
struct job {
	int64_t seq;       /**< the cause's number: its identity, and its place in the lane */
	struct str lane;   /**< the station whose shipments it is about: jobs of one lane are done in the order of seq */
	int kind;          /**< the engine's (engine/effects.h) */
	struct str key;    /**< trade or cargo; of a stock-take its body, of a restocking the items' names by lines */
	struct str cause;  /**< event id */
	int64_t step;      /**< how far it is; the engine's */
	int64_t derived;   /**< events derived from the cause so far: the n of their ids */
	struct store_cursor cursor;
};

/** The front of the backlog. Everything lives in the arena given to store_batch_begin(). */
struct store_batch {
	struct store_head head;
	/** Oldest first: within a document by version; between documents as they were committed (SQLite), or by time, then
	 *  id (MongoDB). */
	const struct entry *entries;
	size_t count;
	bool more; /**< the backlog goes on */
	struct job *jobs; /**< the oldest, by seq */
	size_t job_count;
	bool more_jobs;
};

/** Whether any entry or job waits, or cargo was due at `until` (as store_batch_late() has it; 0: that does not count): a
 *  cheap read outside any batch, for an engine that polls. */
enum itn_status store_backlog(struct store_engine *engine, int64_t until, bool *ret_any) must_check;

/** Begins the transaction, renews the lease, reads up to `max` entries and `max_jobs` jobs.
 *  ITN_LOST_LEASE: step down; ITN_CONFLICT: abort happened, begin again. After a failure no batch is open. */
enum itn_status store_batch_begin(struct store_engine *engine, struct arena *arena, size_t max, size_t max_jobs,
				  struct store_batch *ret_batch) must_check;

/* Reads of the open batch's snapshot, with all that the engine owns and unsequenced filled in; a cursor may be NULL: from the first.
 * What they give lives in `arena` or in the batch's. A failure other than ITN_NOT_FOUND ends the batch. */

/** What reads name. */
enum store_key_kind {
	STORE_KEY_TRADE,
	STORE_KEY_CARGO,
	STORE_KEY_STOCK,
	STORE_KEY_BALANCE,
	STORE_KEY_OPEN_CARGO,
	STORE_KEY_KINDS,
};
struct store_key {
	enum store_key_kind kind;
	struct str of;   /**< a trade's or cargo's id, the station, the account's name, open cargo's destination */
	struct str item; /**< of stock and balances */
};
/** Says what the reads below will ask for next, so that a store for which each costs a round trip reads them together. What
 *  they give is the same without. Keys may be given more than once, and name what is not there. */
enum itn_status store_batch_prefetch(struct store_engine *engine, const struct store_key *keys, size_t count) must_check;

enum itn_status store_batch_trade(struct store_engine *engine, struct arena *arena, struct str id, struct trade *ret_trade)
	must_check;
enum itn_status store_batch_cargo(struct store_engine *engine, struct arena *arena, struct str id, struct cargo *ret_cargo)
	must_check;
/** ITN_NOT_FOUND: no record. */
enum itn_status store_batch_stock(struct store_engine *engine, struct arena *arena, struct str station, struct str item,
				  struct stock *ret_stock) must_check;
/** What an account that is no station holds of an item; 0: nothing. `account` is its name. */
enum itn_status store_batch_balance(struct store_engine *engine, struct str account, struct str item,
				    int64_t *ret_quantity) must_check;
/** Cargo to `destination` with `open` set, by (createdAt, id), behind the cursor, up to `max`. */
enum itn_status store_batch_open_cargo(struct store_engine *engine, struct arena *arena, struct str destination,
				       const struct store_cursor *after, size_t max, struct cargo **ret_cargo,
				       size_t *ret_count) must_check;
/** Open trades to `destination` with goods none or reserved and without shortage, by (createdAt, id). */
enum itn_status store_batch_waiting(struct store_engine *engine, struct arena *arena, struct str destination,
				    const struct store_cursor *after, size_t max, struct trade **ret_trades,
				    size_t *ret_count) must_check;
/** Trades on this shipment whose goods have not arrived (loaded or moved), whatever their status, by (createdAt, id). */
enum itn_status store_batch_loaded(struct store_engine *engine, struct arena *arena, struct str shipment,
				   const struct store_cursor *after, size_t max, struct trade **ret_trades,
				   size_t *ret_count) must_check;
/** Trades short of `item` at `station` (trade.short_of), by (createdAt, id). */
enum itn_status store_batch_short(struct store_engine *engine, struct arena *arena, struct str station, struct str item,
				  const struct store_cursor *after, size_t max, struct trade **ret_trades,
				  size_t *ret_count) must_check;
/** The next item in byte order, behind `after` (absent: from the first), that any trade is short of at `station`.
 *  ITN_NOT_FOUND: there is none. */
enum itn_status store_batch_short_item(struct store_engine *engine, struct arena *arena, struct str station,
				       struct str after, struct str *ret_item) must_check;
/** Trades that have goods set aside at `station` (trade.reserved, with goods reserved or loaded), the youngest first: by
 *  (createdAt, id) downwards, below the cursor (NULL: from the last). */
enum itn_status store_batch_reserved(struct store_engine *engine, struct arena *arena, struct str station,
				     const struct store_cursor *below, size_t max, struct trade **ret_trades,
				     size_t *ret_count) must_check;
/** Whether any job of this lane is stored. */
enum itn_status store_batch_lane_busy(struct store_engine *engine, struct str lane, bool *ret_busy) must_check;

/** Whether an event of this id is in the log. */
enum itn_status store_batch_logged(struct store_engine *engine, struct str id, bool *ret_logged) must_check;

/** A document as it shall be. */
struct trade_write {
	const struct trade *trade;
	int64_t from_version; /**< the stored version that it was read with: a guard */
};
struct cargo_write {
	const struct cargo *cargo;
	int64_t from_version;
};
struct stock_write {
	const struct stock *stock;
	int64_t from_version; /**< 0: a new record */
};
struct balance_write {
	struct balance balance;
	bool drop; /**< it is 0 and nothing will be posted to it again: no record is kept */
};
struct alert_write {
	const struct alert *alert;
	int64_t from_version; /**< 0: a new one */
};
struct verdict_write {
	struct str request; /**< id of the ENTRY_REQUEST */
	/** REQUEST_WAITING: not decided, it moves to the end of the backlog (its document has entries beyond this batch). */
	enum request_state state;
	struct str detail;
};
struct counter_write {
	struct str name;
	int64_t delta;
};

/** Everything that a batch changes. The batch's entries leave the outbox with it, all of them. */
struct store_writes {
	struct str batch; /**< a new id, to settle an unknown commit by */
	int64_t last_seq;
	const struct event *events;
	size_t event_count;
	const struct notification *notifications; /**< new ones */
	size_t notification_count;
	const struct trade_write *trades;
	size_t trade_count;
	const struct cargo_write *cargo;
	size_t cargo_count;
	const struct stock_write *stock;
	size_t stock_count;
	const struct alert_write *alerts; /**< one that is resolved before a new one of its kind about the same */
	size_t alert_count;
	const struct posting *postings; /**< by number */
	size_t posting_count;
	const struct balance_write *balances; /**< of accounts that are no stations; each account and item once */
	size_t balance_count;
	const struct job *jobs; /**< new or gone on, by seq */
	size_t job_count;
	const int64_t *jobs_done; /**< seqs of jobs that end */
	size_t job_done_count;
	const struct verdict_write *verdicts;
	size_t verdict_count;
	const struct counter_write *counters; /**< a name that is not there yet counts from 0; each name once */
	size_t counter_count;
	struct str counters_from, counters_below; /**< counters with from <= name < below go; absent: none */
	struct str requests_below; /**< decided requests whose id is smaller go (ids begin with their time); absent: none */
};

/** Writes and commits; the outcome is settled before it returns: ITN_OK it is in, ITN_CONFLICT it is not (run it again on a new
 *  snapshot, smaller), ITN_LOST_LEASE, ITN_UNAVAILABLE or ITN_NO_ROOM (not in), ITN_UNKNOWN (could not be settled: step down; whoever goes on
 *  reads head). ITN_EXISTS: an event, a notification, a posting or an alert (also another of its kind about the same that
 *  is not resolved) is there already (a bug); ITN_FAILED: last_seq is not head's plus the number of
 *  events, or their seqs do not follow head's (a bug). The batch is closed in any case. */
enum itn_status store_batch_commit(struct store_engine *engine, const struct store_writes *writes) must_check;
/** Ends it without a trace. */
void store_batch_abort(struct store_engine *engine);
/** The reason of the last failure of this engine handle, for the log. */
const char *store_engine_error(const struct store_engine *engine);

#endif
