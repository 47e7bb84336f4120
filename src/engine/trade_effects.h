/** Effects of what happens to trades. Each as effects_run(). */
#ifndef ITN_ENGINE_TRADE_EFFECTS_H
#define ITN_ENGINE_TRADE_EFFECTS_H

#include "engine/effects.h"

/** Rules 1, 2 and 4. */
enum itn_status trade_created_effects(struct draft *draft, struct job *job, enum effect_state *ret_state) must_check;
/** Rule 2, once a shortage is over. */
enum itn_status trade_ready_effects(struct draft *draft, struct job *job, enum effect_state *ret_state) must_check;
/** Rules 5 and 8: canceled, or completed by hand. */
enum itn_status trade_closed_effects(struct draft *draft, struct job *job, size_t budget,
				     enum effect_state *ret_state) must_check;

#endif
