#include "engine/effects.h"

#include "engine/alert.h"
#include "engine/cargo_effects.h"
#include "engine/loading.h"
#include "engine/stock_effects.h"
#include "engine/trade_effects.h"

static void want(struct draft *draft, const struct job *job)
{
	const struct draft_trade *trade;

	switch ((enum job_kind)job->kind) {
	case JOB_TRADE_CREATED:
	case JOB_TRADE_READY:
		draft_want(draft, STORE_KEY_OPEN_CARGO, job->lane, STR_NONE);
		trade = map_get(&draft->trades_by_id, job->key);
		if (trade && str_is_set(trade->trade.station))
			draft_want_stock(draft, trade->trade.station, &trade->trade.items);
		/* fall through */
	case JOB_TRADE_CLOSED:
		draft_want(draft, STORE_KEY_TRADE, job->key, STR_NONE);
		return;
	case JOB_CARGO_CREATED:
	case JOB_CARGO_FILL:
	case JOB_CARGO_DELAYED:
	case JOB_CARGO_DEPARTED:
	case JOB_CARGO_DELIVERED:
		draft_want(draft, STORE_KEY_CARGO, job->key, STR_NONE);
		return;
	case JOB_RESTOCK:
	case JOB_STOCK_TAKE:
	case JOB_TRADE_RESUMED:
		return;
	}
}

enum itn_status effects_prefetch(struct draft *draft, struct job *const *jobs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		want(draft, jobs[i]);
	return draft_prefetch(draft);
}

/* What is not delayed any more. */
static enum itn_status resolve(struct draft *draft, struct job *job)
{
	bool is_trade = job->kind == JOB_TRADE_CLOSED || job->kind == JOB_TRADE_RESUMED;
	struct alert_about about = { .entity = is_trade ? ENTITY_TRADE : ENTITY_CARGO, .key = job->key };
	enum itn_status status = alert_resolve(draft, ALERT_OVERSIZE, &about, job);

	if (status != ITN_OK || job->kind == JOB_TRADE_RESUMED)
		return status;
	return alert_resolve(draft, is_trade ? ALERT_STOCK_SHORTAGE : ALERT_LATENESS, &about, job);
}

enum itn_status effects_run(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state)
{
	enum itn_status status;

	if (job->step == STEP_RESOLVE) {
		status = resolve(draft, job);
		if (status != ITN_OK)
			return status;
		job->step = STEP_BEGIN;
	}
	switch ((enum job_kind)job->kind) {
	case JOB_TRADE_CREATED:
		return trade_created_effects(draft, job, ret_state);
	case JOB_TRADE_CLOSED:
		return trade_closed_effects(draft, job, budget, ret_state);
	case JOB_CARGO_CREATED:
		return cargo_created_effects(draft, job, budget, ret_state);
	case JOB_CARGO_FILL:
		return fill_cargo(draft, job, budget, ret_state);
	case JOB_CARGO_DELAYED:
		return cargo_delayed_effects(draft, job, ret_state);
	case JOB_CARGO_DEPARTED:
		return cargo_departed_effects(draft, job, budget, ret_state);
	case JOB_CARGO_DELIVERED:
		return cargo_delivered_effects(draft, job, budget, ret_state);
	case JOB_TRADE_READY:
		return trade_ready_effects(draft, job, ret_state);
	case JOB_RESTOCK:
		return restock_effects(draft, job, budget, ret_state);
	case JOB_STOCK_TAKE:
		return stock_take_effects(draft, job, budget, ret_state);
	case JOB_TRADE_RESUMED:
		*ret_state = EFFECT_DONE;
		return ITN_OK;
	}
	return ITN_FAILED;
}

bool effects_take_goods(const struct job *job)
{
	switch ((enum job_kind)job->kind) {
	case JOB_CARGO_DEPARTED:
	case JOB_TRADE_CLOSED:
		return true;
	case JOB_CARGO_DELIVERED:
		return job->step == STEP_RESOLVE || job->step == STEP_BEGIN || job->step == STEP_TAKE ||
		       job->step == STEP_SEND;
	case JOB_TRADE_CREATED:
	case JOB_CARGO_CREATED:
	case JOB_CARGO_FILL:
	case JOB_CARGO_DELAYED:
	case JOB_TRADE_READY:
	case JOB_RESTOCK:
	case JOB_STOCK_TAKE:
	case JOB_TRADE_RESUMED:
		break;
	}
	return false;
}
