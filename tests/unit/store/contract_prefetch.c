#include "contract.h"

static void prefetch(struct fixture *f, const struct store_key *keys, size_t count)
{
	check_status("prefetched", store_batch_prefetch(f->engine, keys, count), ITN_OK);
}

static void keep_goods(struct fixture *f)
{
	static const struct stock stock = { .station = STR("Mars"), .item = STR("ore"), .on_hand = 7, .version = 3 };
	static const struct stock_write write = { &stock, 0 };
	static const struct balance_write balances[] = {
		{ { STR("external"), STR("ore"), -9 }, false },
		{ { STR("transit:S1"), STR("ore"), 2 }, false },
	};
	check_status("written",
		     commit_alone(f, (struct store_writes){ .stock = &write,
							    .stock_count = 1,
							    .balances = balances,
							    .balance_count = COUNT_OF(balances) }),
		     ITN_OK);
}

static void check_goods(struct fixture *f, const char *when)
{
	struct stock stock;
	int64_t quantity = -1;
	check_status(when, store_batch_stock(f->engine, f->arena, STR("Mars"), STR("ore"), &stock), ITN_OK);
	check_int(when, stock.on_hand, 7);
	check_int(when, stock.version, 3);
	check_str(when, stock.station, STR("Mars"));
	check_str(when, stock.item, STR("ore"));
	check_status(when, store_batch_stock(f->engine, f->arena, STR("Mars"), STR("or"), &stock), ITN_NOT_FOUND);
	check_status(when, store_batch_stock(f->engine, f->arena, STR("Mar"), STR("ore"), &stock), ITN_NOT_FOUND);
	check_status(when, store_batch_balance(f->engine, STR("external"), STR("ore"), &quantity), ITN_OK);
	check_int(when, quantity, -9);
	check_status(when, store_batch_balance(f->engine, STR("transit:S1"), STR("ore"), &quantity), ITN_OK);
	check_int(when, quantity, 2);
	check_status(when, store_batch_balance(f->engine, STR("transit:S2"), STR("ore"), &quantity), ITN_OK);
	check_int(when, quantity, 0);
}

static void check_documents(struct fixture *f, const char *when, struct str trade_id, struct str cargo_id)
{
	struct trade trade;
	struct cargo cargo;
	check_status(when, store_batch_trade(f->engine, f->arena, trade_id, &trade), ITN_OK);
	check_str(when, trade.id, trade_id);
	check_str(when, trade.buyer, stored_trade(f, trade_id).buyer);
	check_int(when, trade.goods, GOODS_NONE);
	check_int(when, trade.unsequenced, 1);
	check_int(when, (long long)trade.items.count, 1);
	trade.items.at[0].quantity = 1000000;
	check_status(when, store_batch_trade(f->engine, f->arena, STR("0123456789abcdef01234567"), &trade),
		     ITN_NOT_FOUND);
	check_status(when, store_batch_cargo(f->engine, f->arena, cargo_id, &cargo), ITN_OK);
	check_str(when, cargo.id, cargo_id);
	check_int(when, cargo.open, true);
	check_int(when, cargo.unsequenced, 0);
	check_status(when, store_batch_cargo(f->engine, f->arena, STR("no such"), &cargo), ITN_NOT_FOUND);
	check_status(when, store_batch_trade(f->engine, f->arena, trade_id, &trade), ITN_OK);
	check_int("nobody else's changes", trade.items.at[0].quantity, 5);
}

static void reads_give_the_same_after_a_prefetch(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	struct cargo cargo = cargo_to(f, "Mars");
	put_trade(f, &trade);
	put_cargo(f, &cargo);
	drain(f);
	keep_goods(f);
	check_status("changed", change_trade(f, &trade, TRADE_DELAYED), ITN_OK);
	const struct store_key keys[] = {
		{ STORE_KEY_TRADE, trade.id, STR_NONE },
		{ STORE_KEY_BALANCE, STR("external"), STR("ore") },
		{ STORE_KEY_BALANCE, STR("transit:S1"), STR("ore") },
		{ STORE_KEY_BALANCE, STR("transit:S2"), STR("ore") },
		{ STORE_KEY_TRADE, STR("0123456789abcdef01234567"), STR_NONE },
		{ STORE_KEY_CARGO, cargo.id, STR_NONE },
		{ STORE_KEY_CARGO, STR("no such"), STR_NONE },
		{ STORE_KEY_STOCK, STR("Mars"), STR("ore") },
		{ STORE_KEY_STOCK, STR("Mars"), STR("or") },
		{ STORE_KEY_TRADE, trade.id, STR_NONE },
		{ STORE_KEY_STOCK, STR("Mars"), STR("ore") },
	};
	for (int round = 0; round < 3; round++) {
		begin(f, 1);
		prefetch(f, keys, round ? COUNT_OF(keys) : 0);
		check_goods(f, round ? "prefetched" : "not prefetched");
		check_documents(f, round ? "prefetched" : "not prefetched", trade.id, cargo.id);
		if (round == 2)
			prefetch(f, keys, COUNT_OF(keys));
		check_goods(f, "read again");
		check_documents(f, "read again", trade.id, cargo.id);
		store_batch_abort(f->engine);
	}
}

static void a_batch_does_not_see_what_another_prefetched(void **state)
{
	struct fixture *f = *state;
	const struct store_key key = { STORE_KEY_STOCK, STR("Mars"), STR("ore") };
	struct stock stock;
	begin(f, 1);
	prefetch(f, &key, 1);
	check_status("nothing yet", store_batch_stock(f->engine, f->arena, STR("Mars"), STR("ore"), &stock),
		     ITN_NOT_FOUND);
	store_batch_abort(f->engine);
	keep_goods(f);
	begin(f, 1);
	check_status("written since", store_batch_stock(f->engine, f->arena, STR("Mars"), STR("ore"), &stock), ITN_OK);
}

static void many_are_prefetched_at_once(void **state)
{
	enum { TRADES = 2100 };
	struct fixture *f = *state;
	struct store_key *keys = arena_calloc(f->arena, TRADES, sizeof(*keys));
	struct trade trade = trade_to(f, "Mars"), read;
	put_trade(f, &trade);
	drain(f);
	for (int i = 0; i < TRADES; i++)
		keys[i] =
			(struct store_key){ STORE_KEY_TRADE,
					    i == TRADES - 1 ? trade.id : arena_printf(f->arena, "%024x", i), STR_NONE };
	begin(f, 1);
	prefetch(f, keys, TRADES);
	for (int i = 0; i < TRADES; i++)
		check_status("read", store_batch_trade(f->engine, f->arena, keys[i].of, &read),
			     i == TRADES - 1 ? ITN_OK : ITN_NOT_FOUND);
}

/* The ids of the open cargo to a destination, `slice` at a time. */
static struct str open_to(struct fixture *f, struct str destination, size_t slice)
{
	struct store_cursor after = { 0 };
	struct buf ids = { 0 };
	struct str all;
	size_t count;
	do {
		struct cargo *got;
		check_status("slice",
			     store_batch_open_cargo(f->engine, f->arena, destination, after.time ? &after : NULL, slice,
						    &got, &count),
			     ITN_OK);
		for (size_t i = 0; i < count; i++) {
			check_str("destination", got[i].destination, destination);
			buf_add_str(&ids, got[i].id);
			buf_add_char(&ids, ' ');
			after = (struct store_cursor){ got[i].created_at, got[i].id };
		}
	} while (count == slice);
	all = arena_str(f->arena, buf_str(&ids));
	buf_free(&ids);
	return all;
}

static void open_cargo_is_the_same_after_a_prefetch(void **state)
{
	static const char *const destinations[] = { "Mars", "Mars 2", "Nowhere", "Venus", "\xc3\x84ther", "a" };
	static const int counts[][COUNT_OF(destinations)] = { { 1, 2, 0, 0, 3, 1 }, { 2, 14, 0, 9, 7, 3 } };
	struct fixture *f = *state;
	struct store_key keys[COUNT_OF(destinations)];
	for (size_t i = 0; i < COUNT_OF(destinations); i++)
		keys[i] = (struct store_key){ STORE_KEY_OPEN_CARGO, str_from(destinations[i]), STR_NONE };
	for (size_t round = 0; round < COUNT_OF(counts); round++) {
		for (size_t i = 0; i < COUNT_OF(destinations); i++)
			for (int n = 0; n < counts[round][i]; n++) {
				struct cargo cargo = cargo_to(f, destinations[i]);
				put_cargo(f, &cargo);
			}
		drain(f);
		for (size_t slice = 1; slice < 20; slice += 6)
			for (size_t i = 0; i < COUNT_OF(destinations); i++) {
				begin(f, 1);
				struct str plain = open_to(f, keys[i].of, slice);
				store_batch_abort(f->engine);
				begin(f, 1);
				prefetch(f, keys, COUNT_OF(keys));
				check_str(destinations[i], open_to(f, keys[i].of, slice), plain);
				check_str("again", open_to(f, keys[i].of, slice), plain);
				store_batch_abort(f->engine);
			}
	}
}

static const struct CMUnitTest tests[] = {
	CONTRACT(reads_give_the_same_after_a_prefetch),
	CONTRACT(a_batch_does_not_see_what_another_prefetched),
	CONTRACT(many_are_prefetched_at_once),
	CONTRACT(open_cargo_is_the_same_after_a_prefetch),
};

const struct contract_group contract_prefetch = { "prefetch", tests, COUNT_OF(tests) };
