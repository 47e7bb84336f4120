/* Alerts: what raises and resolves them, what the log then says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/alerts.h"
#include "alert_book.h"
#include "world.h"

static void an_oversized_trade_s_alert_ends_when_a_client_lets_it_go_on(void **state)
{
	struct world *world = *state;
	struct str trade = world_trade(world, "Vega", LARGE_TRADE);

	world_settle(world);
	assert_string_equal(alerts(world), text(world, "oversize %s open\n", trade.ptr));
	world_set_trade(world, trade, TRADE_PENDING);
	world_settle(world);
	assert_string_equal(alerts(world), text(world, "oversize %s resolved\n", trade.ptr));
	assert_string_equal(world_log(world),
			    text(world,
				 "1 tradeCreate %s delayed\n2 criticalEvent %s delayed [Delayed shipment detected!]\n"
				 "3 tradeUpdated %s pending\n4 alertUpdated %s resolved\n",
				 trade.ptr, trade.ptr, trade.ptr, trade.ptr));
	expect_counts(world, "open 0, acknowledged 0, resolved 1");
}

static void an_oversized_trade_s_alert_ends_with_the_trade(void **state)
{
	struct world *world = *state;
	struct str canceled = world_trade(world, "Vega", LARGE_TRADE), completed = world_trade(world, "Vega", LARGE_TRADE),
		   arrived = world_trade(world, "Vega", LARGE_TRADE);

	world_settle(world);
	expect_counts(world, "open 3, acknowledged 0, resolved 0");
	world_set_trade(world, canceled, TRADE_CANCELED);
	world_set_trade(world, completed, TRADE_COMPLETED);
	world_settle(world);
	expect_counts(world, "open 1, acknowledged 0, resolved 2");
	world_cargo(world, "S1", "Vega", "", 0);
	world_settle(world);
	expect_counts(world, "open 1, acknowledged 0, resolved 2");
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	expect_counts(world, "open 0, acknowledged 0, resolved 3");
	assert_int_equal(world_get_trade(world, arrived).status, TRADE_COMPLETED);
}

static void a_shipment_s_alerts_end_when_it_goes_on(void **state)
{
	struct world *world = *state;

	world_cargo(world, "S1", "Vega", LARGE_CARGO, 0);
	world_settle(world);
	assert_string_equal(alerts(world), "oversize S1 open\n");
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	assert_string_equal(alerts(world), "oversize S1 resolved\n");
	world_set_cargo(world, "S1", CARGO_DELAYED);
	world_settle(world);
	assert_string_equal(alerts(world), "oversize S1 resolved\nlateness S1 open\n");
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	assert_string_equal(alerts(world), "oversize S1 resolved\nlateness S1 resolved\n");
}

/* All of it waits for its number at once. */
static void what_began_and_ended_unseen_has_left_its_alert(void **state)
{
	struct world *world = *state;

	world_cargo(world, "S1", "Vega", LARGE_CARGO, 0);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_set_cargo(world, "S1", CARGO_DELAYED);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_set_cargo(world, "S1", CARGO_DELAYED);
	world_settle(world);
	assert_int_equal(world_count(world, "criticalEvent"), 3);
	assert_int_equal(world_count(world, "alertUpdated S1 resolved"), 2);
	expect_counts(world, "open 1, acknowledged 0, resolved 2");
}

static enum request_state verdict_of(struct world *world, struct str request)
{
	struct request_verdict verdict;

	assert_int_equal(store_request_verdict(world->store, world->arena, request, &verdict), ITN_OK);
	return verdict.state;
}

static void a_client_acknowledges_it_once(void **state)
{
	struct world *world = *state;
	struct str first, second;

	world_cargo(world, "S1", "Vega", LARGE_CARGO, 0);
	world_settle(world);
	first = world_request(world, ENTITY_ALERT, last_alert(world), "{}");
	second = world_request(world, ENTITY_ALERT, last_alert(world), "{}");
	world_settle(world);
	assert_int_equal(verdict_of(world, first), REQUEST_CHANGED);
	assert_int_equal(verdict_of(world, second), REQUEST_SAME);
	assert_string_equal(alerts(world), "oversize S1 acknowledged\n");
	expect_counts(world, "open 0, acknowledged 1, resolved 0");
	assert_int_equal(world_count(world, "alertUpdated S1 acknowledged"), 1);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	assert_string_equal(alerts(world), "oversize S1 resolved\n");
	expect_counts(world, "open 0, acknowledged 0, resolved 1");
}

static void an_alert_that_is_not_there_can_t_be_acknowledged(void **state)
{
	struct world *world = *state;
	struct str request = world_request(world, ENTITY_ALERT, STR("none"), "{}");

	world_settle(world);
	assert_int_equal(verdict_of(world, request), REQUEST_NO_SUCH);
	assert_string_equal(world_log(world), "");
}

static void an_alert_that_is_over_can_be_acknowledged_in_the_batch_that_ends_it(void **state)
{
	struct world *world = *state;
	struct str request;

	world_cargo(world, "S1", "Vega", LARGE_CARGO, 0);
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	request = world_request(world, ENTITY_ALERT, last_alert(world), "{}");
	world_settle(world);
	assert_int_equal(verdict_of(world, request), REQUEST_CHANGED);
	assert_string_equal(alerts(world), "oversize S1 resolved\n");
	assert_int_equal(world_count(world, "alertUpdated S1 acknowledged"), 1);
	assert_int_equal(world_count(world, "alertUpdated S1 resolved"), 1);
	expect_counts(world, "open 0, acknowledged 0, resolved 1");
}

/* Stock */

static void a_shortage_s_alert_ends_when_there_is_enough(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_count_stock(world, "Mars", "iron 1");
	world_settle(world);
	trade = world_trade_from(world, "Mars", "Vega", "iron 5");
	world_settle(world);
	assert_string_equal(alerts(world), text(world, "stockShortage %s open\n", trade.ptr));
	world_count_stock(world, "Mars", "iron 4");
	world_settle(world);
	assert_string_equal(alerts(world), text(world, "stockShortage %s open\n", trade.ptr));
	world_count_stock(world, "Mars", "iron 5");
	world_settle(world);
	assert_string_equal(alerts(world), text(world, "stockShortage %s resolved\n", trade.ptr));
	world_count_stock(world, "Mars", "iron 2");
	world_settle(world);
	assert_string_equal(alerts(world),
			    text(world, "stockShortage %s resolved\nstockShortage %s open\n", trade.ptr, trade.ptr));
	assert_int_equal(world_get_trade(world, trade).holds, HOLD_SHORTAGE);
}

static void a_shortage_s_alert_ends_with_the_trade(void **state)
{
	struct world *world = *state;
	struct str trade;

	world_count_stock(world, "Mars", "a 1");
	world_settle(world);
	trade = world_trade_from(world, "Mars", "Vega", "a 2, b 1, c 1, d 1, e 1, f 1");
	world_settle(world);
	assert_string_equal(alerts(world),
			    text(world, "oversize %s open\nstockShortage %s open\n", trade.ptr, trade.ptr));
	world_set_trade(world, trade, TRADE_CANCELED);
	world_settle(world);
	assert_string_equal(alerts(world),
			    text(world, "oversize %s resolved\nstockShortage %s resolved\n", trade.ptr, trade.ptr));
	expect_counts(world, "open 0, acknowledged 0, resolved 2");
}

/* "iron 5" on hand, of which there should be so many. */
static void count_iron(struct world *world, int quantity, int level)
{
	world_request(world, ENTITY_INVENTORY, STR("Mars"),
		      text(world, "{\"items\":[{\"name\":\"iron\",\"quantity\":%d,\"reorderLevel\":%d}]}", quantity, level));
	world_settle(world);
}

static void low_stock_s_alert_ends_when_it_recovers(void **state)
{
	struct world *world = *state;

	count_iron(world, 5, 3);
	assert_string_equal(alerts(world), "");
	count_iron(world, 2, 3);
	assert_string_equal(alerts(world), "lowStock Mars open\n");
	count_iron(world, 1, 3);
	assert_string_equal(alerts(world), "lowStock Mars open\n");
	count_iron(world, 3, 3);
	assert_string_equal(alerts(world), "lowStock Mars resolved\n");
	count_iron(world, 3, 4);
	assert_string_equal(alerts(world), "lowStock Mars resolved\nlowStock Mars open\n");
	count_iron(world, 3, 0);
	assert_string_equal(alerts(world), "lowStock Mars resolved\nlowStock Mars resolved\n");
	assert_int_equal(world_count(world, "Low stock detected!"), 2);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, alerts_begin, alerts_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(an_oversized_trade_s_alert_ends_when_a_client_lets_it_go_on),
		STORY(an_oversized_trade_s_alert_ends_with_the_trade),
		STORY(a_shipment_s_alerts_end_when_it_goes_on),
		STORY(what_began_and_ended_unseen_has_left_its_alert),
		STORY(a_client_acknowledges_it_once),
		STORY(an_alert_that_is_not_there_can_t_be_acknowledged),
		STORY(an_alert_that_is_over_can_be_acknowledged_in_the_batch_that_ends_it),
		STORY(a_shortage_s_alert_ends_when_there_is_enough),
		STORY(a_shortage_s_alert_ends_with_the_trade),
		STORY(low_stock_s_alert_ends_when_it_recovers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
