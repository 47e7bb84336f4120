/** Rules 2 and 3 of the cascade: which trade goes onto which cargo; and off it again. */
#ifndef ITN_ENGINE_LOADING_H
#define ITN_ENGINE_LOADING_H

#include "engine/effects.h"

/** Rule 2: onto the oldest cargo to the same destination that has not departed and has room; else it waits. */
enum itn_status load_trade(struct draft *draft, struct draft_trade *trade, struct job *job,
			   enum effect_state *ret_state) must_check;
/** Rule 3: what waits goes onto the cargo job->key as far as it fits, behind job->cursor. */
enum itn_status fill_cargo(struct draft *draft, struct job *job, size_t budget,
			   enum effect_state *ret_state) must_check;
/** Off the cargo that it is on, which has not departed with it; told of both with what else changes. */
void unload_trade(struct draft_cargo *cargo, struct draft_trade *trade, struct job *job);

#endif
