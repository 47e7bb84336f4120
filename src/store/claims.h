/** Claims: what a client's Idempotency-Key stands for, kept for its retries.
 *
 *  A claim is stored before the write that it is for, with the ids that this write will use, so that every further try
 * of the request uses the same ones; the answer is added before it is sent. Any thread, any process; each change is
 * compare and set on the claim's version. One that has expired may be gone: MongoDB's TTL index takes it, in SQLite
 * each new claim takes a few of the oldest with it, found by an index.
 */
#ifndef ITN_STORE_CLAIMS_H
#define ITN_STORE_CLAIMS_H

#include "store/store.h"

/** The schema that they came with. */
#define STORE_CLAIMS_SCHEMA 4

struct claim {
	struct str key;
	struct str print;    /**< what tells the request from others: texts that are equal for equal requests only */
	struct str document; /**< id of a document that the write makes */
	struct str event;    /**< id of its entry */
	int64_t at;          /**< when the first try came, ms: the write's time */
	int64_t expires_at;

	int64_t version;    /**< from 1, counts changes; what follows changes */
	int64_t busy_until; /**< a try is under way that nobody may take over before, ms; 0: none */
	bool asked;         /**< the engine was asked to decide: nobody else does any more */
	int64_t status;     /**< of the answer; 0: there is none yet */
	struct str lines;   /**< the answer's own header lines */
	struct str body;
};

/** Stores a new one. ITN_OK also when this very claim (by its event) is there; ITN_EXISTS: the key is another's.
 *  ITN_UNAVAILABLE: nothing was done; also while the data still have a schema from before claims. */
enum itn_status store_claim_add(struct store *store, const struct claim *claim) must_check;
/** ITN_NOT_FOUND: there is none, or it can't be seen yet. */
enum itn_status store_claim(struct store *store, struct arena *arena, struct str key,
			    struct claim *ret_claim) must_check;
/** Writes version, busyUntil, asked and the answer if the store has it at `from_version`. ITN_CONFLICT: it has another
 *  version or is gone, or this very call did it before with an unknown outcome. */
enum itn_status store_claim_change(struct store *store, const struct claim *changed, int64_t from_version) must_check;

/** Whether the write with this entry was done: it waits in the document's outbox or is in the log. A request counts
 * once it is in the log. What was read of the document before the call is not newer than the answer. */
enum itn_status store_entry_known(struct store *store, enum entity_kind entity, struct str key, struct str id,
				  bool *ret_known) must_check;

#endif
