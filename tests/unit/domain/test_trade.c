#include "../unit.h"

#include "domain/trade.h"

#define NOW   INT64_C(1795381200000)
#define LATER (NOW + 5000)

static struct line line_room[LINES_MAX];

static struct trade trade_of(size_t lines, uint64_t limit)
{
	struct trade trade = {
		.buyer = STR("Ada"),
		.buyer_email = STR("ada@x.y"),
		.seller = STR("Bo"),
		.seller_email = STR("bo@x.y"),
		.destination = STR("Vega"),
		.items = { line_room, lines },
	};

	for (size_t i = 0; i < lines; i++)
		line_room[i] = (struct line){ STR("iron"), 1 };
	trade_created(&trade, STR("0123456789abcdef01234567"), NOW, limit);
	return trade;
}

static void creation(unused_arg void **state)
{
	static const struct {
		const char *name;
		size_t lines;
		enum trade_status status;
		unsigned holds;
	} cases[] = {
		{ "one line", 1, TRADE_PENDING, 0 },
		{ "as many as the limit", 5, TRADE_PENDING, 0 },
		{ "one more than the limit", 6, TRADE_DELAYED, HOLD_SIZE },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct trade trade = trade_of(cases[i].lines, 5);

		check_int(cases[i].name, trade.status, cases[i].status);
		check_int(cases[i].name, trade.holds, cases[i].holds);
		check_int("version", trade.version, 1);
		check_int("goods", trade.goods, GOODS_NEW);
		check_int("createdAt", trade.created_at, NOW);
		check_int("updatedAt", trade.updated_at, NOW);
	}
}

static void changes(unused_arg void **state)
{
	static const struct {
		enum trade_status from;
		unsigned holds;
		enum trade_status to;
		enum verdict verdict;
		unsigned holds_after;
		const char *why;
	} cases[] = {
		{ TRADE_PENDING, 0, TRADE_PENDING, VERDICT_SAME, 0, NULL },
		{ TRADE_PENDING, 0, TRADE_COMPLETED, VERDICT_CHANGED, 0, NULL },
		{ TRADE_PENDING, 0, TRADE_CANCELED, VERDICT_CHANGED, 0, NULL },
		{ TRADE_PENDING, 0, TRADE_DELAYED, VERDICT_CHANGED, HOLD_MANUAL, NULL },
		{ TRADE_DELAYED, HOLD_SIZE, TRADE_DELAYED, VERDICT_SAME, HOLD_SIZE, NULL },
		{ TRADE_DELAYED, HOLD_SIZE | HOLD_MANUAL, TRADE_PENDING, VERDICT_CHANGED, 0, NULL },
		{ TRADE_DELAYED, HOLD_SIZE, TRADE_COMPLETED, VERDICT_CHANGED, 0, NULL },
		{ TRADE_DELAYED, HOLD_MANUAL, TRADE_CANCELED, VERDICT_CHANGED, 0, NULL },
		{ TRADE_DELAYED, HOLD_SHORTAGE, TRADE_PENDING, VERDICT_ILLEGAL, HOLD_SHORTAGE, "canceled" },
		{ TRADE_DELAYED, HOLD_SHORTAGE | HOLD_SIZE, TRADE_COMPLETED, VERDICT_ILLEGAL, HOLD_SHORTAGE | HOLD_SIZE,
		  "canceled" },
		{ TRADE_DELAYED, HOLD_SHORTAGE, TRADE_CANCELED, VERDICT_CHANGED, 0, NULL },
		{ TRADE_COMPLETED, 0, TRADE_COMPLETED, VERDICT_SAME, 0, NULL },
		{ TRADE_COMPLETED, 0, TRADE_PENDING, VERDICT_ILLEGAL, 0, "final" },
		{ TRADE_COMPLETED, 0, TRADE_CANCELED, VERDICT_ILLEGAL, 0, "final" },
		{ TRADE_COMPLETED, 0, TRADE_DELAYED, VERDICT_ILLEGAL, 0, "final" },
		{ TRADE_CANCELED, 0, TRADE_CANCELED, VERDICT_SAME, 0, NULL },
		{ TRADE_CANCELED, 0, TRADE_PENDING, VERDICT_ILLEGAL, 0, "final" },
		{ TRADE_CANCELED, 0, TRADE_COMPLETED, VERDICT_ILLEGAL, 0, "final" },
		{ TRADE_CANCELED, 0, TRADE_DELAYED, VERDICT_ILLEGAL, 0, "final" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct trade trade = trade_of(1, 5);
		struct trade_change change = { cases[i].to, STR("because") };
		struct error why = { "" };
		bool changed = cases[i].verdict == VERDICT_CHANGED;
		char name[64];

		snprintf(name, sizeof(name), "%s (holds %u) to %s", trade_status_name(cases[i].from), cases[i].holds,
			 trade_status_name(cases[i].to));
		trade.status = cases[i].from;
		trade.holds = cases[i].holds;
		check_int(name, trade_change(&trade, &change, LATER, &why), cases[i].verdict);
		check_int(name, trade.status, changed ? cases[i].to : cases[i].from);
		check_int(name, trade.holds, cases[i].holds_after);
		check_int(name, trade.version, changed ? 2 : 1);
		check_int(name, trade.updated_at, changed ? LATER : NOW);
		check_str(name, trade.reason, changed ? STR("because") : STR_NONE);
		check_bool(name, why.text[0] != '\0', cases[i].why != NULL);
		if (cases[i].why)
			check_has(name, why.text, cases[i].why);
	}
}

static void refusals_name_what_is_allowed(unused_arg void **state)
{
	struct trade trade = trade_of(1, 5);
	struct error why = { "" };

	trade.status = TRADE_DELAYED;
	trade.holds = HOLD_SHORTAGE;
	check_int("verdict", trade_change(&trade, &(struct trade_change){ TRADE_PENDING, STR_NONE }, LATER, &why),
		  VERDICT_ILLEGAL);
	check_text("shortage", why.text, "a trade that is delayed for a shortage can only become: canceled");
	trade.status = TRADE_COMPLETED;
	trade.holds = 0;
	check_int("verdict", trade_change(&trade, &(struct trade_change){ TRADE_PENDING, STR_NONE }, LATER, &why),
		  VERDICT_ILLEGAL);
	check_text("final", why.text, "a completed trade is final, its status can't change");
}

static void completion_by_the_engine(unused_arg void **state)
{
	struct trade trade = trade_of(6, 5);

	trade.reason = STR("old");
	trade_complete(&trade, LATER);
	check_int("status", trade.status, TRADE_COMPLETED);
	check_int("holds", trade.holds, 0);
	check_int("version", trade.version, 2);
	check_int("updatedAt", trade.updated_at, LATER);
	check_str("reason", trade.reason, STR_NONE);
	check_bool("open", trade_is_open(&trade), false);
}

static void names(unused_arg void **state)
{
	static const char *const bad[] = { "", "Pending", "pending ", "in transit", "delayedx" };
	enum trade_status status;

	for (unsigned i = 0; i < TRADE_STATUSES; i++) {
		check_bool("known", trade_status_parse(str_from(trade_status_name((enum trade_status)i)), &status),
			   true);
		check_int("itself", status, i);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		check_bool(bad[i], trade_status_parse(str_from(bad[i]), &status), false);
}

static void public_json_round_trips(unused_arg void **state)
{
	static const char *const cases[] = {
		"{\"_id\":\"0123456789abcdef01234567\",\"transactionId\":\"0123456789abcdef01234567\",\"buyer\":"
		"\"Ada\","
		"\"buyerEmail\":\"ada@x.y\",\"seller\":\"Bo\",\"sellerEmail\":\"bo@x.y\","
		"\"items\":[{\"name\":\"iron\",\"quantity\":10}],\"destination\":\"Vega\",\"status\":\"pending\","
		"\"version\":1,\"createdAt\":\"2026-11-22T20:44:13.215Z\",\"updatedAt\":\"2026-11-22T20:44:13.215Z\"}",
		"{\"_id\":\"0123456789abcdef01234567\",\"transactionId\":\"0123456789abcdef01234567\","
		"\"stationId\":\"Ce "
		"res/1\",\"buyer\":\"A\\\"\\\\da\",\"buyerEmail\":\"ada@x.y\",\"seller\":\"\xc3\xbc\","
		"\"sellerEmail\":\"bo@x.y\",\"items\":[{\"name\":\"$gt\",\"quantity\":1000000000000},"
		"{\"name\":\"a.b\",\"quantity\":1}],\"destination\":\"Vega\",\"status\":\"delayed\","
		"\"holds\":[\"size\",\"shortage\",\"manual\"],\"reservedLines\":[{\"name\":\"a.b\",\"quantity\":9007199254740991}],"
		"\"shipmentId\":\"S-1\",\"reason\":\"\",\"version\":7,"
		"\"createdAt\":\"2026-11-22T20:44:13.215Z\",\"updatedAt\":\"2026-11-22T20:44:14.000Z\"}",
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct buf out = { 0 };
		struct trade trade;

		check_int("read", trade_read_json(arena, str_from(cases[i]), &trade), ITN_OK);
		check_int("goods are kept elsewhere", trade.goods, GOODS_NEW);
		trade_write_json(&out, &trade);
		check_str("written again", buf_str(&out), str_from(cases[i]));
		buf_free(&out);
		arena_free(arena);
	}
}

static void foreign_json_is_refused(unused_arg void **state)
{
	static const char *const cases[] = {
		"",
		"[]",
		"{}",
		"null",
		"{\"transactionId\":\"x\"}",
		"{\"transactionId\":\"0123456789abcdef01234567\",\"buyer\":1,\"buyerEmail\":\"a@b\",\"seller\":\"b\","
		"\"sellerEmail\":\"b@c\",\"items\":{},\"destination\":\"V\",\"status\":\"lost\",\"version\":\"x\","
		"\"createdAt\":0,\"updatedAt\":\"yesterday\"}",
		"{\"_id\":\"0123456789abcdef01234567\",\"transactionId\":\"0123456789abcdef01234567\",\"buyer\":\"Ada\","
		"\"buyerEmail\":\"ada@x.y\",\"seller\":\"Bo\",\"sellerEmail\":\"bo@x.y\",\"items\":[],\"destination\":\"Vega\","
		"\"status\":\"pending\",\"reservedLines\":{},\"version\":1,\"createdAt\":\"2026-11-22T20:44:13.215Z\","
		"\"updatedAt\":\"2026-11-22T20:44:13.215Z\"}",
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct trade trade;

		check_int(cases[i], trade_read_json(arena, str_from(cases[i]), &trade), ITN_FAILED);
		arena_free(arena);
	}
}

static void a_change_goes_over_a_newer_state(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct trade first = trade_of(1, 5), newer;
	struct trade_change delayed = { TRADE_DELAYED, STR("storm") }, pending = { TRADE_PENDING, STR_NONE };
	struct buf entry = { 0 };
	enum trade_status from;

	check_int("delayed", trade_change(&first, &delayed, LATER, NULL), VERDICT_CHANGED);
	trade_write_change(&entry, &first, TRADE_PENDING);
	newer = first;
	check_int("pending", trade_change(&newer, &pending, LATER + 1, NULL), VERDICT_CHANGED);
	check_int("applied", trade_apply_change(arena, buf_str(&entry), &newer, &from), ITN_OK);
	check_int("from", from, TRADE_PENDING);
	check_int("status", newer.status, TRADE_DELAYED);
	check_int("holds", newer.holds, HOLD_MANUAL);
	check_int("version", newer.version, 2);
	check_int("updatedAt", newer.updated_at, LATER);
	check_str("reason", newer.reason, STR("storm"));
	check_str("the rest stays", newer.buyer, STR("Ada"));
	check_int("broken", trade_apply_change(arena, STR("{\"status\":\"pending\"}"), &newer, &from), ITN_FAILED);
	check_int("untouched by it", newer.status, TRADE_DELAYED);
	buf_free(&entry);
	arena_free(arena);
}

static struct trade open_trade(unsigned holds)
{
	struct trade trade = trade_of(1, 5);

	trade.goods = GOODS_NONE;
	trade.holds = holds;
	trade.status = holds ? TRADE_DELAYED : TRADE_PENDING;
	trade.reason = STR("storm");
	return trade;
}

static void a_shortage_delays(unused_arg void **state)
{
	static const struct {
		const char *name;
		unsigned holds, holds_after;
		bool changes;
	} cases[] = {
		{ "pending", 0, HOLD_SHORTAGE, true },
		{ "large", HOLD_SIZE, HOLD_SIZE | HOLD_SHORTAGE, false },
		{ "held", HOLD_MANUAL, HOLD_MANUAL | HOLD_SHORTAGE, false },
		{ "short of another item", HOLD_SHORTAGE, HOLD_SHORTAGE, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct trade trade = open_trade(cases[i].holds);

		check_bool(cases[i].name, trade_fall_short(&trade, STR("iron"), LATER), cases[i].changes);
		check_int(cases[i].name, trade.status, TRADE_DELAYED);
		check_int(cases[i].name, trade.holds, cases[i].holds_after);
		check_str(cases[i].name, trade.short_of, STR("iron"));
		check_int(cases[i].name, trade.version, cases[i].changes ? 2 : 1);
		check_int(cases[i].name, trade.updated_at, cases[i].changes ? LATER : NOW);
		check_str("a reason was of the status before", trade.reason, cases[i].changes ? STR_NONE : STR("storm"));
	}
}

static void a_reservation_ends_the_shortage(unused_arg void **state)
{
	static const struct {
		const char *name;
		unsigned holds, holds_after;
		enum trade_status status_after;
		bool changes;
	} cases[] = {
		{ "pending", 0, 0, TRADE_PENDING, false },
		{ "large", HOLD_SIZE, HOLD_SIZE, TRADE_DELAYED, false },
		{ "short", HOLD_SHORTAGE, 0, TRADE_PENDING, true },
		{ "short and held", HOLD_SHORTAGE | HOLD_MANUAL, HOLD_MANUAL, TRADE_DELAYED, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct trade trade = open_trade(cases[i].holds);
		struct line line = { STR("iron"), 1 };

		trade.short_of = cases[i].holds & HOLD_SHORTAGE ? STR("iron") : STR_NONE;
		check_bool(cases[i].name, trade_reserve(&trade, (struct lines){ &line, 1 }, LATER), cases[i].changes);
		check_int(cases[i].name, trade.status, cases[i].status_after);
		check_int(cases[i].name, trade.holds, cases[i].holds_after);
		check_str(cases[i].name, trade.short_of, STR_NONE);
		check_int(cases[i].name, trade.goods, GOODS_RESERVED);
		check_bool(cases[i].name, trade_has_reserved(&trade), true);
		check_int(cases[i].name, trade.version, cases[i].changes ? 2 : 1);
	}
}

static void goods_are_set_aside_until_they_leave(unused_arg void **state)
{
	static const struct {
		const char *name;
		enum trade_goods goods, released;
		bool set_aside;
	} cases[] = {
		{ "none", GOODS_NONE, GOODS_NONE, false },	   { "reserved", GOODS_RESERVED, GOODS_NONE, true },
		{ "loaded", GOODS_LOADED, GOODS_LOADED, true },	   { "moved", GOODS_MOVED, GOODS_MOVED, false },
		{ "arrived", GOODS_ARRIVED, GOODS_ARRIVED, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct line line = { STR("iron"), 1 };
		struct trade trade = { .reserved = { &line, 1 }, .goods = cases[i].goods, .short_of = STR("tin") };

		check_bool(cases[i].name, trade_has_reserved(&trade), cases[i].set_aside);
		trade_release(&trade);
		check_bool(cases[i].name, trade_has_reserved(&trade), false);
		check_int(cases[i].name, (long long)trade.reserved.count, 0);
		check_str(cases[i].name, trade.short_of, STR_NONE);
		check_int(cases[i].name, trade.goods, cases[i].released);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(creation),
		cmocka_unit_test(changes),
		cmocka_unit_test(refusals_name_what_is_allowed),
		cmocka_unit_test(completion_by_the_engine),
		cmocka_unit_test(names),
		cmocka_unit_test(public_json_round_trips),
		cmocka_unit_test(foreign_json_is_refused),
		cmocka_unit_test(a_change_goes_over_a_newer_state),
		cmocka_unit_test(a_shortage_delays),
		cmocka_unit_test(a_reservation_ends_the_shortage),
		cmocka_unit_test(goods_are_set_aside_until_they_leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
