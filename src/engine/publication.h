/** What is published next: the stream in Redis says where it ends, the store's log how it goes on. No thread, no
 * waiting but for the two. */
#ifndef ITN_ENGINE_PUBLICATION_H
#define ITN_ENGINE_PUBLICATION_H

#include <stdbool.h>

#include "bus/publisher.h"
#include "core/arena.h"
#include "store/store.h"

struct publication {
	struct store *store;
	struct bus_publisher *bus;
	int64_t stream_max;
	struct arena *arena;
	char log[STORE_LOG_ID_LEN + 1];
	int64_t next; /**< seq to publish next, 0: ask Redis */
	int64_t told; /**< as far as readers were told by us; 0: not yet */
};

/** Asks where the stream ends, publishes up to 256 events, or fills a lost stream.
 *  @param is_first  the log was empty when this engine began, and nothing is published yet; cleared when that is over
 *  @return ITN_OK; ITN_CONFLICT: the stream ends elsewhere, go on; all else: Redis or the store failed */
enum itn_status publication_step(struct publication *publication, bool *is_first, struct error *error) must_check;

#endif
