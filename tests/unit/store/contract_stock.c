#include "contract.h"

#include "store/claims.h"

/* Writes what the engine has made of a trade. */
static void engine_writes(struct fixture *f, struct trade *trade)
{
	int64_t from = stored_trade(f, trade->id).version;
	struct trade_write write = { trade, from };
	trade->version = from + 1;
	check_status("written", commit_alone(f, (struct store_writes){ .trades = &write, .trade_count = 1 }), ITN_OK);
}

static struct lines lines_of(struct fixture *f, const char *item, int64_t quantity)
{
	struct line *line = arena_calloc(f->arena, 1, sizeof(*line));
	*line = (struct line){ str_from(item), quantity };
	return (struct lines){ line, 1 };
}

static struct trade trade_from(struct fixture *f, const char *station)
{
	struct trade trade = trade_to(f, "Mars");
	trade.station = station ? str_from(station) : STR_NONE;
	return trade;
}

/* Numbered and applied: its station may be asked for its goods. */
static struct trade applied_trade(struct fixture *f, const char *station)
{
	struct trade trade = trade_from(f, station);
	put_trade(f, &trade);
	drain(f);
	trade.goods = GOODS_NONE;
	return trade;
}

static void check_lines(const char *name, struct lines actual, const char *expected)
{
	char text[256];
	size_t len = 0;
	text[0] = '\0';
	for (size_t i = 0; i < actual.count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s=%lld ", STR_ARG(actual.at[i].name),
					(long long)actual.at[i].quantity);
	check_text(name, text, expected);
}

/* All reservations of a station, read `slice` at a time, as places in `trades`. */
static const char *reserved_at(struct fixture *f, const char *station, size_t slice, const struct trade *trades,
			       size_t trade_count)
{
	struct store_cursor below = { 0 };
	struct buf places = { 0 };
	size_t count, all = 0;
	begin(f, 1);
	do {
		struct trade *got;
		check_status("slice", store_batch_reserved(f->engine, f->arena, str_from(station), all ? &below : NULL, slice,
							   &got, &count), ITN_OK);
		for (size_t i = 0; i < count; i++, all++) {
			size_t place = 0;
			while (place < trade_count && !str_eq(trades[place].id, got[i].id))
				place++;
			buf_printf(&places, "%zu ", place);
			check_lines("set aside", got[i].reserved, "ore=5 ");
			check_str("not short", got[i].short_of, STR_NONE);
			below = (struct store_cursor){ got[i].created_at, got[i].id };
		}
	} while (count == slice);
	store_batch_abort(f->engine);
	const char *text = arena_cstr(f->arena, buf_str(&places));
	buf_free(&places);
	return text;
}

static void reservations_come_from_the_youngest_on(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *station;
		enum trade_goods goods;
		bool reserves;
		int later;
	} cases[] = {
		{ "Vega", GOODS_RESERVED, true, 0 },  { "Vega", GOODS_LOADED, true, 1 }, { "Vega", GOODS_MOVED, true, 1 },
		{ "Vega", GOODS_ARRIVED, true, 2 },   { "Vega", GOODS_NONE, false, 2 },	 { "Rigel", GOODS_RESERVED, true, 2 },
		{ "Vega", GOODS_LOADED, false, 3 },   { "Vega", GOODS_RESERVED, true, 4 }, { NULL, GOODS_LOADED, false, 4 },
		{ "Vega", GOODS_RESERVED, true, 4 },  { "Vega", GOODS_LOADED, true, 4 },
	};
	struct trade trades[COUNT_OF(cases)];
	int64_t base = f->now;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		trades[i] = trade_from(f, cases[i].station);
		trades[i].created_at = base + cases[i].later;
		put_trade(f, &trades[i]);
	}
	drain(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		trades[i].goods = cases[i].goods;
		trades[i].reserved = cases[i].reserves ? lines_of(f, "ore", 5) : (struct lines){ 0 };
		trades[i].shipment = cases[i].goods >= GOODS_LOADED ? STR("S1") : STR_NONE;
		engine_writes(f, &trades[i]);
	}
	for (size_t slice = 1; slice < 7; slice++) {
		check_text("of Vega", reserved_at(f, "Vega", slice, trades, COUNT_OF(cases)), "10 9 7 1 0 ");
		check_text("of Rigel", reserved_at(f, "Rigel", slice, trades, COUNT_OF(cases)), "5 ");
		check_text("of nobody", reserved_at(f, "Ve", slice, trades, COUNT_OF(cases)), "");
	}
	trade_release(&trades[9]);
	engine_writes(f, &trades[9]);
	trades[1].goods = GOODS_MOVED;
	engine_writes(f, &trades[1]);
	check_text("two are over", reserved_at(f, "Vega", 10, trades, COUNT_OF(cases)), "10 7 0 ");
	struct trade *got;
	size_t count;
	struct store_cursor below = { trades[7].created_at, STR_NONE };
	begin(f, 1);
	check_status("before a time", store_batch_reserved(f->engine, f->arena, STR("Vega"), &below, 10, &got, &count), ITN_OK);
	check_int("one", (long long)count, 1);
	check_str("the oldest", got[0].id, trades[0].id);
}

/* All that are short of an item, read `slice` at a time. */
static const char *short_at(struct fixture *f, const char *station, const char *item, size_t slice,
			    const struct trade *trades, size_t trade_count)
{
	struct store_cursor after = { 0 };
	struct buf places = { 0 };
	size_t count, all = 0;
	begin(f, 1);
	do {
		struct trade *got;
		check_status("slice", store_batch_short(f->engine, f->arena, str_from(station), str_from(item),
							all ? &after : NULL, slice, &got, &count), ITN_OK);
		for (size_t i = 0; i < count; i++, all++) {
			size_t place = 0;
			while (place < trade_count && !str_eq(trades[place].id, got[i].id))
				place++;
			buf_printf(&places, "%zu ", place);
			check_str("of it", got[i].short_of, str_from(item));
			after = (struct store_cursor){ got[i].created_at, got[i].id };
		}
	} while (count == slice);
	store_batch_abort(f->engine);
	const char *text = arena_cstr(f->arena, buf_str(&places));
	buf_free(&places);
	return text;
}

static const char *short_items(struct fixture *f, const char *station)
{
	struct buf items = { 0 };
	struct str item = STR_NONE;
	enum itn_status status;
	begin(f, 1);
	while (!(status = store_batch_short_item(f->engine, f->arena, str_from(station), item, &item)))
		buf_printf(&items, "%.*s ", STR_ARG(item));
	check_status("to the end", status, ITN_NOT_FOUND);
	store_batch_abort(f->engine);
	const char *text = arena_cstr(f->arena, buf_str(&items));
	buf_free(&items);
	return text;
}

static void shortages_come_by_item_from_the_oldest_on(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *station, *item;
		int later;
	} cases[] = {
		{ "Vega", "ore", 3 }, { "Vega", "tea", 0 },   { "Vega", "ore", 0 },  { "Rigel", "ore", 0 }, { "Vega", NULL, 0 },
		{ "Vega", "ore", 1 }, { "Vega", "Zinc", 0 }, { "Vega", "ore", 1 }, { "Vega", "ore", 1 },  { "Vega", "ore ", 1 },
		{ "Vega", "\xc3\xa9t\xc3\xa9", 0 },
	};
	struct trade trades[COUNT_OF(cases)];
	int64_t base = f->now;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		trades[i] = trade_from(f, cases[i].station);
		trades[i].created_at = base + cases[i].later;
		put_trade(f, &trades[i]);
	}
	drain(f);
	check_text("nothing is short", short_items(f, "Vega"), "");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		trades[i].goods = GOODS_NONE;
		if (!cases[i].item)
			trade_reserve(&trades[i], lines_of(f, "ore", 5), f->now++);
		else
			trade_fall_short(&trades[i], str_from(cases[i].item), f->now++);
		engine_writes(f, &trades[i]);
	}
	check_text("in byte order", short_items(f, "Vega"), "Zinc ore ore  tea \xc3\xa9t\xc3\xa9 ");
	check_text("elsewhere", short_items(f, "Rigel"), "ore ");
	check_text("nowhere", short_items(f, "V"), "");
	for (size_t slice = 1; slice < 7; slice++) {
		check_text("ore", short_at(f, "Vega", "ore", slice, trades, COUNT_OF(cases)), "2 5 7 8 0 ");
		check_text("tea", short_at(f, "Vega", "tea", slice, trades, COUNT_OF(cases)), "1 ");
		check_text("none", short_at(f, "Vega", "or", slice, trades, COUNT_OF(cases)), "");
		check_text("elsewhere", short_at(f, "Rigel", "ore", slice, trades, COUNT_OF(cases)), "3 ");
	}
	trade_reserve(&trades[5], lines_of(f, "ore", 5), f->now++);
	engine_writes(f, &trades[5]);
	trades[8].short_of = STR("tea");
	engine_writes(f, &trades[8]);
	trade_release(&trades[6]);
	engine_writes(f, &trades[6]);
	check_text("of ore", short_at(f, "Vega", "ore", 10, trades, COUNT_OF(cases)), "2 7 0 ");
	check_text("of tea now", short_at(f, "Vega", "tea", 10, trades, COUNT_OF(cases)), "1 8 ");
	check_text("one item less", short_items(f, "Vega"), "ore ore  tea \xc3\xa9t\xc3\xa9 ");
	check_text("set aside", reserved_at(f, "Vega", 10, trades, COUNT_OF(cases)), "5 4 ");
}

static void what_a_station_owes_a_trade_outlives_a_client_s_change(void **state)
{
	struct fixture *f = *state;
	struct trade served = applied_trade(f, "Vega"), wanting = applied_trade(f, "Vega"), read;
	trade_reserve(&served, lines_of(f, "ore", 5), f->now++);
	engine_writes(f, &served);
	trade_fall_short(&wanting, STR("ore"), f->now++);
	engine_writes(f, &wanting);
	served = stored_trade(f, served.id);
	wanting = stored_trade(f, wanting.id);
	check_lines("a client sees it", served.reserved, "ore=5 ");
	check_int("and where its goods are", served.goods, GOODS_RESERVED);
	check_int("the short one's", wanting.goods, GOODS_NONE);
	check_status("held", change_trade(f, &served, TRADE_DELAYED), ITN_OK);
	check_status("canceled", change_trade(f, &wanting, TRADE_CANCELED), ITN_OK);
	begin(f, 10);
	check_status("read", store_batch_trade(f->engine, f->arena, served.id, &read), ITN_OK);
	check_lines("still set aside", read.reserved, "ore=5 ");
	check_int("with its goods", read.goods, GOODS_RESERVED);
	check_status("read", store_batch_trade(f->engine, f->arena, wanting.id, &read), ITN_OK);
	check_str("still short", read.short_of, STR("ore"));
	check_int("canceled", read.status, TRADE_CANCELED);
	store_batch_abort(f->engine);
	check_text("among the reservations", reserved_at(f, "Vega", 10, &served, 1), "0 ");
	check_text("among the shortages", short_at(f, "Vega", "ore", 10, &wanting, 1), "0 ");
}

static void what_is_set_aside_is_public_until_it_is_released(void **state)
{
	struct fixture *f = *state;
	struct trade trade = applied_trade(f, "Vega");
	struct buf json = { 0 };
	int64_t version;
	trade_reserve(&trade, lines_of(f, "ore", 5), f->now++);
	engine_writes(f, &trade);
	check_status("read", store_trade_json(f->store, trade.id, &json, &version), ITN_OK);
	buf_add_char(&json, '\0');
	check_has("shown", json.ptr, "\"reservedLines\":[{\"name\":\"ore\",\"quantity\":5}]");
	trade_release(&trade);
	engine_writes(f, &trade);
	buf_reset(&json, SIZE_MAX);
	check_status("read", store_trade_json(f->store, trade.id, &json, &version), ITN_OK);
	buf_add_char(&json, '\0');
	check_bool("gone", strstr(json.ptr, "reservedLines") != NULL, false);
	buf_free(&json);
}

static void a_client_reads_whether_a_creation_was_applied(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_from(f, "Vega");
	put_trade(f, &trade);
	check_int("not yet", stored_trade(f, trade.id).goods, GOODS_NEW);
	drain(f);
	check_int("applied", stored_trade(f, trade.id).goods, GOODS_NONE);
}

static void cargo_knows_how_many_of_its_trades_have_reservations(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo = cargo_to(f, "Mars"), read, *open;
	size_t count;
	put_cargo(f, &cargo);
	drain(f);
	begin(f, 1);
	check_status("read", store_batch_cargo(f->engine, f->arena, cargo.id, &cargo), ITN_OK);
	store_batch_abort(f->engine);
	check_int("none at first", cargo.reserved_trades, 0);
	cargo.reserved_trades = 3;
	struct cargo_write write = { &cargo, cargo.version };
	check_status("written", commit_alone(f, (struct store_writes){ .cargo = &write, .cargo_count = 1 }), ITN_OK);
	check_status("departs", change_cargo(f, &cargo, CARGO_IN_TRANSIT), ITN_OK);
	begin(f, 1);
	check_status("read", store_batch_cargo(f->engine, f->arena, cargo.id, &read), ITN_OK);
	check_int("kept", read.reserved_trades, 3);
	check_status("read", store_batch_open_cargo(f->engine, f->arena, STR("Mars"), NULL, 10, &open, &count), ITN_OK);
	check_int("among the open", open[0].reserved_trades, 3);
}

static struct entry stock_take_entry(struct fixture *f, const char *station, struct str body)
{
	struct trade source = trade_to(f, "Mars");
	return (struct entry){ .id = source.id,
			       .kind = ENTRY_REQUEST,
			       .entity = ENTITY_INVENTORY,
			       .key = str_from(station),
			       .time = f->now++,
			       .change = body };
}

static bool is_known(struct fixture *f, const struct entry *entry)
{
	bool known;
	check_status("looked up", store_entry_known(f->store, entry->entity, entry->key, entry->id, &known), ITN_OK);
	return known;
}

static void a_stock_take_is_asked_for_and_numbered(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 };
	buf_add_str(&text, STR("{\"items\":["));
	for (int i = 0; i < 1000; i++)
		buf_printf(&text, "%s{\"name\":\"%0200d\",\"quantity\":%d}", i ? "," : "", i, i);
	buf_add_str(&text, STR("]}"));
	struct entry request = stock_take_entry(f, "Vega", arena_str(f->arena, buf_str(&text)));
	buf_free(&text);
	struct trade before = trade_from(f, "Vega"), after = trade_from(f, "Vega");
	struct request_verdict verdict;
	put_trade(f, &before);
	check_status("asked", store_request_add(f->store, &request), ITN_OK);
	check_status("asked again", store_request_add(f->store, &request), ITN_OK);
	put_trade(f, &after);
	check_bool("it waits", is_known(f, &request), false);
	struct store_batch batch = begin(f, 10);
	check_int("once", (long long)batch.count, 3);
	const struct entry *entry = &batch.entries[1];
	check_str("in its place", entry->id, request.id);
	check_int("of its kind", entry->kind, ENTRY_REQUEST);
	check_int("about an inventory", entry->entity, ENTITY_INVENTORY);
	check_str("of the station", entry->key, STR("Vega"));
	check_str("what was counted", entry->change, request.change);
	check_int("when", entry->time, request.time);
	struct job job = { .seq = 2, .lane = STR("Vega"), .kind = 5, .key = request.change, .cause = request.id };
	struct store_writes writes = number_entries(f, f->engine, &batch);
	writes.jobs = &job;
	writes.job_count = 1;
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	check_bool("in the log", is_known(f, &request), true);
	check_status("decided", store_request_verdict(f->store, f->arena, request.id, &verdict), ITN_OK);
	check_int("taken on", verdict.state, REQUEST_CHANGED);
	batch = begin(f, 10);
	check_int("nothing is left of it", (long long)batch.count, 0);
	check_str("but the job", batch.jobs[0].key, request.change);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(reservations_come_from_the_youngest_on),
	CONTRACT(shortages_come_by_item_from_the_oldest_on),
	CONTRACT(what_a_station_owes_a_trade_outlives_a_client_s_change),
	CONTRACT(what_is_set_aside_is_public_until_it_is_released),
	CONTRACT(a_client_reads_whether_a_creation_was_applied),
	CONTRACT(cargo_knows_how_many_of_its_trades_have_reservations),
	CONTRACT(a_stock_take_is_asked_for_and_numbered),
};

const struct contract_group contract_stock = { "reservations, shortages, stock-takes", tests, COUNT_OF(tests) };
