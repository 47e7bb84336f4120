#include "engine/cargo_effects.h"

#include "engine/alert.h"
#include "engine/lane.h"
#include "engine/loading.h"
#include "engine/notify.h"
#include "engine/reservation.h"
#include "engine/travel.h"

enum itn_status cargo_created_effects(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state)
{
	struct draft_cargo *cargo;
	struct str event;
	enum itn_status status = draft_cargo(draft, job->key, &cargo);

	if (status != ITN_OK)
		return status;
	if (cargo->cargo.unsequenced) {
		*ret_state = EFFECT_BLOCKED;
		return ITN_OK;
	}
	if (job->step == STEP_ANNOUNCE) {
		status = alert_cargo(draft, cargo, ALERT_OVERSIZE, MESSAGE_DELAYED, job, &event);
		if (status != ITN_OK)
			return status;
		notify_cargo_too_large(draft, &cargo->cargo, event);
	}
	if (job->step != STEP_GO_ON) {
		cargo->cargo.open = cargo->touched = true;
		lane_add_cargo(draft, lane_of(draft, cargo->cargo.destination), cargo);
	}
	job->step = STEP_GO_ON;
	return fill_cargo(draft, job, budget, ret_state);
}

enum itn_status cargo_delayed_effects(struct draft *draft, struct job *job, enum effect_state *ret_state)
{
	struct draft_cargo *cargo;
	struct str event;
	enum itn_status status = draft_cargo(draft, job->key, &cargo);

	if (status != ITN_OK)
		return status;
	*ret_state = cargo->cargo.unsequenced ? EFFECT_BLOCKED : EFFECT_DONE;
	if (cargo->cargo.unsequenced)
		return ITN_OK;
	status = alert_cargo(draft, cargo, ALERT_LATENESS, MESSAGE_DELAYED, job, &event);
	if (status == ITN_OK)
		notify_cargo_delayed(draft, &cargo->cargo, event);
	return status;
}

/* Of one trade, if it has any that have not left. */
static enum itn_status take_of(struct draft *draft, const struct cargo *cargo, struct draft_trade *trade,
			       struct job *job, enum effect_state *ret_state)
{
	bool waits;
	enum itn_status status;

	if (!trade_has_reserved(&trade->trade))
		return ITN_OK;
	status = reservation_must_wait(draft, trade, job, &waits);
	if (status != ITN_OK)
		return status;
	if (!trade->trade.unsequenced && !waits)
		return travel_take(draft, cargo, trade, job);
	*ret_state = EFFECT_BLOCKED;
	return ITN_OK;
}

/* What is to be done with one trade on a cargo; with EFFECT_BLOCKED it was not. */
typedef enum itn_status visit_fn(struct draft *draft, const struct cargo *cargo, struct draft_trade *trade,
				 struct job *job, enum effect_state *ret_state);

/* Each trade on it, in order, behind job->cursor. */
static enum itn_status visit_loaded(struct draft *draft, const struct cargo *cargo, struct job *job, size_t budget,
				    visit_fn *visit, enum effect_state *ret_state)
{
	struct draft_trade *trade;
	struct walk walk;
	enum itn_status status;

	*ret_state = EFFECT_DONE;
	walk_loaded(&walk, draft, cargo->id, &job->cursor);
	for (;;) {
		if (draft->documents >= budget) {
			*ret_state = EFFECT_PARTIAL;
			return ITN_OK;
		}
		status = walk_next(&walk, &trade);
		if (status != ITN_OK || !trade)
			return status;
		status = visit(draft, cargo, trade, job, ret_state);
		if (status != ITN_OK || *ret_state != EFFECT_DONE)
			return status;
		job->cursor = walk.at;
	}
}

/* Rule 6: everything on the manifest is on its way from now on. Begins with STEP_BEGIN, ends with `next`. */
static enum itn_status depart(struct draft *draft, struct draft_cargo *cargo, struct job *job, enum job_step next,
			      size_t budget, enum effect_state *ret_state)
{
	enum itn_status status = travel_prefetch(draft, &cargo->cargo);

	*ret_state = EFFECT_DONE;
	if (status != ITN_OK)
		return status;
	if (job->step == STEP_BEGIN) {
		job->step = cargo->cargo.reserved_trades ? STEP_TAKE : STEP_SEND;
		cargo->cargo.open = false;
		cargo->touched = true;
	}
	if (job->step == STEP_TAKE) {
		status = visit_loaded(draft, &cargo->cargo, job, budget, take_of, ret_state);
		if (status != ITN_OK || *ret_state != EFFECT_DONE)
			return status;
		cargo->cargo.reserved_trades = 0;
		cargo->touched = true;
		job->step = STEP_SEND;
	}
	if (job->step == STEP_SEND) {
		status = travel_send(draft, &cargo->cargo, job);
		job->step = next;
		job->cursor = (struct store_cursor){ 0 };
	}
	return status;
}

enum itn_status cargo_departed_effects(struct draft *draft, struct job *job, size_t budget,
				       enum effect_state *ret_state)
{
	struct draft_cargo *cargo;
	enum itn_status status = draft_cargo(draft, job->key, &cargo);

	if (status != ITN_OK)
		return status;
	if (job->step == STEP_BEGIN) {
		*ret_state = cargo->cargo.unsequenced ? EFFECT_BLOCKED : EFFECT_DONE;
		if (cargo->cargo.unsequenced || !cargo->cargo.open)
			return ITN_OK;
	}
	return depart(draft, cargo, job, STEP_GO_ON, budget, ret_state);
}

static enum itn_status arrive(struct draft *draft, const struct cargo *cargo, struct draft_trade *trade,
			      struct job *job, enum effect_state *ret_state)
{
	enum trade_status from = trade->trade.status;
	enum itn_status status;

	if (trade->trade.unsequenced) {
		*ret_state = EFFECT_BLOCKED;
		return ITN_OK;
	}
	status = travel_receive(draft, cargo->id, trade->trade.destination, trade->trade.id, &trade->trade.items, job);
	if (status != ITN_OK)
		return status;
	trade->trade.goods = GOODS_ARRIVED;
	trade->touched = true;
	if (!trade_is_open(&trade->trade))
		return ITN_OK;
	trade_complete(&trade->trade, draft->now);
	draft_tell_status(draft, trade, from, job);
	if (from != TRADE_DELAYED)
		return ITN_OK;
	return alert_resolve(draft, ALERT_OVERSIZE,
			     &(struct alert_about){ .entity = ENTITY_TRADE, .key = trade->trade.id }, job);
}

static enum itn_status receive_own(struct draft *draft, const struct cargo *cargo, struct job *job)
{
	enum itn_status status = travel_receive(draft, cargo->id, cargo->destination, STR_NONE, &cargo->own_items, job);

	if (status != ITN_OK)
		return status;
	job->step = STEP_GO_ON;
	notify_cargo_delivered(draft, cargo, job->cause);
	return ITN_OK;
}

enum itn_status cargo_delivered_effects(struct draft *draft, struct job *job, size_t budget,
					enum effect_state *ret_state)
{
	struct draft_cargo *cargo;
	enum itn_status status = draft_cargo(draft, job->key, &cargo);

	if (status != ITN_OK)
		return status;
	if (job->step == STEP_BEGIN && cargo->cargo.unsequenced) {
		*ret_state = EFFECT_BLOCKED;
		return ITN_OK;
	}
	if (job->step == STEP_BEGIN && !cargo->cargo.open)
		job->step = STEP_RECEIVE;
	status = depart(draft, cargo, job, STEP_RECEIVE, budget, ret_state);
	if (status != ITN_OK || *ret_state != EFFECT_DONE)
		return status;
	if (job->step == STEP_RECEIVE)
		status = receive_own(draft, &cargo->cargo, job);
	if (status != ITN_OK)
		return status;
	return visit_loaded(draft, &cargo->cargo, job, budget, arrive, ret_state);
}
