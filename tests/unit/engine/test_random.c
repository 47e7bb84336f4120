/* Clients that do whatever comes to their mind, engines that batch as they like and die, and then: does the log tell the
 * store's state, and is that state what the rules demand? ITN_TEST_SEED=N repeats one run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "replay.h"

#define RUNS       160
#define ACTS       70
#define MOST       ACTS
#define ITEM_NAMES 14

static const char *const stations[] = { "Vega", "Rigel" };
#define STATIONS (sizeof(stations) / sizeof(*stations))

struct run {
	uint64_t seed, random;
	struct world *world;
	struct replay replay;
	struct str trades[MOST], requests[MOST];
	const char *cargo[MOST];
	size_t trade_count, cargo_count, request_count;
	int64_t logged_at;
};

static unsigned pick(struct run *run, unsigned below)
{
	run->random ^= run->random << 13;
	run->random ^= run->random >> 7;
	run->random ^= run->random << 17;
	return (unsigned)((run->random >> 20) % below);
}

static const char *some_lines(struct run *run, unsigned count)
{
	struct buf text = { 0 };
	const char *lines;

	for (unsigned i = 0; i < count; i++)
		buf_printf(&text, "%sitem-%c %u", i ? ", " : "", 'a' + (char)pick(run, ITEM_NAMES), 1 + pick(run, 9));
	lines = arena_cstr(run->world->arena, buf_str(&text));
	buf_free(&text);
	return lines;
}

/* One line for each name: what a client's own lines have become when cargo is stored. */
static const char *own_lines(struct run *run, unsigned count)
{
	struct buf text = { 0 };
	const char *lines;

	for (unsigned i = 0; i < count; i++)
		buf_printf(&text, "%sitem-%c %u", i ? ", " : "", 'a' + (char)i, 1 + pick(run, 9));
	lines = arena_cstr(run->world->arena, buf_str(&text));
	buf_free(&text);
	return lines;
}

static const char *some_station(struct run *run)
{
	return stations[pick(run, 4) ? 0 : 1];
}

static void create_trade(struct run *run)
{
	unsigned lines = pick(run, 5) ? 1 + pick(run, 3) : 6;

	run->trades[run->trade_count++] = world_trade(run->world, some_station(run), some_lines(run, lines));
}

static void create_cargo(struct run *run)
{
	const char *id = arena_printf(run->world->arena, "S%zu", run->cargo_count).ptr;
	unsigned lines = pick(run, 4) ? pick(run, 3) : 11;
	int64_t capacity = pick(run, 2) ? 0 : 100 + pick(run, 60);

	world_cargo(run->world, id, some_station(run), own_lines(run, lines), capacity);
	run->cargo[run->cargo_count++] = id;
}

static void change_trade(struct run *run)
{
	struct trade_change wish = { .status = (enum trade_status)pick(run, TRADE_STATUSES) };
	struct error why = { "" };
	struct trade trade;

	if (!run->trade_count)
		return;
	trade = world_get_trade(run->world, run->trades[pick(run, (unsigned)run->trade_count)]);
	if (trade_change(&trade, &wish, 1, &why) == VERDICT_CHANGED)
		world_set_trade(run->world, trade.id, wish.status);
}

static void change_cargo(struct run *run)
{
	struct cargo_change wish = { .status = (enum cargo_status)pick(run, CARGO_STATUSES) };
	struct error why = { "" };
	struct cargo cargo;
	const char *id;

	if (!run->cargo_count)
		return;
	id = run->cargo[pick(run, (unsigned)run->cargo_count)];
	cargo = world_get_cargo(run->world, id);
	if (pick(run, 4) == 0)
		wish = (struct cargo_change){ cargo.status, pick(run, 2) ? STR("Altair") : STR("Deneb"), 0 };
	if (cargo_change(&cargo, &wish, 1, &why) == VERDICT_CHANGED)
		world_change_cargo(run->world, id, &wish);
}

static void ask_engine(struct run *run)
{
	static const char *const wishes[] = {
		"{\"status\":\"pending\"}", "{\"status\":\"completed\",\"reason\":\"why not\"}",
		"{\"status\":\"canceled\"}", "{\"status\":\"delayed\",\"reason\":\"\"}",
	};
	static const char *const cargo_wishes[] = {
		"{\"status\":\"pending\"}", "{\"status\":\"in transit\",\"location\":\"Deneb\"}",
		"{\"status\":\"delayed\",\"eta\":\"2030-01-01T00:00:00Z\"}", "{\"status\":\"delivered\"}",
	};
	struct str *request = &run->requests[run->request_count];

	if (pick(run, 3) == 0 && run->cargo_count)
		*request = world_request(run->world, ENTITY_CARGO,
					 str_from(run->cargo[pick(run, (unsigned)run->cargo_count)]),
					 cargo_wishes[pick(run, 4)]);
	else if (run->trade_count)
		*request = world_request(run->world, ENTITY_TRADE, run->trades[pick(run, (unsigned)run->trade_count)],
					 wishes[pick(run, 4)]);
	else
		return;
	run->request_count++;
}

static void check_logged_at(struct run *run)
{
	struct store_head head;

	assert_int_equal(store_head(run->world->store, &head), ITN_OK);
	assert_true(head.logged_at >= run->logged_at);
	run->logged_at = head.logged_at;
}

static void step(struct run *run)
{
	struct sequencer_result result;
	enum itn_status status = world_step(run->world, &result);

	if (status != ITN_OK)
		fail_msg("%s: %s (%s)", itn_status_name(status), sequencer_stuck(run->world->sequencer),
			 store_engine_error(run->world->engine));
	check_logged_at(run);
}

static void die_in_a_batch(struct run *run)
{
	struct store_batch batch;

	assert_int_equal(store_batch_begin(run->world->engine, run->world->arena, 5, 5, &batch), ITN_OK);
	world_restart_engine(run->world);
}

static void set_sizes(struct run *run)
{
	static const uint64_t batches[] = { 1, 2, 3, 7, 512 };
	static const uint64_t chunks[] = { 10, 11, 17, 500 };

	run->world->config.batch_max = batches[pick(run, sizeof(batches) / sizeof(*batches))];
	run->world->config.chunk_max = chunks[pick(run, sizeof(chunks) / sizeof(*chunks))];
	world_reconfigure(run->world);
}

/* Clocks of several workers: the same time twice, or an earlier one. */
static void turn_clock_back(struct run *run)
{
	run->world->clock -= pick(run, 3) ? 1 : 20;
}

static void act(struct run *run)
{
	static void (*const acts[])(struct run *) = {
		create_trade, create_trade,   create_trade, create_trade, create_trade, create_cargo, change_trade,
		change_trade, change_cargo,   change_cargo, ask_engine,   ask_engine,   step,	      step,
		step,	      die_in_a_batch, set_sizes,    turn_clock_back,
	};

	acts[pick(run, sizeof(acts) / sizeof(*acts))](run);
}

/* What the rules demand once nothing waits. */

static void expect_same_lines(const struct lines *is, const struct lines *should, const char *what)
{
	if (is->count != should->count)
		fail_msg("%s: %zu lines, expected %zu", what, is->count, should->count);
	for (size_t i = 0; i < is->count; i++) {
		size_t at = 0;

		while (at < should->count && !str_eq(is->at[i].name, should->at[at].name))
			at++;
		if (at == should->count || is->at[i].quantity != should->at[at].quantity)
			fail_msg("%s: %s is wrong", what, is->at[i].name.ptr);
	}
}

struct expected {
	struct lines on_hand[STATIONS], incoming[STATIONS];
	int64_t trades[TRADE_STATUSES], cargo[CARGO_STATUSES], stock;
};

static void expect_goods(struct run *run, const struct cargo *cargo, struct expected *expected)
{
	size_t at = str_eq(cargo->destination, str_from(stations[0])) ? 0 : 1;

	if (cargo->status == CARGO_DELIVERED) {
		lines_merge(&expected->on_hand[at], run->world->arena, &cargo->items);
		expected->stock += lines_total(&cargo->items);
	} else if (cargo->departed_at) {
		lines_merge(&expected->incoming[at], run->world->arena, &cargo->items);
	}
}

static void check_cargo(struct run *run, const char *id, struct expected *expected)
{
	struct cargo cargo = world_get_cargo(run->world, id);
	struct lines manifest = { 0 };
	int64_t loaded = 0;

	lines_merge(&manifest, run->world->arena, &cargo.own_items);
	for (size_t i = 0; i < run->trade_count; i++) {
		struct trade trade = world_get_trade(run->world, run->trades[i]);

		if (str_eq(trade.shipment, cargo.id)) {
			assert_true(str_eq(trade.destination, cargo.destination));
			lines_merge(&manifest, run->world->arena, &trade.items);
			loaded++;
			if (cargo.status == CARGO_DELIVERED)
				assert_false(trade_is_open(&trade));
			if (!cargo.departed_at)
				assert_true(trade_is_open(&trade));
		} else if (!cargo.departed_at && !trade.shipment.ptr && trade_is_open(&trade) &&
			   str_eq(trade.destination, cargo.destination) && cargo_has_room(&cargo, &trade)) {
			fail_msg("trade %s waits although %s has room", trade.id.ptr, id);
		}
	}
	expect_same_lines(&cargo.items, &manifest, id);
	assert_int_equal(cargo.trade_count, loaded);
	assert_true(!cargo.capacity || lines_total(&cargo.items) <= cargo.capacity);
	expected->cargo[cargo.status]++;
	expect_goods(run, &cargo, expected);
	replay_check_document(&run->replay, ENTITY_CARGO, cargo.id);
}

static int64_t quantity_of(const struct lines *lines, const char *name)
{
	for (size_t i = 0; i < lines->count; i++)
		if (str_eq(lines->at[i].name, str_from(name)))
			return lines->at[i].quantity;
	return 0;
}

static void check_station(struct run *run, size_t at, const struct expected *expected)
{
	replay_check_station(&run->replay, stations[at]);
	for (char c = 'a'; c < 'a' + ITEM_NAMES; c++) {
		const char *item = arena_printf(run->world->arena, "item-%c", c).ptr;
		struct str key = arena_printf(run->world->arena, "%s\n%s", stations[at], item);
		const struct replay_item none = { 0 }, *told = map_get(&run->replay.items, key);

		told = told ? told : &none;
		if (told->on_hand != quantity_of(&expected->on_hand[at], item) ||
		    told->incoming != quantity_of(&expected->incoming[at], item))
			fail_msg("%s at %s: %lld on hand, expected %lld; %lld incoming, expected %lld", item, stations[at],
				 (long long)told->on_hand, (long long)quantity_of(&expected->on_hand[at], item),
				 (long long)told->incoming, (long long)quantity_of(&expected->incoming[at], item));
	}
}

struct counted {
	struct str prefix;
	int64_t sum;
};

static void add_counter(void *context, struct str name, int64_t value)
{
	struct counted *counted = context;

	if (name.len >= counted->prefix.len && memcmp(name.ptr, counted->prefix.ptr, counted->prefix.len) == 0)
		counted->sum += value;
}

static void check_counter(struct run *run, const char *prefix, int64_t expected)
{
	struct counted counted = { str_from(prefix), 0 };

	assert_int_equal(store_counters(run->world->store, STR(""), add_counter, &counted), ITN_OK);
	if (counted.sum != expected)
		fail_msg("%s: %lld, expected %lld", prefix, (long long)counted.sum, (long long)expected);
}

static void check_counters(struct run *run, const struct expected *expected)
{
	struct arena *arena = run->world->arena;

	for (unsigned i = 0; i < TRADE_STATUSES; i++)
		check_counter(run, arena_printf(arena, "trades.status.%s", trade_status_name(i)).ptr, expected->trades[i]);
	for (unsigned i = 0; i < CARGO_STATUSES; i++)
		check_counter(run, arena_printf(arena, "cargo.status.%s", cargo_status_name(i)).ptr, expected->cargo[i]);
	check_counter(run, "trades.created.total", (int64_t)run->trade_count);
	check_counter(run, "trades.created.hour.", (int64_t)run->trade_count);
	check_counter(run, "trades.created.day.", (int64_t)run->trade_count);
	check_counter(run, "events.total", run->replay.seq);
	check_counter(run, "alerts.total", run->replay.warnings);
	check_counter(run, "stock.total", expected->stock);
}

static void check_requests(struct run *run)
{
	for (size_t i = 0; i < run->request_count; i++) {
		struct request_verdict verdict;
		bool is_logged = map_get(&run->replay.ids, run->requests[i]) != NULL;

		assert_int_equal(store_request_verdict(run->world->store, run->world->arena, run->requests[i], &verdict),
				 ITN_OK);
		assert_int_not_equal(verdict.state, REQUEST_WAITING);
		assert_int_equal(verdict.state == REQUEST_CHANGED, is_logged);
	}
}

static void check_everything(struct run *run)
{
	struct expected expected = { 0 };

	replay_read(&run->replay);
	for (size_t i = 0; i < run->cargo_count; i++)
		check_cargo(run, run->cargo[i], &expected);
	for (size_t i = 0; i < run->trade_count; i++) {
		expected.trades[world_get_trade(run->world, run->trades[i]).status]++;
		replay_check_document(&run->replay, ENTITY_TRADE, run->trades[i]);
	}
	for (size_t i = 0; i < STATIONS; i++)
		check_station(run, i, &expected);
	assert_int_equal(run->replay.trades, run->trade_count);
	replay_check_alerts(&run->replay);
	replay_check_mails(&run->replay);
	check_counters(run, &expected);
	check_requests(run);
}

static void run_once(struct run *run, uint64_t seed)
{
	*run = (struct run){ .seed = seed, .random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1, .world = world_new() };
	replay_init(&run->replay, run->world);
	set_sizes(run);
	for (unsigned i = 0; i < ACTS; i++)
		act(run);
	world_settle(run->world);
	check_everything(run);
	world_free(run->world);
	run->world = NULL;
}

static void the_log_tells_the_state_and_the_state_follows_the_rules(void **state)
{
	const char *given = getenv("ITN_TEST_SEED");

	if (given) {
		run_once(*state, strtoull(given, NULL, 10));
		return;
	}
	for (uint64_t seed = 1; seed <= RUNS; seed++)
		run_once(*state, seed);
}

static int begin(void **state)
{
	*state = calloc(1, sizeof(struct run));
	return *state ? 0 : -1;
}

static int end(void **state)
{
	struct run *run = *state;

	if (run->world) {
		print_error("ITN_TEST_SEED=%llu repeats it\n", (unsigned long long)run->seed);
		if (getenv("ITN_TEST_SEED"))
			print_error("%s", world_log(run->world));
		world_free(run->world);
	}
	free(run);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_log_tells_the_state_and_the_state_follows_the_rules, begin, end),
	};

	return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
