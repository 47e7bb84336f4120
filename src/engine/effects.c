#include "engine/effects.h"

#include "engine/lane.h"
#include "engine/notify.h"

static void count_trade(struct draft *draft, enum trade_status status, int64_t delta)
{
	draft_count(draft, arena_printf(draft->arena, "trades.status.%s", trade_status_name(status)), delta);
}

static void load(struct draft *draft, struct draft_cargo *cargo, struct draft_trade *trade, struct job *job)
{
	cargo_load(&cargo->cargo, draft->arena, &trade->trade);
	cargo->touched = trade->touched = true;
	cargo->untold = trade->untold = job;
}

/* Rule 2: the oldest cargo to the same destination that has not departed and has room. */
static enum itn_status load_trade(struct draft *draft, struct draft_trade *trade, struct job *job,
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

static enum itn_status trade_created_effects(struct draft *draft, struct job *job, enum effect_state *ret_state)
{
	struct draft_trade *trade;
	enum itn_status status = draft_trade(draft, job->key, &trade);

	if (status != ITN_OK)
		return status;
	if (trade->trade.unsequenced) {
		*ret_state = EFFECT_BLOCKED;
		return ITN_OK;
	}
	if (job->step == STEP_ANNOUNCE)
		notify_trade_too_large(draft, &trade->trade, draft_warn_trade(draft, trade, MESSAGE_DELAYED, job));
	job->step = STEP_BEGIN;
	*ret_state = EFFECT_DONE;
	if (trade->trade.goods == GOODS_NEW) {
		trade->trade.goods = GOODS_NONE;
		trade->touched = true;
	}
	if (!trade_is_open(&trade->trade) || trade->trade.goods != GOODS_NONE)
		return ITN_OK;
	return load_trade(draft, trade, job, ret_state);
}

/* Nothing more fits for certain: by quantity. Whether lines fit depends on their names. */
static bool is_full(const struct cargo *cargo)
{
	return cargo->capacity > 0 && lines_total(&cargo->items) >= cargo->capacity;
}

/* Rule 3: waiting trades, oldest first, passing over those that do not fit. */
static enum itn_status fill(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state)
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

static enum itn_status cargo_created_effects(struct draft *draft, struct job *job, size_t budget,
					     enum effect_state *ret_state)
{
	struct draft_cargo *cargo;
	enum itn_status status = draft_cargo(draft, job->key, &cargo);

	if (status != ITN_OK)
		return status;
	if (cargo->cargo.unsequenced) {
		*ret_state = EFFECT_BLOCKED;
		return ITN_OK;
	}
	if (job->step == STEP_ANNOUNCE)
		notify_cargo_too_large(draft, &cargo->cargo, draft_warn_cargo(draft, cargo, MESSAGE_DELAYED, job));
	if (job->step != STEP_GO_ON) {
		cargo->cargo.open = cargo->touched = true;
		lane_add_cargo(draft, lane_of(draft, cargo->cargo.destination), cargo);
	}
	job->step = STEP_GO_ON;
	return fill(draft, job, budget, ret_state);
}

/* Rules 5 and 8: off a cargo that has not departed; then there is room for others. */
static enum itn_status trade_closed_effects(struct draft *draft, struct job *job, size_t budget,
					    enum effect_state *ret_state)
{
	struct draft_trade *trade;
	struct draft_cargo *cargo;
	enum itn_status status = draft_trade(draft, job->key, &trade);

	if (status != ITN_OK)
		return status;
	*ret_state = trade->trade.unsequenced ? EFFECT_BLOCKED : EFFECT_DONE;
	if (trade->trade.unsequenced || trade->trade.goods != GOODS_LOADED)
		return ITN_OK;
	status = draft_cargo(draft, trade->trade.shipment, &cargo);
	if (status != ITN_OK)
		return status;
	*ret_state = cargo->cargo.unsequenced ? EFFECT_BLOCKED : EFFECT_DONE;
	if (cargo->cargo.unsequenced || !cargo->cargo.open)
		return ITN_OK;
	cargo_unload(&cargo->cargo, &trade->trade);
	cargo->touched = trade->touched = true;
	cargo->untold = trade->untold = job;
	job->kind = JOB_CARGO_FILL;
	job->key = cargo->cargo.id;
	return fill(draft, job, budget, ret_state);
}

static enum itn_status announce_delay(struct draft *draft, struct job *job, enum effect_state *ret_state)
{
	struct draft_cargo *cargo;
	enum itn_status status = draft_cargo(draft, job->key, &cargo);

	if (status != ITN_OK)
		return status;
	*ret_state = cargo->cargo.unsequenced ? EFFECT_BLOCKED : EFFECT_DONE;
	if (!cargo->cargo.unsequenced)
		notify_cargo_delayed(draft, &cargo->cargo, draft_warn_cargo(draft, cargo, MESSAGE_DELAYED, job));
	return ITN_OK;
}

/* A sum that would leave int64_t stays at its end: no honest trade comes near. */
static int64_t added(int64_t sum, int64_t more)
{
	int64_t result;

	if (!__builtin_add_overflow(sum, more, &result))
		return result;
	return more > 0 ? INT64_MAX : INT64_MIN;
}

/* What changes at the destination for each of the lines: on the way, and on hand. */
static enum itn_status change_stock(struct draft *draft, struct str station, const struct lines *lines, int incoming,
				    int on_hand, struct job *job)
{
	struct draft_stock *stock;

	for (size_t i = 0; i < lines->count; i++) {
		int64_t quantity = lines->at[i].quantity;
		enum itn_status status = draft_stock(draft, station, lines->at[i].name, &stock);

		if (status != ITN_OK)
			return status;
		stock->stock.incoming = added(stock->stock.incoming, incoming * quantity);
		stock->stock.on_hand = added(stock->stock.on_hand, on_hand * quantity);
		stock->stock.tracked = stock->stock.tracked || on_hand > 0;
		stock->untold = job;
		if (on_hand)
			draft_count(draft, STR("stock.total"), on_hand * quantity);
	}
	return ITN_OK;
}

/* Rule 6: everything on the manifest is on its way from now on. */
static enum itn_status depart(struct draft *draft, struct draft_cargo *cargo, struct job *job)
{
	cargo->cargo.open = false;
	cargo->touched = true;
	return change_stock(draft, cargo->cargo.destination, &cargo->cargo.items, 1, 0, job);
}

static enum itn_status cargo_departed_effects(struct draft *draft, struct job *job, enum effect_state *ret_state)
{
	struct draft_cargo *cargo;
	enum itn_status status = draft_cargo(draft, job->key, &cargo);

	if (status != ITN_OK)
		return status;
	*ret_state = cargo->cargo.unsequenced ? EFFECT_BLOCKED : EFFECT_DONE;
	if (cargo->cargo.unsequenced || !cargo->cargo.open)
		return ITN_OK;
	return depart(draft, cargo, job);
}

static enum itn_status arrive(struct draft *draft, struct draft_trade *trade, struct job *job)
{
	enum trade_status from = trade->trade.status;
	enum itn_status status = change_stock(draft, trade->trade.destination, &trade->trade.items, -1, 1, job);

	if (status != ITN_OK)
		return status;
	trade->trade.goods = GOODS_ARRIVED;
	trade->touched = true;
	if (!trade_is_open(&trade->trade))
		return ITN_OK;
	count_trade(draft, from, -1);
	count_trade(draft, TRADE_COMPLETED, 1);
	trade_complete(&trade->trade, draft->now);
	notify_trade_changed(draft, &trade->trade, from, draft_tell_trade(draft, trade, job));
	return ITN_OK;
}

static enum itn_status arrive_all(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state)
{
	struct draft_trade *trade;
	struct walk walk;
	enum itn_status status;

	*ret_state = EFFECT_DONE;
	walk_loaded(&walk, draft, job->key, &job->cursor);
	for (;;) {
		if (draft->documents >= budget) {
			*ret_state = EFFECT_PARTIAL;
			return ITN_OK;
		}
		status = walk_next(&walk, &trade);
		if (status != ITN_OK || !trade)
			return status;
		if (trade->trade.unsequenced) {
			*ret_state = EFFECT_BLOCKED;
			return ITN_OK;
		}
		status = arrive(draft, trade, job);
		if (status != ITN_OK)
			return status;
		job->cursor = walk.at;
	}
}

/* Rule 7. */
static enum itn_status cargo_delivered_effects(struct draft *draft, struct job *job, size_t budget,
					       enum effect_state *ret_state)
{
	struct draft_cargo *cargo;
	enum itn_status status = draft_cargo(draft, job->key, &cargo);

	if (status != ITN_OK)
		return status;
	if (job->step == STEP_GO_ON)
		return arrive_all(draft, job, budget, ret_state);
	if (cargo->cargo.unsequenced) {
		*ret_state = EFFECT_BLOCKED;
		return ITN_OK;
	}
	if (cargo->cargo.open)
		status = depart(draft, cargo, job);
	if (status == ITN_OK)
		status = change_stock(draft, cargo->cargo.destination, &cargo->cargo.own_items, -1, 1, job);
	if (status != ITN_OK)
		return status;
	job->step = STEP_GO_ON;
	notify_cargo_delivered(draft, &cargo->cargo, job->cause);
	return arrive_all(draft, job, budget, ret_state);
}

enum itn_status effects_run(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state)
{
	switch ((enum job_kind)job->kind) {
	case JOB_TRADE_CREATED:
		return trade_created_effects(draft, job, ret_state);
	case JOB_TRADE_CLOSED:
		return trade_closed_effects(draft, job, budget, ret_state);
	case JOB_CARGO_CREATED:
		return cargo_created_effects(draft, job, budget, ret_state);
	case JOB_CARGO_FILL:
		return fill(draft, job, budget, ret_state);
	case JOB_CARGO_DELAYED:
		return announce_delay(draft, job, ret_state);
	case JOB_CARGO_DEPARTED:
		return cargo_departed_effects(draft, job, ret_state);
	case JOB_CARGO_DELIVERED:
		return cargo_delivered_effects(draft, job, budget, ret_state);
	}
	return ITN_FAILED;
}
