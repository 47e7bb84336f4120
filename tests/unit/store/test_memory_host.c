/* What the store in memory does beyond the contract: with the host that a test sets, and where only reads would
 * protect. */
#include "contract.h"

#include "store/memory.h"

static struct {
	const char *call;
	enum memory_point point;
	enum itn_status status;
	bool dead, can_kill;
	int waits;
	int64_t ahead_us; /* of the clock */
	struct store *store;
} host;

static enum itn_status at(void *context unused_arg, const char *call, enum memory_point point)
{
	if (host.dead)
		return point == MEMORY_AFTER ? ITN_UNKNOWN : ITN_UNAVAILABLE;
	return host.call && strcmp(call, host.call) == 0 && point == host.point ? host.status : ITN_OK;
}

static void wait(void *context unused_arg)
{
	host.waits++;
	host.ahead_us += INT64_C(1000) * MEMORY_ORPHAN_MS;
}

static bool is_dead(void *context unused_arg)
{
	return host.dead;
}

static bool can_kill(void *context unused_arg)
{
	return host.can_kill;
}

static int64_t now_us(void *context unused_arg)
{
	return clock_now_ms() * 1000 + host.ahead_us;
}

static const struct memory_host test_host = { at, wait, is_dead, can_kill, now_us };

static int set_up(void **state)
{
	int status = fixture_set_up(state);
	struct fixture *f = *state;

	memset(&host, 0, sizeof(host));
	host.can_kill = true;
	memory_set_host(f->store, &test_host, NULL);
	return status;
}

static int tear_down(void **state)
{
	host.call = NULL;
	host.dead = false;
	return fixture_tear_down(state);
}

static void when(const char *call, enum memory_point point, enum itn_status status)
{
	host.call = call;
	host.point = point;
	host.status = status;
}

static enum itn_status create(struct fixture *f, struct trade *trade)
{
	struct entry entry;

	*trade = trade_to(f, "Mars");
	entry = trade_entry(f, trade, ENTRY_CREATE);
	return store_trade_create(f->store, trade, &entry);
}

static enum itn_status is_there(struct fixture *f, const struct trade *trade)
{
	struct trade read;

	host.call = NULL;
	return store_trade(f->store, f->arena, trade->id, &read);
}

static void a_failure_before_has_no_effect_and_one_after_has(void **state)
{
	struct fixture *f = *state;
	struct trade trade;

	when("trade_create", MEMORY_BEFORE, ITN_UNAVAILABLE);
	check_status("refused", create(f, &trade), ITN_UNAVAILABLE);
	check_status("not done", is_there(f, &trade), ITN_NOT_FOUND);
	when("trade_create", MEMORY_AFTER, ITN_UNKNOWN);
	check_status("no answer", create(f, &trade), ITN_UNKNOWN);
	check_status("done", is_there(f, &trade), ITN_OK);
}

static void a_write_under_way_lands_or_is_lost(void **state)
{
	struct fixture *f = *state;
	struct trade trade;

	when("trade_create", MEMORY_BEFORE, ITN_UNKNOWN);
	check_status("no answer", create(f, &trade), ITN_UNKNOWN);
	check_status("not yet", is_there(f, &trade), ITN_NOT_FOUND);
	check_bool("it lands", memory_land(f->store), true);
	check_status("done", is_there(f, &trade), ITN_OK);
	when("trade_create", MEMORY_BEFORE, ITN_UNKNOWN);
	check_status("no answer", create(f, &trade), ITN_UNKNOWN);
	check_bool("it is lost", memory_lose(f->store), true);
	check_bool("nothing is under way", memory_land(f->store), false);
	check_status("not done", is_there(f, &trade), ITN_NOT_FOUND);
}

static void a_commit_without_answer_is_in(void **state)
{
	struct fixture *f = *state;
	struct trade trade;

	check_status("created", create(f, &trade), ITN_OK);
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	when("batch_commit", MEMORY_AFTER, ITN_UNKNOWN);
	check_status("no answer", store_batch_commit(f->engine, &writes), ITN_UNKNOWN);
	check_int("it is in", memory_last_seq(f->store), 1);
}

static void a_late_commit_is_in_only_if_nobody_took_over(void **state)
{
	struct fixture *f = *state;

	for (int taken = 0; taken < 2; taken++) {
		struct trade trade;
		int64_t last = memory_last_seq(f->store);

		host.call = NULL;
		f->engine = NULL;
		struct store_engine *engine = fixture_engine(f);
		check_status("created", create(f, &trade), ITN_OK);
		struct store_batch batch = begin(f, 10);
		struct store_writes writes = number_entries(f, engine, &batch);
		when("batch_commit", MEMORY_BEFORE, ITN_UNKNOWN);
		check_status("no answer", store_batch_commit(engine, &writes), ITN_UNKNOWN);
		check_int("not yet", memory_last_seq(f->store), last);
		host.call = NULL;
		if (taken)
			store_engine_close(fixture_other_engine(f, f->store, "heir"));
		check_bool("it lands", memory_land(f->store), !taken);
		check_int("or not", memory_last_seq(f->store), last + !taken);
		store_engine_close(engine);
		f->engine = NULL;
	}
}

/* The session of a process that is gone stands in the way, until its successor ends it or its time is over. */
static void a_dead_engine_s_batch_stays_open(void **state)
{
	struct fixture *f = *state;

	for (int killable = 0; killable < 2; killable++) {
		struct trade trade;

		check_status("created", create(f, &trade), ITN_OK);
		host.can_kill = killable != 0;
		host.waits = 0;
		begin(f, 10);
		host.dead = true;
		store_engine_close(f->engine);
		f->engine = NULL;
		host.dead = false;
		check_int("it is open", (long long)memory_rest(f->store).transactions, 1);
		struct store_engine *heir = fixture_other_engine(f, f->store, "heir");
		check_int("it is over", (long long)memory_rest(f->store).transactions, 0);
		check_bool("its time was waited for", host.waits > 0, !killable);
		f->engine = heir;
		check_int("nothing of it is left", (long long)drain(f), 1);
		store_engine_close(heir);
		f->engine = NULL;
	}
}

static void a_killed_batch_can_t_commit(void **state)
{
	struct fixture *f = *state;
	struct trade trade;

	check_status("created", create(f, &trade), ITN_OK);
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	struct store_engine *heir = fixture_other_engine(f, f->store, "heir");
	if (store_batch_commit(f->engine, &writes) == ITN_OK)
		fail_msg("it committed");
	check_int("nothing is in", memory_last_seq(f->store), 0);
	check_status("it has lost the lease", store_lease_renew(f->engine), ITN_LOST_LEASE);
	store_engine_close(heir);
}

/* What a batch has merely read, others may change: only a document that both write makes them conflict. */
static void only_writes_conflict(void **state)
{
	struct fixture *f = *state;
	struct trade read, written;

	check_status("created", create(f, &read), ITN_OK);
	check_status("created", create(f, &written), ITN_OK);
	drain(f);
	for (int both = 0; both < 2; both++) {
		struct trade seen, next;
		begin(f, 10);
		check_status("reads", store_batch_trade(f->engine, f->arena, read.id, &seen), ITN_OK);
		check_status("reads", store_batch_trade(f->engine, f->arena, written.id, &next), ITN_OK);
		check_status("changed meanwhile", change_trade(f, both ? &written : &read, TRADE_DELAYED), ITN_OK);
		int64_t from = next.version++;
		struct trade_write write = { &next, from };
		struct store_writes writes = {
			.batch = STR("0123456789abcdef01234567"),
			.last_seq = memory_last_seq(f->store),
			.trades = &write,
			.trade_count = 1,
		};
		check_status(both ? "two write it" : "one reads it", store_batch_commit(f->engine, &writes),
			     both ? ITN_CONFLICT : ITN_OK);
		if (!both)
			written = stored_trade(f, written.id);
	}
}

#define HOSTED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOSTED(a_failure_before_has_no_effect_and_one_after_has),
		HOSTED(a_write_under_way_lands_or_is_lost),
		HOSTED(a_commit_without_answer_is_in),
		HOSTED(a_late_commit_is_in_only_if_nobody_took_over),
		HOSTED(a_dead_engine_s_batch_stays_open),
		HOSTED(a_killed_batch_can_t_commit),
		HOSTED(only_writes_conflict),
	};

	return cmocka_run_group_tests_name("the store in memory and its host", tests, NULL, NULL);
}
