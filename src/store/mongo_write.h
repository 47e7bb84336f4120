/** Writes of clients on their way: what the queue's thread folds into bulk writes and settles (mongo_round.c). */
#ifndef ITN_STORE_MONGO_WRITE_H
#define ITN_STORE_MONGO_WRITE_H

#include "store/mongo_store.h"

/** The member of an outbox's last place: an outbox that has it is full. */
#define OUTBOX_LAST "outbox.63"
_Static_assert(ENTRIES_MAX == 64, "OUTBOX_LAST is the last of ENTRIES_MAX places");

/** How long a caller waits beyond the store's timeout for a write that was begun. */
#define WRITE_GRACE_MS 300

enum write_kind { WRITE_INSERT, WRITE_UPDATE };

enum write_stage {
	STAGE_DUE,  /**< to be sent (again) */
	STAGE_SENT, /**< sent, and acknowledged unless told otherwise */
	STAGE_ASK,  /**< not acknowledged, or refused: what the store has tells what became of it */
	STAGE_DONE, /**< `item.status` is its result */
};

/** A caller's write with copies of all that it needs: it may outlive the caller's patience. */
struct write {
	struct commit_item item;
	struct arena *arena;
	enum write_kind kind;
	enum mongo_collection in;
	struct str id;    /**< the document's */
	struct str event; /**< the entry's id; a claim's, which names its entry's */
	int64_t from_version;
	bson_t *filter, *change; /**< an update's filter and operators; `change` is the document of an insert */
	enum write_stage stage;
	bool handed_over; /**< may have been done by an attempt that was not acknowledged */
};

#endif
