#include "model_parts.h"

#include <stdio.h>
#include <string.h>

/* A delay after creation is told to the admins, all else to one; what was delayed already when it was due to nobody. */
static unsigned mails_of_warning(const struct model *model, const char *id, bool is_cargo, bool late)
{
	const char *dot = strrchr(id, '.');
	size_t len = dot ? (size_t)(dot - id) : 0;

	if (late)
		return dot ? model->admins : 0;

	for (size_t i = 0; is_cargo && i < model->cause_count; i++) {
		const char *cause = model->ids[model->causes[i].seq];

		if (strlen(cause) == len && strncmp(cause, id, len) == 0)
			return model->causes[i].created ? 1 : model->admins;
	}
	return 1;
}

/* The number of the event that this one follows from. */
static int64_t cause_of(struct model *model, const struct told *told)
{
	size_t len = (size_t)(strrchr(told->id, '.') - told->id);
	int64_t seq = told->seq - 1;

	while (seq && (strlen(model->ids[seq]) != len || strncmp(model->ids[seq], told->id, len) != 0))
		seq--;
	return seq;
}

/* A trade falls short when it is created, or when its station is counted. */
static bool may_fall_short_by(struct model *model, const struct trade *trade, int64_t seq)
{
	for (size_t i = 0; i < model->cause_count; i++) {
		const struct cause *cause = &model->causes[i];

		if (cause->seq == seq)
			return cause->about == ABOUT_STATION ? strcmp(model->lanes[cause->place], trade->station) == 0
							     : cause->about == ABOUT_TRADE && cause->created &&
								       trade == &model->trades[cause->place];
	}
	return false;
}

static void take_shortage(struct model *model, const struct told *told, const char *id)
{
	struct trade *trade = model_trade(model, id);

	if (!trade || !(trade->told_holds & HELD_FOR_SHORTAGE))
		model->fail("seq %lld warns of a shortage that %s has not", (long long)told->seq, id);
	if (!may_fall_short_by(model, trade, cause_of(model, told)))
		model->fail("seq %lld warns of a shortage for a wrong reason", (long long)told->seq);
	(void)model_warn_alert(model, told, false, id);
	trade->shortage_warnings++;
	model->shortages[model_lane(model, trade->destination)]++;
}

static void take_low_stock(struct model *model, const struct told *told)
{
	char station[16], item[16], key[40];
	struct stock *stock;

	told_text(told->data, "stationId", station, sizeof(station));
	told_text(told->data, "name", item, sizeof(item));
	stock = model_stock_of(model, station, item);
	if (told_number(told->data, "version") != stock->version ||
	    told_number(told->data, "quantity") != stock->told.on_hand ||
	    told_number(told->data, "reserved") != stock->told.reserved ||
	    told_number(told->data, "reorderLevel") != stock->told.reorder)
		model->fail("seq %lld warns of another state of %s at %s than was told", (long long)told->seq, item,
			    station);
	snprintf(key, sizeof(key), "%s/%s", station, item);
	(void)model_warn_alert(model, told, false, key);
	stock->low_warnings++;
}

/* It shows what was told last. */
static void check_shown(struct model *model, const struct told *told, bool is_cargo, const char *id)
{
	size_t len = 0;
	const char *data = model_data(model, is_cargo, id, &len);

	if (!data || len != told->raw_len || memcmp(data, told->raw, len) != 0)
		model->fail("seq %lld warns of another state of %s than was told", (long long)told->seq, id);
}

static void take_delay(struct model *model, const struct told *told, bool is_cargo, const char *id)
{
	bool late = model_warn_alert(model, told, is_cargo, id);

	model->mails[told->seq] = mails_of_warning(model, told->id, is_cargo, late);
	if (late)
		return;
	model->warnings[model_lane(model, is_cargo ? model_cargo(model, id)->destination
						   : model_trade(model, id)->destination)]++;
}

void model_take_warning(struct model *model, const struct told *told)
{
	char id[48];
	bool is_cargo = json_in_member(told->data, "shipmentId") && !json_in_member(told->data, "transactionId");

	if (strcmp(told->message, "Low stock detected!") == 0) {
		take_low_stock(model, told);
		return;
	}
	told_text(told->data, "_id", id, sizeof(id));
	check_shown(model, told, is_cargo, id);
	if (strcmp(told->message, "Stock shortage detected!") == 0)
		take_shortage(model, told, id);
	else if (strcmp(told->message, "Delayed shipment detected!") == 0)
		take_delay(model, told, is_cargo, id);
	else
		model->fail("seq %lld says '%s'", (long long)told->seq, told->message);
}

/* Each shortage that was told was warned of. */
void model_check_shortages(struct model *model)
{
	for (size_t i = 0; i < model->trade_count; i++) {
		struct trade *trade = &model->trades[i];

		if (trade->shortage_warnings < trade->shortages)
			model->fail("up to seq %lld nobody is warned that trade %s is short of goods",
				    (long long)model->seq, trade->id);
		trade->shortages = trade->shortage_warnings = 0;
	}
}

bool model_mail(struct model *model, const char *event)
{
	for (int64_t seq = 1; seq <= model->seq; seq++)
		if (strcmp(model->ids[seq], event) == 0 && model->mails[seq]) {
			model->mails[seq]--;
			model->rules[RULE_MAIL]++;
			return true;
		}
	return false;
}

size_t model_mails(const struct model *model)
{
	size_t left = 0;

	for (int64_t seq = 1; seq <= model->seq; seq++)
		left += model->mails[seq];
	return left;
}
