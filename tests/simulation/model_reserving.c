#include "model_parts.h"

#include <stdio.h>
#include <string.h>

static int64_t available(const struct stock *stock)
{
	return stock->on_hand - stock->reserved;
}

/* Its lines that the station tracks, one per name. */
static struct lines tracked_lines(struct model *model, const struct trade *trade)
{
	struct lines tracked = { 0 };

	for (size_t i = 0; i < trade->lines.count; i++)
		if (model_stock_of(model, trade->station, trade->lines.at[i].name)->tracked)
			goods_add_line(&tracked, trade->lines.at[i].name, trade->lines.at[i].quantity);
	return tracked;
}

static const char *first_missing(struct model *model, const struct trade *trade, const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		if (available(model_stock_of(model, trade->station, lines->at[i].name)) < lines->at[i].quantity)
			return lines->at[i].name;
	return NULL;
}

static void set_aside(struct model *model, struct trade *trade, const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		model_stock_of(model, trade->station, lines->at[i].name)->reserved += lines->at[i].quantity;
	trade->reserved = *lines;
}

static void fall_short(struct model *model, struct trade *trade, const char *item)
{
	if (!status_is_open(trade->status))
		return;
	trade->holds |= HELD_FOR_SHORTAGE;
	snprintf(trade->status, sizeof(trade->status), "delayed");
	snprintf(trade->short_of, sizeof(trade->short_of), "%s", item);
	model->shortages_due[model_lane(model, trade->destination)]++;
	model_alert_short(model, trade, true);
}

bool model_reserve(struct model *model, struct trade *trade)
{
	struct lines lines = { 0 };
	const char *missing;

	if (*trade->station)
		lines = tracked_lines(model, trade);
	missing = first_missing(model, trade, &lines);
	if (missing) {
		model->rules[RULE_SHORT]++;
		model->rules[RULE_SHORT_AND_OVERSIZE] += trade->holds != 0;
		fall_short(model, trade, missing);
		return false;
	}
	set_aside(model, trade, &lines);
	if (*trade->station)
		model->rules[lines.count ? RULE_RESERVED : RULE_UNTRACKED]++;
	return true;
}

static void rise(struct model *model, struct trade *trade, bool leaves)
{
	for (size_t i = 0; i < trade->reserved.count; i++) {
		struct stock *stock = model_stock_of(model, trade->station, trade->reserved.at[i].name);

		stock->reserved -= trade->reserved.at[i].quantity;
		if (leaves)
			stock->on_hand -= trade->reserved.at[i].quantity;
		else
			stock->risen = true;
	}
}

void model_release(struct model *model, struct trade *trade)
{
	rise(model, trade, false);
}

void model_take_reserved(struct model *model, struct trade *trade)
{
	model_check_takes(model, trade->station);
	rise(model, trade, true);
}

/* Retrying. */

static struct trade *next_short(struct model *model, const char *station, const char *item, const struct trade *after)
{
	struct trade *first = NULL;

	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (strcmp(trade->station, station) != 0 || strcmp(trade->short_of, item) != 0)
			continue;
		if ((!after || trade_is_older(after, trade)) && (!first || trade_is_older(trade, first)))
			first = trade;
	}
	return first;
}

/* Whether it has its goods now. One that is closed waits only for its closing's effects. */
static bool retry(struct model *model, struct trade *trade)
{
	struct lines lines = tracked_lines(model, trade);
	const char *missing = first_missing(model, trade, &lines);

	if (!status_is_open(trade->status))
		return false;
	if (missing) {
		model->rules[RULE_STILL_SHORT] += strcmp(trade->short_of, missing) != 0;
		snprintf(trade->short_of, sizeof(trade->short_of), "%s", missing);
		return false;
	}
	set_aside(model, trade, &lines);
	trade->short_of[0] = '\0';
	model_alert_short(model, trade, false);
	trade->holds &= ~(unsigned)HELD_FOR_SHORTAGE;
	if (!trade->holds)
		snprintf(trade->status, sizeof(trade->status), "pending");
	model_add_work(model, WORK_READY, model_lane(model, trade->destination), (size_t)(trade - model->trades),
		       trade);
	model->rules[RULE_RETRIED]++;
	return true;
}

void model_restock(struct model *model, const char *station, const struct lines *items)
{
	for (size_t i = 0; i < items->count; i++) {
		const struct stock *stock = model_stock_of(model, station, items->at[i].name);
		struct trade *trade = NULL;
		bool passed = false;

		while (available(stock) > 0 && (trade = next_short(model, station, stock->item, trade))) {
			if (!retry(model, trade))
				passed = true;
			else
				model->rules[RULE_RETRY_PASSED] += passed;
		}
	}
}

static void add_sorted(struct lines *items, const char *name)
{
	size_t place = items->count++;

	for (; place && strcmp(items->at[place - 1].name, name) > 0; place--)
		items->at[place] = items->at[place - 1];
	snprintf(items->at[place].name, sizeof(items->at[place].name), "%s", name);
}

void model_want_restock(struct model *model, size_t lane, struct lines *ret_items)
{
	for (size_t i = 0; i < model->stock_count; i++) {
		struct stock *stock = &model->stock[i];

		if (strcmp(stock->station, model->lanes[lane]) != 0)
			continue;
		if (stock->risen && available(stock) > 0 && next_short(model, stock->station, stock->item, NULL))
			add_sorted(ret_items, stock->item);
	}
}

/* Stock-takes. */

static struct trade *youngest_holder(struct model *model, const struct stock *stock)
{
	struct trade *youngest = NULL;

	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (!trade->gone && strcmp(trade->station, stock->station) == 0 &&
		    goods_of(&trade->reserved, stock->item) && (!youngest || trade_is_older(youngest, trade)))
			youngest = trade;
	}
	return youngest;
}

static void take_away(struct model *model, const struct stock *stock)
{
	struct trade *trade = youngest_holder(model, stock);
	struct cargo *cargo;

	if (!trade)
		model->fail("at seq %lld nobody has the %lld %s that %s has set aside", (long long)model->seq,
			    (long long)stock->reserved, stock->item, stock->station);
	model_release(model, trade);
	trade->reserved.count = 0;
	cargo = model_unload(model, trade);
	fall_short(model, trade, stock->item);
	if (cargo) {
		model_add_work(model, WORK_ROOM, model_lane(model, cargo->destination), (size_t)(cargo - model->cargo),
			       trade);
		model->rules[RULE_TAKEN_OFF_BOARD]++;
	}
	model->rules[RULE_TAKE_RELEASED]++;
}

void model_cascade_counts(struct model *model, const struct cause *cause)
{
	model_check_departures(model);
	for (size_t i = 0; i < cause->counted.count; i++) {
		struct stock *stock = model_stock_of(model, model->lanes[cause->place], cause->counted.at[i].name);
		int64_t counted = cause->counted.at[i].quantity;

		while (stock->reserved > counted)
			take_away(model, stock);
		model->rules[RULE_TAKE_UP] += counted > stock->on_hand;
		model->rules[RULE_TAKE_DOWN] += counted < stock->on_hand;
		stock->risen |= counted > stock->on_hand;
		stock->on_hand = counted;
		stock->tracked = true;
		if (cause->reorder[i] >= 0)
			stock->reorder = cause->reorder[i];
	}
}
