/** The engine's side of the MongoDB store: one session of its own, one transaction per batch. */
#ifndef ITN_STORE_MONGO_ENGINE_H
#define ITN_STORE_MONGO_ENGINE_H

#include "core/map.h"
#include "store/mongo_store.h"

/** A document of which the batch takes entries: what remains of its outbox is written with it. */
struct taken {
	enum entity_kind entity;
	struct str key;
	int64_t version;       /**< the document's, as it was read */
	size_t count, total;   /**< entries that the batch takes, the first ones, and that there are */
	const uint8_t *outbox; /**< the array as it was read */
	size_t outbox_len;
	int64_t floor; /**< the last taken entry's time: those that stay count with no earlier one */
	bool written;  /**< with a write of the document */
};

struct mongo_engine {
	struct store_engine base;
	const char *holder;
	struct via via; /**< client and session NULL: to be made anew */
	int64_t epoch;  /**< 0: no lease */
	int64_t last_seq;
	bool open; /**< a transaction is */
	char reason[512];

	/* The open batch; memory is its arena's. */
	struct arena *arena;
	struct taken *taken; /**< by entity and key */
	size_t taken_count;
	struct str *requests; /**< ids of those that the batch takes */
	size_t request_count;
	int64_t batch_at; /**< the youngest entry's time */
	struct map prefetched[STORE_KEY_KINDS]; /**< _id → struct trade, cargo, stock or balance; what is not there, too */

	/* Where the backlog's front is expected, so that a deep one is not read as a whole; only a guess. */
	int64_t front_at; /**< the youngest entry's time of the last batch that had any; 0: not known */
	int64_t window;   /**< how far behind it to look first, ms; 0 before the first look */
};

static inline struct mongo_engine *mongo_engine_of(struct store_engine *engine)
{
	return (struct mongo_engine *)engine;
}

static inline struct mongo_link *engine_link(const struct mongo_engine *engine)
{
	return mongo_store_of(engine->base.store)->link;
}

/** Keeps the reason of a failure; returns `status`. */
enum itn_status engine_refuse(struct mongo_engine *engine, enum itn_status status, const char *reason, struct str of);
/** Notes the via's failure, ends the batch, and drops a connection that broke. Returns `status`. */
enum itn_status engine_fail(struct mongo_engine *engine, enum itn_status status);
/** Makes client and session when there are none; ITN_UNAVAILABLE while the server is known to be down. */
enum itn_status engine_connect(struct mongo_engine *engine) must_check;
/** Ends our session on the server, and with it its transaction; then none of it can take effect any more. */
enum itn_status engine_kill_session(struct mongo_engine *engine) must_check;
/** Drops client and session; the next call makes new ones. */
void engine_disconnect(struct mongo_engine *engine);
/** Renews our lease outside of any transaction. ITN_LOST_LEASE. */
enum itn_status engine_renew(struct mongo_engine *engine, struct store_head *ret_head) must_check;
/** A session whose transactions read one snapshot and write with the client's concern; NULL when there can't be one. */
mongoc_client_session_t *engine_session_new(mongoc_client_t *client, bson_error_t *error);
/** A filter for our head: {_id, epoch, lastSeq}. */
void engine_head_filter(const struct mongo_engine *engine, bson_t *ret_filter);

/* mongo_alert.c */
/** As trade_from_bson(). */
bool alert_from_bson(const bson_t *doc, struct arena *arena, bool copy, struct alert *ret_alert) must_check;
/** The batch's alerts, in the open transaction. */
enum itn_status alerts_write(struct mongo_engine *engine, const struct store_writes *writes) must_check;

/* mongo_lateness.c */
/** When cargo is due, as one more member. */
void due_bson(const struct cargo *cargo, bson_t *set, bson_t *unset);
/** Sets `ret_any` when any was due at `until`. */
enum itn_status any_late(struct via *via, int64_t until, bool *ret_any) must_check;
/** What the alerts' schema needs beside its collection: cargo of before says when it is due. */
enum itn_status mongo_date_cargo(struct mongo_engine *engine, struct via *outside) must_check;

/* mongo_notification.c */
/** A new one as a document; `doc` is empty. */
void notification_bson(const struct notification *notification, bson_t *doc);

/* mongo_posting.c */
/** A new one as a document; `doc` is empty. */
void posting_bson(const struct posting *posting, bson_t *doc);
/** Its texts point into the document; false when a member is of a wrong type. */
bool posting_from_bson(const bson_t *doc, struct arena *arena, struct posting *ret_posting) must_check;

/* mongo_opening.c */
/** What the ledger's schema needs beside its collections: postings of what is on hand already. */
enum itn_status mongo_ledger_open(struct mongo_engine *engine, struct via *outside,
				  const struct store_head *head) must_check;

/* mongo_backlog.c */
/** The front of the backlog, from the open transaction's snapshot. */
enum itn_status backlog_read(struct mongo_engine *engine, struct arena *arena, size_t max,
			     struct store_batch *batch) must_check;

/* mongo_batch.c */
/** Documents as a batch reads them; false: it can't be read. A balance is an int64_t. */
bool trade_item(const bson_t *doc, struct arena *arena, void *to);
bool cargo_item(const bson_t *doc, struct arena *arena, void *to);
bool stock_item(const bson_t *doc, struct arena *arena, void *to);
bool balance_item(const bson_t *doc, struct arena *arena, void *to);
/** Its texts are copied into the arena. */
struct job job_from_bson(const bson_t *doc, struct arena *arena);
enum itn_status jobs_read(struct mongo_engine *engine, struct arena *arena, size_t max,
			  struct store_batch *batch) must_check;

/* mongo_prefetch.c */
/** A batch begins: nothing is prefetched. */
void prefetch_begin(struct mongo_engine *engine);
/** False: it was not prefetched. Else ITN_OK with the struct of this kind, or ITN_NOT_FOUND. */
bool prefetch_take(struct mongo_engine *engine, enum store_key_kind kind, struct str id, void *ret_value,
		   enum itn_status *ret_status);

/** False: they were not prefetched, or not all that there are up to `max`. Else the first open cargo to this destination. */
bool prefetch_take_open(struct mongo_engine *engine, struct str destination, size_t max, struct cargo **ret_cargo,
			size_t *ret_count);

/* mongo_apply.c */
/** Sends everything that a batch writes into the open transaction. */
enum itn_status writes_apply(struct mongo_engine *engine, const struct store_writes *writes) must_check;

#endif
