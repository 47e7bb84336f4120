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

void model_take_inventory(struct model *model, const struct told *told)
{
	char station[16], item[16];
	const json_value *items = json_in_member(told->data, "items");

	told_text(told->data, "stationId", station, sizeof(station));
	model_lane(model, station);
	for (size_t i = 0; i < json_in_count(items); i++) {
		const json_value *one = json_in_at(items, i);
		struct stock *stock;

		told_text(one, "name", item, sizeof(item));
		stock = model_stock_of(model, station, item);
		if (told_number(one, "version") != stock->version + 1)
			model->fail("seq %lld tells version %lld of %s at %s after %lld", (long long)told->seq,
				    (long long)told_number(one, "version"), item, station, (long long)stock->version);
		stock->version++;
		stock->told_on_hand = told_number(one, "quantity");
		stock->told_incoming = told_number(one, "incoming");
		if (stock->told_on_hand < 0 || stock->told_incoming < 0)
			model->fail("seq %lld: less than nothing of %s at %s", (long long)told->seq, item, station);
	}
}

void stock_move(struct model *model, const char *station, const struct lines *lines, int incoming, int on_hand)
{
	for (size_t i = 0; i < lines->count; i++) {
		struct stock *stock = model_stock_of(model, station, lines->at[i].name);

		stock->incoming += incoming * lines->at[i].quantity;
		stock->on_hand += on_hand * lines->at[i].quantity;
	}
}
