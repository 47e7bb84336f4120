#include "model_parts.h"

#include <stdio.h>
#include <string.h>

struct trade *model_trade(struct model *model, const char *id)
{
	for (size_t i = 0; i < model->trade_count; i++)
		if (strcmp(model->trades[i].id, id) == 0)
			return &model->trades[i];
	return NULL;
}

static unsigned told_holds(struct model *model, const struct told *told)
{
	static const char *const names[] = { "size", "shortage", "manual" };
	const json_value *array = json_in_member(told->data, "holds");
	unsigned holds = 0;

	for (size_t i = 0; i < json_in_count(array); i++)
		for (unsigned n = 0; n < 3; n++)
			holds |= str_eq(json_in_str(json_in_at(array, i)), str_from(names[n])) ? 1U << n : 0;
	if (!holds != !array)
		model->fail("seq %lld: an unknown hold", (long long)told->seq);
	return holds;
}

/* What an event tells of a trade. */
struct telling {
	char status[16], shipment[48];
	unsigned holds;
	struct lines reserved;
};

static struct telling telling_of(struct model *model, const struct told *told)
{
	struct telling now;

	told_text(told->data, "status", now.status, sizeof(now.status));
	told_text(told->data, "shipmentId", now.shipment, sizeof(now.shipment));
	now.holds = told_holds(model, told);
	told_lines(model, told->data, "reservedLines", &now.reserved);
	return now;
}

/* What is true of each state that is told of a trade. */
static void check_telling(struct model *model, const struct told *told, const struct trade *trade,
			  const struct telling *now)
{
	struct lines all = { 0 };
	size_t place = 0;

	goods_add(&all, &trade->lines);
	if ((strcmp(now->status, "delayed") == 0) != (now->holds != 0))
		model->fail("seq %lld: trade %s is %s with holds %u", (long long)told->seq, trade->id, now->status,
			    now->holds);
	if ((now->holds & HELD_FOR_SHORTAGE) && (now->reserved.count || *now->shipment || !*trade->station))
		model->fail("seq %lld: trade %s is short and has goods", (long long)told->seq, trade->id);
	for (size_t i = 0; i < now->reserved.count; i++, place++) {
		while (place < all.count && strcmp(all.at[place].name, now->reserved.at[i].name) != 0)
			place++;
		if (place == all.count || all.at[place].quantity != now->reserved.at[i].quantity || !*trade->station)
			model->fail("seq %lld: %lld %s are set aside for trade %s, which does not want it so",
				    (long long)told->seq, (long long)now->reserved.at[i].quantity,
				    now->reserved.at[i].name, trade->id);
	}
}

static struct trade *take_new_trade(struct model *model, const struct told *told, const char *id)
{
	struct trade *trade = &model->trades[model->trade_count];
	bool oversize;

	if (model->trade_count == TRADES_MAX || told->derived || strcmp(told->event, "tradeCreate") != 0)
		model->fail("seq %lld: a new trade by %s", (long long)told->seq, told->event);
	snprintf(trade->id, sizeof(trade->id), "%s", id);
	told_text(told->data, "destination", trade->destination, sizeof(trade->destination));
	told_text(told->data, "stationId", trade->station, sizeof(trade->station));
	told_text(told->data, "createdAt", trade->created_at, sizeof(trade->created_at));
	told_text(told->data, "status", trade->status, sizeof(trade->status));
	told_lines(model, told->data, "items", &trade->lines);
	oversize = trade->lines.count > model->trade_limit;
	trade->holds = oversize ? HELD_FOR_SIZE : 0;
	if (strcmp(trade->status, oversize ? "delayed" : "pending") != 0 || told_holds(model, told) != trade->holds)
		model->fail("seq %lld: a new trade with %zu lines is %s", (long long)told->seq, trade->lines.count,
			    trade->status);
	memcpy(trade->told_status, trade->status, sizeof(trade->told_status));
	if (json_in_member(told->data, "shipmentId") || json_in_member(told->data, "reservedLines"))
		model->fail("seq %lld: a new trade has goods", (long long)told->seq);
	model_add_cause(model, told, ABOUT_TRADE, true, model->trade_count++, "", trade->status);
	return trade;
}

/* A client changes a trade's status and nothing that is the engine's. */
static void take_trade_change(struct model *model, const struct told *told, struct trade *trade,
			      const struct telling *now)
{
	unsigned holds = strcmp(now->status, "delayed") == 0 ? trade->told_holds | HELD_BY_HAND : 0;

	if (strcmp(now->shipment, trade->told_shipment) != 0 || !goods_equal(&now->reserved, &trade->told_reserved))
		model->fail("seq %lld: a client's change moves goods of trade %s", (long long)told->seq, trade->id);
	if (!status_may_follow(false, trade->told_status, now->status) ||
	    ((trade->told_holds & HELD_FOR_SHORTAGE) && strcmp(now->status, "canceled") != 0))
		model->fail("seq %lld: trade %s goes from %s to %s", (long long)told->seq, trade->id,
			    trade->told_status, now->status);
	if (now->holds != holds)
		model->fail("seq %lld: trade %s is held for %u, it must be %u", (long long)told->seq, trade->id,
			    now->holds, holds);
	model_add_cause(model, told, ABOUT_TRADE, false, (size_t)(trade - model->trades), trade->told_status,
			now->status);
	snprintf(trade->status, sizeof(trade->status), "%s", now->status);
	trade->holds = holds;
}

static bool is_delivered(struct model *model, const char *shipment)
{
	const struct cargo *cargo = model_cargo(model, shipment);

	return cargo && strcmp(cargo->told_status, "delivered") == 0;
}

static void check_shipment(struct model *model, const struct told *told, const struct trade *trade,
			   const struct telling *now)
{
	const struct cargo *cargo = model_cargo(model, now->shipment);

	if (strcmp(now->shipment, trade->told_shipment) == 0)
		return;
	if (*now->shipment && (!cargo || strcmp(cargo->destination, trade->destination) != 0))
		model->fail("seq %lld: trade %s to %s is loaded onto '%s'", (long long)told->seq, trade->id,
			    trade->destination, now->shipment);
	if (*trade->told_shipment && status_is_open(now->status) && !(now->holds & HELD_FOR_SHORTAGE))
		model->fail("seq %lld: trade %s is %s and leaves %s", (long long)told->seq, trade->id, now->status,
			    trade->told_shipment);
}

/* Its status follows a shortage that began or ended, or its delivery. */
static void take_trade_effect(struct model *model, const struct told *told, struct trade *trade,
			      const struct telling *now)
{
	unsigned others = trade->told_holds & ~(unsigned)HELD_FOR_SHORTAGE;
	bool completed = strcmp(now->status, "completed") == 0 && status_is_open(trade->told_status) &&
			 is_delivered(model, now->shipment);

	check_shipment(model, told, trade, now);
	if (now->holds == trade->told_holds && strcmp(now->status, trade->told_status) == 0)
		return;
	if (!completed && (!status_is_open(trade->told_status) || !status_is_open(now->status) ||
			   (now->holds & ~(unsigned)HELD_FOR_SHORTAGE) != others))
		model->fail("seq %lld: trade %s goes from %s to %s by itself", (long long)told->seq, trade->id,
			    trade->told_status, now->status);
	if ((trade->told_holds & HELD_FOR_SHORTAGE) && !(now->holds & HELD_FOR_SHORTAGE) && !now->reserved.count)
		model->fail("seq %lld: trade %s is no longer short and has no goods", (long long)told->seq, trade->id);
	trade->shortages += !(trade->told_holds & HELD_FOR_SHORTAGE) && (now->holds & HELD_FOR_SHORTAGE);
}

static void keep_telling(struct trade *trade, const struct telling *now)
{
	memcpy(trade->told_status, now->status, sizeof(trade->told_status));
	memcpy(trade->told_shipment, now->shipment, sizeof(trade->told_shipment));
	trade->told_holds = now->holds;
	if (trade->told_reserved.count && !now->reserved.count && strcmp(now->status, "completed") == 0)
		trade->handed_over = trade->told_reserved;
	trade->told_reserved = now->reserved;
}

void model_take_trade(struct model *model, const struct told *told)
{
	char id[32];
	struct telling now = telling_of(model, told);
	struct trade *trade;

	told_text(told->data, "transactionId", id, sizeof(id));
	trade = model_trade(model, id);
	told_check_version(model, told, id, trade ? trade->version : 0);
	if (!trade)
		trade = take_new_trade(model, told, id);
	else
		(told->derived ? take_trade_effect : take_trade_change)(model, told, trade, &now);
	check_telling(model, told, trade, &now);
	model->mails[told->seq] = strcmp(trade->told_status, now.status) != 0; /* rule 10 */
	keep_telling(trade, &now);
	trade->version = told_number(told->data, "version");
	told_keep(model, told, trade);
	trade->data = told->raw;
	trade->data_len = told->raw_len;
}

/* Rules 5 and 8. */
static void close_trade(struct model *model, struct trade *trade)
{
	bool canceled = strcmp(trade->status, "canceled") == 0;
	struct cargo *cargo = *trade->shipment ? model_cargo(model, trade->shipment) : NULL;

	if (cargo && !cargo->open) {
		model->rules[RULE_TRADE_TRAVELS_ON] += canceled;
		return;
	}
	if (trade->reserved.count) {
		model->rules[canceled ? RULE_RELEASED : RULE_TAKEN_BY_HAND]++;
		(canceled ? model_release : model_take_reserved)(model, trade);
		trade->reserved.count = 0;
	}
	trade->short_of[0] = '\0';
	if (!model_unload(model, trade))
		return;
	model->rules[canceled ? RULE_TRADE_CANCELED : RULE_TRADE_COMPLETED]++;
	model_fill(model, cargo, RULE_ROOM_GAINED);
}

static void begin_trade(struct model *model, struct trade *trade)
{
	bool oversize = trade->lines.count > model->trade_limit;

	trade->applied = true;
	model->rules[RULE_TRADE_OVERSIZE] += oversize;
	model->warnings_due[model_lane(model, trade->destination)] += oversize;
	if (status_is_open(trade->status) && model_reserve(model, trade))
		model_load_trade(model, trade);
}

void model_cascade_trade(struct model *model, const struct cause *cause)
{
	struct trade *trade = &model->trades[cause->place];

	if (cause->created)
		begin_trade(model, trade);
	else if (!status_is_open(cause->status))
		close_trade(model, trade);
}
