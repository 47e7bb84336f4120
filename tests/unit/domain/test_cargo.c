#include "../unit.h"

#include "domain/cargo.h"

#define NOW   INT64_C(1795381200000)
#define LATER (NOW + 5000)

static struct cargo cargo_with(struct arena *arena, size_t lines)
{
	struct cargo cargo = {
		.id = STR("S-1"),
		.email = STR("a@b"),
		.destination = STR("Vega"),
		.items = { arena_calloc(arena, lines, sizeof(struct line)), lines },
	};

	for (size_t i = 0; i < lines; i++)
		cargo.items.at[i] = (struct line){ STR("iron"), 2 };
	lines_merge(&cargo.own_items, arena, &cargo.items);
	cargo_created(&cargo, NOW, 10);
	return cargo;
}

static void creation_counts_lines_as_sent(unused_arg void **state)
{
	static const struct {
		size_t lines;
		enum cargo_status status;
	} cases[] = { { 0, CARGO_PENDING }, { 10, CARGO_PENDING }, { 11, CARGO_DELAYED } };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct cargo cargo = cargo_with(arena, cases[i].lines);
		size_t merged = cases[i].lines ? 1 : 0;

		check_int("status", cargo.status, cases[i].status);
		check_int("one line a name", (long long)cargo.items.count, (long long)merged);
		check_int("own lines", (long long)cargo.own_items.count, (long long)merged);
		check_int("total", lines_total(&cargo.items), 2 * (int64_t)cases[i].lines);
		check_int("version", cargo.version, 1);
		check_bool("open", cargo.open, false);
		arena_free(arena);
	}
}

static void changes(unused_arg void **state)
{
	static const struct {
		enum cargo_status from, to;
		enum verdict verdict;
		const char *why;
	} cases[] = {
		{ CARGO_PENDING, CARGO_PENDING, VERDICT_SAME, NULL },
		{ CARGO_PENDING, CARGO_IN_TRANSIT, VERDICT_CHANGED, NULL },
		{ CARGO_PENDING, CARGO_DELAYED, VERDICT_CHANGED, NULL },
		{ CARGO_PENDING, CARGO_DELIVERED, VERDICT_CHANGED, NULL },
		{ CARGO_IN_TRANSIT, CARGO_PENDING, VERDICT_ILLEGAL,
		  "cargo that is in transit can only become: delayed, delivered" },
		{ CARGO_IN_TRANSIT, CARGO_IN_TRANSIT, VERDICT_SAME, NULL },
		{ CARGO_IN_TRANSIT, CARGO_DELAYED, VERDICT_CHANGED, NULL },
		{ CARGO_IN_TRANSIT, CARGO_DELIVERED, VERDICT_CHANGED, NULL },
		{ CARGO_DELAYED, CARGO_PENDING, VERDICT_ILLEGAL,
		  "cargo that is delayed can only become: in transit, delivered" },
		{ CARGO_DELAYED, CARGO_IN_TRANSIT, VERDICT_CHANGED, NULL },
		{ CARGO_DELAYED, CARGO_DELAYED, VERDICT_SAME, NULL },
		{ CARGO_DELAYED, CARGO_DELIVERED, VERDICT_CHANGED, NULL },
		{ CARGO_DELIVERED, CARGO_PENDING, VERDICT_ILLEGAL,
		  "delivered cargo is final, its status can't change" },
		{ CARGO_DELIVERED, CARGO_IN_TRANSIT, VERDICT_ILLEGAL,
		  "delivered cargo is final, its status can't change" },
		{ CARGO_DELIVERED, CARGO_DELAYED, VERDICT_ILLEGAL,
		  "delivered cargo is final, its status can't change" },
		{ CARGO_DELIVERED, CARGO_DELIVERED, VERDICT_SAME, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct cargo cargo = cargo_with(arena, 1);
		struct cargo_change change = { .status = cases[i].to };
		struct error why = { "" };
		bool changed = cases[i].verdict == VERDICT_CHANGED;
		char name[64];

		snprintf(name, sizeof(name), "%s to %s", cargo_status_name(cases[i].from),
			 cargo_status_name(cases[i].to));
		cargo.status = cases[i].from;
		check_int(name, cargo_change(&cargo, &change, LATER, &why), cases[i].verdict);
		check_int(name, cargo.status, changed ? cases[i].to : cases[i].from);
		check_int(name, cargo.version, changed ? 2 : 1);
		check_int(name, cargo.updated_at, changed ? LATER : NOW);
		check_text(name, why.text, cases[i].why ? cases[i].why : "");
		arena_free(arena);
	}
}

static void times_of_the_journey(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct cargo cargo = cargo_with(arena, 1), direct = cargo;

	check_int("departs", cargo_change(&cargo, &(struct cargo_change){ .status = CARGO_IN_TRANSIT }, NOW + 1, NULL),
		  VERDICT_CHANGED);
	check_int("departedAt", cargo.departed_at, NOW + 1);
	check_int("stops", cargo_change(&cargo, &(struct cargo_change){ .status = CARGO_DELAYED }, NOW + 2, NULL),
		  VERDICT_CHANGED);
	check_int("goes on", cargo_change(&cargo, &(struct cargo_change){ .status = CARGO_IN_TRANSIT }, NOW + 3, NULL),
		  VERDICT_CHANGED);
	check_int("departed once", cargo.departed_at, NOW + 1);
	check_int("arrives", cargo_change(&cargo, &(struct cargo_change){ .status = CARGO_DELIVERED }, NOW + 4, NULL),
		  VERDICT_CHANGED);
	check_int("deliveredAt", cargo.delivered_at, NOW + 4);
	check_int("departedAt stays", cargo.departed_at, NOW + 1);
	check_int("at once", cargo_change(&direct, &(struct cargo_change){ .status = CARGO_DELIVERED }, NOW + 5, NULL),
		  VERDICT_CHANGED);
	check_int("departs first", direct.departed_at, NOW + 5);
	check_int("delivered", direct.delivered_at, NOW + 5);
	arena_free(arena);
}

static void news_without_a_new_status(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct cargo cargo = cargo_with(arena, 1);
	struct cargo_change here = { CARGO_PENDING, STR("Ceres"), 0 }, then = { CARGO_PENDING, STR_NONE, LATER };

	check_int("a location", cargo_change(&cargo, &here, LATER, NULL), VERDICT_CHANGED);
	check_int("the same one", cargo_change(&cargo, &here, LATER, NULL), VERDICT_SAME);
	check_int("an eta", cargo_change(&cargo, &then, LATER, NULL), VERDICT_CHANGED);
	check_int("the same one", cargo_change(&cargo, &then, LATER, NULL), VERDICT_SAME);
	check_str("location", cargo.location, STR("Ceres"));
	check_int("eta", cargo.eta, LATER);
	check_int("version", cargo.version, 3);
	check_int("no departure", cargo.departed_at, 0);
	arena_free(arena);
}

static void loading_and_unloading(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct cargo cargo = cargo_with(arena, 1);
	struct line lines[] = { { STR("iron"), 3 }, { STR("tin"), 1 }, { STR("tin"), 1 } };
	struct trade trade = { .items = { lines, 3 } };

	cargo.capacity = 6;
	check_bool("too much", cargo_has_room(&cargo, &trade), false);
	cargo.capacity = 7;
	check_bool("just enough", cargo_has_room(&cargo, &trade), true);
	cargo_load(&cargo, arena, &trade);
	check_int("trades", cargo.trade_count, 1);
	check_int("iron", cargo.items.at[0].quantity, 5);
	check_int("tin", cargo.items.at[1].quantity, 2);
	check_int("own lines stay", cargo.own_items.at[0].quantity, 2);
	check_str("shipment", trade.shipment, STR("S-1"));
	check_int("goods", trade.goods, GOODS_LOADED);
	cargo_unload(&cargo, &trade);
	check_int("trades", cargo.trade_count, 0);
	check_int("lines", (long long)cargo.items.count, 1);
	check_int("iron", cargo.items.at[0].quantity, 2);
	check_str("no shipment", trade.shipment, STR_NONE);
	check_int("goods", trade.goods, GOODS_NONE);
	arena_free(arena);
}

static void it_counts_trades_with_reservations(unused_arg void **state)
{
	static const struct {
		const char *name;
		size_t reserved;
		enum trade_goods before, after;
		int64_t counted;
	} cases[] = {
		{ "nothing set aside", 0, GOODS_NONE, GOODS_NONE, 0 },
		{ "something set aside", 1, GOODS_RESERVED, GOODS_RESERVED, 1 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct cargo cargo = cargo_with(arena, 1);
		struct line line = { STR("tin"), 1 };
		struct trade trade = { .items = { &line, 1 },
				       .reserved = { &line, cases[i].reserved },
				       .goods = cases[i].before };

		cargo_load(&cargo, arena, &trade);
		check_int(cases[i].name, cargo.reserved_trades, cases[i].counted);
		check_int(cases[i].name, trade.goods, GOODS_LOADED);
		check_int(cases[i].name, (long long)trade.reserved.count, (long long)cases[i].reserved);
		cargo_unload(&cargo, &trade);
		check_int(cases[i].name, cargo.reserved_trades, 0);
		check_int(cases[i].name, trade.goods, cases[i].after);
		check_int(cases[i].name, (long long)trade.reserved.count, (long long)cases[i].reserved);
		arena_free(arena);
	}
}

static void public_json_round_trips(unused_arg void **state)
{
	static const char *const cases[] = {
		"{\"_id\":\"S-1\",\"shipmentId\":\"S-1\",\"emailId\":\"a@b\",\"destination\":\"Vega\",\"items\":[],"
		"\"ownItems\":[],\"tradeCount\":0,\"status\":\"pending\",\"version\":1,"
		"\"createdAt\":\"2026-11-22T20:44:13.215Z\",\"updatedAt\":\"2026-11-22T20:44:13.215Z\"}",
		"{\"_id\":\"S/ 1\",\"shipmentId\":\"S/ "
		"1\",\"emailId\":\"a@b\",\"origin\":\"Sol\",\"destination\":\"Vega\","
		"\"items\":[{\"name\":\"$set\",\"quantity\":9007199254740991}],"
		"\"ownItems\":[{\"name\":\"$set\",\"quantity\":1}],\"capacity\":9007199254740991,\"tradeCount\":3,"
		"\"status\":\"in transit\",\"departedAt\":\"2026-11-22T20:44:13.215Z\","
		"\"deliveredAt\":\"2026-11-22T20:44:13.216Z\",\"eta\":\"2026-11-22T20:44:13.217Z\","
		"\"location\":\"\xf0\x9f\x9a\x80\",\"version\":4,\"createdAt\":\"2026-11-22T20:44:13.215Z\","
		"\"updatedAt\":\"2026-11-22T20:44:13.215Z\"}",
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct buf out = { 0 };
		struct cargo cargo;

		check_int("read", cargo_read_json(arena, str_from(cases[i]), &cargo), ITN_OK);
		cargo_write_json(&out, &cargo);
		check_str("written again", buf_str(&out), str_from(cases[i]));
		check_int("foreign", cargo_read_json(arena, STR("{\"shipmentId\":\"x\"}"), &cargo), ITN_FAILED);
		buf_free(&out);
		arena_free(arena);
	}
}

static void a_change_goes_over_a_newer_state(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct cargo first = cargo_with(arena, 1), newer;
	struct cargo_change departs = { CARGO_IN_TRANSIT, STR("Ceres"), LATER };
	struct buf entry = { 0 };
	enum cargo_status from;

	check_int("departs", cargo_change(&first, &departs, NOW + 1, NULL), VERDICT_CHANGED);
	cargo_write_change(&entry, &first, CARGO_PENDING);
	newer = first;
	check_int("arrives", cargo_change(&newer, &(struct cargo_change){ .status = CARGO_DELIVERED }, NOW + 2, NULL),
		  VERDICT_CHANGED);
	check_int("applied", cargo_apply_change(arena, buf_str(&entry), &newer, &from), ITN_OK);
	check_int("from", from, CARGO_PENDING);
	check_int("status", newer.status, CARGO_IN_TRANSIT);
	check_int("not delivered yet", newer.delivered_at, 0);
	check_int("departedAt", newer.departed_at, NOW + 1);
	check_int("eta", newer.eta, LATER);
	check_str("location", newer.location, STR("Ceres"));
	check_int("version", newer.version, 2);
	buf_free(&entry);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation_counts_lines_as_sent),
		cmocka_unit_test(changes),
		cmocka_unit_test(times_of_the_journey),
		cmocka_unit_test(news_without_a_new_status),
		cmocka_unit_test(loading_and_unloading),
		cmocka_unit_test(it_counts_trades_with_reservations),
		cmocka_unit_test(public_json_round_trips),
		cmocka_unit_test(a_change_goes_over_a_newer_state),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
