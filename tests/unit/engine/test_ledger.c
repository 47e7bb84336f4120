/* The ledger: where goods are after each movement, and that none vanishes on the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/id.h"
#include "world.h"

static int begin(void **state)
{
	*state = world_new();
	return 0;
}

static int end(void **state)
{
	world_free(*state);
	return 0;
}

static void expect_movements(struct world *world, const char *station, const char *fmt, ...)
{
	char expected[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(expected, sizeof(expected), fmt, args);
	va_end(args);
	assert_string_equal(world_movements(world, station), expected);
}

/* What an account that is no station holds. */
static int64_t balance(struct world *world, const char *account, const char *item)
{
	struct store_batch batch;
	int64_t quantity;

	assert_int_equal(store_batch_begin(world->engine, world->arena, 1, 1, &batch), ITN_OK);
	assert_int_equal(store_batch_balance(world->engine, str_from(account), str_from(item), &quantity), ITN_OK);
	store_batch_abort(world->engine);
	return quantity;
}

static void goods_are_in_transit_between_departure_and_delivery(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "iron 4, water 2", 0);
	trade = world_trade(world, "Vega", "iron 5");
	world_settle(world);
	assert_int_equal(balance(world, "external", "iron"), 0);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	assert_int_equal(balance(world, "transit:S1", "iron"), 9);
	assert_int_equal(balance(world, "external", "iron"), -9);
	assert_int_equal(balance(world, "external", "water"), -2);
	assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 9);
	expect_movements(world, "Vega", "");
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	assert_int_equal(world_count(world, "9 inventoryUpdated Vega"), 1);
	expect_movements(world, "Vega",
			 "9 4 iron transit:S1 5 > station:Vega 4\n"
			 "9 2 water transit:S1 0 > station:Vega 2\n"
			 "9 5 iron transit:S1 0 > station:Vega 9 %s\n",
			 trade.ptr);
	assert_int_equal(balance(world, "transit:S1", "iron"), 0);
	assert_int_equal(balance(world, "external", "iron"), -9);
	assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 0);
}

static void what_arrives_without_departing_was_in_transit_too(void **state)
{
	struct world *world = *state;

	world_cargo(world, "S1", "Vega", "iron 4", 0);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	expect_movements(world, "Vega", "3 4 iron transit:S1 0 > station:Vega 4\n");
	assert_int_equal(balance(world, "external", "iron"), -4);
	assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 0);
}

static void goods_of_a_trade_canceled_under_way_arrive(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "", 0);
	trade = world_trade(world, "Vega", "iron 5");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	world_set_trade(world, trade, TRADE_CANCELED);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 5);
	assert_int_equal(world_get_trade(world, trade).status, TRADE_CANCELED);
	assert_int_equal(balance(world, "transit:S1", "iron"), 0);
}

/* After each transaction of a delivery in many steps, another engine going on after each. */
static void a_large_delivery_has_goods_in_one_place_at_each_instant(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;
	int64_t on_hand = 0, before, steps = 0;

	world->config.chunk_max = 10;
	world_reconfigure(world);
	world_cargo(world, "S1", "Vega", "iron 1", 0);
	for (int i = 0; i < 60; i++)
		(void)world_trade(world, "Vega", "iron 2");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	while (on_hand < 121) {
		before = on_hand;
		assert_int_equal(world_step(world, &result), ITN_OK);
		on_hand = world_on_hand(world, "Vega", "iron");
		assert_true(on_hand > before);
		assert_int_equal(on_hand + balance(world, "transit:S1", "iron"), 121);
		assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 121 - on_hand);
		assert_int_equal(balance(world, "external", "iron"), -121);
		world_restart_engine(world);
		steps++;
	}
	assert_true(steps > 3);
	world_settle(world);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 121);
}

static void the_network_takes_in_no_more_than_can_be_counted(void **state)
{
	struct world *world = *state;

	world_cargo(world, "S1", "Vega", "iron 9007199254740990", 0);
	world_cargo(world, "S2", "Rigel", "iron 5, tin 5", 0);
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	world_set_cargo(world, "S2", CARGO_IN_TRANSIT);
	world_settle(world);
	assert_int_equal(balance(world, "transit:S2", "iron"), 1);
	assert_int_equal(world_item(world, "Rigel", "iron", "incoming"), 1);
	world_set_cargo(world, "S2", CARGO_DELIVERED);
	world_settle(world);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), INT64_C(9007199254740990));
	assert_int_equal(world_on_hand(world, "Rigel", "iron"), 1);
	assert_int_equal(world_on_hand(world, "Rigel", "tin"), 5);
	assert_int_equal(world_item(world, "Rigel", "iron", "incoming"), 0);
	assert_int_equal(balance(world, "external", "iron"), -SUM_MAX);
	assert_int_equal(world_get_cargo(world, "S2").status, CARGO_DELIVERED);
}

/* The store as it would be, had the shipment departed before there was a ledger. */
static void forget_departure(struct world *world)
{
	struct balance_write forgotten[] = {
		{ { STR("external"), STR("iron"), 0 }, true },
		{ { STR("transit:S1"), STR("iron"), 0 }, true },
	};
	struct store_writes writes = { .balances = forgotten, .balance_count = 2 };
	struct store_batch batch;
	char id[ID_LEN + 1];

	id_new(id);
	assert_int_equal(store_batch_begin(world->engine, world->arena, 1, 1, &batch), ITN_OK);
	writes.batch = str_from(id);
	writes.last_seq = batch.head.last_seq;
	assert_int_equal(store_batch_commit(world->engine, &writes), ITN_OK);
}

static void what_departed_before_the_ledger_enters_it_when_it_arrives(void **state)
{
	struct world *world = *state;

	world_cargo(world, "S1", "Vega", "iron 4", 0);
	(void)world_trade(world, "Vega", "iron 5");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	forget_departure(world);
	assert_int_equal(balance(world, "transit:S1", "iron"), 0);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 9);
	assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 0);
	assert_int_equal(balance(world, "transit:S1", "iron"), 0);
	assert_int_equal(balance(world, "external", "iron"), -9);
}

static void stock_of_then_is_what_was_told_then(void **state)
{
	struct world *world = *state;
	struct lines lines;

	world_cargo(world, "S1", "Vega", "iron 4", 0);
	world_cargo(world, "S2", "Rigel", "iron 9", 0);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_set_cargo(world, "S2", CARGO_DELIVERED);
	world_settle(world);
	/* Both are told in one transaction, Rigel first. */
	assert_int_equal(world_count(world, "5 inventoryUpdated Rigel"), 1);
	assert_int_equal(world_count(world, "6 inventoryUpdated Vega"), 1);
	for (int64_t seq = 0; seq <= 6; seq++) {
		assert_int_equal(store_stock_at(world->store, world->arena, STR("Vega"), seq, 0, &lines), ITN_OK);
		assert_int_equal(lines.count, seq >= 5 ? 1 : 0);
	}
	assert_int_equal(lines.at[0].quantity, 4);
}

int main(void)
{
#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		STORY(goods_are_in_transit_between_departure_and_delivery),
		STORY(what_arrives_without_departing_was_in_transit_too),
		STORY(goods_of_a_trade_canceled_under_way_arrive),
		STORY(a_large_delivery_has_goods_in_one_place_at_each_instant),
		STORY(the_network_takes_in_no_more_than_can_be_counted),
		STORY(what_departed_before_the_ledger_enters_it_when_it_arrives),
		STORY(stock_of_then_is_what_was_told_then),
	};

	return cmocka_run_group_tests_name("the ledger", tests, NULL, NULL);
}
