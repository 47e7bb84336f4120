/* What a station sets aside for trades, and what happens where there is too little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/engine_ops.h"
#include "store/inspect.h"
#include "mars.h"
#include "world.h"

static void a_created_trade_has_its_goods_set_aside(void **state)
{
	struct world *world = *state;
	struct str trade;

	stock_mars(world, "iron 10, copper 3");
	world_cargo(world, "S1", "Vega", "", 0);
	trade = world_trade_from(world, "Mars", "Vega", "iron 4, water 7, iron 1, copper 3");
	world_settle(world);
	expect_trade(world, trade, TRADE_PENDING, 0, "S1", "iron 5, copper 3");
	expect_stock(world, "iron", 10, 5);
	expect_stock(world, "copper", 3, 3);
	assert_int_equal(world_item(world, "Mars", "water", "reserved"), -1);
	assert_int_equal(world_count(world, SHORTAGE), 0);
}

static void all_tracked_lines_are_set_aside_or_none(void **state)
{
	struct world *world = *state;
	struct str trade;

	stock_mars(world, "iron 10, copper 3");
	world_cargo(world, "S1", "Vega", "", 0);
	trade = world_trade_from(world, "Mars", "Vega", "iron 5, copper 4");
	world_settle(world);
	expect_trade(world, trade, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	expect_stock(world, "iron", 10, 0);
	expect_stock(world, "copper", 3, 0);
	assert_int_equal(world_count(world, "delayed " SHORTAGE), 1);
	assert_non_null(strstr(world_mails(world), "ada@example.org"));
}

static void a_station_that_tracks_nothing_of_it_gives_nothing(void **state)
{
	struct world *world = *state;
	struct str trade;

	stock_mars(world, "iron 1");
	world_cargo(world, "S1", "Vega", "", 0);
	trade = world_trade_from(world, "Mars", "Vega", "water 7");
	world_settle(world);
	expect_trade(world, trade, TRADE_PENDING, 0, "S1", "");
	expect_stock(world, "iron", 1, 0);
}

static void nothing_counted_is_too_little(void **state)
{
	struct world *world = *state;
	struct str trade;

	stock_mars(world, "iron 0");
	trade = world_trade_from(world, "Mars", "Vega", "iron 1");
	world_settle(world);
	expect_trade(world, trade, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
}

static void a_departure_takes_what_is_set_aside_and_the_rest_from_outside(void **state)
{
	struct world *world = *state;
	struct str trade;
	char expected[512];

	stock_mars(world, "iron 10");
	world_cargo(world, "S1", "Vega", "iron 2", 0);
	trade = world_trade_from(world, "Mars", "Vega", "iron 4, water 7");
	(void)world_trade(world, "Vega", "iron 1");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	expect_stock(world, "iron", 6, 0);
	expect_trade(world, trade, TRADE_PENDING, 0, "S1", "iron 4");
	assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 7);
	assert_int_equal(world_item(world, "Vega", "water", "incoming"), 7);
	snprintf(expected, sizeof(expected),
		 "2 10 iron external -10 > station:Mars 10\n"
		 "11 4 iron station:Mars 6 > transit:S1 4 %.*s\n",
		 STR_ARG(trade));
	assert_string_equal(world_movements(world, "Mars"), expected);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	expect_trade(world, trade, TRADE_COMPLETED, 0, "S1", "iron 4");
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 7);
	assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 0);
	expect_stock(world, "iron", 6, 0);
}

static void a_delivery_without_departure_takes_it_too(void **state)
{
	struct world *world = *state;

	stock_mars(world, "iron 10");
	world_cargo(world, "S1", "Vega", "", 0);
	(void)world_trade_from(world, "Mars", "Vega", "iron 4");
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	expect_stock(world, "iron", 6, 0);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 4);
}

static void what_left_for_a_trade_canceled_later_is_not_forgotten(void **state)
{
	struct world *world = *state;
	struct str trade;

	stock_mars(world, "iron 10");
	world_cargo(world, "S1", "Vega", "", 0);
	trade = world_trade_from(world, "Mars", "Vega", "iron 4");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_set_trade(world, trade, TRADE_CANCELED);
	world_settle(world);
	expect_trade(world, trade, TRADE_CANCELED, 0, "S1", "iron 4");
	expect_stock(world, "iron", 6, 0);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	expect_trade(world, trade, TRADE_CANCELED, 0, "S1", "iron 4");
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 4);
}

static void the_oldest_short_trade_that_fits_comes_first(void **state)
{
	struct world *world = *state;
	struct str large, first, second;

	stock_mars(world, "iron 1");
	world_cargo(world, "S1", "Vega", "", 0);
	large = world_trade_from(world, "Mars", "Vega", "iron 50");
	first = world_trade_from(world, "Mars", "Vega", "iron 6");
	second = world_trade_from(world, "Mars", "Vega", "iron 6");
	world_settle(world);
	assert_int_equal(world_count(world, SHORTAGE), 3);
	world_cargo(world, "S2", "Mars", "iron 8", 0);
	world_set_cargo(world, "S2", CARGO_DELIVERED);
	world_settle(world);
	expect_trade(world, large, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	expect_trade(world, first, TRADE_PENDING, 0, "S1", "iron 6");
	expect_trade(world, second, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	expect_stock(world, "iron", 9, 6);
	stock_mars(world, "iron 56");
	expect_trade(world, large, TRADE_PENDING, 0, "S1", "iron 50");
	expect_trade(world, second, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	expect_stock(world, "iron", 56, 56);
}

/* Short of the one until that comes, then of the other. */
static void a_trade_short_of_two_items_waits_for_both(void **state)
{
	struct world *world = *state;
	struct str trade;

	stock_mars(world, "iron 1, copper 1");
	trade = world_trade_from(world, "Mars", "Vega", "iron 2, copper 2");
	world_settle(world);
	stock_mars(world, "copper 2");
	expect_trade(world, trade, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	stock_mars(world, "copper 1");
	stock_mars(world, "iron 2");
	expect_trade(world, trade, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	stock_mars(world, "copper 2");
	expect_trade(world, trade, TRADE_PENDING, 0, "-", "iron 2, copper 2");
	assert_int_equal(world_count(world, SHORTAGE), 1);
}

static void a_canceled_trade_gives_back_for_those_that_are_short(void **state)
{
	struct world *world = *state;
	struct str first, second;

	stock_mars(world, "iron 5");
	world_cargo(world, "S1", "Vega", "", 0);
	first = world_trade_from(world, "Mars", "Vega", "iron 4");
	second = world_trade_from(world, "Mars", "Vega", "iron 5");
	world_settle(world);
	expect_trade(world, second, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	world_set_trade(world, first, TRADE_CANCELED);
	world_settle(world);
	expect_trade(world, first, TRADE_CANCELED, 0, "-", "");
	expect_trade(world, second, TRADE_PENDING, 0, "S1", "iron 5");
	expect_stock(world, "iron", 5, 5);
	world_set_trade(world, second, TRADE_CANCELED);
	world_settle(world);
	expect_stock(world, "iron", 5, 0);
	assert_int_equal(world_get_cargo(world, "S1").trade_count, 0);
}

/* It rose and fell within one batch. */
static void what_was_given_back_for_a_moment_is_tried(void **state)
{
	struct world *world = *state;
	struct str first, second;

	stock_mars(world, "iron 5");
	first = world_trade_from(world, "Mars", "Vega", "iron 5");
	world_settle(world);
	second = world_trade_from(world, "Mars", "Pluto", "iron 2");
	world_settle(world);
	expect_trade(world, second, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
	world_set_trade(world, first, TRADE_CANCELED);
	(void)world_trade_from(world, "Mars", "Vega", "iron 3");
	world_settle(world);
	expect_trade(world, second, TRADE_PENDING, 0, "-", "iron 2");
	expect_stock(world, "iron", 5, 5);
}

/* More items than rise at once. */
static void of_many_missing_items_the_one_that_comes_is_found(void **state)
{
	struct world *world = *state;
	struct str trades[12];

	for (int i = 0; i < 12; i++) {
		stock_mars(world, arena_printf(world->arena, "item%d 0", 10 + i).ptr);
		trades[i] = world_trade_from(world, "Mars", "Vega", arena_printf(world->arena, "item%d 2", 10 + i).ptr);
	}
	world_settle(world);
	stock_mars(world, "item19 3, item11 1");
	for (int i = 0; i < 12; i++)
		expect_trade(world, trades[i], i == 9 ? TRADE_PENDING : TRADE_DELAYED, i == 9 ? 0 : HOLD_SHORTAGE, "-",
			     i == 9 ? "item19 2" : "");
}

static void a_canceled_short_trade_is_forgotten(void **state)
{
	struct world *world = *state;
	struct str trade;

	stock_mars(world, "iron 1");
	trade = world_trade_from(world, "Mars", "Vega", "iron 4");
	world_settle(world);
	world_set_trade(world, trade, TRADE_CANCELED);
	world_settle(world);
	stock_mars(world, "iron 9");
	expect_trade(world, trade, TRADE_CANCELED, 0, "-", "");
	expect_stock(world, "iron", 9, 0);
}

static void completed_by_hand_goods_leave_the_station(void **state)
{
	struct world *world = *state;
	struct str trade;
	char expected[512];

	stock_mars(world, "iron 10");
	world_cargo(world, "S1", "Vega", "", 0);
	trade = world_trade_from(world, "Mars", "Vega", "iron 4, water 2");
	world_settle(world);
	world_set_trade(world, trade, TRADE_COMPLETED);
	world_settle(world);
	expect_trade(world, trade, TRADE_COMPLETED, 0, "-", "");
	expect_stock(world, "iron", 6, 0);
	assert_int_equal(world_get_cargo(world, "S1").trade_count, 0);
	snprintf(expected, sizeof(expected),
		 "2 10 iron external -10 > station:Mars 10\n"
		 "11 4 iron station:Mars 6 > external -6 %.*s\n",
		 STR_ARG(trade));
	assert_string_equal(world_movements(world, "Mars"), expected);
}

static void expect_verdict(struct world *world, struct str request, enum request_state state)
{
	struct request_verdict verdict;

	assert_int_equal(store_request_verdict(world->store, world->arena, request, &verdict), ITN_OK);
	assert_int_equal(verdict.state, state);
}

static void a_short_trade_can_not_be_completed_by_hand(void **state)
{
	struct world *world = *state;
	struct str trade, request;

	stock_mars(world, "iron 1");
	trade = world_trade_from(world, "Mars", "Vega", "iron 4");
	request = world_request(world, ENTITY_TRADE, trade, "{\"status\":\"completed\"}");
	world_settle(world);
	expect_verdict(world, request, REQUEST_ILLEGAL);
	expect_trade(world, trade, TRADE_DELAYED, HOLD_SHORTAGE, "-", "");
}

static void a_wish_waits_until_the_goods_are_set_aside(void **state)
{
	struct world *world = *state;
	struct str trade, request;

	stock_mars(world, "iron 4");
	trade = world_trade_from(world, "Mars", "Vega", "iron 4");
	request = world_request(world, ENTITY_TRADE, trade, "{\"status\":\"completed\"}");
	world_settle(world);
	expect_verdict(world, request, REQUEST_CHANGED);
	expect_trade(world, trade, TRADE_COMPLETED, 0, "-", "");
	expect_stock(world, "iron", 0, 0);
}

/* Many trades, few documents a batch, another engine after each. */
static void a_large_departure_has_goods_in_one_place_at_each_instant(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;
	int64_t on_hand = 100, steps = 0;
	bool any = true;

	world->config.chunk_max = 10;
	world_reconfigure(world);
	stock_mars(world, "iron 100");
	world_cargo(world, "S1", "Vega", "", 0);
	for (int i = 0; i < 40; i++)
		(void)world_trade_from(world, "Mars", "Vega", "iron 2");
	world_settle(world);
	expect_stock(world, "iron", 100, 80);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	for (; any; steps++) {
		assert_int_equal(world_step(world, &result), ITN_OK);
		world_restart_engine(world);
		on_hand = world_on_hand(world, "Mars", "iron");
		assert_int_equal(world_item(world, "Mars", "iron", "reserved"), on_hand - 20);
		if (on_hand < 100)
			assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 100 - on_hand);
		assert_int_equal(store_backlog(world->engine, 0, &any), ITN_OK);
	}
	assert_true(steps > 4);
	assert_int_equal(on_hand, 20);
}

/* So much waits behind a long delivery that a batch does not read all of it. */
static void a_crowded_lane_delays_no_departure_elsewhere(void **state)
{
	struct world *world = *state;
	struct store_vitals vitals = { .jobs = 0 };
	struct sequencer_result result;

	world->config.chunk_max = 10;
	world_reconfigure(world);
	stock_mars(world, "iron 10");
	(void)world_count_stock(world, "Luna", "iron 10");
	world_cargo(world, "S1", "Mars", "", 0);
	for (int i = 0; i < 200; i++)
		(void)world_trade(world, "Mars", "copper 2");
	world_cargo(world, "S2", "Vega", "lead 3", 0);
	(void)world_trade_from(world, "Luna", "Vega", "iron 4");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	for (int i = 0; i < 1100; i++)
		(void)world_trade(world, "Mars", "tin 1");
	while (vitals.jobs < 1100) {
		assert_int_equal(world_step(world, &result), ITN_OK);
		assert_int_equal(store_vitals(world->store, &vitals), ITN_OK);
	}
	world_set_cargo(world, "S2", CARGO_IN_TRANSIT);
	while (!world_count(world, "S2 in transit"))
		assert_int_equal(world_step(world, &result), ITN_OK);
	assert_int_equal(world_step(world, &result), ITN_OK);
	assert_int_equal(world_item(world, "Vega", "lead", "incoming"), 3);
	assert_int_equal(world_item(world, "Vega", "iron", "incoming"), 4);
	assert_true(world_on_hand(world, "Mars", "copper") < 400);
}

static const struct store_ops *counted_ops;
static int short_reads;

static enum itn_status count_short_reads(struct store_engine *engine, struct arena *arena, struct str station,
					 struct str item, const struct store_cursor *after, size_t max,
					 struct trade **ret_trades, size_t *ret_count)
{
	short_reads++;
	return counted_ops->batch_short(engine, arena, station, item, after, max, ret_trades, ret_count);
}

/* Each batch of a long delivery leaves a retry behind it. */
static void whoever_fits_not_is_retried_once_for_all_that_came(void **state)
{
	struct world *world = *state;
	struct store_ops ops = *world->store->ops;
	struct store_vitals vitals;
	struct sequencer_result result;

	world->config.chunk_max = 10;
	world_reconfigure(world);
	stock_mars(world, "copper 1");
	(void)world_trade_from(world, "Mars", "Vega", "copper 1000");
	world_cargo(world, "S1", "Mars", "", 0);
	for (int i = 0; i < 60; i++)
		(void)world_trade(world, "Mars", "copper 2");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	while (world_on_hand(world, "Mars", "copper") < 121)
		assert_int_equal(world_step(world, &result), ITN_OK);
	assert_int_equal(store_vitals(world->store, &vitals), ITN_OK);
	assert_true(vitals.jobs > 10);
	counted_ops = world->store->ops;
	ops.batch_short = count_short_reads;
	world->store->ops = &ops;
	world_settle(world);
	world->store->ops = counted_ops;
	assert_true(short_reads > 0 && short_reads < 5);
	assert_int_equal(world_count(world, SHORTAGE), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, mars_begin, mars_end)
		CASE(a_created_trade_has_its_goods_set_aside),
		CASE(all_tracked_lines_are_set_aside_or_none),
		CASE(a_station_that_tracks_nothing_of_it_gives_nothing),
		CASE(nothing_counted_is_too_little),
		CASE(a_departure_takes_what_is_set_aside_and_the_rest_from_outside),
		CASE(a_delivery_without_departure_takes_it_too),
		CASE(what_left_for_a_trade_canceled_later_is_not_forgotten),
		CASE(the_oldest_short_trade_that_fits_comes_first),
		CASE(a_trade_short_of_two_items_waits_for_both),
		CASE(a_canceled_trade_gives_back_for_those_that_are_short),
		CASE(what_was_given_back_for_a_moment_is_tried),
		CASE(of_many_missing_items_the_one_that_comes_is_found),
		CASE(a_canceled_short_trade_is_forgotten),
		CASE(completed_by_hand_goods_leave_the_station),
		CASE(a_short_trade_can_not_be_completed_by_hand),
		CASE(a_wish_waits_until_the_goods_are_set_aside),
		CASE(a_large_departure_has_goods_in_one_place_at_each_instant),
		CASE(a_crowded_lane_delays_no_departure_elsewhere),
		CASE(whoever_fits_not_is_retried_once_for_all_that_came),
	};

	return cmocka_run_group_tests_name("reservations", tests, NULL, NULL);
}
