/** Why a worker is not ready, and what it sees of the others on its host, as words that stay the same (readiness.def).
 */
#ifndef ITN_API_READINESS_H
#define ITN_API_READINESS_H

#include "core/buf.h"

enum reason {
	REASON_NONE, /**< all is well */
#define REASON(key, word, meaning, remedy) REASON_##key,
#define SEEN(key, word, meaning, remedy)   REASON_##key,
#include "api/readiness.def"
#undef REASON
#undef SEEN
	REASONS
};

/** "store-unavailable"; "" for REASON_NONE. */
const char *reason_word(enum reason reason);

struct metrics_reading;

/** One thing seen on this host. */
struct sight {
	const char *name; /**< "engine" */
	/** REASON_NONE, or what is not as it should be. The detail is a sentence with figures, or nothing. */
	enum reason (*look)(const struct metrics_reading *reading, const char *network, struct buf *detail);
};

/** What other processes say of themselves in their metrics; those of other networks do not count. */
extern const struct sight sights[];
extern const size_t sight_count;

#endif
