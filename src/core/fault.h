/** The faults of one input, all of them at once: where (JSON pointer, RFC 6901, or a parameter's name) and what. */
#ifndef ITN_CORE_FAULT_H
#define ITN_CORE_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/str.h"

/** More than this many faults are counted, not listed. */
#define FAULTS_MAX 64

struct fault {
	struct str pointer; /**< "/items/3/quantity"; "" is the whole body; "?limit" of the query, ":stationId" of the path */
	struct str detail;  /**< "must be an integer from 1 to 1000000000000" */
};

struct faults {
	struct arena *arena; /**< set by the caller; owns the texts */
	struct fault at[FAULTS_MAX];
	size_t count; /**< all faults, listed ones are the first FAULTS_MAX */
};

void faults_init(struct faults *faults, struct arena *arena);
/** Adds one; `pointer` is copied, the detail formatted into the arena (cut at 511 bytes). */
void faults_add(struct faults *faults, struct str pointer, const char *fmt, ...) printf_like(3, 4);
static inline bool faults_any(const struct faults *faults)
{
	return faults->count > 0;
}

#endif
