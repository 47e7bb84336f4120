/* Alerts and lateness: what raises and resolves them, what the log then says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "store/alerts.h"
#include "world.h"

#define LARGE_TRADE "a 1, b 1, c 1, d 1, e 1, f 1"
#define LARGE_CARGO "a 1, b 1, c 1, d 1, e 1, f 1, g 1, h 1, i 1, j 1, k 1"
/* In the past, as no event tells of an eta before it has passed by the event's own time; what the engine takes as passed is
 * world->due_until. */
#define ETA	    INT64_C(1700000000000)

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

static const char *text(struct world *world, const char *fmt, ...)
{
	char out[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(out, sizeof(out), fmt, args);
	va_end(args);
	return arena_cstr(world->arena, str_from(out));
}

struct listing {
	struct world *world;
	struct buf text;
};

static void read_alert(void *context, const struct store_row *row)
{
	struct listing *listing = context;
	struct alert alert;

	assert_int_equal(store_alert(listing->world->store, listing->world->arena, row->key, &alert), ITN_OK);
	buf_printf(&listing->text, "%s %.*s %s\n", alert_kind_name(alert.kind), STR_ARG(alert.about.key),
		   alert_status_name(alert_status_of(&alert)));
}

/* All alerts, the oldest first, one a line: "KIND KEY STATUS". */
static const char *alerts(struct world *world)
{
	struct store_list list = { .kind = LIST_ALERTS, .status = -1, .max = 1000 };
	struct listing listing = { .world = world };
	const char *all;

	assert_int_equal(store_list(world->store, &list, read_alert, &listing), ITN_OK);
	all = arena_cstr(world->arena, buf_str(&listing.text));
	buf_free(&listing.text);
	return all;
}

static void keep_id(void *context, const struct store_row *row)
{
	snprintf(context, 64, "%.*s", STR_ARG(row->key));
}

/* The last one's id. */
static struct str last_alert(struct world *world)
{
	struct store_list list = { .kind = LIST_ALERTS, .status = -1, .max = 1000 };
	char id[64] = "";

	assert_int_equal(store_list(world->store, &list, keep_id, id), ITN_OK);
	return arena_str(world->arena, str_from(id));
}

static void expect_counts(struct world *world, const char *expected);

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

/* Lateness */

static void set_eta(struct world *world, const char *id, enum cargo_status status, int64_t eta)
{
	struct cargo_change wish = { .status = status, .eta = eta };

	world_change_cargo(world, id, &wish);
}

static void cargo_with_eta(struct world *world, const char *id, const char *lines, int64_t eta)
{
	world_cargo(world, id, "Vega", lines, 0);
	set_eta(world, id, world_get_cargo(world, id).status, eta);
	world_settle(world);
}

static void cargo_is_delayed_when_its_eta_has_passed(void **state)
{
	struct world *world = *state;

	cargo_with_eta(world, "S1", "iron 5", ETA);
	world->due_until = ETA - 1;
	assert_int_equal(world_settle(world), 0);
	world->due_until = ETA;
	assert_int_equal(world_settle(world), 1);
	assert_string_equal(world_log(world),
			    "1 cargoUpdated S1 pending\n2 cargoUpdated S1 pending\n3 cargoUpdated S1 delayed\n"
			    "4 criticalEvent S1 delayed [Delayed shipment detected!]\n");
	assert_string_equal(alerts(world), "lateness S1 open\n");
	assert_int_equal(world_get_cargo(world, "S1").status, CARGO_DELAYED);
	assert_int_equal(world_settle(world), 0);
	expect_counts(world, "open 1, acknowledged 0, resolved 0");
}

static void the_administrators_are_told(void **state)
{
	struct world *world = *state;

	world->config.mail_admins = "ada@example.org,bo@example.org";
	world_reconfigure(world);
	cargo_with_eta(world, "S1", "iron 5", ETA);
	cargo_with_eta(world, "S2", LARGE_CARGO, ETA);
	world->due_until = ETA;
	world_settle(world);
	assert_string_equal(alerts(world), "oversize S2 open\nlateness S1 open\nlateness S2 open\n");
	assert_non_null(strstr(world_mails(world), "ada@example.org: Shipment S1"));
	assert_non_null(strstr(world_mails(world), "bo@example.org: Shipment S1"));
	assert_null(strstr(world_mails(world), "ada@example.org: Shipment S2"));
}

static void it_is_told_once_for_each_eta(void **state)
{
	struct world *world = *state;

	cargo_with_eta(world, "S1", "iron 5", ETA);
	world->due_until = ETA + 5000;
	world_settle(world);
	world_set_cargo(world, "S1", CARGO_IN_TRANSIT);
	world_settle(world);
	assert_int_equal(world_get_cargo(world, "S1").status, CARGO_IN_TRANSIT);
	assert_string_equal(alerts(world), "lateness S1 resolved\n");
	set_eta(world, "S1", CARGO_IN_TRANSIT, ETA + 5001);
	world_settle(world);
	assert_int_equal(world_get_cargo(world, "S1").status, CARGO_IN_TRANSIT);
	world->due_until = ETA + 5001;
	world_settle(world);
	assert_int_equal(world_get_cargo(world, "S1").status, CARGO_DELAYED);
	assert_int_equal(world_count(world, "criticalEvent"), 2);
	expect_counts(world, "open 1, acknowledged 0, resolved 1");
}

static void of_what_is_delayed_already_only_the_alert_is_new(void **state)
{
	struct world *world = *state;

	cargo_with_eta(world, "S1", LARGE_CARGO, ETA);
	world->due_until = ETA;
	world_settle(world);
	assert_string_equal(world_log(world),
			    "1 cargoUpdated S1 delayed\n2 cargoUpdated S1 delayed\n"
			    "3 criticalEvent S1 delayed [Delayed shipment detected!]\n"
			    "4 criticalEvent S1 delayed [Delayed shipment detected!]\n");
	assert_string_equal(alerts(world), "oversize S1 open\nlateness S1 open\n");
	assert_int_equal(world_get_cargo(world, "S1").version, 2);
	set_eta(world, "S1", CARGO_DELAYED, ETA - 1);
	world_settle(world);
	assert_int_equal(world_count(world, "criticalEvent"), 3);
	assert_string_equal(alerts(world), "oversize S1 open\nlateness S1 open\n");
}

static void what_is_delivered_is_not_late(void **state)
{
	struct world *world = *state;

	cargo_with_eta(world, "S1", "iron 5", ETA);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world->due_until = ETA;
	world_settle(world);
	assert_int_equal(world_count(world, "criticalEvent"), 0);
	assert_string_equal(alerts(world), "");
}

static void late_cargo_waits_for_what_is_outstanding_at_its_station_others_do_not(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;

	cargo_with_eta(world, "S1", "iron 5", ETA);
	world_cargo(world, "R1", "Rigel", "", 0);
	set_eta(world, "R1", CARGO_PENDING, ETA);
	world_cargo(world, "S2", "Vega", "", 0);
	for (int i = 0; i < 60; i++)
		world_trade(world, "Vega", "ore 1");
	world_settle(world);
	world->config.chunk_max = 10;
	world_reconfigure(world);
	world_set_cargo(world, "S2", CARGO_DELIVERED);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_cargo(world, "S3", "Vega", "", 0);
	set_eta(world, "S3", CARGO_PENDING, ETA);
	assert_int_equal(world_step(world, &result), ITN_OK);
	assert_true(result.more);
	world->due_until = ETA;
	assert_int_equal(world_step(world, &result), ITN_OK);
	assert_true(result.more);
	assert_string_equal(alerts(world), "lateness R1 open\n");
	world_settle(world);
	assert_string_equal(alerts(world), "lateness R1 open\nlateness S3 open\n");
}

static void very_many_are_told_batch_by_batch(void **state)
{
	struct world *world = *state;
	int batches;

	for (int i = 0; i < 100; i++) {
		const char *id = text(world, "S%d", i);

		world_cargo(world, id, "Vega", "", 0);
		set_eta(world, id, CARGO_PENDING, ETA + i % 7);
	}
	world_settle(world);
	world->due_until = ETA + 7;
	batches = world_settle(world);
	assert_in_range(batches, 4, 5);
	assert_int_equal(world_count(world, "criticalEvent"), 100);
	expect_counts(world, "open 100, acknowledged 0, resolved 0");
}

/* Many with entries beyond the batch, or stations with something outstanding, keep nobody else from being told. */
static void those_that_wait_let_others_pass(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;

	for (int i = 0; i < 80; i++) {
		const char *id = text(world, "S%d", i);

		world_cargo(world, id, "Vega", "", 0);
		set_eta(world, id, CARGO_PENDING, ETA);
	}
	world_cargo(world, "R1", "Rigel", "", 0);
	set_eta(world, "R1", CARGO_PENDING, ETA + 1);
	for (int i = 0; i < 200; i++)
		world_trade(world, "Vega", "ore 1");
	world_settle(world);
	world->config.chunk_max = 10;
	world_reconfigure(world);
	world_set_cargo(world, "S0", CARGO_DELIVERED);
	assert_int_equal(world_step(world, &result), ITN_OK);
	world->due_until = ETA + 1;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(world_step(world, &result), ITN_OK);
		assert_true(result.more);
	}
	assert_string_equal(alerts(world), "lateness R1 open\n");
	world_settle(world);
	expect_counts(world, "open 80, acknowledged 0, resolved 0");
}

struct counts {
	struct world *world;
	int64_t by_status[ALERT_STATUSES];
};

static void add_count(void *context, struct str name, int64_t value)
{
	struct counts *counts = context;

	for (unsigned i = 0; i < ALERT_STATUSES; i++) {
		const char *counted = text(counts->world, "alerts.status.%s", alert_status_name((enum alert_status)i));

		if (str_eq(name, str_from(counted)))
			counts->by_status[i] += value;
	}
}

static void expect_counts(struct world *world, const char *expected)
{
	struct counts counts = { .world = world };

	assert_int_equal(store_counters(world->store, STR("alerts.status."), add_count, &counts), ITN_OK);
	assert_string_equal(text(world, "open %d, acknowledged %d, resolved %d", (int)counts.by_status[ALERT_OPEN],
				 (int)counts.by_status[ALERT_ACKNOWLEDGED], (int)counts.by_status[ALERT_RESOLVED]),
			    expected);
}

#define STORY(test) cmocka_unit_test_setup_teardown(test, begin, end)

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
		STORY(cargo_is_delayed_when_its_eta_has_passed),
		STORY(the_administrators_are_told),
		STORY(it_is_told_once_for_each_eta),
		STORY(of_what_is_delayed_already_only_the_alert_is_new),
		STORY(what_is_delivered_is_not_late),
		STORY(late_cargo_waits_for_what_is_outstanding_at_its_station_others_do_not),
		STORY(very_many_are_told_batch_by_batch),
		STORY(those_that_wait_let_others_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
