/** Effects of what happens to cargo. Each as effects_run(). */
#ifndef ITN_ENGINE_CARGO_EFFECTS_H
#define ITN_ENGINE_CARGO_EFFECTS_H

#include "engine/effects.h"

/** Rules 1 and 3. */
enum itn_status cargo_created_effects(struct draft *draft, struct job *job, size_t budget,
				      enum effect_state *ret_state) must_check;
/** Rule 6, last sentence. */
enum itn_status cargo_delayed_effects(struct draft *draft, struct job *job, enum effect_state *ret_state) must_check;
/** Rule 6. */
enum itn_status cargo_departed_effects(struct draft *draft, struct job *job, size_t budget,
				       enum effect_state *ret_state) must_check;
/** Rule 7. */
enum itn_status cargo_delivered_effects(struct draft *draft, struct job *job, size_t budget,
					enum effect_state *ret_state) must_check;

#endif
