#include "model_parts.h"

#include <stdio.h>
#include <string.h>

size_t model_lane(struct model *model, const char *name)
{
	size_t lane = model->lane_count;

	for (size_t i = 0; i < model->lane_count; i++)
		if (strcmp(model->lanes[i], name) == 0)
			return i;
	if (model->lane_count == LANES_MAX)
		model->fail("the model has no room for lane %s", name);
	snprintf(model->lanes[lane], sizeof(model->lanes[0]), "%s", name);
	model->known[lane] = true;
	model->group[lane] = lane;
	return model->lane_count++;
}

/* Lanes of one group depend on each other: a trade takes from the one and goes to the other. */

static void join(struct model *model, size_t a, size_t b)
{
	size_t from = model->group[a], to = model->group[b];

	for (size_t lane = 0; lane < model->lane_count; lane++)
		if (model->group[lane] == from)
			model->group[lane] = to;
}

static void group_lanes(struct model *model)
{
	for (size_t i = model->batch_first; i < model->cause_count; i++) {
		const struct cause *cause = &model->causes[i];
		const struct trade *trade = &model->trades[cause->place];

		if (cause->about == ABOUT_TRADE && *trade->station)
			join(model, model_lane(model, trade->destination), model_lane(model, trade->station));
	}
}

static bool is_in(struct model *model, const char *lane, size_t group)
{
	return model->group[model_lane(model, lane)] == group;
}

/* Comparing. */

static void compare_trade(struct model *model, const struct trade *trade, const struct outstanding *left)
{
	const char *short_of = "";

	if (strcmp(trade->shipment, trade->told_shipment) != 0)
		model->fail("at seq %lld trade %s must be on '%s', the log has it on '%s'", (long long)model->seq,
			    trade->id, trade->shipment, trade->told_shipment);
	if (strcmp(trade->status, trade->told_status) != 0 || trade->holds != trade->told_holds)
		model->fail("at seq %lld trade %s must be %s and held for %u, the log says %s and %u",
			    (long long)model->seq, trade->id, trade->status, trade->holds, trade->told_status,
			    trade->told_holds);
	if (!goods_equal(&trade->reserved, &trade->told_reserved))
		model->fail("at seq %lld other goods must be set aside for trade %s than the log says",
			    (long long)model->seq, trade->id);
	for (size_t i = 0; i < left->short_count; i++)
		if (strcmp(left->shorts[i].trade, trade->id) == 0)
			short_of = left->shorts[i].item;
	if (strcmp(trade->short_of, short_of) != 0)
		model->fail("at seq %lld trade %s must be short of '%s', for the engine it is of '%s'",
			    (long long)model->seq, trade->id, trade->short_of, short_of);
}

static void compare_stock(struct model *model, const struct stock *stock)
{
	const struct model_stock *told = &stock->told;

	if (stock->on_hand != told->on_hand || stock->incoming != told->incoming || stock->reserved != told->reserved)
		model->fail("at seq %lld there must be %lld %s at %s, %lld set aside, and %lld on their way, the log "
			    "says %lld, %lld and %lld",
			    (long long)model->seq, (long long)stock->on_hand, stock->item, stock->station,
			    (long long)stock->reserved, (long long)stock->incoming, (long long)told->on_hand,
			    (long long)told->reserved, (long long)told->incoming);
	if (stock->reorder != told->reorder)
		model->fail("at seq %lld the reorder level of %s at %s must be %lld, the log says %lld",
			    (long long)model->seq, stock->item, stock->station, (long long)stock->reorder,
			    (long long)told->reorder);
}

static void compare_warnings(struct model *model, size_t lane)
{
	if (model->warnings_due[lane] != model->warnings[lane])
		model->fail("up to seq %lld: %zu warnings are due at %s, %zu were told", (long long)model->seq,
			    model->warnings_due[lane], model->lanes[lane], model->warnings[lane]);
	if (model->shortages_due[lane] != model->shortages[lane])
		model->fail("up to seq %lld: %zu warnings of shortages are due at %s, %zu were told",
			    (long long)model->seq, model->shortages_due[lane], model->lanes[lane],
			    model->shortages[lane]);
}

static void for_lanes(struct model *model, size_t group, void (*act)(struct model *, const char *lane))
{
	for (size_t lane = 0; lane < model->lane_count; lane++)
		if (model->group[lane] == group)
			act(model, model->lanes[lane]);
}

static void compare_group(struct model *model, size_t group, const struct outstanding *left)
{
	for_lanes(model, group, model_alerts_compare);
	for (size_t i = 0; i < model->trade_count; i++)
		if (is_in(model, model->trades[i].destination, group))
			compare_trade(model, &model->trades[i], left);
	for (size_t i = 0; i < model->cargo_count; i++)
		if (is_in(model, model->cargo[i].destination, group) &&
		    !goods_equal(&model->cargo[i].items, &model->cargo[i].told_items))
			model->fail("at seq %lld cargo %s must have other goods than the log says",
				    (long long)model->seq, model->cargo[i].id);
	for (size_t i = 0; i < model->stock_count; i++)
		if (is_in(model, model->stock[i].station, group))
			compare_stock(model, &model->stock[i]);
}

/* What the log says, taken for granted: effects are not all done. */

static void adopt_trade(struct trade *trade)
{
	memcpy(trade->shipment, trade->told_shipment, sizeof(trade->shipment));
	memcpy(trade->status, trade->told_status, sizeof(trade->status));
	trade->holds = trade->told_holds;
	trade->reserved = trade->told_reserved;
}

static void adopt_group(struct model *model, size_t group)
{
	for_lanes(model, group, model_alerts_adopt);
	for (size_t i = 0; i < model->trade_count; i++)
		if (is_in(model, model->trades[i].destination, group))
			adopt_trade(&model->trades[i]);
	for (size_t i = 0; i < model->cargo_count; i++)
		if (is_in(model, model->cargo[i].destination, group))
			model->cargo[i].items = model->cargo[i].told_items;
	model_drop_works(model, group);
}

/* Everything is done: what then must hold, from the documents alone. */

static void settle_stock(struct model *model, struct stock *stock)
{
	stock->on_hand = stock->told.on_hand;
	stock->reserved = stock->told.reserved;
	stock->reorder = stock->told.reorder;
	stock->incoming = 0;
	stock->tracked |= stock->was_told;
	for (size_t i = 0; i < model->cause_count; i++)
		if (model->causes[i].about == ABOUT_STATION &&
		    !strcmp(model->lanes[model->causes[i].place], stock->station))
			for (size_t n = 0; n < model->causes[i].counted.count; n++)
				stock->tracked |= !strcmp(model->causes[i].counted.at[n].name, stock->item);
}

static void settle_cargo(struct model *model, struct cargo *cargo)
{
	cargo->open = !cargo->departed;
	if (cargo->departed && !cargo->delivered)
		stock_move(model, cargo->destination, &cargo->items, 1, 0);
}

static void check_waits_rightly(struct model *model, const struct trade *trade)
{
	for (size_t n = 0; n < model->cargo_count; n++)
		if (model->cargo[n].open && !strcmp(model->cargo[n].destination, trade->destination) &&
		    model_fits(&model->cargo[n], trade))
			model->fail("at seq %lld trade %s waits although %s has room", (long long)model->seq, trade->id,
				    model->cargo[n].id);
}

/* Whoever is short of something finds too little of it. */
static void check_short_rightly(struct model *model, const struct trade *trade)
{
	struct lines all = { 0 };
	const struct stock *stock = model_stock_of(model, trade->station, trade->short_of);

	goods_add(&all, &trade->lines);
	if (stock->told.on_hand - stock->told.reserved >= goods_of(&all, trade->short_of))
		model->fail("at seq %lld trade %s is short of %s although %s has enough", (long long)model->seq,
			    trade->id, trade->short_of, trade->station);
}

static void settle_trade(struct model *model, struct trade *trade, const struct outstanding *left)
{
	const struct cargo *cargo = *trade->shipment ? model_cargo(model, trade->shipment) : NULL;

	trade->applied = true;
	trade->gone = cargo && cargo->departed;
	trade->short_of[0] = '\0';
	for (size_t i = 0; i < left->short_count; i++)
		if (strcmp(left->shorts[i].trade, trade->id) == 0)
			memcpy(trade->short_of, left->shorts[i].item, sizeof(trade->short_of));
	if (cargo && status_is_open(trade->status) == cargo->delivered && (cargo->delivered || cargo->open))
		model->fail("at seq %lld trade %s is %s on cargo %s, which is %s", (long long)model->seq, trade->id,
			    trade->status, cargo->id, cargo->status);
	if (!cargo && !status_is_open(trade->status) && trade->reserved.count)
		model->fail("at seq %lld goods are set aside for trade %s, which is %s", (long long)model->seq,
			    trade->id, trade->status);
	for (size_t i = 0; i < trade->reserved.count; i++)
		model_stock_of(model, trade->station, trade->reserved.at[i].name)->tracked = true;
	if (trade->holds & HELD_FOR_SHORTAGE)
		check_short_rightly(model, trade);
	if (model_waits(trade))
		check_waits_rightly(model, trade);
}

static void settle_group(struct model *model, size_t group, const struct outstanding *left)
{
	adopt_group(model, group);
	for (size_t i = 0; i < model->stock_count; i++)
		if (is_in(model, model->stock[i].station, group))
			settle_stock(model, &model->stock[i]);
	for (size_t i = 0; i < model->cargo_count; i++)
		if (is_in(model, model->cargo[i].destination, group))
			settle_cargo(model, &model->cargo[i]);
	for (size_t i = 0; i < model->trade_count; i++)
		if (is_in(model, model->trades[i].destination, group))
			settle_trade(model, &model->trades[i], left);
	compare_group(model, group, left);
}

/* The end of a batch. */

static bool is_known(const struct model *model, size_t group)
{
	bool known = true;

	for (size_t lane = 0; lane < model->lane_count; lane++)
		known &= model->known[lane] || model->group[lane] != group;
	return known;
}

/* A trade that was closed without the log knowing it yet: what is right can't be said. */
static bool is_unclear(struct model *model, size_t group, const struct outstanding *left)
{
	for (size_t i = 0; i < left->unclear_count; i++)
		if (is_in(model, left->unclear[i], group))
			return true;
	return false;
}

static bool has_jobs(struct model *model, size_t group, const struct outstanding *left)
{
	for (size_t i = 0; i < left->job_count; i++)
		if (is_in(model, left->jobs[i].lane, group))
			return true;
	return false;
}

static size_t causes_of(struct model *model, size_t lane)
{
	size_t count = 0;

	for (size_t i = 0; i < model->work_count; i++)
		count += model->works[i].kind == WORK_CAUSE && model->works[i].lane == lane;
	return count;
}

/* Returns whether all is known of the group now. */
static bool end_batch(struct model *model, size_t group, const struct outstanding *left)
{
	if (!is_unclear(model, group, left) && is_known(model, group) && model_do_works(model, group, left)) {
		for_lanes(model, group, model_alerts_late);
		compare_group(model, group, left);
		if (!has_jobs(model, group, left))
			for_lanes(model, group, model_alerts_rest);
		for (size_t lane = 0; lane < model->lane_count; lane++)
			if (model->group[lane] == group)
				compare_warnings(model, lane);
		return true;
	}
	if (is_unclear(model, group, left) || has_jobs(model, group, left)) {
		adopt_group(model, group);
		return false;
	}
	settle_group(model, group, left);
	for_lanes(model, group, model_alerts_rest);
	return true;
}

static void begin_next(struct model *model)
{
	memset(model->warnings, 0, sizeof(model->warnings));
	memset(model->warnings_due, 0, sizeof(model->warnings_due));
	memset(model->shortages, 0, sizeof(model->shortages));
	memset(model->shortages_due, 0, sizeof(model->shortages_due));
	for (size_t i = 0; i < model->stock_count; i++)
		model->stock[i].risen = false;
	model->batch_first = model->cause_count;
	model->batch_begin = model->seq;
	model->late_count = 0;
}

static void end_groups(struct model *model, const struct outstanding *left)
{
	for (size_t group = 0; group < model->lane_count; group++) {
		size_t causes = 0;
		bool known;

		if (model->group[group] != group)
			continue;
		for (size_t lane = 0; lane < model->lane_count; lane++)
			causes += model->group[lane] == group ? causes_of(model, lane) : 0;
		known = end_batch(model, group, left);
		for (size_t lane = 0; lane < model->lane_count; lane++)
			if (model->group[lane] == group)
				model->known[lane] = known;
		model->rules[RULE_LANE_PREDICTED] += known && causes > 0;
	}
}

void model_batch_end(struct model *model, const struct outstanding *left)
{
	for (size_t i = 0; i < left->job_count; i++)
		model_lane(model, left->jobs[i].lane);
	group_lanes(model);
	model_check_manifests(model);
	model_check_stock(model, left);
	model_check_shortages(model);
	end_groups(model, left);
	begin_next(model);
}

void model_rest(struct model *model, const struct outstanding *left)
{
	end_groups(model, left);
	begin_next(model);
}
