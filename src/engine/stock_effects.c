#include "engine/stock_effects.h"

#include <string.h>

#include "domain/stock_take.h"
#include "engine/lane.h"
#include "engine/ledger.h"
#include "engine/loading.h"
#include "engine/reservation.h"

static enum itn_status restock_item(struct draft *draft, struct job *job, struct str item, size_t budget,
				    enum effect_state *ret_state)
{
	struct draft_stock *stock;
	struct draft_trade *trade;
	struct walk walk;
	bool from_the_top = !str_is_set(job->cursor.key);
	enum itn_status status = draft_stock(draft, job->lane, item, &stock);

	if (status != ITN_OK)
		return status;
	*ret_state = EFFECT_DONE;
	walk_short(&walk, draft, job->lane, item, &job->cursor);
	while (stock_available(&stock->stock) > 0 && !stock->retried) {
		if (draft->documents >= budget) {
			*ret_state = EFFECT_PARTIAL;
			break;
		}
		status = walk_next(&walk, &trade);
		if (status == ITN_OK && !trade)
			stock->retried = from_the_top;
		if (status != ITN_OK || !trade)
			break;
		if (trade->trade.unsequenced) {
			*ret_state = EFFECT_BLOCKED;
			break;
		}
		status = reservation_retry(draft, trade, job);
		if (status != ITN_OK)
			break;
		job->cursor = walk.at;
	}
	return status;
}

enum itn_status restock_effects(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state)
{
	for (;;) {
		const char *end = memchr(job->key.ptr, '\n', job->key.len);
		struct str item = { job->key.ptr, end ? (size_t)(end - job->key.ptr) : job->key.len };
		enum itn_status status = restock_item(draft, job, item, budget, ret_state);

		if (status != ITN_OK || *ret_state != EFFECT_DONE || !end)
			return status;
		job->key = (struct str){ end + 1, job->key.len - item.len - 1 };
		job->cursor = (struct store_cursor){ 0 };
	}
}

static void add_fill(struct draft *draft, const struct draft_cargo *cargo, const struct draft_trade *trade)
{
	draft_add_job(draft, (struct job){
				     .seq = trade->told_seq,
				     .lane = cargo->cargo.destination,
				     .kind = JOB_CARGO_FILL,
				     .key = cargo->cargo.id,
				     .cause = trade->told_id,
				     .step = STEP_BEGIN,
			     });
}

static bool has_line(const struct lines *lines, struct str item)
{
	for (size_t i = 0; i < lines->count; i++)
		if (str_eq(lines->at[i].name, item))
			return true;
	return false;
}

/* Takes back what is set aside for one trade, off its cargo, which may take others then. A departure that came after
 * the stock-take waits for it, with its cargo closed. */
static enum itn_status revoke(struct draft *draft, struct draft_trade *trade, struct str item, struct job *job,
			      enum effect_state *ret_state)
{
	struct draft_cargo *cargo = NULL;
	enum itn_status status = ITN_OK;

	if (trade->trade.goods == GOODS_LOADED)
		status = draft_cargo(draft, trade->trade.shipment, &cargo);
	if (status != ITN_OK)
		return status;
	if (trade->trade.unsequenced || (cargo && cargo->cargo.unsequenced)) {
		*ret_state = EFFECT_BLOCKED;
		return ITN_OK;
	}
	if (cargo)
		unload_trade(cargo, trade, job);
	status = reservation_revoke(draft, trade, item, job);
	if (status == ITN_OK && cargo && cargo->cargo.open)
		add_fill(draft, cargo, trade);
	return status;
}

/* The youngest first, until no more is set aside than was counted. */
static enum itn_status revoke_youngest(struct draft *draft, struct job *job, const struct draft_stock *stock,
				       int64_t counted, size_t budget, enum effect_state *ret_state)
{
	bool from_the_top = !str_is_set(job->cursor.key);
	struct draft_trade *trade;
	struct walk walk;
	enum itn_status status = ITN_OK;

	*ret_state = EFFECT_DONE;
	walk_reserved(&walk, draft, job->lane, &job->cursor);
	while (stock->stock.reserved > counted) {
		if (draft->documents >= budget) {
			*ret_state = EFFECT_PARTIAL;
			break;
		}
		status = walk_next(&walk, &trade);
		if (status != ITN_OK)
			break;
		if (!trade) {
			/* More was reserved while this went on: from the youngest again. */
			job->cursor = (struct store_cursor){ 0 };
			*ret_state = from_the_top ? EFFECT_DONE : EFFECT_PARTIAL;
			break;
		}
		if (has_line(&trade->trade.reserved, stock->stock.item))
			status = revoke(draft, trade, stock->stock.item, job, ret_state);
		if (status != ITN_OK || *ret_state != EFFECT_DONE)
			break;
		job->cursor = walk.at;
	}
	return status;
}

/* What can't be taken back stays on hand. */
static enum itn_status post_difference(struct draft *draft, struct job *job, struct draft_stock *stock, int64_t counted)
{
	int64_t found = counted > stock->stock.reserved ? counted : stock->stock.reserved;
	struct account here = { ACCOUNT_STATION, job->lane }, outside = { ACCOUNT_EXTERNAL, STR_NONE };
	int64_t difference = found - stock->stock.on_hand;
	struct movement movement = {
		.item = stock->stock.item,
		.quantity = difference > 0 ? difference : -difference,
		.from = difference > 0 ? outside : here,
		.to = difference > 0 ? here : outside,
	};

	return difference ? ledger_move(draft, &movement, job, NULL) : ITN_OK;
}

static enum itn_status take_item(struct draft *draft, struct job *job, const struct count *count, size_t budget,
				 enum effect_state *ret_state)
{
	struct draft_stock *stock;
	enum itn_status status = draft_stock(draft, job->lane, count->item, &stock);

	if (status == ITN_OK)
		status = revoke_youngest(draft, job, stock, count->quantity, budget, ret_state);
	if (status == ITN_OK && *ret_state == EFFECT_DONE)
		status = post_difference(draft, job, stock, count->quantity);
	if (status != ITN_OK || *ret_state != EFFECT_DONE)
		return status;
	if (stock_counted(&stock->stock, count->reorder_level))
		stock->untold = job;
	return ITN_OK;
}

enum itn_status stock_take_effects(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state)
{
	struct stock_take take;
	enum itn_status status = stock_take_read_body(draft->arena, job->key, &take);

	if (status != ITN_OK)
		return status;
	if (job->step < STEP_ITEMS)
		job->step = STEP_ITEMS;
	*ret_state = EFFECT_DONE;
	while ((size_t)(job->step - STEP_ITEMS) < take.count) {
		if (draft->documents >= budget) {
			*ret_state = EFFECT_PARTIAL;
			return ITN_OK;
		}
		status = take_item(draft, job, &take.at[job->step - STEP_ITEMS], budget, ret_state);
		if (status != ITN_OK || *ret_state != EFFECT_DONE)
			return status;
		job->step++;
		job->cursor = (struct store_cursor){ 0 };
	}
	return ITN_OK;
}
