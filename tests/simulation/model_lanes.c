#include "model_parts.h"

#include <stdio.h>
#include <string.h>

size_t model_lane(struct model *model, const char *name)
{
	for (size_t i = 0; i < model->lane_count; i++)
		if (strcmp(model->lanes[i], name) == 0)
			return i;
	if (model->lane_count == LANES_MAX)
		model->fail("the model has no room for lane %s", name);
	snprintf(model->lanes[model->lane_count], sizeof(model->lanes[0]), "%s", name);
	model->rests[model->lane_count] = true;
	return model->lane_count++;
}

static const char *lane_name(const struct model *model, const struct cause *cause)
{
	return cause->is_cargo ? model->cargo[cause->place].destination : model->trades[cause->place].destination;
}

static void cascade(struct model *model, size_t lane)
{
	size_t warnings = 0;

	for (size_t i = model->batch_first; i < model->cause_count; i++) {
		const struct cause *cause = &model->causes[i];

		if (strcmp(lane_name(model, cause), model->lanes[lane]) != 0)
			continue;
		model_alerts_cause(model, cause);
		warnings += (cause->is_cargo ? model_cascade_cargo : model_cascade_trade)(model, cause);
	}
	model_alerts_late(model, model->lanes[lane]);
	if (warnings != model->warnings[lane])
		model->fail("up to seq %lld: %zu warnings are due at %s, %zu were told", (long long)model->seq,
			    warnings, model->lanes[lane], model->warnings[lane]);
}

/* Comparing. */

static void compare_trade(struct model *model, const struct trade *trade)
{
	if (strcmp(trade->shipment, trade->told_shipment) != 0)
		model->fail("at seq %lld trade %s must be on '%s', the log has it on '%s'", (long long)model->seq,
			    trade->id, trade->shipment, trade->told_shipment);
	if (strcmp(trade->status, trade->told_status) != 0)
		model->fail("at seq %lld trade %s must be %s, the log says %s", (long long)model->seq, trade->id,
			    trade->status, trade->told_status);
}

static void compare_lane(struct model *model, size_t lane)
{
	const char *name = model->lanes[lane];

	model_alerts_compare(model, name);
	for (size_t i = 0; i < model->trade_count; i++)
		if (strcmp(model->trades[i].destination, name) == 0)
			compare_trade(model, &model->trades[i]);
	for (size_t i = 0; i < model->cargo_count; i++)
		if (!strcmp(model->cargo[i].destination, name) &&
		    !goods_equal(&model->cargo[i].items, &model->cargo[i].told_items))
			model->fail("at seq %lld cargo %s must have other goods than the log says",
				    (long long)model->seq, model->cargo[i].id);
	for (size_t i = 0; i < model->stock_count; i++) {
		const struct stock *stock = &model->stock[i];

		if (!strcmp(stock->station, name) &&
		    (stock->on_hand != stock->told_on_hand || stock->incoming != stock->told_incoming))
			model->fail("at seq %lld there must be %lld %s at %s and %lld on their way, the log says %lld "
				    "and %lld",
				    (long long)model->seq, (long long)stock->on_hand, stock->item, name,
				    (long long)stock->incoming, (long long)stock->told_on_hand,
				    (long long)stock->told_incoming);
	}
}

/* What the log says of a lane, taken for granted: its effects are not all done. */
static void adopt_lane(struct model *model, size_t lane)
{
	const char *name = model->lanes[lane];

	model_alerts_adopt(model, name);
	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (strcmp(trade->destination, name) != 0)
			continue;
		memcpy(trade->shipment, trade->told_shipment, sizeof(trade->shipment));
		memcpy(trade->status, trade->told_status, sizeof(trade->status));
	}
	for (size_t i = 0; i < model->cargo_count; i++)
		if (strcmp(model->cargo[i].destination, name) == 0)
			model->cargo[i].items = model->cargo[i].told_items;
}

/* Everything is done on this lane: what then must hold, from the documents alone. */
static void settle_lane(struct model *model, size_t lane)
{
	const char *name = model->lanes[lane];

	adopt_lane(model, lane);
	for (size_t i = 0; i < model->stock_count; i++)
		if (strcmp(model->stock[i].station, name) == 0)
			model->stock[i].on_hand = model->stock[i].incoming = 0;
	for (size_t i = 0; i < model->cargo_count; i++) {
		struct cargo *cargo = &model->cargo[i];

		if (strcmp(cargo->destination, name) != 0)
			continue;
		cargo->open = !cargo->departed;
		if (cargo->delivered)
			stock_move(model, name, &cargo->items, 0, 1);
		else if (cargo->departed)
			stock_move(model, name, &cargo->items, 1, 0);
	}
	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];
		const struct cargo *cargo = *trade->shipment ? model_cargo(model, trade->shipment) : NULL;

		if (strcmp(trade->destination, name) != 0)
			continue;
		trade->applied = true;
		if (cargo && status_is_open(trade->status) == cargo->delivered && (cargo->delivered || cargo->open))
			model->fail("at seq %lld trade %s is %s on cargo %s, which is %s", (long long)model->seq,
				    trade->id, trade->status, cargo->id, cargo->status);
		for (size_t n = 0; !cargo && status_is_open(trade->status) && n < model->cargo_count; n++)
			if (model->cargo[n].open && !strcmp(model->cargo[n].destination, name) &&
			    model_fits(&model->cargo[n], trade))
				model->fail("at seq %lld trade %s waits although %s has room", (long long)model->seq,
					    trade->id, model->cargo[n].id);
	}
	compare_lane(model, lane);
}

static bool is_busy(const char *lane, const char (*busy)[16], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(busy[i], lane) == 0)
			return true;
	return false;
}

void model_batch_end(struct model *model, const char (*busy)[16], size_t busy_count)
{
	for (size_t i = model->batch_first; i < model->cause_count; i++)
		model_lane(model, lane_name(model, &model->causes[i]));
	model_check_manifests(model);
	for (size_t lane = 0; lane < model->lane_count; lane++) {
		bool rests = !is_busy(model->lanes[lane], busy, busy_count);

		if (model->rests[lane] && rests) {
			cascade(model, lane);
			compare_lane(model, lane);
			model->rules[RULE_LANE_PREDICTED] += model->cause_count > model->batch_first;
		} else if (rests) {
			settle_lane(model, lane);
		} else {
			adopt_lane(model, lane);
		}
		model->rests[lane] = rests;
		model->warnings[lane] = 0;
	}
	model->batch_first = model->cause_count;
	model->late_count = 0;
}

void model_rest(struct model *model, const char (*busy)[16], size_t busy_count)
{
	for (size_t lane = 0; lane < model->lane_count; lane++) {
		bool rests = !is_busy(model->lanes[lane], busy, busy_count);

		if (rests && !model->rests[lane])
			settle_lane(model, lane);
		model->rests[lane] = rests;
	}
}
