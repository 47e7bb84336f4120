/** The lease of the one active engine, timed on our own monotonic clock.
 *
 *  A standby takes over when the lease has not changed for lease_ms since it last saw it change; clocks of other hosts do
 *  not matter. That two engines may believe to hold it does no harm: the store lets only the younger one commit.
 */
#ifndef ITN_ENGINE_LEASE_H
#define ITN_ENGINE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/batch.h"

struct lease {
	struct store_engine *store;
	int64_t lease_ms;
	bool held;
	bool watching;            /**< `seen` was read */
	struct store_lease seen;
	int64_t seen_at;          /**< when it last changed, monotonic ms */
	int64_t renewed_at;
	int64_t epoch;            /**< of ours, while it is held */
};

void lease_init(struct lease *lease, struct store_engine *store, int64_t lease_ms);
/** Takes it when nobody has it or its holder was silent for too long.
 *  @return ITN_OK: lease->held says; ITN_UNAVAILABLE */
enum itn_status lease_try(struct lease *lease) must_check;
/** A batch that committed has renewed it. */
void lease_renewed(struct lease *lease);
/** Renews it when a third of its time has passed. ITN_LOST_LEASE: it is another's now. */
enum itn_status lease_keep(struct lease *lease) must_check;
/** Somebody else has it: watch from now on. */
void lease_lose(struct lease *lease);
/** Gives it back at the end. */
void lease_release(struct lease *lease);

#endif
