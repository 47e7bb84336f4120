#include "engine/effects.h"

#include "engine/lane.h"
#include "engine/ledger.h"
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

static struct account transit_of(struct str shipment)
{
	return (struct account){ ACCOUNT_TRANSIT, shipment };
}

static const struct account external = { ACCOUNT_EXTERNAL, { NULL, 0 } };

/* Rule 6: goods from outside get on their way. */
static enum itn_status send(struct draft *draft, const struct cargo *cargo, const struct line *line, struct job *job)
{
	struct movement movement = {
		.item = line->name,
		.quantity = line->quantity,
		.from = external,
		.to = transit_of(cargo->id),
		.shipment = cargo->id,
	};
	struct draft_stock *stock;
	int64_t moved;
	enum itn_status status = draft_stock(draft, cargo->destination, line->name, &stock);

	if (status == ITN_OK)
		status = ledger_move(draft, &movement, job, &moved);
	if (status != ITN_OK)
		return status;
	stock->stock.incoming += moved;
	stock->untold = job;
	return ITN_OK;
}

/* What departed before there was a ledger enters it when it arrives. */
static enum itn_status make_up(struct draft *draft, const struct movement *arrival, struct job *job)
{
	struct movement missing = *arrival;
	int64_t in_transit;
	enum itn_status status = ledger_balance(draft, arrival->from, arrival->item, &in_transit);

	if (status != ITN_OK || in_transit >= arrival->quantity)
		return status;
	missing.from = external;
	missing.to = arrival->from;
	missing.quantity -= in_transit;
	return ledger_move(draft, &missing, job, NULL);
}

/* Rule 7: goods in transit are on hand now. `trade` is absent for cargo's own. */
static enum itn_status receive(struct draft *draft, struct str shipment, struct str station, struct str trade,
			       const struct line *line, struct job *job)
{
	struct movement movement = {
		.item = line->name,
		.quantity = line->quantity,
		.from = transit_of(shipment),
		.to = { ACCOUNT_STATION, station },
		.trade = trade,
		.shipment = shipment,
	};
	struct draft_stock *stock;
	int64_t moved;
	enum itn_status status = draft_stock(draft, station, line->name, &stock);

	if (status == ITN_OK)
		status = make_up(draft, &movement, job);
	if (status == ITN_OK)
		status = ledger_move(draft, &movement, job, &moved);
	if (status != ITN_OK)
		return status;
	stock->stock.incoming -= moved < stock->stock.incoming ? moved : stock->stock.incoming;
	stock->untold = job;
	return ITN_OK;
}

static enum itn_status receive_all(struct draft *draft, struct str shipment, struct str station, struct str trade,
				   const struct lines *lines, struct job *job)
{
	enum itn_status status = ITN_OK;

	for (size_t i = 0; i < lines->count && status == ITN_OK; i++)
		status = receive(draft, shipment, station, trade, &lines->at[i], job);
	return status;
}

/* Rule 6: everything on the manifest is on its way from now on. */
static enum itn_status depart(struct draft *draft, struct draft_cargo *cargo, struct job *job)
{
	const struct lines *manifest = &cargo->cargo.items;
	enum itn_status status = ITN_OK;

	cargo->cargo.open = false;
	cargo->touched = true;
	for (size_t i = 0; i < manifest->count && status == ITN_OK; i++)
		status = send(draft, &cargo->cargo, &manifest->at[i], job);
	return status;
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
	enum itn_status status = receive_all(draft, trade->trade.shipment, trade->trade.destination, trade->trade.id,
					     &trade->trade.items, job);

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
		status = receive_all(draft, cargo->cargo.id, cargo->cargo.destination, STR_NONE, &cargo->cargo.own_items,
				     job);
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
