/** Sums by key that must come to nothing, over any number of keys in constant memory: what is kept of a key against
 * what was told of it, in any order.
 *
 *  Keys share buckets, each key with a weight of its own, so that two faults do not outweigh each other. A bucket that
 *  is not 0 in the end has a key that does not fit; to learn which, everything is added once more, and the keys of such
 *  buckets (at most TALLY_NAMES_MAX) are kept apart.
 */
#ifndef ITN_AUDIT_TALLY_H
#define ITN_AUDIT_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"

#define TALLY_NAMES_MAX 4096

enum tally_side {
	TALLY_KEPT, /**< by a record or a document */
	TALLY_TOLD, /**< by the log, the ledger, or those whom the record is about */
};

struct tally;

struct tally *tally_new(void);
/** NULL is allowed. */
void tally_free(struct tally *tally);

/** The key has two parts. `value` counts (modulo 2^64); `shown` is summed up for whoever reads of a key that does not
 * fit. */
void tally_add(struct tally *tally, enum tally_side side, struct str a, struct str b, uint64_t value, int64_t shown);
/** Whether all that was told was kept, of all keys. */
bool tally_fits(const struct tally *tally);
/** Begins anew, with an eye on the keys in those buckets that do not fit. */
void tally_look_closer(struct tally *tally);

/** Each key that does not fit, once everything was added again, with the sums of what was shown. */
typedef void tally_off_fn(void *context, struct str a, struct str b, int64_t kept, int64_t told);
void tally_each_off(const struct tally *tally, tally_off_fn *off, void *context);

/** A number spread over 64 bits: sums of it are the same for the same numbers only. */
uint64_t tally_spread(uint64_t number);

#endif
