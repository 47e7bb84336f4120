#include "engine/restock.h"

#include <stdlib.h>

#include "engine/effects.h"

/* A station where stock rose in this batch. */
struct risen {
	struct str station;
	const struct draft_stock *told; /* any of its records: they were told together */
	struct map items;               /* that rose */
	size_t count;                   /* of them */
	struct draft_list short_items;  /* struct str, of those: what trades are short of */
};

static struct risen *risen_of(struct draft *draft, struct map *stations, struct draft_list *list,
			      const struct draft_stock *record)
{
	struct risen *risen = map_get(stations, record->stock.station);

	if (risen)
		return risen;
	risen = arena_calloc(draft->arena, 1, sizeof(*risen));
	risen->station = record->stock.station;
	risen->told = record;
	map_init(&risen->items, draft->arena);
	map_put(stations, risen->station, risen);
	draft_list_add(list, draft->arena, risen);
	return risen;
}

/* Each item once. */
static void add_short(struct draft *draft, struct risen *risen, struct str item)
{
	struct str *copy;

	if (map_get(&risen->items, item) != risen)
		return;
	copy = arena_calloc(draft->arena, 1, sizeof(*copy));
	*copy = item;
	map_put(&risen->items, item, copy);
	draft_list_add(&risen->short_items, draft->arena, copy);
}

/* Trades that the store does not know to be short yet. */
static void look_in_draft(struct draft *draft, const struct map *stations)
{
	for (size_t i = 0; i < draft->trades.count; i++) {
		const struct trade *trade = &((const struct draft_trade *)draft->trades.at[i])->trade;
		struct risen *risen = str_is_set(trade->short_of) ? map_get(stations, trade->station) : NULL;

		if (risen)
			add_short(draft, risen, trade->short_of);
	}
}

/* Whether any trade is short of this item. */
static enum itn_status look_for(struct draft *draft, struct risen *risen, struct str item)
{
	struct trade *trades;
	size_t count;
	enum itn_status status =
		store_batch_short(draft->store, draft->arena, risen->station, item, NULL, 1, &trades, &count);

	if (status == ITN_OK && count)
		add_short(draft, risen, item);
	return status;
}

static enum itn_status look_for_each(struct draft *draft, struct risen *risen)
{
	enum itn_status status = ITN_OK;

	for (size_t i = 0; i < draft->stock.count && status == ITN_OK; i++) {
		const struct stock *stock = &((const struct draft_stock *)draft->stock.at[i])->stock;

		if (str_eq(stock->station, risen->station) && map_get(&risen->items, stock->item) == risen)
			status = look_for(draft, risen, stock->item);
	}
	return status;
}

/* Mostly nobody is short of anything, which is one look. Where many items are missing, those that rose are fewer. */
static enum itn_status look_in_store(struct draft *draft, struct risen *risen)
{
	struct str item = STR_NONE;
	enum itn_status status = ITN_OK;

	for (size_t looks = 0; looks <= risen->count && status == ITN_OK; looks++) {
		status = store_batch_short_item(draft->store, draft->arena, risen->station, item, &item);
		if (status == ITN_OK)
			add_short(draft, risen, item);
	}
	if (status == ITN_OK)
		status = look_for_each(draft, risen);
	return status == ITN_NOT_FOUND ? ITN_OK : status;
}

static int by_name(const void *a, const void *b)
{
	return str_cmp(**(struct str *const *)a, **(struct str *const *)b);
}

static void add_job(struct draft *draft, struct risen *risen)
{
	struct buf names = { 0 };

	qsort(risen->short_items.at, risen->short_items.count, sizeof(*risen->short_items.at), by_name);
	for (size_t i = 0; i < risen->short_items.count; i++) {
		if (i)
			buf_add_char(&names, '\n');
		buf_add_str(&names, *(const struct str *)risen->short_items.at[i]);
	}
	draft_add_job(draft, (struct job){
				     .seq = risen->told->told_seq,
				     .lane = risen->station,
				     .kind = JOB_RESTOCK,
				     .key = arena_str(draft->arena, buf_str(&names)),
				     .cause = risen->told->told_id,
				     .step = STEP_BEGIN,
			     });
	buf_free(&names);
}

enum itn_status restock_plan(struct draft *draft)
{
	struct draft_list list = { 0 };
	struct map stations;
	enum itn_status status = ITN_OK;

	map_init(&stations, draft->arena);
	for (size_t i = 0; i < draft->stock.count; i++) {
		const struct draft_stock *record = draft->stock.at[i];
		struct risen *risen;

		if (!record->rose || stock_available(&record->stock) <= 0)
			continue;
		risen = risen_of(draft, &stations, &list, record);
		map_put(&risen->items, record->stock.item, risen);
		risen->count++;
	}
	look_in_draft(draft, &stations);
	for (size_t i = 0; i < list.count && status == ITN_OK; i++) {
		struct risen *risen = list.at[i];

		status = look_in_store(draft, risen);
		if (status == ITN_OK && risen->short_items.count)
			add_job(draft, risen);
	}
	return status;
}
