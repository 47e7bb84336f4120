#include "model_parts.h"

#include <stdio.h>
#include <string.h>

bool model_fits(const struct cargo *cargo, const struct trade *trade)
{
	return !cargo->capacity || goods_total(&cargo->items) + goods_total(&trade->lines) <= cargo->capacity;
}

bool model_waits(const struct trade *trade)
{
	return trade->applied && status_is_open(trade->status) && !*trade->shipment &&
	       !(trade->holds & HELD_FOR_SHORTAGE);
}

static void load(struct cargo *cargo, struct trade *trade)
{
	goods_add(&cargo->items, &trade->lines);
	snprintf(trade->shipment, sizeof(trade->shipment), "%s", cargo->id);
}

/* Rule 2. */
void model_load_trade(struct model *model, struct trade *trade)
{
	struct cargo *oldest = NULL;
	bool passed = false;

	for (size_t i = 0; i < model->cargo_count; i++) {
		struct cargo *cargo = &model->cargo[i];

		if (!cargo->open || strcmp(cargo->destination, trade->destination) != 0)
			continue;
		if (!model_fits(cargo, trade))
			passed = true;
		else if (!oldest || is_older(cargo->created_at, cargo->id, oldest->created_at, oldest->id))
			oldest = cargo;
	}
	model->rules[oldest ? RULE_TRADE_LOADED : RULE_TRADE_WAITS]++;
	model->rules[RULE_TRADE_PASSED_CARGO] += passed && oldest;
	if (oldest)
		load(oldest, trade);
}

static struct trade *next_waiting(struct model *model, const struct cargo *cargo, const struct trade *after)
{
	struct trade *first = NULL;

	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (!model_waits(trade) || strcmp(trade->destination, cargo->destination) != 0)
			continue;
		if (after && !trade_is_older(after, trade))
			continue;
		if (!first || trade_is_older(trade, first))
			first = trade;
	}
	return first;
}

/* Rule 3. */
void model_fill(struct model *model, struct cargo *cargo, enum rule rule)
{
	struct trade *trade = NULL;
	bool passed = false;

	while (cargo->open && (trade = next_waiting(model, cargo, trade))) {
		if (model_fits(cargo, trade)) {
			load(cargo, trade);
			model->rules[rule]++;
			model->rules[RULE_CARGO_PASSED_TRADE] += passed;
		} else {
			passed = true;
		}
	}
}

struct cargo *model_unload(struct model *model, struct trade *trade)
{
	struct cargo *cargo = *trade->shipment ? model_cargo(model, trade->shipment) : NULL;

	if (!cargo || !cargo->open)
		return NULL;
	trade->shipment[0] = '\0';
	cargo->items = cargo->own;
	for (size_t i = 0; i < model->trade_count; i++)
		if (strcmp(model->trades[i].shipment, cargo->id) == 0)
			goods_add(&cargo->items, &model->trades[i].lines);
	return cargo;
}
