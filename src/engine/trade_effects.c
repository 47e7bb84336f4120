#include "engine/trade_effects.h"

#include "engine/alert.h"
#include "engine/loading.h"
#include "engine/notify.h"
#include "engine/reservation.h"

/* All its tracked lines, or none. Whether it may load now. */
static enum itn_status reserve_new(struct draft *draft, struct draft_trade *trade, struct job *job, bool *ret_may_load)
{
	enum reservation outcome = RESERVATION_NOTHING;
	enum itn_status status = ITN_OK;

	if (str_is_set(trade->trade.station))
		status = reservation_try(draft, trade, job, &outcome);
	*ret_may_load = outcome != RESERVATION_SHORT;
	return status;
}

enum itn_status trade_created_effects(struct draft *draft, struct job *job, enum effect_state *ret_state)
{
	struct draft_trade *trade;
	struct str event;
	bool may_load = true;
	enum itn_status status = draft_trade(draft, job->key, &trade);

	if (status != ITN_OK)
		return status;
	if (trade->trade.unsequenced) {
		*ret_state = EFFECT_BLOCKED;
		return ITN_OK;
	}
	if (job->step == STEP_ANNOUNCE) {
		status = alert_trade(draft, trade, ALERT_OVERSIZE, MESSAGE_DELAYED, job, &event);
		if (status != ITN_OK)
			return status;
		notify_trade_too_large(draft, &trade->trade, event);
	}
	job->step = STEP_BEGIN;
	*ret_state = EFFECT_DONE;
	if (trade->trade.goods == GOODS_NEW) {
		trade->trade.goods = GOODS_NONE;
		trade->touched = true;
		if (trade_is_open(&trade->trade))
			status = reserve_new(draft, trade, job, &may_load);
	}
	if (status != ITN_OK || !may_load)
		return status;
	return trade_ready_effects(draft, job, ret_state);
}

enum itn_status trade_ready_effects(struct draft *draft, struct job *job, enum effect_state *ret_state)
{
	struct draft_trade *trade;
	enum itn_status status = draft_trade(draft, job->key, &trade);

	if (status != ITN_OK)
		return status;
	*ret_state = trade->trade.unsequenced ? EFFECT_BLOCKED : EFFECT_DONE;
	if (trade->trade.unsequenced || !trade_may_load(&trade->trade))
		return ITN_OK;
	return load_trade(draft, trade, job, ret_state);
}

/* The cargo that it is on; NULL: on none. */
static enum itn_status cargo_of(struct draft *draft, const struct draft_trade *trade, struct draft_cargo **ret)
{
	*ret = NULL;
	return trade->trade.goods == GOODS_LOADED ? draft_cargo(draft, trade->trade.shipment, ret) : ITN_OK;
}

static bool has_left(const struct trade *trade)
{
	return trade->goods == GOODS_MOVED || trade->goods == GOODS_ARRIVED;
}

/* Goods that left keep travelling; else off its cargo, where others may load then. */
enum itn_status trade_closed_effects(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state)
{
	struct draft_trade *trade;
	struct draft_cargo *cargo;
	bool waits;
	enum itn_status status = draft_trade(draft, job->key, &trade);

	if (status != ITN_OK)
		return status;
	*ret_state = trade->trade.unsequenced ? EFFECT_BLOCKED : EFFECT_DONE;
	if (trade->trade.unsequenced || has_left(&trade->trade))
		return ITN_OK;
	status = cargo_of(draft, trade, &cargo);
	if (status != ITN_OK || (cargo && !cargo->cargo.open && !cargo->cargo.unsequenced))
		return status;
	status = reservation_must_wait(draft, trade, job, &waits);
	if (status != ITN_OK)
		return status;
	if ((cargo && cargo->cargo.unsequenced) || waits) {
		*ret_state = EFFECT_BLOCKED;
		return ITN_OK;
	}
	if (cargo)
		unload_trade(cargo, trade, job);
	if (trade->trade.status == TRADE_COMPLETED)
		status = reservation_hand_over(draft, trade, job);
	else
		status = reservation_end(draft, trade, job);
	if (status != ITN_OK || !cargo)
		return status;
	job->kind = JOB_CARGO_FILL;
	job->key = cargo->cargo.id;
	return fill_cargo(draft, job, budget, ret_state);
}
