#include "model_parts.h"

#include <stdio.h>
#include <string.h>

struct cargo *model_cargo(struct model *model, const char *id)
{
	for (size_t i = 0; i < model->cargo_count; i++)
		if (strcmp(model->cargo[i].id, id) == 0)
			return &model->cargo[i];
	return NULL;
}

static struct cargo *take_new_cargo(struct model *model, const struct told *told, const char *id)
{
	struct cargo *cargo = &model->cargo[model->cargo_count];

	if (model->cargo_count == CARGO_MAX || told->derived)
		model->fail("seq %lld: new cargo by %s", (long long)told->seq, told->id);
	snprintf(cargo->id, sizeof(cargo->id), "%s", id);
	told_text(told->data, "destination", cargo->destination, sizeof(cargo->destination));
	told_text(told->data, "createdAt", cargo->created_at, sizeof(cargo->created_at));
	told_text(told->data, "status", cargo->status, sizeof(cargo->status));
	cargo->capacity = told_number(told->data, "capacity");
	told_lines(model, told->data, "ownItems", &cargo->own);
	cargo->items = cargo->own;
	if (strcmp(cargo->status, cargo->own.count > model->cargo_limit ? "delayed" : "pending") != 0)
		model->fail("seq %lld: new cargo with %zu lines is %s", (long long)told->seq, cargo->own.count,
			    cargo->status);
	model_add_cause(model, told, ABOUT_CARGO, true, model->cargo_count++, "", cargo->status);
	return cargo;
}

static void take_cargo_change(struct model *model, const struct told *told, struct cargo *cargo, const char *status,
			      const struct lines *items)
{
	if (!goods_equal(items, &cargo->told_items))
		model->fail("seq %lld: a client's change changes the manifest of %s", (long long)told->seq, cargo->id);
	if (strcmp(status, cargo->told_status) != 0 && !status_may_follow(true, cargo->told_status, status))
		model->fail("seq %lld: cargo %s goes from %s to %s", (long long)told->seq, cargo->id,
			    cargo->told_status, status);
	model_add_cause(model, told, ABOUT_CARGO, false, (size_t)(cargo - model->cargo), cargo->told_status, status);
	snprintf(cargo->status, sizeof(cargo->status), "%s", status);
}

void model_take_cargo(struct model *model, const struct told *told)
{
	char id[48], status[16];
	struct cargo *cargo;
	struct lines items;

	told_text(told->data, "shipmentId", id, sizeof(id));
	told_text(told->data, "status", status, sizeof(status));
	told_lines(model, told->data, "items", &items);
	cargo = model_cargo(model, id);
	told_check_version(model, told, id, cargo ? cargo->version : 0);
	if (!cargo) {
		cargo = take_new_cargo(model, told, id);
	} else if (model_take_late(model, told, cargo, status)) {
		if (!goods_equal(&items, &cargo->told_items))
			model->fail("seq %lld: being late changes the manifest of %s", (long long)told->seq, id);
	} else if (!told->derived) {
		take_cargo_change(model, told, cargo, status, &items);
	} else if (strcmp(status, cargo->told_status) != 0) {
		model->fail("seq %lld: cargo %s goes to %s by itself", (long long)told->seq, id, status);
	}
	model->mails[told->seq] = strcmp(status, "delivered") == 0 && strcmp(cargo->told_status, status) != 0;
	snprintf(cargo->told_status, sizeof(cargo->told_status), "%s", status);
	cargo->departed = json_in_member(told->data, "departedAt") != NULL;
	cargo->delivered = json_in_member(told->data, "deliveredAt") != NULL;
	if (cargo->delivered != (strcmp(status, "delivered") == 0) || (cargo->delivered && !cargo->departed) ||
	    (strcmp(status, "in transit") == 0 && !cargo->departed))
		model->fail("seq %lld: cargo %s is %s but its times say otherwise", (long long)told->seq, id, status);
	told_text(told->data, "eta", cargo->eta, sizeof(cargo->eta));
	told_text(told->data, "location", cargo->location, sizeof(cargo->location));
	cargo->told_items = items;
	cargo->told_trades = told_number(told->data, "tradeCount");
	cargo->version = told_number(told->data, "version");
	told_keep(model, told, cargo);
	cargo->data = told->raw;
	cargo->data_len = told->raw_len;
}

static struct trade *next_reserved(struct model *model, const struct cargo *cargo)
{
	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (strcmp(trade->shipment, cargo->id) == 0 && trade->reserved.count && !trade->gone)
			return trade;
	}
	return NULL;
}

/* Rule 6. */
static void depart(struct model *model, struct cargo *cargo)
{
	struct trade *trade;

	cargo->open = false;
	while ((trade = next_reserved(model, cargo))) {
		model_take_reserved(model, trade);
		trade->gone = true;
		model->rules[RULE_DEPARTED_FROM_STATION]++;
	}
	stock_move(model, cargo->destination, &cargo->items, 1, 0);
	model->rules[RULE_CARGO_DEPARTED]++;
}

/* Rule 7. */
static void deliver(struct model *model, struct cargo *cargo)
{
	if (cargo->open) {
		depart(model, cargo);
		model->rules[RULE_DELIVERED_AT_ONCE]++;
	}
	stock_move(model, cargo->destination, &cargo->items, -1, 1);
	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (strcmp(trade->shipment, cargo->id) != 0)
			continue;
		trade->arrived = true;
		if (strcmp(trade->status, "delayed") == 0)
			model_alerts_over(model, false, trade->id);
		if (status_is_open(trade->status)) {
			snprintf(trade->status, sizeof(trade->status), "completed");
			trade->holds = 0;
		}
	}
	model->rules[RULE_CARGO_DELIVERED]++;
}

void model_cascade_cargo(struct model *model, const struct cause *cause)
{
	struct cargo *cargo = &model->cargo[cause->place];
	bool warns = strcmp(cause->status, "delayed") == 0 && strcmp(cause->from, "delayed") != 0;

	if (cause->created) {
		cargo->open = true;
		model_fill(model, cargo, RULE_CARGO_FILLED);
	} else if (strcmp(cause->status, cause->from) != 0) {
		if (strcmp(cause->status, "in transit") == 0 && cargo->open)
			depart(model, cargo);
		if (strcmp(cause->status, "delivered") == 0)
			deliver(model, cargo);
	}
	model->rules[cause->created ? RULE_CARGO_OVERSIZE : RULE_CARGO_DELAYED] += warns;
	model->warnings_due[model_lane(model, cargo->destination)] += warns;
}

void model_check_manifests(struct model *model)
{
	for (size_t i = 0; i < model->cargo_count; i++) {
		const struct cargo *cargo = &model->cargo[i];
		struct lines goods = cargo->own;
		int64_t trades = 0;

		for (size_t n = 0; n < model->trade_count; n++)
			if (strcmp(model->trades[n].told_shipment, cargo->id) == 0) {
				goods_add(&goods, &model->trades[n].lines);
				trades++;
			}
		if (!goods_equal(&goods, &cargo->told_items) || trades != cargo->told_trades)
			model->fail("at seq %lld the manifest of %s is not that of its %lld trades",
				    (long long)model->seq, cargo->id, (long long)trades);
		if (cargo->capacity && goods_total(&goods) > cargo->capacity)
			model->fail("at seq %lld cargo %s is overloaded", (long long)model->seq, cargo->id);
	}
}
