#include "engine/draft.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/id.h"
#include "engine/alert.h"
#include "engine/ledger.h"

/* Documents that are read in advance at once: a few hundred trades of a thousand lines want more than a batch can use. */
#define WANTED_MAX 16384

void draft_list_add(struct draft_list *list, struct arena *arena, void *item)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? list->capacity * 2 : 64;
		void **at = arena_calloc(arena, capacity, sizeof(*at));

		if (list->count)
			memcpy(at, list->at, list->count * sizeof(*at));
		list->at = at;
		list->capacity = capacity;
	}
	list->at[list->count++] = item;
}

void draft_begin(struct draft *draft, struct arena *arena, const struct config *config, struct store_engine *store,
		 const struct store_head *head)
{
	struct buf json = draft->json;
	int64_t now = clock_now_ms();
	char id[ID_LEN + 1];

	id_new(id);
	*draft = (struct draft){
		.arena = arena,
		.config = config,
		.store = store,
		.now = now > head->logged_at ? now : head->logged_at,
		.seq = head->last_seq,
		.jobs_read_to = INT64_MAX,
		.id = arena_str(arena, str_from(id)),
		.json = json,
	};
	map_init(&draft->trades_by_id, arena);
	map_init(&draft->cargo_by_id, arena);
	map_init(&draft->stock_by_key, arena);
	map_init(&draft->balances_by_key, arena);
	map_init(&draft->lanes_by_name, arena);
	map_init(&draft->lanes_asked, arena);
	map_init(&draft->alerts_by_id, arena);
	map_init(&draft->alerts_by_about, arena);
}

static struct draft_trade *put_trade(struct draft *draft, const struct trade *trade)
{
	struct draft_trade *document = arena_calloc(draft->arena, 1, sizeof(*document));

	document->trade = *trade;
	document->from_version = trade->version;
	map_put(&draft->trades_by_id, document->trade.id, document);
	draft_list_add(&draft->trades, draft->arena, document);
	draft->documents++;
	return document;
}

static struct draft_cargo *put_cargo(struct draft *draft, const struct cargo *cargo)
{
	struct draft_cargo *document = arena_calloc(draft->arena, 1, sizeof(*document));

	document->cargo = *cargo;
	document->from_version = cargo->version;
	map_put(&draft->cargo_by_id, document->cargo.id, document);
	draft_list_add(&draft->cargo, draft->arena, document);
	draft->documents++;
	return document;
}

enum itn_status draft_trade(struct draft *draft, struct str id, struct draft_trade **ret)
{
	struct draft_trade *document = map_get(&draft->trades_by_id, id);
	enum itn_status status = ITN_OK;
	struct trade trade;

	if (!document) {
		status = store_batch_trade(draft->store, draft->arena, id, &trade);
		if (status == ITN_OK)
			document = put_trade(draft, &trade);
	}
	if (status == ITN_OK)
		*ret = document;
	return status;
}

enum itn_status draft_cargo(struct draft *draft, struct str id, struct draft_cargo **ret)
{
	struct draft_cargo *document = map_get(&draft->cargo_by_id, id);
	enum itn_status status = ITN_OK;
	struct cargo cargo;

	if (!document) {
		status = store_batch_cargo(draft->store, draft->arena, id, &cargo);
		if (status == ITN_OK)
			document = put_cargo(draft, &cargo);
	}
	if (status == ITN_OK)
		*ret = document;
	return status;
}

enum itn_status draft_stock(struct draft *draft, struct str station, struct str item, struct draft_stock **ret)
{
	struct str key = arena_printf(draft->arena, "%.*s\n%.*s", STR_ARG(station), STR_ARG(item));
	struct draft_stock *document = map_get(&draft->stock_by_key, key);
	struct stock stock = { .station = station, .item = item };
	enum itn_status status;

	if (document) {
		*ret = document;
		return ITN_OK;
	}
	status = store_batch_stock(draft->store, draft->arena, station, item, &stock);
	if (status != ITN_OK && status != ITN_NOT_FOUND)
		return status;
	document = arena_calloc(draft->arena, 1, sizeof(*document));
	document->stock = stock;
	document->was_low = stock_is_low(&stock);
	document->from_version = stock.version;
	map_put(&draft->stock_by_key, key, document);
	draft_list_add(&draft->stock, draft->arena, document);
	draft->documents++;
	*ret = document;
	return ITN_OK;
}

void draft_rises(struct draft_stock *stock)
{
	stock->rose = true;
	stock->retried = false;
}

static bool has(const struct draft *draft, enum store_key_kind kind, struct str id)
{
	return (kind == STORE_KEY_TRADE && map_get(&draft->trades_by_id, id)) ||
	       (kind == STORE_KEY_CARGO && map_get(&draft->cargo_by_id, id));
}

void draft_want(struct draft *draft, enum store_key_kind kind, struct str of, struct str item)
{
	if (draft->wanted_count == WANTED_MAX || has(draft, kind, of))
		return;
	if (draft->wanted_count == draft->wanted_room) {
		size_t room = draft->wanted_room ? draft->wanted_room * 2 : 64;
		struct store_key *larger = arena_calloc(draft->arena, room, sizeof(*larger));

		if (draft->wanted_count)
			memcpy(larger, draft->wanted, draft->wanted_count * sizeof(*larger));
		draft->wanted = larger;
		draft->wanted_room = room;
	}
	draft->wanted[draft->wanted_count++] = (struct store_key){ kind, of, item };
}

void draft_want_stock(struct draft *draft, struct str station, const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		draft_want(draft, STORE_KEY_STOCK, station, lines->at[i].name);
}

enum itn_status draft_prefetch(struct draft *draft)
{
	size_t count = draft->wanted_count;

	draft->wanted_count = 0;
	return store_batch_prefetch(draft->store, draft->wanted, count);
}

struct draft_trade *draft_adopt_trade(struct draft *draft, const struct trade *trade)
{
	struct draft_trade *document = map_get(&draft->trades_by_id, trade->id);

	return document ? document : put_trade(draft, trade);
}

struct draft_cargo *draft_adopt_cargo(struct draft *draft, const struct cargo *cargo)
{
	struct draft_cargo *document = map_get(&draft->cargo_by_id, cargo->id);

	return document ? document : put_cargo(draft, cargo);
}

void draft_count(struct draft *draft, struct str name, int64_t delta)
{
	struct counter_write *counter;

	for (size_t i = 0; i < draft->counters.count; i++) {
		counter = draft->counters.at[i];
		if (str_eq(counter->name, name)) {
			if (__builtin_add_overflow(counter->delta, delta, &counter->delta))
				counter->delta = delta > 0 ? INT64_MAX : INT64_MIN;
			return;
		}
	}
	counter = arena_calloc(draft->arena, 1, sizeof(*counter));
	*counter = (struct counter_write){ arena_str(draft->arena, name), delta };
	draft_list_add(&draft->counters, draft->arena, counter);
}

struct str draft_json(struct draft *draft)
{
	return arena_str(draft->arena, buf_str(&draft->json));
}

void draft_add_job(struct draft *draft, struct job job)
{
	struct job *copy = arena_calloc(draft->arena, 1, sizeof(*copy));

	*copy = job;
	draft_list_add(&draft->jobs, draft->arena, copy);
}

enum itn_status draft_lane_busy(struct draft *draft, struct str lane, bool *ret_busy)
{
	const bool *known = map_get(&draft->lanes_asked, lane);
	bool *busy;
	enum itn_status status = ITN_OK;

	if (!known) {
		busy = arena_calloc(draft->arena, 1, sizeof(*busy));
		status = store_batch_lane_busy(draft->store, lane, busy);
		if (status == ITN_OK)
			map_put(&draft->lanes_asked, lane, busy);
		known = busy;
	}
	if (status == ITN_OK)
		*ret_busy = *known;
	return status;
}

enum itn_status draft_is_counted(struct draft *draft, struct str station, int64_t seq, bool *ret_counted)
{
	*ret_counted = false;
	for (size_t i = 0; i < draft->counted.count && !*ret_counted; i++) {
		const struct draft_counted *counted = draft->counted.at[i];

		*ret_counted = counted->seq < seq && str_eq(counted->station, station);
	}
	return *ret_counted || seq <= draft->jobs_read_to ? ITN_OK : draft_lane_busy(draft, station, ret_counted);
}

static int by_name(const void *a, const void *b)
{
	const struct counter_write *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static int by_station_and_item(const void *a, const void *b)
{
	const struct stock_write *x = a, *y = b;
	int c = str_cmp(x->stock->station, y->stock->station);

	return c ? c : str_cmp(x->stock->item, y->stock->item);
}

static void write_documents(struct draft *draft, struct store_writes *writes)
{
	struct trade_write *trades = arena_calloc(draft->arena, draft->trades.count + 1, sizeof(*trades));
	struct cargo_write *cargo = arena_calloc(draft->arena, draft->cargo.count + 1, sizeof(*cargo));
	struct stock_write *stock = arena_calloc(draft->arena, draft->stock.count + 1, sizeof(*stock));

	for (size_t i = 0; i < draft->trades.count; i++) {
		const struct draft_trade *document = draft->trades.at[i];

		if (document->touched)
			trades[writes->trade_count++] =
				(struct trade_write){ &document->trade, document->from_version };
	}
	for (size_t i = 0; i < draft->cargo.count; i++) {
		const struct draft_cargo *document = draft->cargo.at[i];

		if (document->touched)
			cargo[writes->cargo_count++] =
				(struct cargo_write){ &document->cargo, document->from_version };
	}
	for (size_t i = 0; i < draft->stock.count; i++) {
		const struct draft_stock *document = draft->stock.at[i];

		if (document->stock.version != document->from_version)
			stock[writes->stock_count++] =
				(struct stock_write){ &document->stock, document->from_version };
	}
	if (writes->stock_count)
		qsort(stock, writes->stock_count, sizeof(*stock), by_station_and_item);
	writes->trades = trades;
	writes->cargo = cargo;
	writes->stock = stock;
}

void draft_writes(struct draft *draft, struct store_writes *ret_writes)
{
	struct event *events = arena_calloc(draft->arena, draft->events.count + 1, sizeof(*events));
	struct verdict_write *verdicts = arena_calloc(draft->arena, draft->verdicts.count + 1, sizeof(*verdicts));
	struct counter_write *counters = arena_calloc(draft->arena, draft->counters.count + 1, sizeof(*counters));
	struct notification *notifications = arena_calloc(draft->arena, draft->notifications.count + 1,
							  sizeof(*notifications));

	for (size_t i = 0; i < draft->events.count; i++)
		events[i] = *(const struct event *)draft->events.at[i];
	for (size_t i = 0; i < draft->verdicts.count; i++)
		verdicts[i] = *(const struct verdict_write *)draft->verdicts.at[i];
	for (size_t i = 0; i < draft->counters.count; i++)
		counters[i] = *(const struct counter_write *)draft->counters.at[i];
	for (size_t i = 0; i < draft->notifications.count; i++)
		notifications[i] = *(const struct notification *)draft->notifications.at[i];
	if (draft->counters.count)
		qsort(counters, draft->counters.count, sizeof(*counters), by_name);
	*ret_writes = (struct store_writes){
		.batch = draft->id,
		.last_seq = draft->seq,
		.events = events,
		.event_count = draft->events.count,
		.verdicts = verdicts,
		.verdict_count = draft->verdicts.count,
		.counters = counters,
		.counter_count = draft->counters.count,
		.notifications = notifications,
		.notification_count = draft->notifications.count,
	};
	write_documents(draft, ret_writes);
	alert_writes(draft, ret_writes);
	ledger_writes(draft, draft->stock_seq, ret_writes);
}
