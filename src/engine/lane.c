#include "engine/lane.h"

#include <stdlib.h>

#define CARGO_SLICE 8
#define TRADE_SLICE 128

static int compare_places(int64_t time_a, struct str key_a, int64_t time_b, struct str key_b)
{
	return time_a != time_b ? (time_a > time_b ? 1 : -1) : str_cmp(key_a, key_b);
}

struct lane *lane_of(struct draft *draft, struct str name)
{
	struct lane *lane = map_get(&draft->lanes_by_name, name);

	if (!lane) {
		lane = arena_calloc(draft->arena, 1, sizeof(*lane));
		lane->name = name;
		map_put(&draft->lanes_by_name, name, lane);
	}
	return lane;
}

void lane_add_cargo(struct draft *draft, struct lane *lane, struct draft_cargo *cargo)
{
	struct draft_list *list = &lane->cargo;
	size_t place;

	for (place = list->count; place > 0; place--) {
		const struct draft_cargo *before = list->at[place - 1];
		int order = compare_places(before->cargo.created_at, before->cargo.id, cargo->cargo.created_at,
					   cargo->cargo.id);

		if (order == 0)
			return;
		if (order < 0)
			break;
	}
	draft_list_add(list, draft->arena, cargo);
	for (size_t i = list->count - 1; i > place; i--)
		list->at[i] = list->at[i - 1];
	list->at[place] = cargo;
}

static enum itn_status fetch_cargo(struct draft *draft, struct lane *lane)
{
	struct cargo *cargo;
	size_t count;
	enum itn_status status = store_batch_open_cargo(draft->store, draft->arena, lane->name, &lane->fetched,
							CARGO_SLICE, &cargo, &count);

	if (status != ITN_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		lane_add_cargo(draft, lane, draft_adopt_cargo(draft, &cargo[i]));
	lane->all_fetched = count < CARGO_SLICE;
	if (count)
		lane->fetched = (struct store_cursor){ cargo[count - 1].created_at, cargo[count - 1].id };
	return ITN_OK;
}

/* Whether the store may have a document that belongs before this place of the list. */
static bool must_fetch(const struct lane *lane, size_t index)
{
	const struct draft_cargo *cargo;

	if (lane->all_fetched)
		return false;
	if (index >= lane->cargo.count)
		return true;
	cargo = lane->cargo.at[index];
	return compare_places(cargo->cargo.created_at, cargo->cargo.id, lane->fetched.time, lane->fetched.key) > 0;
}

enum itn_status lane_cargo(struct draft *draft, struct lane *lane, size_t index, struct draft_cargo **ret)
{
	while (must_fetch(lane, index)) {
		enum itn_status status = fetch_cargo(draft, lane);

		if (status != ITN_OK)
			return status;
	}
	*ret = index < lane->cargo.count ? lane->cargo.at[index] : NULL;
	return ITN_OK;
}

static bool is_aboard(const struct trade *trade)
{
	return trade->goods == GOODS_LOADED || trade->goods == GOODS_MOVED;
}

/* A worker of a version before may have taken the hold away, and a cargo the trade. */
static bool is_short(const struct trade *trade)
{
	return trade_is_open(trade) && trade->goods == GOODS_NONE && str_is_set(trade->short_of);
}

static bool is_candidate(const struct walk *walk, const struct trade *trade)
{
	switch (walk->kind) {
	case WALK_WAITING:
		return trade_may_load(trade) && str_eq(trade->destination, walk->key);
	case WALK_LOADED:
		return is_aboard(trade) && str_eq(trade->shipment, walk->key);
	case WALK_SHORT:
		return is_short(trade) && str_eq(trade->short_of, walk->item) && str_eq(trade->station, walk->key);
	case WALK_RESERVED:
		return trade_has_reserved(trade) && str_eq(trade->station, walk->key);
	}
	return false;
}

/* In the walk's direction. */
static int compare(const struct walk *walk, const struct trade *a, int64_t time_b, struct str key_b)
{
	int order = compare_places(a->created_at, a->id, time_b, key_b);

	return walk->kind == WALK_RESERVED ? -order : order;
}

static bool is_ahead(const struct walk *walk, const struct trade *trade, const struct store_cursor *after)
{
	return !str_is_set(after->key) || compare(walk, trade, after->time, after->key) > 0;
}

static int upwards(const void *a, const void *b)
{
	const struct draft_trade *x = *(struct draft_trade *const *)a, *y = *(struct draft_trade *const *)b;

	return compare_places(x->trade.created_at, x->trade.id, y->trade.created_at, y->trade.id);
}

static int downwards(const void *a, const void *b)
{
	return upwards(b, a);
}

static void begin(struct walk *walk, struct draft *draft, const struct store_cursor *after)
{
	walk->draft = draft;
	walk->at = *after;
	for (size_t i = 0; i < draft->trades.count; i++) {
		struct draft_trade *document = draft->trades.at[i];

		if (is_candidate(walk, &document->trade) && is_ahead(walk, &document->trade, after))
			draft_list_add(&walk->own, draft->arena, document);
	}
	if (walk->own.count)
		qsort(walk->own.at, walk->own.count, sizeof(*walk->own.at),
		      walk->kind == WALK_RESERVED ? downwards : upwards);
}

void walk_waiting(struct walk *walk, struct draft *draft, struct str destination, const struct store_cursor *after)
{
	*walk = (struct walk){ .kind = WALK_WAITING, .key = destination };
	begin(walk, draft, after);
}

void walk_loaded(struct walk *walk, struct draft *draft, struct str shipment, const struct store_cursor *after)
{
	*walk = (struct walk){ .kind = WALK_LOADED, .key = shipment };
	begin(walk, draft, after);
}

void walk_short(struct walk *walk, struct draft *draft, struct str station, struct str item,
		const struct store_cursor *after)
{
	*walk = (struct walk){ .kind = WALK_SHORT, .key = station, .item = item };
	begin(walk, draft, after);
}

void walk_reserved(struct walk *walk, struct draft *draft, struct str station, const struct store_cursor *after)
{
	*walk = (struct walk){ .kind = WALK_RESERVED, .key = station };
	begin(walk, draft, after);
}

static enum itn_status read_slice(struct walk *walk, const struct store_cursor *after)
{
	struct draft *draft = walk->draft;
	struct arena *arena = draft->arena;

	switch (walk->kind) {
	case WALK_WAITING:
		return store_batch_waiting(draft->store, arena, walk->key, after, TRADE_SLICE, &walk->fetched,
					   &walk->fetched_count);
	case WALK_LOADED:
		return store_batch_loaded(draft->store, arena, walk->key, after, TRADE_SLICE, &walk->fetched,
					  &walk->fetched_count);
	case WALK_SHORT:
		return store_batch_short(draft->store, arena, walk->key, walk->item, after, TRADE_SLICE,
					 &walk->fetched, &walk->fetched_count);
	case WALK_RESERVED:
		return store_batch_reserved(draft->store, arena, walk->key, str_is_set(after->key) ? after : NULL,
					    TRADE_SLICE, &walk->fetched, &walk->fetched_count);
	}
	return ITN_FAILED;
}

/* Goods that are set aside for trades on board leave their stations next. */
static enum itn_status prefetch_reserved(struct walk *walk)
{
	for (size_t i = 0; i < walk->fetched_count; i++) {
		const struct trade *trade = &walk->fetched[i];

		if (trade->goods == GOODS_LOADED && trade_has_reserved(trade))
			draft_want_stock(walk->draft, trade->station, &trade->reserved);
	}
	return draft_prefetch(walk->draft);
}

static enum itn_status fetch_trades(struct walk *walk)
{
	struct store_cursor after = walk->at;
	enum itn_status status;

	if (walk->fetched_count) {
		const struct trade *last = &walk->fetched[walk->fetched_count - 1];

		after = (struct store_cursor){ last->created_at, last->id };
	}
	status = read_slice(walk, &after);
	if (status != ITN_OK)
		return status;
	walk->fetched_next = 0;
	walk->all_fetched = walk->fetched_count < TRADE_SLICE;
	return walk->kind == WALK_LOADED ? prefetch_reserved(walk) : ITN_OK;
}

/* The earlier one of the two sources' next documents, wherever it stands in both only once. */
static struct draft_trade *take(struct walk *walk)
{
	struct draft_trade *own = walk->own_next < walk->own.count ? walk->own.at[walk->own_next] : NULL;
	struct trade *fetched =
		walk->fetched_next < walk->fetched_count ? &walk->fetched[walk->fetched_next] : NULL;
	int order;

	if (!own && !fetched)
		return NULL;
	order = !own ? 1 : !fetched ? -1 : compare(walk, &own->trade, fetched->created_at, fetched->id);
	if (order <= 0)
		walk->own_next++;
	if (order >= 0)
		walk->fetched_next++;
	return order <= 0 ? own : draft_adopt_trade(walk->draft, fetched);
}

enum itn_status walk_next(struct walk *walk, struct draft_trade **ret)
{
	struct draft_trade *document;

	do {
		if (walk->fetched_next == walk->fetched_count && !walk->all_fetched) {
			enum itn_status status = fetch_trades(walk);

			if (status != ITN_OK)
				return status;
		}
		document = take(walk);
		if (document)
			walk->at = (struct store_cursor){ document->trade.created_at, document->trade.id };
	} while (document && !is_candidate(walk, &document->trade));
	*ret = document;
	return ITN_OK;
}
