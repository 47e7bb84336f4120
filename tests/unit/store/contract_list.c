#include <stdlib.h>

#include "contract.h"

#define ROWS_MAX 600
#define MANY     130 /* more than a store looks at when it is opened */

struct rows {
	struct fixture *f;
	struct str keys[ROWS_MAX];
	int64_t times[ROWS_MAX];
	struct str json[ROWS_MAX];
	size_t count;
};

static void keep_row(void *context, const struct store_row *row)
{
	struct rows *rows = context;
	if (rows->count == ROWS_MAX)
		fail_msg("more than %d rows", ROWS_MAX);
	rows->keys[rows->count] = arena_str(rows->f->arena, row->key);
	rows->times[rows->count] = row->time;
	rows->json[rows->count++] = arena_str(rows->f->arena, row->json);
}

static struct rows *list_all(struct fixture *f, struct store_list list, size_t slice)
{
	struct rows *rows = arena_calloc(f->arena, 1, sizeof(*rows));
	rows->f = f;
	list.max = slice;
	for (;;) {
		size_t before = rows->count;
		check_status("a slice", store_list(f->store, &list, keep_row, rows), ITN_OK);
		if (rows->count - before > slice)
			fail_msg("a slice of %zu has %zu rows", slice, rows->count - before);
		if (rows->count - before < slice)
			return rows;
		list.after = (struct store_cursor){ rows->times[rows->count - 1], rows->keys[rows->count - 1] };
	}
}

/* Thirty trades: three at each point in time, so that ties stand within and at the ends of slices. */
#define TRADES 30
static void put_trades(struct fixture *f, struct trade trades[TRADES])
{
	static const char *const places[] = { "Mars", "Venus", "Ceres" };
	static const char *const people[] = { "Ann", "Bob" };
	int64_t base = f->now;
	for (size_t i = 0; i < TRADES; i++) {
		struct trade *trade = &trades[i];
		*trade = trade_to(f, places[i % 3]);
		trade->created_at = trade->updated_at = base + (int64_t)(i / 3);
		trade->buyer = str_from(people[i % 2]);
		trade->seller = str_from(people[i / 2 % 2]);
		trade->station = i % 5 == 0 ? STR("Luna") : STR_NONE;
		trade->shipment = i % 7 == 0 ? STR("S1") : STR_NONE;
		trade->status = i % 4 == 0 ? TRADE_DELAYED : TRADE_PENDING;
		trade->holds = i % 4 == 0 ? HOLD_MANUAL : 0;
		put_trade(f, trade);
	}
}

static bool is_wanted(const struct trade *trade, const struct store_list *list)
{
	return (list->status < 0 || (int)trade->status == list->status) &&
	       (!str_is_set(list->destination) || str_eq(trade->destination, list->destination)) &&
	       (!str_is_set(list->buyer) || str_eq(trade->buyer, list->buyer)) &&
	       (!str_is_set(list->seller) || str_eq(trade->seller, list->seller)) &&
	       (!str_is_set(list->station) || str_eq(trade->station, list->station)) &&
	       (!str_is_set(list->shipment) || str_eq(trade->shipment, list->shipment)) &&
	       trade->created_at >= list->since && (!list->until || trade->created_at < list->until);
}

static int by_time_and_id(const void *a, const void *b)
{
	const struct trade *x = a, *y = b;
	int times = (x->created_at > y->created_at) - (x->created_at < y->created_at);
	return times ? times : str_cmp(x->id, y->id);
}

static void check_list(struct fixture *f, const char *name, const struct trade sorted[TRADES], struct store_list list,
		       size_t slice)
{
	struct rows *rows = list_all(f, list, slice);
	size_t count = 0;
	for (size_t i = 0; i < TRADES; i++) {
		if (!is_wanted(&sorted[i], &list))
			continue;
		if (count == rows->count)
			fail_msg("%s: ends after %zu rows", name, count);
		check_str(name, rows->keys[count], sorted[i].id);
		check_int(name, rows->times[count], sorted[i].created_at);
		count++;
	}
	check_int(name, (long long)rows->count, (long long)count);
}

static void trades_are_listed_by_time_and_id(void **state)
{
	struct fixture *f = *state;
	struct trade trades[TRADES];
	put_trades(f, trades);
	qsort(trades, TRADES, sizeof(trades[0]), by_time_and_id);
	for (size_t slice = 1; slice <= TRADES + 1; slice++)
		check_list(f, "all", trades, (struct store_list){ .kind = LIST_TRADES, .status = -1 }, slice);
	int64_t third = trades[0].created_at + 3, sixth = third + 3;
	const struct {
		const char *name;
		struct store_list list;
	} cases[] = {
		{ "pending", { .status = TRADE_PENDING } },
		{ "delayed", { .status = TRADE_DELAYED } },
		{ "completed", { .status = TRADE_COMPLETED } },
		{ "to Mars", { .status = -1, .destination = STR("Mars") } },
		{ "to nowhere", { .status = -1, .destination = STR("") } },
		{ "by Ann", { .status = -1, .buyer = STR("Ann") } },
		{ "from Bob", { .status = -1, .seller = STR("Bob") } },
		{ "out of Luna", { .status = -1, .station = STR("Luna") } },
		{ "on S1", { .status = -1, .shipment = STR("S1") } },
		{ "since", { .status = -1, .since = third } },
		{ "until", { .status = -1, .until = sixth } },
		{ "between", { .status = -1, .since = third, .until = sixth } },
		{ "empty time", { .status = -1, .since = third, .until = third } },
		{ "pending to Mars by Ann", { .status = TRADE_PENDING, .destination = STR("Mars"), .buyer = STR("Ann") } },
		{ "to Mars between",
		  { .status = -1, .destination = STR("Mars"), .since = third, .until = sixth } },
		{ "all at once",
		  { .status = TRADE_DELAYED, .destination = STR("Mars"), .buyer = STR("Ann"), .seller = STR("Ann"),
		    .station = STR("Luna"), .shipment = STR("S1"), .since = 1, .until = INT64_MAX } },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (size_t slice = 1; slice < 12; slice += 2)
			check_list(f, cases[i].name, trades, cases[i].list, slice);
}

static void every_set_of_filters_is_answered(void **state)
{
	struct fixture *f = *state;
	struct trade trades[TRADES];
	put_trades(f, trades);
	qsort(trades, TRADES, sizeof(trades[0]), by_time_and_id);
	for (unsigned set = 0; set < 64; set++) {
		struct store_list list = {
			.kind = LIST_TRADES,
			.status = set & 1 ? TRADE_PENDING : -1,
			.destination = set & 2 ? STR("Mars") : STR_NONE,
			.buyer = set & 4 ? STR("Bob") : STR_NONE,
			.seller = set & 8 ? STR("Ann") : STR_NONE,
			.station = set & 16 ? STR("Luna") : STR_NONE,
			.shipment = set & 32 ? STR("S1") : STR_NONE,
		};
		char name[32];
		snprintf(name, sizeof(name), "filters %u", set);
		check_list(f, name, trades, list, 4);
	}
}

/* A process that opens a large store learns of it what makes its first lists fast. */
static void a_store_that_is_opened_again_lists_all(void **state)
{
	struct fixture *f = *state;
	struct str ids[MANY];
	for (size_t i = 0; i < MANY; i++) {
		struct trade trade = trade_to(f, "Mars");
		put_trade(f, &trade);
		ids[i] = trade.id;
	}
	static const size_t slices[] = { 7, 20, 100, MANY, ROWS_MAX };
	struct store *first = f->store;
	for (size_t i = 0; i < COUNT_OF(slices); i++) {
		f->store = fixture_open_again(f);
		struct rows *rows = list_all(f, (struct store_list){ .kind = LIST_TRADES, .status = -1 }, slices[i]);
		store_close(f->store);
		check_int("all of them", (long long)rows->count, MANY);
		for (size_t n = 0; n < MANY; n++)
			check_str("in order", rows->keys[n], ids[n]);
	}
	f->store = first;
}

static void a_list_shows_whole_documents(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	struct cargo cargo = cargo_to(f, "Mars");
	put_trade(f, &trade);
	put_cargo(f, &cargo);
	struct buf text = { 0 };
	trade_write_json(&text, &trade);
	struct rows *rows = list_all(f, (struct store_list){ .kind = LIST_TRADES, .status = -1 }, 10);
	check_int("one trade", (long long)rows->count, 1);
	check_str("its document", rows->json[0], buf_str(&text));
	buf_reset(&text, SIZE_MAX);
	cargo_write_json(&text, &cargo);
	rows = list_all(f, (struct store_list){ .kind = LIST_CARGO, .status = -1 }, 10);
	check_int("one cargo", (long long)rows->count, 1);
	check_str("its document", rows->json[0], buf_str(&text));
	buf_free(&text);
}

static void a_list_goes_on_over_changes(void **state)
{
	struct fixture *f = *state;
	struct trade trades[TRADES];
	put_trades(f, trades);
	qsort(trades, TRADES, sizeof(trades[0]), by_time_and_id);
	struct rows rows = { .f = f };
	struct store_list list = { .kind = LIST_TRADES, .status = -1, .max = 10 };
	check_status("a slice", store_list(f->store, &list, keep_row, &rows), ITN_OK);
	struct trade later = trade_to(f, "Mars");
	later.created_at += 1000;
	put_trade(f, &later);
	check_status("behind", change_trade(f, &trades[3], TRADE_CANCELED), ITN_OK);
	check_status("ahead", change_trade(f, &trades[20], TRADE_CANCELED), ITN_OK);
	list.after = (struct store_cursor){ rows.times[9], rows.keys[9] };
	list.max = 100;
	check_status("the rest", store_list(f->store, &list, keep_row, &rows), ITN_OK);
	check_int("all and the new one", (long long)rows.count, TRADES + 1);
	for (size_t i = 0; i < TRADES; i++)
		check_str("in order", rows.keys[i], trades[i].id);
	check_has("the change ahead is seen", rows.json[20].ptr, "\"canceled\"");
}

static void cargo_is_listed_by_time_and_id(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo[12];
	int64_t base = f->now;
	for (size_t i = 0; i < COUNT_OF(cargo); i++) {
		cargo[i] = cargo_to(f, i % 2 ? "Mars" : "Venus");
		cargo[i].id = arena_printf(f->arena, "ship-%02zu", COUNT_OF(cargo) - i);
		cargo[i].created_at = base + (int64_t)(i / 4);
		cargo[i].status = i % 3 == 0 ? CARGO_DELAYED : CARGO_PENDING;
		put_cargo(f, &cargo[i]);
	}
	static const struct {
		const char *name;
		int status;
		struct str destination, shipment;
		const char *expected;
	} cases[] = {
		{ "all", -1, { 0 }, { 0 }, "09 10 11 12 05 06 07 08 01 02 03 04 " },
		{ "delayed", CARGO_DELAYED, { 0 }, { 0 }, "09 12 06 03 " },
		{ "to Mars", -1, { "Mars", 4 }, { 0 }, "09 11 05 07 01 03 " },
		{ "delayed to Mars", CARGO_DELAYED, { "Mars", 4 }, { 0 }, "09 03 " },
		{ "one ship", -1, { 0 }, { "ship-07", 7 }, "07 " },
		{ "one ship elsewhere", -1, { "Venus", 5 }, { "ship-07", 7 }, "" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct store_list list = {
			.kind = LIST_CARGO,
			.status = cases[i].status,
			.destination = cases[i].destination,
			.shipment = cases[i].shipment,
			.buyer = STR("of no cargo"),
		};
		struct rows *rows = list_all(f, list, 3);
		struct buf got = { 0 };
		for (size_t n = 0; n < rows->count; n++)
			buf_printf(&got, "%.*s ", 2, rows->keys[n].ptr + 5);
		check_str(cases[i].name, buf_str(&got), str_from(cases[i].expected));
		buf_free(&got);
	}
}

static void put_stock(struct fixture *f, const char *station, const char *item, int64_t on_hand)
{
	struct stock stock = {
		.station = str_from(station),
		.item = str_from(item),
		.on_hand = on_hand,
		.tracked = true,
		.version = 2,
		.updated_at = 1000,
	};
	struct stock_write write = { &stock, 0 };
	check_status("a stock record", commit_alone(f, (struct store_writes){ .stock = &write, .stock_count = 1 }), ITN_OK);
}

static void inventories_are_listed_by_station(void **state)
{
	struct fixture *f = *state;
	static const char *const stations[] = { "Pluto", "Mars", "Luna", "Ma", "\xc3\x89ros" };
	for (size_t i = 0; i < COUNT_OF(stations); i++)
		for (int item = 0; item < 3; item++)
			put_stock(f, stations[i], item == 0 ? "water" : item == 1 ? "$ore.x" : "air", 10 + item);
	for (size_t slice = 1; slice < 7; slice++) {
		struct rows *rows = list_all(f, (struct store_list){ .kind = LIST_INVENTORY, .status = -1 }, slice);
		static const char *const order[] = { "Luna", "Ma", "Mars", "Pluto", "\xc3\x89ros" };
		check_int("stations", (long long)rows->count, COUNT_OF(order));
		for (size_t i = 0; i < COUNT_OF(order); i++) {
			check_str("in order of bytes", rows->keys[i], str_from(order[i]));
			check_int("no time", rows->times[i], 0);
		}
		const char *json = rows->json[1].ptr;
		check_has("the station", json, "\"stationId\":\"Ma\"");
		if (!(strstr(json, "\"$ore.x\"") < strstr(json, "\"air\"") && strstr(json, "\"air\"") < strstr(json, "\"water\"")))
			fail_msg("items are not sorted: %s", json);
	}
	struct store_list one = { .kind = LIST_INVENTORY, .status = -1, .station = STR("Mars") };
	for (size_t slice = 1; slice < 3; slice++) {
		struct rows *rows = list_all(f, one, slice);
		check_int("one station", (long long)rows->count, 1);
		check_str("the one", rows->keys[0], STR("Mars"));
	}
	struct buf out = { 0 };
	int64_t version = 0;
	check_status("one by name", store_inventory_json(f->store, STR("Mars"), &out, &version), ITN_OK);
	check_str("as the list shows it", buf_str(&out), list_all(f, one, 10)->json[0]);
	check_int("sum of versions", version, 6);
	buf_free(&out);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(trades_are_listed_by_time_and_id), CONTRACT(every_set_of_filters_is_answered),
	CONTRACT(a_store_that_is_opened_again_lists_all),
	CONTRACT(a_list_shows_whole_documents),	    CONTRACT(a_list_goes_on_over_changes),
	CONTRACT(cargo_is_listed_by_time_and_id),   CONTRACT(inventories_are_listed_by_station),
};

const struct contract_group contract_list = { "lists", tests, COUNT_OF(tests) };
