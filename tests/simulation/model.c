#include "model_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

struct model *model_new(size_t trade_lines_limit, size_t cargo_lines_limit, unsigned admins,
			void (*fail)(const char *fmt, ...), uint64_t *rules)
{
	struct model *model = memory_calloc(1, sizeof(*model));

	model->trade_limit = trade_lines_limit;
	model->cargo_limit = cargo_lines_limit;
	model->admins = admins;
	model->fail = fail;
	model->rules = rules;
	return model;
}

void model_free(struct model *model)
{
	free(model);
}

bool trade_is_older(const struct trade *a, const struct trade *b)
{
	return is_older(a->created_at, a->id, b->created_at, b->id);
}

bool is_older(const char *time_a, const char *id_a, const char *time_b, const char *id_b)
{
	int times = strcmp(time_a, time_b);

	return times ? times < 0 : strcmp(id_a, id_b) < 0;
}

const char *model_data(const struct model *model, bool is_cargo, const char *key, size_t *ret_len)
{
	const struct trade *trade = is_cargo ? NULL : model_trade((struct model *)model, key);
	const struct cargo *cargo = is_cargo ? model_cargo((struct model *)model, key) : NULL;

	*ret_len = trade ? trade->data_len : cargo ? cargo->data_len : 0;
	return trade ? trade->data : cargo ? cargo->data : NULL;
}

static const void *document_of(const struct model *model, bool is_cargo, const char *key)
{
	return is_cargo ? (const void *)model_cargo((struct model *)model, key)
			: (const void *)model_trade((struct model *)model, key);
}

const char *model_data_of(const struct model *model, bool is_cargo, const char *key, int64_t version, size_t *ret_len)
{
	const void *of = document_of(model, is_cargo, key);

	for (int64_t seq = 1; of && seq <= model->seq; seq++)
		if (model->versions[seq].of == of && model->versions[seq].version == version) {
			*ret_len = model->versions[seq].len;
			return model->versions[seq].data;
		}
	return NULL;
}

int64_t model_version_at(const struct model *model, bool is_cargo, const char *key, int64_t seq)
{
	const void *of = document_of(model, is_cargo, key);

	for (; of && seq > 0; seq--)
		if (model->versions[seq].of == of)
			return model->versions[seq].version;
	return 0;
}

int64_t model_on_way(const struct model *model, const char *shipment, const char *item)
{
	int64_t sum = 0;

	for (size_t i = 0; i < model->cargo_count; i++) {
		const struct cargo *cargo = &model->cargo[i];

		if (!cargo->departed || cargo->delivered)
			continue;
		if (!shipment)
			sum += goods_total(&cargo->told_items);
		else if (strcmp(cargo->id, shipment) == 0)
			sum += goods_of(&cargo->told_items, item);
	}
	return sum;
}

static const struct cargo *left_with(const struct model *model, const struct trade *trade)
{
	const struct cargo *cargo =
		*trade->told_shipment ? model_cargo((struct model *)model, trade->told_shipment) : NULL;

	return cargo && cargo->departed ? cargo : NULL;
}

int64_t model_given(const struct model *model, const char *id, const char *station, const char *item,
		    const char *shipment)
{
	const struct trade *trade = model_trade((struct model *)model, id);
	const struct cargo *cargo = trade ? left_with(model, trade) : NULL;

	if (!trade || strcmp(trade->station, station) != 0)
		return 0;
	if (!shipment)
		return goods_of(&trade->handed_over, item);
	return cargo && strcmp(cargo->id, shipment) == 0 ? goods_of(&trade->told_reserved, item) : 0;
}

int64_t model_given_in_all(const struct model *model)
{
	int64_t sum = 0;

	for (size_t i = 0; i < model->trade_count; i++)
		sum += left_with(model, &model->trades[i]) ? goods_total(&model->trades[i].told_reserved) : 0;
	return sum;
}

bool model_counts(const struct model *model, const char *event, const char *station)
{
	for (size_t i = 0; i < model->cause_count; i++) {
		const struct cause *cause = &model->causes[i];

		if (cause->about == ABOUT_STATION && strcmp(model->ids[cause->seq], event) == 0)
			return strcmp(model->lanes[cause->place], station) == 0;
	}
	return false;
}

int64_t model_seq(const struct model *model, const char *event)
{
	int64_t seq = model->seq;

	while (seq && strcmp(model->ids[seq], event) != 0)
		seq--;
	return seq;
}

const char *model_place(const struct model *model, const char *id)
{
	const struct trade *trade = model_trade((struct model *)model, id);
	const struct cargo *cargo =
		trade && *trade->told_shipment ? model_cargo((struct model *)model, trade->told_shipment) : NULL;

	if (!cargo)
		return trade && trade->told_reserved.count ? "reserved" : "waiting";
	return cargo->delivered ? "arrived" : "loaded";
}

int64_t model_count(const struct model *model, bool is_cargo, const char *status)
{
	int64_t count = 0;

	for (size_t i = 0; is_cargo && i < model->cargo_count; i++)
		count += strcmp(model->cargo[i].told_status, status) == 0;
	for (size_t i = 0; !is_cargo && i < model->trade_count; i++)
		count += strcmp(model->trades[i].told_status, status) == 0;
	return count;
}

bool model_stock(const struct model *model, const char *station, const char *item, struct model_stock *ret)
{
	for (size_t i = 0; i < model->stock_count; i++) {
		const struct stock *stock = &model->stock[i];

		if (strcmp(stock->station, station) != 0 || strcmp(stock->item, item) != 0 || !stock->version)
			continue;
		*ret = stock->told;
		return true;
	}
	return false;
}

static const char *key_of(const struct model *model, const struct cause *cause)
{
	return cause->about == ABOUT_CARGO   ? model->cargo[cause->place].id
	       : cause->about == ABOUT_TRADE ? model->trades[cause->place].id
					     : model->lanes[cause->place];
}

void model_causes(const struct model *model, model_cause_fn *row, void *context)
{
	for (size_t i = 0; i < model->cause_count; i++) {
		const struct cause *cause = &model->causes[i];
		bool delivers = cause->about == ABOUT_CARGO && !strcmp(cause->status, "delivered") &&
				strcmp(cause->from, "delivered") != 0;

		row(context, cause->seq, delivers, key_of(model, cause), cause->tag);
	}
}
