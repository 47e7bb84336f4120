/* The rules of the cascade, each as a short story: what clients do, what the log then says, where the goods are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

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

static void expect_log(struct world *world, const char *expected)
{
	assert_string_equal(world_log(world), expected);
}

static const char *text(struct world *world, const char *fmt, ...)
{
	char out[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(out, sizeof(out), fmt, args);
	va_end(args);
	return arena_cstr(world->arena, str_from(out));
}

static void a_trade_without_cargo_waits(void **state)
{
	struct world *world = *state;
	struct str trade = world_trade(world, "Vega", "iron 5");

	world_settle(world);
	expect_log(world, text(world, "1 tradeCreate %s pending\n", trade.ptr));
	assert_null(world_get_trade(world, trade).shipment.ptr);
	assert_int_equal(world_get_trade(world, trade).version, 1);
}

static void a_trade_joins_the_oldest_cargo_with_its_destination(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Rigel", "", 0);
	world_cargo(world, "S2", "Vega", "", 0);
	world_cargo(world, "S3", "Vega", "", 0);
	world_settle(world);
	trade = world_trade(world, "Vega", "iron 5");
	world_settle(world);
	expect_log(world, text(world,
			       "1 cargoUpdated S1 pending\n2 cargoUpdated S2 pending\n3 cargoUpdated S3 pending\n"
			       "4 tradeCreate %s pending\n5 cargoUpdated S2 pending\n6 tradeUpdated %s pending\n",
			       trade.ptr, trade.ptr));
	assert_true(str_eq(world_get_trade(world, trade).shipment, STR("S2")));
	assert_int_equal(world_get_cargo(world, "S2").items.count, 1);
	assert_int_equal(world_get_cargo(world, "S2").trade_count, 1);
}

static void a_large_trade_is_announced_and_loads_all_the_same(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "", 0);
	trade = world_trade(world, "Vega", "a 1, b 1, c 1, d 1, e 1, f 1");
	world_settle(world);
	expect_log(world, text(world,
			       "1 cargoUpdated S1 pending\n2 tradeCreate %s delayed\n"
			       "3 criticalEvent %s delayed [Delayed shipment detected!]\n"
			       "4 cargoUpdated S1 pending\n5 tradeUpdated %s delayed\n",
			       trade.ptr, trade.ptr, trade.ptr));
}

static void large_cargo_is_announced(void **state)
{
	struct world *world = *state;

	world_cargo(world, "S1", "Vega", "a 1, b 1, c 1, d 1, e 1, f 1, g 1, h 1, i 1, j 1, k 1", 0);
	world_settle(world);
	expect_log(world, "1 cargoUpdated S1 delayed\n2 criticalEvent S1 delayed [Delayed shipment detected!]\n");
}

static void new_cargo_takes_waiting_trades_oldest_first_passing_over_what_does_not_fit(void **state)
{
	struct world *world = *state;
	struct str first = world_trade(world, "Vega", "iron 60"), big = world_trade(world, "Vega", "iron 50"),
		   small = world_trade(world, "Vega", "iron 40");

	world_settle(world);
	world_cargo(world, "S1", "Vega", "", 100);
	world_settle(world);
	assert_true(str_eq(world_get_trade(world, first).shipment, STR("S1")));
	assert_null(world_get_trade(world, big).shipment.ptr);
	assert_true(str_eq(world_get_trade(world, small).shipment, STR("S1")));
	assert_int_equal(world_get_cargo(world, "S1").items.at[0].quantity, 100);
}

static void cancelling_makes_room_for_a_waiting_trade(void **state)
{
	struct world *world = *state;
	struct str loaded, waiting;

	world_cargo(world, "S1", "Vega", "", 10);
	loaded = world_trade(world, "Vega", "iron 10");
	waiting = world_trade(world, "Vega", "copper 10");
	world_settle(world);
	assert_null(world_get_trade(world, waiting).shipment.ptr);
	world_set_trade(world, loaded, TRADE_CANCELED);
	world_settle(world);
	assert_null(world_get_trade(world, loaded).shipment.ptr);
	assert_true(str_eq(world_get_trade(world, waiting).shipment, STR("S1")));
	assert_true(str_eq(world_get_cargo(world, "S1").items.at[0].name, STR("copper")));
	assert_int_equal(world_get_cargo(world, "S1").items.count, 1);
}

static void goods_of_a_trade_canceled_after_departure_travel_on(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "", 0);
	trade = world_trade(world, "Vega", "iron 10");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	world_set_trade(world, trade, TRADE_CANCELED);
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 10);
	assert_int_equal(world_get_trade(world, trade).status, TRADE_CANCELED);
}

static void a_trade_completed_by_hand_before_departure_leaves_its_cargo(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "copper 1", 0);
	trade = world_trade(world, "Vega", "iron 10, copper 2");
	world_settle(world);
	world_set_trade(world, trade, TRADE_COMPLETED);
	world_settle(world);
	assert_null(world_get_trade(world, trade).shipment.ptr);
	assert_int_equal(world_get_cargo(world, "S1").items.count, 1);
	assert_int_equal(world_get_cargo(world, "S1").items.at[0].quantity, 1);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), -1);
	assert_int_equal(world_on_hand(world, "Vega", "copper"), 1);
}

static void delivery_fills_the_inventory_and_completes_the_trades(void **state)
{
	struct world *world = *state;
	struct str one, two;

	world_cargo(world, "S1", "Vega", "water 7", 0);
	one = world_trade(world, "Vega", "iron 10, iron 5");
	two = world_trade(world, "Vega", "water 3");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 0);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 15);
	assert_int_equal(world_on_hand(world, "Vega", "water"), 10);
	assert_int_equal(world_get_trade(world, one).status, TRADE_COMPLETED);
	assert_int_equal(world_get_trade(world, two).status, TRADE_COMPLETED);
	assert_int_equal(world_count(world, "inventoryUpdated Vega"), 2);
	assert_int_equal(world_count(world, "tradeUpdated"), 4);
}

static void cargo_delivered_without_departing_fills_the_inventory_once(void **state)
{
	struct world *world = *state;

	world_cargo(world, "S1", "Vega", "iron 4", 0);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 4);
	expect_log(world, "1 cargoUpdated S1 pending\n2 cargoUpdated S1 delivered\n3 inventoryUpdated Vega\n");
}

static void departed_cargo_takes_no_more_trades(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "", 0);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	trade = world_trade(world, "Vega", "iron 1");
	world_settle(world);
	assert_null(world_get_trade(world, trade).shipment.ptr);
}

static void delay_of_cargo_after_creation_is_announced(void **state)
{
	struct world *world = *state;

	world_cargo(world, "S1", "Vega", "iron 4", 0);
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_DELAYED);
	world_settle(world);
	expect_log(world, "1 cargoUpdated S1 pending\n2 cargoUpdated S1 delayed\n"
			  "3 criticalEvent S1 delayed [Delayed shipment detected!]\n");
}

static void expect_mails(struct world *world, const char *expected)
{
	assert_string_equal(world_mails(world), expected);
}

static void a_buyer_is_told_of_each_status_of_the_trade(void **state)
{
	struct world *world = *state;
	struct str trade = world_trade(world, "Vega", "iron 5"), request;

	world_settle(world);
	expect_mails(world, "");
	world_set_trade(world, trade, TRADE_DELAYED);
	world_settle(world);
	world_set_trade(world, trade, TRADE_PENDING);
	world_settle(world);
	request = world_request(world, ENTITY_TRADE, trade, "{\"status\":\"canceled\"}");
	assert_true(str_is_set(request));
	world_settle(world);
	expect_mails(world, text(world,
				 "unsent ada@example.org: Your trade %s is delayed\n"
				 "unsent ada@example.org: Your trade %s is pending\n"
				 "unsent ada@example.org: Your trade %s is canceled\n",
				 trade.ptr, trade.ptr, trade.ptr));
}

static void a_delivery_is_told_to_its_address_and_to_the_buyers(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "water 7", 0);
	trade = world_trade(world, "Vega", "iron 10");
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	expect_mails(world, "");
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	expect_mails(world, text(world,
				 "unsent dock@example.org: Shipment S1 was delivered\n"
				 "unsent ada@example.org: Your trade %s is completed\n",
				 trade.ptr));
}

static void large_ones_are_told_to_those_who_sent_them(void **state)
{
	struct world *world = *state;
	struct str trade = world_trade(world, "Vega", "a 1, b 1, c 1, d 1, e 1, f 1");

	world_settle(world);
	world_cargo(world, "S1", "Rigel", "a 1, b 1, c 1, d 1, e 1, f 1, g 1, h 1, i 1, j 1, k 1", 0);
	world_settle(world);
	expect_mails(world, text(world,
				 "unsent ada@example.org: Your trade %s is delayed for its size\n"
				 "unsent dock@example.org: Shipment S1 is delayed for its size\n",
				 trade.ptr));
}

static void a_delay_of_cargo_is_told_to_each_administrator(void **state)
{
	struct world *world = *state;

	world_cargo(world, "S1", "Vega", "iron 4", 0);
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_DELAYED);
	world_settle(world);
	expect_mails(world, "unsent eve@example.org: Shipment S1 is delayed\n"
			    "unsent kim@example.org: Shipment S1 is delayed\n");
	world->config.mail_admins = "none";
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_set_cargo(world, "S1", CARGO_DELAYED);
	world_settle(world);
	assert_int_equal(world_count(world, "criticalEvent"), 2);
	expect_mails(world, "unsent eve@example.org: Shipment S1 is delayed\n"
			    "unsent kim@example.org: Shipment S1 is delayed\n");
}

static void mails_are_queued_when_there_is_a_server(void **state)
{
	struct world *world = *state;
	struct str trade = world_trade(world, "Vega", "iron 5");

	world->config.smtp_url = "smtp://mail.example.org";
	world_settle(world);
	world_set_trade(world, trade, TRADE_CANCELED);
	world_settle(world);
	expect_mails(world, text(world, "queued ada@example.org: Your trade %s is canceled\n", trade.ptr));
}

static void everything_in_one_batch_ends_as_if_it_came_one_by_one(void **state)
{
	struct world *world = *state;
	struct str trade = world_trade(world, "Vega", "iron 2");

	world_cargo(world, "S1", "Vega", "", 0);
	world_settle(world);
	world_set_trade(world, trade, TRADE_DELAYED);
	world_set_trade(world, trade, TRADE_PENDING);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_set_cargo(world, "S1", CARGO_DELAYED);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	assert_int_equal(world_settle(world), 1);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 2);
	assert_int_equal(world_get_trade(world, trade).status, TRADE_COMPLETED);
	assert_int_equal(world_count(world, "tradeUpdated"), 4);
	assert_int_equal(world_count(world, "criticalEvent S1"), 1);
}

static void trades_that_wait_in_this_very_batch_are_found_by_new_cargo(void **state)
{
	struct world *world = *state;
	struct str ids[20];

	for (int i = 0; i < 20; i++)
		ids[i] = world_trade(world, i % 2 ? "Vega" : "Rigel", "iron 1");
	world_cargo(world, "S1", "Vega", "", 5);
	world_settle(world);
	for (int i = 0; i < 20; i++)
		assert_int_equal(str_is_set(world_get_trade(world, ids[i]).shipment), i % 2 && i < 10);
	assert_int_equal(world_get_cargo(world, "S1").trade_count, 5);
	assert_int_equal(world_count(world, "cargoUpdated"), 2);
}

static void new_cargo_takes_no_trade_that_came_later_and_has_an_older_cargo(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "", 0);
	world_settle(world);
	world_cargo(world, "S2", "Vega", "", 0);
	trade = world_trade(world, "Vega", "iron 1");
	assert_int_equal(world_settle(world), 1);
	assert_true(str_eq(world_get_trade(world, trade).shipment, STR("S1")));
}

static void cargo_of_this_very_batch_takes_the_trades_behind_it(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "", 5);
	world_cargo(world, "S2", "Vega", "", 5);
	world_trade(world, "Vega", "iron 5");
	trade = world_trade(world, "Vega", "iron 5");
	assert_int_equal(world_settle(world), 1);
	assert_true(str_eq(world_get_trade(world, trade).shipment, STR("S2")));
	assert_int_equal(world_get_cargo(world, "S1").trade_count, 1);
}

static void a_large_trade_is_announced_before_new_cargo_takes_it(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_cargo(world, "S1", "Vega", "", 0);
	trade = world_trade(world, "Vega", "a 1, b 1, c 1, d 1, e 1, f 1");
	assert_int_equal(world_settle(world), 1);
	expect_log(world, text(world,
			       "1 cargoUpdated S1 pending\n2 tradeCreate %s delayed\n"
			       "3 criticalEvent %s delayed [Delayed shipment detected!]\n"
			       "4 cargoUpdated S1 pending\n5 tradeUpdated %s delayed\n",
			       trade.ptr, trade.ptr, trade.ptr));
	assert_int_equal(world_get_trade(world, trade).version, 2);
}

static void a_manifest_takes_at_most_a_thousand_names(void **state)
{
	struct world *world = *state;
	struct str fits, not;

	world_cargo(world, "S1", "Vega", "iron 1", 0);
	world_settle(world);
	for (int i = 0; i < 999; i++)
		world_trade(world, "Vega", text(world, "thing-%d 1", i));
	world_settle(world);
	assert_int_equal(world_get_cargo(world, "S1").items.count, 1000);
	not = world_trade(world, "Vega", "other 1");
	fits = world_trade(world, "Vega", "iron 1");
	world_settle(world);
	assert_null(world_get_trade(world, not).shipment.ptr);
	assert_non_null(world_get_trade(world, fits).shipment.ptr);
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(a_trade_without_cargo_waits),
		STORY(a_trade_joins_the_oldest_cargo_with_its_destination),
		STORY(a_large_trade_is_announced_and_loads_all_the_same),
		STORY(large_cargo_is_announced),
		STORY(new_cargo_takes_waiting_trades_oldest_first_passing_over_what_does_not_fit),
		STORY(cancelling_makes_room_for_a_waiting_trade),
		STORY(goods_of_a_trade_canceled_after_departure_travel_on),
		STORY(a_trade_completed_by_hand_before_departure_leaves_its_cargo),
		STORY(delivery_fills_the_inventory_and_completes_the_trades),
		STORY(cargo_delivered_without_departing_fills_the_inventory_once),
		STORY(departed_cargo_takes_no_more_trades),
		STORY(delay_of_cargo_after_creation_is_announced),
		STORY(a_buyer_is_told_of_each_status_of_the_trade),
		STORY(a_delivery_is_told_to_its_address_and_to_the_buyers),
		STORY(large_ones_are_told_to_those_who_sent_them),
		STORY(a_delay_of_cargo_is_told_to_each_administrator),
		STORY(mails_are_queued_when_there_is_a_server),
		STORY(everything_in_one_batch_ends_as_if_it_came_one_by_one),
		STORY(trades_that_wait_in_this_very_batch_are_found_by_new_cargo),
		STORY(new_cargo_takes_no_trade_that_came_later_and_has_an_older_cargo),
		STORY(cargo_of_this_very_batch_takes_the_trades_behind_it),
		STORY(a_large_trade_is_announced_before_new_cargo_takes_it),
		STORY(a_manifest_takes_at_most_a_thousand_names),
	};

	return cmocka_run_group_tests_name("cascade", tests, NULL, NULL);
}
