/** Brings the log to Redis, in order, on a thread of its own, so that a Redis that hangs delays no batch.
 *
 *  It reads what is to be published from the store's log: the stream in Redis says where it ends, and so where to go on.
 */
#ifndef ITN_ENGINE_PUBLISHER_H
#define ITN_ENGINE_PUBLISHER_H

#include "core/config.h"
#include "store/store.h"

struct publisher;

/** Starts the thread; Redis need not be there. */
enum itn_status publisher_new(const struct config *config, struct store *store, struct publisher **ret,
			      struct error *error) must_check;
/** Publishes what it still can within a second, then ends the thread. NULL is allowed. */
void publisher_free(struct publisher *publisher);

/** The log reaches to `last_seq` now: publish up to there. Any thread. */
void publisher_follow(struct publisher *publisher, int64_t last_seq);
/** The lease is another's: publish nothing until publisher_follow(). */
void publisher_pause(struct publisher *publisher);

#endif
