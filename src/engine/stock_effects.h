/** Effects of what happens to a station's stock. Each as effects_run(). */
#ifndef ITN_ENGINE_STOCK_EFFECTS_H
#define ITN_ENGINE_STOCK_EFFECTS_H

#include "engine/effects.h"

/** Rule 4: trades that are short of the items job->key names are retried, the oldest first. */
enum itn_status restock_effects(struct draft *draft, struct job *job, size_t budget,
				enum effect_state *ret_state) must_check;
/** The station job->lane was counted: job->key is what was found. Item by item: the youngest reservations go where
 * there is less than was set aside, then the difference is posted. */
enum itn_status stock_take_effects(struct draft *draft, struct job *job, size_t budget,
				   enum effect_state *ret_state) must_check;

#endif
