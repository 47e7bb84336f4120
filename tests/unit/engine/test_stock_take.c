/* What a stock-take does to a station, and to what was set aside there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "mars.h"
#include "world.h"

static void a_count_below_what_is_set_aside_takes_from_the_youngest(void **state)
{
	struct world *world = *state;
	struct str old, middle, young, other;

	stock_mars(world, "iron 10, copper 5");
	world_cargo(world, "S1", "Vega", "", 0);
	old = world_trade_from(world, "Mars", "Vega", "iron 3");
	middle = world_trade_from(world, "Mars", "Vega", "iron 3, copper 1");
	young = world_trade_from(world, "Mars", "Vega", "iron 3");
	other = world_trade_from(world, "Mars", "Vega", "copper 1");
	world_settle(world);
	stock_mars(world, "iron 4");
	expect_trade(world, old, TRADE_PENDING, 0, "S1", "iron 3");
	expect_trade(world, middle, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	expect_trade(world, young, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	expect_trade(world, other, TRADE_PENDING, 0, "S1", "copper 1");
	expect_stock(world, "iron", 4, 3);
	expect_stock(world, "copper", 5, 1);
	assert_int_equal(world_count(world, SHORTAGE), 2);
	assert_int_equal(world_get_cargo(world, "S1").trade_count, 2);
	stock_mars(world, "iron 10");
	expect_trade(world, middle, TRADE_PENDING, 0, "S1", "iron 3, copper 1");
	expect_trade(world, young, TRADE_PENDING, 0, "S1", "iron 3");
}

static void room_that_a_count_makes_on_a_cargo_is_filled(void **state)
{
	struct world *world = *state;
	struct str loaded, waiting;

	stock_mars(world, "iron 5");
	world_cargo(world, "S1", "Vega", "", 5);
	loaded = world_trade_from(world, "Mars", "Vega", "iron 5");
	waiting = world_trade(world, "Vega", "water 5");
	world_settle(world);
	expect_trade(world, waiting, TRADE_PENDING, 0, "-", "");
	stock_mars(world, "iron 2");
	expect_trade(world, loaded, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	expect_trade(world, waiting, TRADE_PENDING, 0, "S1", "");
}

static void a_count_that_finds_what_is_there_changes_nothing(void **state)
{
	struct world *world = *state;

	stock_mars(world, "iron 5");
	stock_mars(world, "iron 5");
	assert_int_equal(world_count(world, "stockTaken Mars"), 2);
	assert_int_equal(world_count(world, "inventoryUpdated Mars"), 1);
	assert_int_equal(world_item(world, "Mars", "iron", "version"), 1);
}

static void low_stock_is_told_once_until_it_recovers(void **state)
{
	struct world *world = *state;

	(void)world_request(world, ENTITY_INVENTORY, STR("Mars"),
			    "{\"items\":[{\"name\":\"iron\",\"quantity\":10,\"reorderLevel\":5}]}");
	world_settle(world);
	assert_int_equal(world_item(world, "Mars", "iron", "reorderLevel"), 5);
	assert_int_equal(world_count(world, LOW), 0);
	(void)world_trade_from(world, "Mars", "Vega", "iron 5");
	world_settle(world);
	assert_int_equal(world_count(world, LOW), 0);
	(void)world_trade_from(world, "Mars", "Vega", "iron 1");
	(void)world_trade_from(world, "Mars", "Vega", "iron 1");
	world_settle(world);
	(void)world_trade_from(world, "Mars", "Vega", "iron 1");
	world_settle(world);
	assert_int_equal(world_count(world, "criticalEvent Mars " LOW), 1);
	stock_mars(world, "iron 20");
	stock_mars(world, "iron 12");
	assert_int_equal(world_count(world, LOW), 2);
	(void)world_request(world, ENTITY_INVENTORY, STR("Mars"),
			    "{\"items\":[{\"name\":\"iron\",\"quantity\":12,\"reorderLevel\":0}]}");
	world_settle(world);
	stock_mars(world, "iron 9");
	assert_int_equal(world_count(world, LOW), 2);
}

/* Counted after it left, though the engine has not taken all of it yet. */
static void a_count_waits_for_departures_before_it(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;

	world->config.chunk_max = 10;
	world_reconfigure(world);
	stock_mars(world, "iron 100");
	world_cargo(world, "S1", "Vega", "", 0);
	for (int i = 0; i < 40; i++)
		(void)world_trade_from(world, "Mars", "Vega", "iron 2");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	assert_int_equal(world_step(world, &result), ITN_OK);
	assert_true(world_on_hand(world, "Mars", "iron") > 20);
	stock_mars(world, "iron 19");
	expect_stock(world, "iron", 19, 0);
	assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 80);
	assert_int_equal(world_count(world, SHORTAGE), 0);
}

/* A long stock-take behind a long delivery; the departure that came last must not take what was counted before it left.
 */
static void a_departure_waits_for_counts_before_it(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;

	world->config.chunk_max = 10;
	world_reconfigure(world);
	stock_mars(world, "iron 10");
	world_cargo(world, "S1", "Mars", "", 0);
	for (int i = 0; i < 40; i++)
		(void)world_trade(world, "Mars", "copper 2");
	world_cargo(world, "S2", "Vega", "", 0);
	(void)world_trade_from(world, "Mars", "Vega", "iron 4");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	assert_int_equal(world_step(world, &result), ITN_OK);
	(void)world_count_stock(world, "Mars", "iron 9");
	assert_int_equal(world_step(world, &result), ITN_OK);
	world_set_cargo(world, "S2", CARGO_IN_TRANSIT);
	assert_int_equal(world_step(world, &result), ITN_OK);
	expect_stock(world, "iron", 10, 4);
	world_settle(world);
	expect_stock(world, "iron", 5, 0);
	assert_int_equal(world_on_hand(world, "Mars", "copper"), 80);
}

/* Canceled behind a stock-take that is not applied yet: closed already, with its goods still set aside. */
static void a_count_takes_from_a_closed_trade_without_delaying_it(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;
	struct str old, young, closed;

	world->config.chunk_max = 10;
	world_reconfigure(world);
	stock_mars(world, "iron 10");
	world_cargo(world, "S1", "Mars", "", 0);
	for (int i = 0; i < 40; i++)
		(void)world_trade(world, "Mars", "copper 2");
	world_cargo(world, "S2", "Vega", "", 0);
	old = world_trade_from(world, "Mars", "Vega", "iron 4");
	closed = world_trade_from(world, "Mars", "Vega", "iron 4");
	young = world_trade_from(world, "Mars", "Vega", "iron 4");
	world_settle(world);
	expect_trade(world, young, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	assert_int_equal(world_step(world, &result), ITN_OK);
	(void)world_count_stock(world, "Mars", "iron 4");
	assert_int_equal(world_step(world, &result), ITN_OK);
	world_set_trade(world, closed, TRADE_CANCELED);
	world_settle(world);
	expect_trade(world, closed, TRADE_CANCELED, 0, "-", "");
	expect_trade(world, old, TRADE_PENDING, 0, "S2", "iron 4");
	expect_trade(world, young, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	expect_stock(world, "iron", 4, 4);
	assert_int_equal(world_count(world, SHORTAGE), 1);
}

/* Both go on for many batches: the goods are still there when the count takes them back, the ship leaves without. */
static void a_large_departure_leaves_without_what_a_large_count_before_it_misses(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;

	world->config.chunk_max = 10;
	world_reconfigure(world);
	stock_mars(world, "iron 100, copper 100");
	world_cargo(world, "S1", "Vega", "", 0);
	for (int i = 0; i < 40; i++)
		(void)world_trade_from(world, "Mars", "Vega", i % 2 ? "iron 2" : "copper 2");
	world_settle(world);
	expect_stock(world, "iron", 100, 40);
	(void)world_count_stock(world, "Mars", "iron 5");
	assert_int_equal(world_step(world, &result), ITN_OK);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	assert_true(world_settle(world) < 100);
	expect_stock(world, "iron", 1, 0);
	expect_stock(world, "copper", 60, 0);
	assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 4);
	assert_int_equal(world_count(world, SHORTAGE), 18);
}

static void a_large_count_goes_on_in_chunks(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;
	bool any = true;

	world->config.chunk_max = 10;
	world_reconfigure(world);
	stock_mars(world, "iron 100, copper 100");
	for (int i = 0; i < 30; i++)
		(void)world_trade_from(world, "Mars", i % 2 ? "Vega" : "Pluto", i % 3 ? "iron 2" : "copper 2");
	world_settle(world);
	expect_stock(world, "iron", 100, 40);
	(void)world_count_stock(world, "Mars", "copper 3, iron 5");
	while (any) {
		assert_int_equal(world_step(world, &result), ITN_OK);
		world_restart_engine(world);
		assert_true(world_item(world, "Mars", "iron", "available") >= 0);
		assert_true(world_item(world, "Mars", "copper", "available") >= 0);
		assert_int_equal(store_backlog(world->engine, 0, &any), ITN_OK);
	}
	expect_stock(world, "iron", 5, 4);
	expect_stock(world, "copper", 3, 2);
	assert_int_equal(world_count(world, SHORTAGE), 18 + 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, mars_begin, mars_end)
		CASE(a_count_below_what_is_set_aside_takes_from_the_youngest),
		CASE(room_that_a_count_makes_on_a_cargo_is_filled),
		CASE(a_count_that_finds_what_is_there_changes_nothing),
		CASE(low_stock_is_told_once_until_it_recovers),
		CASE(a_count_waits_for_departures_before_it),
		CASE(a_departure_waits_for_counts_before_it),
		CASE(a_count_takes_from_a_closed_trade_without_delaying_it),
		CASE(a_large_departure_leaves_without_what_a_large_count_before_it_misses),
		CASE(a_large_count_goes_on_in_chunks),
	};

	return cmocka_run_group_tests_name("stock-takes", tests, NULL, NULL);
}
