/* Cargo whose eta has passed: who is told, how often, and who waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alert_book.h"
#include "world.h"

/* In the past, as no event tells of an eta before it has passed by the event's own time; what the engine takes as
 * passed is world->due_until. */
#define ETA INT64_C(1700000000000)

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
	assert_string_equal(world_log(world), "1 cargoUpdated S1 delayed\n2 cargoUpdated S1 delayed\n"
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

#define STORY(test) cmocka_unit_test_setup_teardown(test, alerts_begin, alerts_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(cargo_is_delayed_when_its_eta_has_passed),
		STORY(the_administrators_are_told),
		STORY(it_is_told_once_for_each_eta),
		STORY(of_what_is_delayed_already_only_the_alert_is_new),
		STORY(what_is_delivered_is_not_late),
		STORY(late_cargo_waits_for_what_is_outstanding_at_its_station_others_do_not),
		STORY(very_many_are_told_batch_by_batch),
		STORY(those_that_wait_let_others_pass),
	};

	return cmocka_run_group_tests_name("lateness", tests, NULL, NULL);
}
