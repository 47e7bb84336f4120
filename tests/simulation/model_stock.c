#include "model_parts.h"

#include <stdio.h>
#include <string.h>

struct stock *model_stock_of(struct model *model, const char *station, const char *item)
{
	struct stock *stock;

	for (size_t i = 0; i < model->stock_count; i++)
		if (!strcmp(model->stock[i].station, station) && !strcmp(model->stock[i].item, item))
			return &model->stock[i];
	if (model->stock_count == STOCK_MAX)
		model->fail("the model has no room for more stock");
	stock = &model->stock[model->stock_count++];
	snprintf(stock->station, sizeof(stock->station), "%s", station);
	snprintf(stock->item, sizeof(stock->item), "%s", item);
	return stock;
}

static struct model_stock told_stock(const json_value *item)
{
	return (struct model_stock){
		.on_hand = told_number(item, "quantity"),
		.reserved = told_number(item, "reserved"),
		.incoming = told_number(item, "incoming"),
		.reorder = told_number(item, "reorderLevel"),
	};
}

static void take_item(struct model *model, const struct told *told, const char *station, const json_value *item)
{
	char name[16];
	struct stock *stock;

	told_text(item, "name", name, sizeof(name));
	stock = model_stock_of(model, station, name);
	if (told_number(item, "version") != stock->version + 1)
		model->fail("seq %lld tells version %lld of %s at %s after %lld", (long long)told->seq,
			    (long long)told_number(item, "version"), name, station, (long long)stock->version);
	stock->version++;
	stock->told = told_stock(item);
	stock->was_told |= stock->told.on_hand > 0;
	if (stock->told.reserved < 0 || stock->told.reserved > stock->told.on_hand || stock->told.incoming < 0 ||
	    told_number(item, "available") != stock->told.on_hand - stock->told.reserved)
		model->fail("seq %lld: less than nothing of %s at %s", (long long)told->seq, name, station);
}

void model_take_inventory(struct model *model, const struct told *told)
{
	char station[16];
	const json_value *items = json_in_member(told->data, "items");

	told_text(told->data, "stationId", station, sizeof(station));
	model->versions[told->seq].of = model->lanes[model_lane(model, station)];
	for (size_t i = 0; i < json_in_count(items); i++)
		take_item(model, told, station, json_in_at(items, i));
}

/* Who counted says so by the quantity of an item that is there for that. */
void model_take_counts(struct model *model, const struct told *told)
{
	char station[16];
	const json_value *items = json_in_member(told->data, "items");
	struct cause *cause;

	told_text(told->data, "stationId", station, sizeof(station));
	if (told->derived)
		model->fail("seq %lld counts %s by itself", (long long)told->seq, station);
	cause = model_add_cause(model, told, ABOUT_STATION, false, model_lane(model, station), "", "");
	told_lines(model, told->data, "items", &cause->counted);
	for (size_t i = 0; i < cause->counted.count; i++) {
		const json_value *item = json_in_at(items, i);

		cause->reorder[i] = json_in_member(item, "reorderLevel") ? told_number(item, "reorderLevel") : -1;
	}
	snprintf(cause->tag, sizeof(cause->tag), "op-%lld", (long long)goods_of(&cause->counted, "tag"));
}

void stock_move(struct model *model, const char *station, const struct lines *lines, int incoming, int on_hand)
{
	for (size_t i = 0; i < lines->count; i++) {
		struct stock *stock = model_stock_of(model, station, lines->at[i].name);

		stock->incoming += incoming * lines->at[i].quantity;
		stock->on_hand += on_hand * lines->at[i].quantity;
		stock->tracked |= on_hand > 0;
		stock->risen |= on_hand > 0;
	}
}

/* Set aside for trades of this station: at least that, and what is on shipments that depart in steps. */

static bool may_be_gone(const struct model *model, const struct trade *trade, const struct outstanding *left,
			bool *ret_surely)
{
	const struct cargo *cargo =
		*trade->told_shipment ? model_cargo((struct model *)model, trade->told_shipment) : NULL;

	*ret_surely = cargo && cargo->departed;
	for (size_t i = 0; i < left->job_count; i++)
		*ret_surely &= strcmp(left->jobs[i].lane, trade->destination) != 0;
	return cargo && cargo->departed;
}

static void check_reserved(struct model *model, const struct stock *stock, const struct outstanding *left)
{
	int64_t least = 0, most = 0;

	for (size_t i = 0; i < model->trade_count; i++) {
		const struct trade *trade = &model->trades[i];
		int64_t quantity =
			strcmp(trade->station, stock->station) == 0 ? goods_of(&trade->told_reserved, stock->item) : 0;
		bool surely;

		if (!quantity)
			continue;
		least += may_be_gone(model, trade, left, &surely) ? 0 : quantity;
		most += surely ? 0 : quantity;
	}
	if (stock->told.reserved < least || stock->told.reserved > most)
		model->fail("at seq %lld %lld %s are set aside at %s, by the trades it must be %lld to %lld",
			    (long long)model->seq, (long long)stock->told.reserved, stock->item, stock->station,
			    (long long)least, (long long)most);
}

/* Rule 9. */
static void check_low(struct model *model, struct stock *stock)
{
	bool low = stock->told.on_hand - stock->told.reserved < stock->told.reorder;

	if (stock->low_warnings != (low && !stock->was_low))
		model->fail("up to seq %lld %u warnings tell that there is little %s at %s, it must be %d",
			    (long long)model->seq, stock->low_warnings, stock->item, stock->station,
			    low && !stock->was_low);
	if (low != stock->was_low)
		model_alert_low(model, stock, low);
	model->rules[RULE_LOW_STOCK] += stock->low_warnings;
	model->rules[RULE_LOW_RECOVERED] += stock->was_low && !low;
	stock->was_low = low;
	stock->low_warnings = 0;
}

void model_check_stock(struct model *model, const struct outstanding *left)
{
	for (size_t i = 0; i < model->stock_count; i++) {
		check_reserved(model, &model->stock[i], left);
		check_low(model, &model->stock[i]);
	}
}
