/** Numbers one batch's entries: each becomes an event with the state right after it, and a job for its effects. */
#ifndef ITN_ENGINE_NUMBER_H
#define ITN_ENGINE_NUMBER_H

#include "engine/draft.h"

/** The jobs that numbering gives rise to, by seq. */
struct number {
	struct draft *draft;
	struct draft_list jobs; /**< struct job */
};

/** Numbers all entries, then decides the requests among them.
 *  @return ITN_FAILED for an entry without its document: a bug, never skipped; `ret_stuck` is its place */
enum itn_status number_entries(struct number *number, const struct entry *entries, size_t count, size_t *ret_stuck)
	must_check;

#endif
