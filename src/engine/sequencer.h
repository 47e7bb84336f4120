/** The sequencer: one batch from the outbox to the log, with all effects, in one transaction.
 *
 *  First every entry of the batch gets its number, in order; then effects are decided in the order of their causes on
 *  the state that results: in each lane stored jobs first, then those of this batch. Lanes share stations' goods only. A
 *  job that goes on from batch to batch takes at most half of one while others have work, and large ones take turns.
 */
#ifndef ITN_ENGINE_SEQUENCER_H
#define ITN_ENGINE_SEQUENCER_H

#include <stdbool.h>

#include "core/config.h"
#include "engine/draft.h"

struct sequencer;

struct sequencer *sequencer_new(const struct config *config, struct store_engine *store);
void sequencer_free(struct sequencer *sequencer);

struct sequencer_result {
	int64_t last_seq; /**< of the log after this batch */
	bool more;        /**< there is more to do at once */
	size_t events, notifications; /**< that it added */
};

/** Does one batch, smaller after a conflict or when the last one took long, larger again after each success.
 *  @param due_until  cargo that was due then or before is late (ms); 0: rules about time pause
 *  @return ITN_OK; ITN_CONFLICT (nothing was done: call it again); ITN_LOST_LEASE, ITN_UNKNOWN (step down);
 *          ITN_UNAVAILABLE (try later); ITN_FAILED (the entry that sequencer_stuck() names can't be numbered) */
enum itn_status sequencer_run(struct sequencer *sequencer, int64_t due_until,
			      struct sequencer_result *ret_result) must_check;
/** How many entries the next batch may have, or documents that its effects may read, after one of `size` at most: half of it
 *  after a failure, down to 1 (a batch that takes longer than the lease or the store's timeout would fail for ever), or when it
 *  was slow, down to `enough` (on a slow disk a batch of one takes as long); twice as many, up to `max`, after one that was
 *  not and left more behind. */
size_t sequencer_next_size(size_t size, size_t enough, size_t max, enum itn_status status, bool more, bool slow);
/** What the failed batch began with, for the log. */
const char *sequencer_stuck(const struct sequencer *sequencer);

#endif
