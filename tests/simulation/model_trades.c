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

static struct trade *take_new_trade(struct model *model, const struct told *told, const char *id)
{
	struct trade *trade = &model->trades[model->trade_count];

	if (model->trade_count == TRADES_MAX || told->derived || strcmp(told->event, "tradeCreate") != 0)
		model->fail("seq %lld: a new trade by %s", (long long)told->seq, told->event);
	snprintf(trade->id, sizeof(trade->id), "%s", id);
	told_text(told->data, "destination", trade->destination, sizeof(trade->destination));
	told_text(told->data, "createdAt", trade->created_at, sizeof(trade->created_at));
	told_text(told->data, "status", trade->status, sizeof(trade->status));
	told_lines(model, told->data, "items", &trade->lines);
	if (strcmp(trade->status, trade->lines.count > model->trade_limit ? "delayed" : "pending") != 0)
		model->fail("seq %lld: a new trade with %zu lines is %s", (long long)told->seq, trade->lines.count,
			    trade->status);
	memcpy(trade->told_status, trade->status, sizeof(trade->told_status));
	if (json_in_member(told->data, "shipment"))
		model->fail("seq %lld: a new trade is on a shipment", (long long)told->seq);
	model_add_cause(model, told, false, true, model->trade_count++, "", trade->status);
	return trade;
}

/* A client changes a trade's status and nothing that is the engine's. */
static void take_trade_change(struct model *model, const struct told *told, struct trade *trade, const char *status,
			      const char *shipment)
{
	if (strcmp(shipment, trade->told_shipment) != 0)
		model->fail("seq %lld: a client's change moves trade %s from '%s' to '%s'", (long long)told->seq,
			    trade->id, trade->told_shipment, shipment);
	if (!status_may_follow(false, trade->told_status, status))
		model->fail("seq %lld: trade %s goes from %s to %s", (long long)told->seq, trade->id,
			    trade->told_status, status);
	model_add_cause(model, told, false, false, (size_t)(trade - model->trades), trade->told_status, status);
	snprintf(trade->status, sizeof(trade->status), "%s", status);
}

static void take_trade_effect(struct model *model, const struct told *told, struct trade *trade, const char *status,
			      const char *shipment)
{
	const struct cargo *cargo = model_cargo(model, shipment);

	if (strcmp(shipment, trade->told_shipment) != 0) {
		if (*shipment && (!cargo || strcmp(cargo->destination, trade->destination) != 0))
			model->fail("seq %lld: trade %s to %s is loaded onto '%s'", (long long)told->seq, trade->id,
				    trade->destination, shipment);
		if (*trade->told_shipment && model_cargo(model, trade->told_shipment) && status_is_open(status))
			model->fail("seq %lld: trade %s is %s and leaves %s", (long long)told->seq, trade->id, status,
				    trade->told_shipment);
	}
	if (strcmp(status, trade->told_status) == 0)
		return;
	if (strcmp(status, "completed") != 0 || !status_is_open(trade->told_status) || !cargo ||
	    strcmp(cargo->told_status, "delivered") != 0)
		model->fail("seq %lld: trade %s goes from %s to %s by itself", (long long)told->seq, trade->id,
			    trade->told_status, status);
}

void model_take_trade(struct model *model, const struct told *told)
{
	char id[32], status[16], shipment[48];
	struct trade *trade;

	told_text(told->data, "transactionId", id, sizeof(id));
	told_text(told->data, "status", status, sizeof(status));
	told_text(told->data, "shipmentId", shipment, sizeof(shipment));
	trade = model_trade(model, id);
	told_check_version(model, told, id, trade ? trade->version : 0);
	if (!trade) {
		trade = take_new_trade(model, told, id);
	} else if (told->derived) {
		take_trade_effect(model, told, trade, status, shipment);
	} else {
		take_trade_change(model, told, trade, status, shipment);
	}
	model->mails[told->seq] = strcmp(trade->told_status, status) != 0; /* rule 10 */
	snprintf(trade->told_status, sizeof(trade->told_status), "%s", status);
	snprintf(trade->told_shipment, sizeof(trade->told_shipment), "%s", shipment);
	trade->version = told_number(told->data, "version");
	model->versions[told->seq].of = trade;
	model->versions[told->seq].version = trade->version;
	trade->data = told->raw;
	trade->data_len = told->raw_len;
}

/* Rules 5 and 8. */
static void close_trade(struct model *model, struct trade *trade)
{
	bool canceled = strcmp(trade->status, "canceled") == 0;
	struct cargo *cargo = *trade->shipment ? model_cargo(model, trade->shipment) : NULL;

	if (!cargo)
		return;
	if (!cargo->open) {
		model->rules[RULE_TRADE_TRAVELS_ON] += canceled;
		return;
	}
	trade->shipment[0] = '\0';
	model_recount(model, cargo);
	model->rules[canceled ? RULE_TRADE_CANCELED : RULE_TRADE_COMPLETED]++;
	model_fill(model, cargo, RULE_ROOM_GAINED);
}

size_t model_cascade_trade(struct model *model, const struct cause *cause)
{
	struct trade *trade = &model->trades[cause->place];

	if (!cause->created) {
		if (!status_is_open(cause->status))
			close_trade(model, trade);
		return 0;
	}
	trade->applied = true;
	if (status_is_open(trade->status) && !*trade->shipment)
		model_load_trade(model, trade);
	model->rules[RULE_TRADE_OVERSIZE] += trade->lines.count > model->trade_limit;
	return trade->lines.count > model->trade_limit;
}
