#include "contract.h"

/* Writes one trade's goods, status and holds as an engine may. */
static void engine_sets(struct fixture *f, struct trade *trade, enum trade_goods goods, enum trade_status status,
			unsigned holds, struct str shipment)
{
	int64_t from = trade->version++;
	trade->goods = goods;
	trade->status = status;
	trade->holds = holds;
	trade->shipment = shipment;
	struct trade_write write = { trade, from };
	check_status("written", commit_alone(f, (struct store_writes){ .trades = &write, .trade_count = 1 }), ITN_OK);
}

static void waiting_trades_are_those_that_can_load(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		enum trade_goods goods;
		enum trade_status status;
		unsigned holds;
		bool waits;
	} cases[] = {
		{ "new", GOODS_NEW, TRADE_PENDING, 0, false },
		{ "none", GOODS_NONE, TRADE_PENDING, 0, true },
		{ "reserved", GOODS_RESERVED, TRADE_PENDING, 0, true },
		{ "loaded", GOODS_LOADED, TRADE_PENDING, 0, false },
		{ "moved", GOODS_MOVED, TRADE_PENDING, 0, false },
		{ "arrived", GOODS_ARRIVED, TRADE_PENDING, 0, false },
		{ "large", GOODS_NONE, TRADE_DELAYED, HOLD_SIZE, true },
		{ "held", GOODS_NONE, TRADE_DELAYED, HOLD_MANUAL | HOLD_SIZE, true },
		{ "short", GOODS_NONE, TRADE_DELAYED, HOLD_SHORTAGE, false },
		{ "large and short", GOODS_NONE, TRADE_DELAYED, HOLD_SHORTAGE | HOLD_SIZE, false },
		{ "completed", GOODS_NONE, TRADE_COMPLETED, 0, false },
		{ "canceled", GOODS_RESERVED, TRADE_CANCELED, 0, false },
	};
	struct trade trades[COUNT_OF(cases)], elsewhere = trade_to(f, "Venus");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		trades[i] = trade_to(f, "Mars");
		put_trade(f, &trades[i]);
	}
	put_trade(f, &elsewhere);
	drain(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		engine_sets(f, &trades[i], cases[i].goods, cases[i].status, cases[i].holds,
			    cases[i].goods >= GOODS_LOADED ? STR("S1") : STR_NONE);
	for (size_t slice = 1; slice < 7; slice++) {
		struct store_cursor after = { 0 };
		size_t next = 0, count;
		begin(f, 1);
		do {
			struct trade *got;
			check_status("slice", store_batch_waiting(f->engine, f->arena, STR("Mars"), next ? &after : NULL, slice,
								  &got, &count), ITN_OK);
			for (size_t i = 0; i < count; i++) {
				while (next < COUNT_OF(cases) && !cases[next].waits)
					next++;
				if (next == COUNT_OF(cases))
					fail_msg("too many wait");
				check_str(cases[next].name, got[i].id, trades[next].id);
				check_int(cases[next].name, got[i].goods, cases[next].goods);
				check_int(cases[next].name, got[i].unsequenced, 0);
				next++;
				after = (struct store_cursor){ got[i].created_at, got[i].id };
			}
		} while (count == slice);
		store_batch_abort(f->engine);
		while (next < COUNT_OF(cases) && !cases[next].waits)
			next++;
		check_int("all that wait", (long long)next, COUNT_OF(cases));
	}
	struct trade *got;
	size_t count;
	begin(f, 1);
	check_status("on S1", store_batch_loaded(f->engine, f->arena, STR("S1"), NULL, 10, &got, &count), ITN_OK);
	check_int("loaded and moved", (long long)count, 2);
	check_str("by time", got[0].id, trades[3].id);
	check_str("by time", got[1].id, trades[4].id);
	struct store_cursor after = { got[0].created_at, got[0].id };
	check_status("behind", store_batch_loaded(f->engine, f->arena, STR("S1"), &after, 10, &got, &count), ITN_OK);
	check_int("one more", (long long)count, 1);
	check_status("on none", store_batch_loaded(f->engine, f->arena, STR("S2"), NULL, 10, &got, &count), ITN_OK);
	check_int("none", (long long)count, 0);
}

static void a_client_s_change_ends_the_waiting(void **state)
{
	struct fixture *f = *state;
	struct trade a = trade_to(f, "Mars"), b = trade_to(f, "Mars"), *got;
	size_t count;
	put_trade(f, &a);
	put_trade(f, &b);
	drain(f);
	check_status("canceled", change_trade(f, &a, TRADE_CANCELED), ITN_OK);
	check_status("held", change_trade(f, &b, TRADE_DELAYED), ITN_OK);
	begin(f, 10);
	check_status("waiting", store_batch_waiting(f->engine, f->arena, STR("Mars"), NULL, 10, &got, &count), ITN_OK);
	check_int("one", (long long)count, 1);
	check_str("the one that is held by hand", got[0].id, b.id);
	check_int("with its entry", got[0].unsequenced, 1);
}

static void loaded_trades_keep_their_place_whatever_their_status(void **state)
{
	struct fixture *f = *state;
	struct trade trades[4], *got;
	size_t count;
	static const enum trade_status statuses[] = { TRADE_PENDING, TRADE_CANCELED, TRADE_COMPLETED, TRADE_DELAYED };
	for (int i = 0; i < 4; i++) {
		trades[i] = trade_to(f, "Mars");
		put_trade(f, &trades[i]);
	}
	drain(f);
	for (int i = 0; i < 4; i++)
		engine_sets(f, &trades[i], GOODS_MOVED, statuses[i], i == 3 ? HOLD_SHORTAGE : 0, STR("S1"));
	begin(f, 1);
	check_status("read", store_batch_loaded(f->engine, f->arena, STR("S1"), NULL, 10, &got, &count), ITN_OK);
	check_int("all four", (long long)count, 4);
	for (int i = 0; i < 4; i++)
		check_str("by time", got[i].id, trades[i].id);
}

static void open_cargo_comes_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo[6], *got;
	size_t count;
	int64_t base = f->now;
	for (int i = 0; i < 6; i++) {
		cargo[i] = cargo_to(f, i == 4 ? "Venus" : "Mars");
		cargo[i].id = arena_printf(f->arena, "s%d", 6 - i);
		cargo[i].created_at = base + i / 2;
		put_cargo(f, &cargo[i]);
	}
	begin(f, 1);
	check_status("none is open yet", store_batch_open_cargo(f->engine, f->arena, STR("Mars"), NULL, 10, &got, &count),
		     ITN_OK);
	check_int("none", (long long)count, 0);
	store_batch_abort(f->engine);
	drain(f);
	check_status("departs", change_cargo(f, &cargo[0], CARGO_IN_TRANSIT), ITN_OK);
	begin(f, 10);
	check_status("read", store_batch_open_cargo(f->engine, f->arena, STR("Mars"), NULL, 10, &got, &count), ITN_OK);
	check_int("the engine has not seen it depart", (long long)count, 5);
	store_batch_abort(f->engine);
	drain(f);
	struct store_cursor after = { 0 };
	static const char *const order[] = { "s5", "s3", "s4", "s1" };
	begin(f, 1);
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		check_status("read", store_batch_open_cargo(f->engine, f->arena, STR("Mars"), &after, 1, &got, &count), ITN_OK);
		check_int("one", (long long)count, 1);
		check_str("by time, then id", got[0].id, str_from(order[i]));
		after = (struct store_cursor){ got[0].created_at, got[0].id };
	}
	check_status("end", store_batch_open_cargo(f->engine, f->arena, STR("Mars"), &after, 1, &got, &count), ITN_OK);
	check_int("none", (long long)count, 0);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(waiting_trades_are_those_that_can_load),
	CONTRACT(a_client_s_change_ends_the_waiting),
	CONTRACT(loaded_trades_keep_their_place_whatever_their_status),
	CONTRACT(open_cargo_comes_oldest_first),
};

const struct contract_group contract_loading = { "what can be loaded", tests, COUNT_OF(tests) };
