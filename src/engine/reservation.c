#include "engine/reservation.h"

#include "engine/alert.h"
#include "engine/effects.h"
#include "engine/ledger.h"

/* What a station would have to set aside for a trade. */
struct wish {
	struct lines lines;         /* the tracked ones, each item once */
	struct draft_stock **stock; /* their records */
	struct str missing;         /* the first of which there is too little; absent: there is enough of all */
};

static enum itn_status read_wish(struct draft *draft, const struct trade *trade, struct wish *ret)
{
	struct lines all = { 0 };
	struct wish wish = { .missing = STR_NONE };
	enum itn_status status;

	lines_merge(&all, draft->arena, &trade->items);
	draft_want_stock(draft, trade->station, &all);
	status = draft_prefetch(draft);
	if (status != ITN_OK)
		return status;
	wish.lines.at = arena_calloc(draft->arena, all.count, sizeof(*wish.lines.at));
	wish.stock = arena_calloc(draft->arena, all.count, sizeof(struct draft_stock *));
	for (size_t i = 0; i < all.count; i++) {
		const struct line *line = &all.at[i];
		struct draft_stock *stock;

		status = draft_stock(draft, trade->station, line->name, &stock);
		if (status != ITN_OK)
			return status;
		if (!stock->stock.tracked)
			continue;
		if (stock_available(&stock->stock) < line->quantity && !str_is_set(wish.missing))
			wish.missing = line->name;
		wish.stock[wish.lines.count] = stock;
		wish.lines.at[wish.lines.count++] = *line;
	}
	*ret = wish;
	return ITN_OK;
}

static void set_aside(const struct wish *wish, struct job *job)
{
	for (size_t i = 0; i < wish->lines.count; i++) {
		wish->stock[i]->stock.reserved += wish->lines.at[i].quantity;
		wish->stock[i]->untold = job;
	}
}

/* Tells of a shortage, which may have been the trade's state before for other reasons. */
static enum itn_status tell_short(struct draft *draft, struct draft_trade *trade, struct str item, struct job *job)
{
	enum trade_status from = trade->trade.status;
	struct str event;

	trade->touched = true;
	if (trade_fall_short(&trade->trade, item, draft->now))
		draft_tell_status(draft, trade, from, job);
	else
		trade->untold = job;
	return alert_trade(draft, trade, ALERT_STOCK_SHORTAGE, MESSAGE_SHORTAGE, job, &event);
}

enum itn_status reservation_try(struct draft *draft, struct draft_trade *trade, struct job *job,
				enum reservation *ret_outcome)
{
	struct wish wish;
	enum itn_status status = read_wish(draft, &trade->trade, &wish);

	if (status != ITN_OK)
		return status;
	*ret_outcome = !wish.lines.count          ? RESERVATION_NOTHING
		       : str_is_set(wish.missing) ? RESERVATION_SHORT
						  : RESERVATION_MADE;
	if (*ret_outcome == RESERVATION_SHORT)
		return tell_short(draft, trade, wish.missing, job);
	if (*ret_outcome != RESERVATION_MADE)
		return ITN_OK;
	set_aside(&wish, job);
	(void)trade_reserve(&trade->trade, wish.lines, draft->now);
	trade->touched = true;
	trade->untold = job;
	return ITN_OK;
}

/* A cause of its own: other shipments' jobs may have to come first. */
static void add_ready(struct draft *draft, const struct draft_trade *trade, struct str event)
{
	draft_add_job(draft, (struct job){
				     .seq = draft->seq,
				     .lane = trade->trade.destination,
				     .kind = JOB_TRADE_READY,
				     .key = trade->trade.id,
				     .cause = event,
				     .step = STEP_BEGIN,
			     });
}

enum itn_status reservation_retry(struct draft *draft, struct draft_trade *trade, struct job *job)
{
	enum trade_status from = trade->trade.status;
	struct wish wish;
	enum itn_status status = read_wish(draft, &trade->trade, &wish);

	if (status != ITN_OK)
		return status;
	if (str_is_set(wish.missing)) {
		trade->touched |= !str_eq(wish.missing, trade->trade.short_of);
		trade->trade.short_of = wish.missing;
		return ITN_OK;
	}
	set_aside(&wish, job);
	trade->touched = true;
	if (trade_reserve(&trade->trade, wish.lines, draft->now))
		add_ready(draft, trade, draft_tell_status(draft, trade, from, job));
	else
		add_ready(draft, trade, draft_tell_trade_now(draft, trade, job));
	return alert_resolve(draft, ALERT_STOCK_SHORTAGE,
			     &(struct alert_about){ .entity = ENTITY_TRADE, .key = trade->trade.id }, job);
}

enum itn_status reservation_end(struct draft *draft, struct draft_trade *trade, struct job *job)
{
	bool has_reserved = trade_has_reserved(&trade->trade);
	enum itn_status status = ITN_OK;

	for (size_t i = 0; has_reserved && i < trade->trade.reserved.count && status == ITN_OK; i++) {
		const struct line *line = &trade->trade.reserved.at[i];
		struct draft_stock *stock;

		status = draft_stock(draft, trade->trade.station, line->name, &stock);
		if (status != ITN_OK)
			break;
		stock->stock.reserved -= line->quantity;
		stock->untold = job;
		draft_rises(stock);
	}
	if (has_reserved)
		trade->untold = job;
	trade->touched |= has_reserved || str_is_set(trade->trade.short_of);
	trade_release(&trade->trade);
	return status;
}

static enum itn_status hand_over_line(struct draft *draft, const struct trade *trade, const struct line *line,
				      struct job *job)
{
	struct movement movement = {
		.item = line->name,
		.quantity = line->quantity,
		.from = { ACCOUNT_STATION, trade->station },
		.to = { ACCOUNT_EXTERNAL, STR_NONE },
		.trade = trade->id,
	};
	struct draft_stock *stock;
	enum itn_status status = draft_stock(draft, trade->station, line->name, &stock);

	if (status == ITN_OK)
		status = ledger_move(draft, &movement, job, NULL);
	if (status == ITN_OK)
		stock->stock.reserved -= line->quantity;
	return status;
}

enum itn_status reservation_hand_over(struct draft *draft, struct draft_trade *trade, struct job *job)
{
	enum itn_status status = ITN_OK;

	if (!trade_has_reserved(&trade->trade))
		return reservation_end(draft, trade, job);
	for (size_t i = 0; i < trade->trade.reserved.count && status == ITN_OK; i++)
		status = hand_over_line(draft, &trade->trade, &trade->trade.reserved.at[i], job);
	trade_release(&trade->trade);
	trade->touched = true;
	trade->untold = job;
	return status;
}

enum itn_status reservation_revoke(struct draft *draft, struct draft_trade *trade, struct str item, struct job *job)
{
	enum itn_status status = reservation_end(draft, trade, job);

	if (status != ITN_OK)
		return status;
	if (trade_is_open(&trade->trade))
		return tell_short(draft, trade, item, job);
	draft_tell_trade_now(draft, trade, job);
	return ITN_OK;
}

enum itn_status reservation_must_wait(struct draft *draft, const struct draft_trade *trade, const struct job *job,
				      bool *ret_waits)
{
	*ret_waits = false;
	if (!trade_has_reserved(&trade->trade))
		return ITN_OK;
	return draft_is_counted(draft, trade->trade.station, job->seq, ret_waits);
}
