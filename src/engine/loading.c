#include "engine/loading.h"

#include "engine/lane.h"

static void load(struct draft *draft, struct draft_cargo *cargo, struct draft_trade *trade, struct job *job)
{
	cargo_load(&cargo->cargo, draft->arena, &trade->trade);
	cargo->touched = trade->touched = true;
	cargo->untold = trade->untold = job;
}

void unload_trade(struct draft_cargo *cargo, struct draft_trade *trade, struct job *job)
{
	cargo_unload(&cargo->cargo, &trade->trade);
	cargo->touched = trade->touched = true;
	cargo->untold = trade->untold = job;
}

/* Rule 2: the oldest cargo to the same destination that has not departed and has room. */
enum itn_status load_trade(struct draft *draft, struct draft_trade *trade, struct job *job,
			   enum effect_state *ret_state)
{
	struct lane *lane = lane_of(draft, trade->trade.destination);
	struct draft_cargo *cargo;
	enum itn_status status;

	*ret_state = EFFECT_DONE;
	for (size_t i = 0; (status = lane_cargo(draft, lane, i, &cargo)) == ITN_OK && cargo; i++) {
		if (!cargo->cargo.open)
			continue;
		if (cargo->cargo.unsequenced) {
			*ret_state = EFFECT_BLOCKED;
			break;
		}
		if (cargo_has_room(&cargo->cargo, &trade->trade)) {
			load(draft, cargo, trade, job);
			break;
		}
	}
	return status;
}

/* Nothing more fits for certain: by quantity. Whether lines fit depends on their names. */
static bool is_full(const struct cargo *cargo)
{
	return cargo->capacity > 0 && lines_total(&cargo->items) >= cargo->capacity;
}

/* Rule 3: waiting trades, oldest first, passing over those that do not fit. */
enum itn_status fill_cargo(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state)
{
	struct draft_cargo *cargo;
	struct draft_trade *trade;
	struct walk walk;
	enum itn_status status = draft_cargo(draft, job->key, &cargo);

	if (status != ITN_OK)
		return status;
	*ret_state = EFFECT_BLOCKED;
	if (cargo->cargo.unsequenced)
		return ITN_OK;
	*ret_state = EFFECT_DONE;
	walk_waiting(&walk, draft, cargo->cargo.destination, &job->cursor);
	while (cargo->cargo.open && !is_full(&cargo->cargo)) {
		if (draft->documents >= budget) {
			*ret_state = EFFECT_PARTIAL;
			break;
		}
		status = walk_next(&walk, &trade);
		if (status != ITN_OK || !trade)
			break;
		if (trade->trade.unsequenced) {
			*ret_state = EFFECT_BLOCKED;
			break;
		}
		if (cargo_has_room(&cargo->cargo, &trade->trade))
			load(draft, cargo, trade, job);
		job->cursor = walk.at;
	}
	return status;
}
