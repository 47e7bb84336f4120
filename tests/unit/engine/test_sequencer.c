/* The sequencer's mechanics: batches of any size, jobs that go on, engines that die or are replaced, requests. */
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

static void set_sizes(struct world *world, uint64_t batch_max, uint64_t chunk_max)
{
	world->config.batch_max = batch_max;
	world->config.chunk_max = chunk_max;
	world_reconfigure(world);
}

static void batches_of_one_keep_the_order_and_lose_nothing(void **state)
{
	struct world *world = *state;
	struct str trade;

	set_sizes(world, 1, 10);
	trade = world_trade(world, "Vega", "iron 2");
	world_cargo(world, "S1", "Vega", "", 0);
	world_set_trade(world, trade, TRADE_DELAYED);
	world_set_cargo(world, "S1", CARGO_DELAYED);
	world_set_trade(world, trade, TRADE_PENDING);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	assert_true(world_settle(world) >= 6);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 2);
	assert_int_equal(world_get_trade(world, trade).status, TRADE_COMPLETED);
	assert_int_equal(world_count(world, "cargoUpdated S1"), 4);
	assert_int_equal(world_count(world, "criticalEvent"), 1);
}

static void an_effect_waits_for_entries_beyond_its_batch(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;
	struct str trade;

	world_cargo(world, "S1", "Vega", "", 0);
	world_settle(world);
	set_sizes(world, 1, 10);
	trade = world_trade(world, "Vega", "iron 2");
	world_set_trade(world, trade, TRADE_CANCELED);
	assert_int_equal(world_step(world, &result), ITN_OK);
	assert_int_equal(world_count(world, "cargoUpdated"), 1);
	world_settle(world);
	assert_int_equal(world_count(world, "cargoUpdated"), 1);
	assert_int_equal(world_count(world, "tradeUpdated"), 1);
	assert_null(world_get_trade(world, trade).shipment.ptr);
}

#define MANY 120

static struct str *load_many(struct world *world)
{
	struct str *ids = arena_calloc(world->arena, MANY, sizeof(*ids));

	world_cargo(world, "S1", "Vega", "water 1", 0);
	for (int i = 0; i < MANY; i++)
		ids[i] = world_trade(world, "Vega", "iron 2, copper 1");
	world_settle(world);
	return ids;
}

static void expect_delivered(struct world *world, const struct str *ids)
{
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 2 * MANY);
	assert_int_equal(world_on_hand(world, "Vega", "copper"), MANY);
	assert_int_equal(world_on_hand(world, "Vega", "water"), 1);
	assert_int_equal(world_count(world, "completed"), MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(world_get_trade(world, ids[i]).status, TRADE_COMPLETED);
}

static void a_large_delivery_goes_on_in_chunks(void **state)
{
	struct world *world = *state;
	struct str *ids = load_many(world);

	set_sizes(world, 512, 10);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	assert_true(world_settle(world) > MANY / 10);
	expect_delivered(world, ids);
}

static void a_delivery_goes_on_where_a_killed_engine_stopped(void **state)
{
	struct world *world = *state;
	struct str *ids = load_many(world);
	struct sequencer_result result;

	set_sizes(world, 512, 10);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(world_step(world, &result), ITN_OK);
		assert_true(result.more);
		world_restart_engine(world);
	}
	assert_true(world_on_hand(world, "Vega", "iron") > 0);
	assert_true(world_on_hand(world, "Vega", "iron") < 2 * MANY);
	world_settle(world);
	expect_delivered(world, ids);
}

static void later_events_are_numbered_while_a_job_goes_on_but_their_effects_wait(void **state)
{
	struct world *world = *state;
	struct str *ids = load_many(world), late, elsewhere;
	struct sequencer_result result;

	world_cargo(world, "S2", "Vega", "", 0);
	world_cargo(world, "R1", "Rigel", "", 0);
	world_settle(world);
	set_sizes(world, 512, 10);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	assert_int_equal(world_step(world, &result), ITN_OK);
	late = world_trade(world, "Vega", "iron 1");
	elsewhere = world_trade(world, "Rigel", "iron 1");
	assert_int_equal(world_step(world, &result), ITN_OK);
	assert_int_equal(world_count(world, "tradeCreate"), MANY + 2);
	assert_null(world_get_trade(world, late).shipment.ptr);
	assert_true(str_eq(world_get_trade(world, elsewhere).shipment, STR("R1")));
	assert_true(result.more);
	world_settle(world);
	assert_true(str_eq(world_get_trade(world, late).shipment, STR("S2")));
	expect_delivered(world, ids);
}

static void large_jobs_share_what_a_batch_may_do(void **state)
{
	struct world *world = *state;
	struct sequencer_result result;
	struct str first, last;

	for (int i = 0; i < MANY; i++)
		last = world_trade(world, "Vega", "iron 1");
	first = world_trade(world, "Rigel", "iron 1");
	for (int i = 1; i < MANY; i++)
		world_trade(world, "Rigel", "iron 1");
	world_settle(world);
	set_sizes(world, 512, 20);
	world_cargo(world, "S1", "Vega", "", 0);
	world_cargo(world, "R1", "Rigel", "", 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(world_step(world, &result), ITN_OK);
	assert_true(str_eq(world_get_trade(world, first).shipment, STR("R1")));
	assert_null(world_get_trade(world, last).shipment.ptr);
	world_settle(world);
	assert_int_equal(world_get_cargo(world, "S1").trade_count, MANY);
	assert_int_equal(world_get_cargo(world, "R1").trade_count, MANY);
}

static void a_trade_closed_during_its_delivery_keeps_that_status_and_its_goods_arrive(void **state)
{
	struct world *world = *state;
	struct str *ids = load_many(world);
	struct sequencer_result result;

	set_sizes(world, 512, 10);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	assert_int_equal(world_step(world, &result), ITN_OK);
	world_set_trade(world, ids[MANY - 1], TRADE_CANCELED);
	world_settle(world);
	assert_int_equal(world_get_trade(world, ids[MANY - 1]).status, TRADE_CANCELED);
	assert_int_equal(world_on_hand(world, "Vega", "iron"), 2 * MANY);
	assert_int_equal(world_count(world, "completed"), MANY - 1);
}

static void new_cargo_takes_many_waiting_trades_in_chunks(void **state)
{
	struct world *world = *state;

	set_sizes(world, 512, 10);
	for (int i = 0; i < MANY; i++)
		world_trade(world, "Vega", "iron 1");
	world_settle(world);
	world_cargo(world, "S1", "Vega", "", 0);
	assert_true(world_settle(world) >= MANY / 10);
	assert_int_equal(world_get_cargo(world, "S1").trade_count, MANY);
	assert_int_equal(world_get_cargo(world, "S1").items.at[0].quantity, MANY);
}

static void a_stale_engine_commits_nothing(void **state)
{
	struct world *world = *state;
	struct store_engine *other;
	struct store_lease lease;
	struct sequencer_result result;
	struct error error;

	world_trade(world, "Vega", "iron 1");
	assert_int_equal(store_engine_open(world->store, "other", &other, &error), ITN_OK);
	assert_int_equal(store_lease_read(other, &lease), ITN_OK);
	assert_int_equal(store_lease_take(other, &lease), ITN_OK);
	assert_int_equal(world_step(world, &result), ITN_LOST_LEASE);
	assert_string_equal(world_log(world), "");
	store_engine_close(other);
	world_restart_engine(world);
	world_settle(world);
	assert_int_equal(world_count(world, "tradeCreate"), 1);
}

static enum request_state verdict_of(struct world *world, struct str request)
{
	struct request_verdict verdict;

	assert_int_equal(store_request_verdict(world->store, world->arena, request, &verdict), ITN_OK);
	return verdict.state;
}

static void the_engine_decides_requests_in_their_turn(void **state)
{
	struct world *world = *state;
	struct str trade = world_trade(world, "Vega", "iron 1"), cancel, again, pending, nobody, cargo;

	world_cargo(world, "S1", "Vega", "", 0);
	cancel = world_request(world, ENTITY_TRADE, trade, "{\"status\":\"canceled\",\"reason\":\"no\"}");
	again = world_request(world, ENTITY_TRADE, trade, "{\"status\":\"canceled\"}");
	pending = world_request(world, ENTITY_TRADE, trade, "{\"status\":\"pending\"}");
	nobody = world_request(world, ENTITY_TRADE, STR("0123456789abcdef01234567"), "{\"status\":\"pending\"}");
	cargo = world_request(world, ENTITY_CARGO, STR("S1"), "{\"status\":\"in transit\"}");
	assert_int_equal(verdict_of(world, cancel), REQUEST_WAITING);
	world_settle(world);
	assert_int_equal(verdict_of(world, cancel), REQUEST_CHANGED);
	assert_int_equal(verdict_of(world, again), REQUEST_SAME);
	assert_int_equal(verdict_of(world, pending), REQUEST_ILLEGAL);
	assert_int_equal(verdict_of(world, nobody), REQUEST_NO_SUCH);
	assert_int_equal(verdict_of(world, cargo), REQUEST_CHANGED);
	assert_int_equal(world_get_trade(world, trade).status, TRADE_CANCELED);
	assert_true(str_eq(world_get_trade(world, trade).reason, STR("no")));
	assert_int_equal(world_get_cargo(world, "S1").status, CARGO_IN_TRANSIT);
	assert_int_equal(world_count(world, "canceled"), 1);
}

static void a_request_waits_behind_entries_of_its_document(void **state)
{
	struct world *world = *state;
	struct str trade = world_trade(world, "Vega", "iron 1"), request;

	world_settle(world);
	request = world_request(world, ENTITY_TRADE, trade, "{\"status\":\"completed\"}");
	world_set_trade(world, trade, TRADE_DELAYED);
	set_sizes(world, 1, 10);
	world_settle(world);
	assert_int_equal(verdict_of(world, request), REQUEST_CHANGED);
	assert_int_equal(world_get_trade(world, trade).status, TRADE_COMPLETED);
	assert_int_equal(world_get_trade(world, trade).version, 3);
	assert_int_equal(world_count(world, "tradeUpdated"), 2);
}

/* Two tries of one request, of which one changed the trade itself and one, late, asks the engine. */
static void ask_what_was_done(struct world *world, bool in_one_batch)
{
	struct str trade = world_trade(world, "Vega", "iron 1"), id = STR("0123456789abcdef01234567");
	struct trade_change wish = { .status = TRADE_DELAYED };
	struct trade changed = world_get_trade(world, trade);
	struct buf change = { 0 };
	struct error why = { "" };
	struct entry entry = { .id = id, .kind = ENTRY_CHANGE, .entity = ENTITY_TRADE, .key = trade, .version = 2, .time = 1 };

	world_settle(world);
	assert_int_equal(trade_change(&changed, &wish, 1, &why), VERDICT_CHANGED);
	trade_write_change(&change, &changed, TRADE_PENDING);
	entry.change = buf_str(&change);
	assert_int_equal(store_trade_change(world->store, &changed, 1, &entry), ITN_OK);
	buf_free(&change);
	if (!in_one_batch) {
		world_settle(world);
		world_set_trade(world, trade, TRADE_PENDING);
		world_settle(world);
	}
	entry.kind = ENTRY_REQUEST;
	entry.change = STR("{\"status\":\"delayed\"}");
	assert_int_equal(store_request_add(world->store, &entry), ITN_OK);
	world_settle(world);
	assert_int_equal(verdict_of(world, id), REQUEST_CHANGED);
	assert_int_equal(world_get_trade(world, trade).status, in_one_batch ? TRADE_DELAYED : TRADE_PENDING);
	assert_int_equal(world_count(world, "tradeUpdated"), in_one_batch ? 1 : 2);
}

static void a_request_that_was_done_is_not_done_again(void **state)
{
	ask_what_was_done(*state, false);
}

static void a_request_that_is_done_in_its_batch_is_not_done_again(void **state)
{
	ask_what_was_done(*state, true);
}

struct counted {
	const char *name;
	int64_t value;
	bool found;
};

static void look(void *context, struct str name, int64_t value)
{
	struct counted *counted = context;

	if (str_eq(name, str_from(counted->name))) {
		counted->found = true;
		counted->value = value;
	}
}

static void expect_counter(struct world *world, const char *name, int64_t value)
{
	struct counted counted = { .name = name };

	assert_int_equal(store_counters(world->store, STR(""), look, &counted), ITN_OK);
	if (counted.value != value)
		fail_msg("%s: %lld, expected %lld", name, (long long)counted.value, (long long)value);
}

static void counters_follow_the_log(void **state)
{
	struct world *world = *state;
	struct str trade = world_trade(world, "Vega", "iron 3");

	world_trade(world, "Rigel", "a 1, b 1, c 1, d 1, e 1, f 1");
	world_cargo(world, "S1", "Vega", "water 4", 0);
	world_settle(world);
	expect_counter(world, "trades.created.total", 2);
	expect_counter(world, "trades.status.pending", 1);
	expect_counter(world, "trades.status.delayed", 1);
	expect_counter(world, "alerts.total", 1);
	world_set_trade(world, trade, TRADE_DELAYED);
	world_set_cargo(world, "S1", CARGO_DELIVERED);
	world_settle(world);
	expect_counter(world, "trades.status.pending", 0);
	expect_counter(world, "trades.status.delayed", 1);
	expect_counter(world, "trades.status.completed", 1);
	expect_counter(world, "cargo.status.pending", 0);
	expect_counter(world, "cargo.status.delivered", 1);
	expect_counter(world, "stock.total", 7);
}

static void a_batch_adapts_to_conflicts_and_to_its_time(void **state)
{
	static const struct {
		const char *name;
		size_t size, max;
		enum itn_status status;
		bool more, slow;
		size_t expected;
	} cases[] = {
		{ "a conflict halves", 512, 512, ITN_CONFLICT, true, false, 256 },
		{ "conflicts end at one", 1, 512, ITN_CONFLICT, true, false, 1 },
		{ "a slow one halves", 512, 512, ITN_OK, true, true, 256 },
		{ "slow ones end where size is not the reason", 33, 512, ITN_OK, true, true, 32 },
		{ "and stay there", 32, 512, ITN_OK, true, true, 32 },
		{ "after conflicts slow ones grow up to there", 1, 512, ITN_OK, true, true, 2 },
		{ "and no further", 20, 512, ITN_OK, true, true, 32 },
		{ "a quick one that left more doubles", 32, 512, ITN_OK, true, false, 64 },
		{ "up to the setting", 400, 512, ITN_OK, true, false, 512 },
		{ "a small setting stands, slow or not", 4, 4, ITN_OK, true, true, 4 },
		{ "one that left nothing stays", 32, 512, ITN_OK, false, false, 32 },
		{ "one that took longer than the store's timeout halves", 64, 512, ITN_UNAVAILABLE, false, true, 32 },
		{ "one that took longer than the lease halves", 32, 512, ITN_LOST_LEASE, false, true, 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t size = sequencer_next_size(cases[i].size, 32, cases[i].max, cases[i].status, cases[i].more, cases[i].slow);
		if (size != cases[i].expected)
			fail_msg("%s: expected %zu, got %zu", cases[i].name, cases[i].expected, size);
	}
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(batches_of_one_keep_the_order_and_lose_nothing),
		STORY(an_effect_waits_for_entries_beyond_its_batch),
		STORY(a_large_delivery_goes_on_in_chunks),
		STORY(a_delivery_goes_on_where_a_killed_engine_stopped),
		STORY(later_events_are_numbered_while_a_job_goes_on_but_their_effects_wait),
		STORY(large_jobs_share_what_a_batch_may_do),
		STORY(a_trade_closed_during_its_delivery_keeps_that_status_and_its_goods_arrive),
		STORY(new_cargo_takes_many_waiting_trades_in_chunks),
		STORY(a_stale_engine_commits_nothing),
		STORY(the_engine_decides_requests_in_their_turn),
		STORY(a_request_waits_behind_entries_of_its_document),
		STORY(a_request_that_was_done_is_not_done_again),
		STORY(a_request_that_is_done_in_its_batch_is_not_done_again),
		STORY(counters_follow_the_log),
		cmocka_unit_test(a_batch_adapts_to_conflicts_and_to_its_time),
	};

	return cmocka_run_group_tests_name("sequencer", tests, NULL, NULL);
}
