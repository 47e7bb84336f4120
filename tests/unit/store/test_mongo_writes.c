/* Clients' writes. */
#include <pthread.h>
#include <stdatomic.h>

#include "mongo_faults.h"
#include "store/claims.h"
#include "store/notifications.h"

/* The five kinds of writes. */
enum kind { NEW_TRADE, NEW_CARGO, CHANGED_TRADE, CHANGED_CARGO, NEW_REQUEST, KINDS };
static const struct {
	const char *name, *command;
} kinds[KINDS] = {
	[NEW_TRADE] = { "a new trade", "insert" },         [NEW_CARGO] = { "a new cargo", "insert" },
	[CHANGED_TRADE] = { "a changed trade", "update" }, [CHANGED_CARGO] = { "a changed cargo", "update" },
	[NEW_REQUEST] = { "a request", "insert" },
};

/* What a write needs, made before anything is spoiled. */
struct attempt {
	struct trade trade;
	struct cargo cargo;
	struct entry entry;
};

static struct attempt prepare(struct fixture *f, enum kind kind)
{
	struct attempt a = { .trade = trade_to(f, "Mars"), .cargo = cargo_to(f, "Mars") };
	if (kind == CHANGED_TRADE) {
		put_trade(f, &a.trade);
		a.trade.version = 2;
		a.trade.status = TRADE_CANCELED;
	}
	if (kind == CHANGED_CARGO) {
		put_cargo(f, &a.cargo);
		a.cargo.version = 2;
		a.cargo.status = CARGO_DELAYED;
	}
	drain(f);
	bool creates = kind == NEW_TRADE || kind == NEW_CARGO;
	a.entry = kind == NEW_REQUEST ? request_entry(f, &a.trade)
		  : kind == NEW_CARGO || kind == CHANGED_CARGO
			  ? cargo_entry(f, &a.cargo, creates ? ENTRY_CREATE : ENTRY_CHANGE)
			  : trade_entry(f, &a.trade, creates ? ENTRY_CREATE : ENTRY_CHANGE);
	return a;
}

static enum itn_status perform(struct fixture *f, enum kind kind, const struct attempt *a)
{
	switch (kind) {
	case NEW_TRADE:
		return store_trade_create(f->store, &a->trade, &a->entry);
	case NEW_CARGO:
		return store_cargo_create(f->store, &a->cargo, &a->entry);
	case CHANGED_TRADE:
		return store_trade_change(f->store, &a->trade, 1, &a->entry);
	case CHANGED_CARGO:
		return store_cargo_change(f->store, &a->cargo, 1, &a->entry);
	default:
		return store_request_add(f->store, &a->entry);
	}
}

static void check_once(struct fixture *f, const char *name, const struct attempt *a)
{
	struct store_batch batch = begin(f, 100);
	check_int(name, (long long)batch.count, 1);
	check_str(name, batch.entries[0].id, a->entry.id);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	check_status(name, store_batch_commit(f->engine, &writes), ITN_OK);
}

static void every_operation_asks_for_the_majority(void **state)
{
	struct fixture *f = *state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct attempt a = prepare(f, kind);
		check_status(kinds[kind].name, perform(f, kind, &a), ITN_OK);
	}
	drain(f);
	check_status("renewed", store_lease_renew(f->engine), ITN_OK);
	struct buf out = { 0 };
	int64_t version;
	check_status("read", store_inventory_json(f->store, STR("Mars"), &out, &version), ITN_NOT_FOUND);
	buf_free(&out);
	struct proxy_seen seen = proxy_seen(proxy);
	if (seen.careless)
		fail_msg("%d operations do not ask for it, such as %s", seen.careless, seen.careless_command);
	check_bool("writes, commits and reads were seen",
		   seen.writes >= KINDS && seen.commits >= KINDS && seen.reads > 0, true);
}

static void an_unknown_outcome_is_settled(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		enum proxy_fault fault;
	} faults[] = { { "cut before", CUT_BEFORE }, { "cut after", CUT_AFTER } };
	for (enum kind kind = 0; kind < KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(faults); i++) {
			const char *name = arena_printf(f->arena, "%s, %s", kinds[kind].name, faults[i].name).ptr;
			struct attempt a = prepare(f, kind);
			proxy_spoil(proxy, kinds[kind].command, faults[i].fault, 1);
			check_status(name, perform(f, kind, &a), ITN_OK);
			check_int(name, proxy_spoiled(proxy), 1);
			check_once(f, name, &a);
		}
}

static void a_server_s_errors_are_settled(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name, *data;
	} points[] = {
		{ "not the primary", "\"errorCode\": 10107" },
		{ "not the primary, nor a secondary", "\"errorCode\": 13436" },
		{ "stepped down", "\"errorCode\": 189" },
		{ "interrupted by a change of roles", "\"errorCode\": 11602" },
		{ "shutting down", "\"errorCode\": 91" },
		{ "closed", "\"closeConnection\": true" },
		{ "no majority",
		  "\"writeConcernError\": {\"code\": 64, \"errmsg\": \"waiting for replication timed out\"}" },
	};
	for (enum kind kind = 0; kind < KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(points); i++) {
			const char *name = arena_printf(f->arena, "%s, %s", kinds[kind].name, points[i].name).ptr;
			struct attempt a = prepare(f, kind);
			fail_point(f, ONCE, arena_printf(f->arena, "\"%s\"", kinds[kind].command).ptr, points[i].data);
			check_status(name, perform(f, kind, &a), ITN_OK);
			fail_point_off();
			check_once(f, name, &a);
		}
}

static void what_can_t_be_settled_is_unknown(void **state)
{
	struct fixture *f = *state;
	for (enum kind kind = 0; kind < KINDS; kind++) {
		struct attempt a = prepare(f, kind);
		proxy_spoil(proxy, kinds[kind].command, HANG_AFTER, 1);
		int64_t start = clock_monotonic_ms();
		check_status(kinds[kind].name, perform(f, kind, &a), ITN_UNKNOWN);
		int64_t took = clock_monotonic_ms() - start;
		if (took > 2000)
			fail_msg("%s: took %lld ms", kinds[kind].name, (long long)took);
		proxy_spoil(proxy, "", FAULT_NONE, 0);
		wait_for_recovery(f);
		check_status("with the same ids once more", perform(f, kind, &a), ITN_OK);
		check_once(f, kinds[kind].name, &a);
	}
}

/* The client gave up, the command did not: it reaches the server after all, before or after another try with its ids.
 */
static void a_write_that_arrives_late_is_no_second_one(void **state)
{
	struct fixture *f = *state;
	for (int first = 0; first < 2; first++)
		for (enum kind kind = 0; kind < KINDS; kind++) {
			const char *name = arena_printf(f->arena, "%s, %s", kinds[kind].name,
							first ? "before another try" : "after another try")
						   .ptr;
			struct attempt a = prepare(f, kind);
			proxy_spoil(proxy, kinds[kind].command, HANG_BEFORE, 1);
			check_status(name, perform(f, kind, &a), ITN_UNKNOWN);
			if (first)
				proxy_release(proxy);
			wait_for_recovery(f);
			check_status(name, perform(f, kind, &a), ITN_OK);
			proxy_release(proxy);
			check_once(f, name, &a);
			check_int("nothing else", (long long)drain(f), 0);
		}
}

static bool is_there(struct fixture *f, enum kind kind, const struct attempt *a)
{
	bool known = false;
	struct request_verdict verdict;
	if (kind == NEW_REQUEST)
		return !store_request_verdict(f->store, f->arena, a->entry.id, &verdict);
	check_status("looked for", store_entry_known(f->store, a->entry.entity, a->entry.key, a->entry.id, &known),
		     ITN_OK);
	return known;
}

/* Longer than the store's timeout: what is certainly not done is told from what nobody can know. */
static void a_server_that_refuses_for_long_is_told_rightly(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name, *data;
		enum itn_status expected;
		bool at_once;
	} cases[] = {
		{ "not the primary", "\"errorCode\": 10107", ITN_UNAVAILABLE, false },
		{ "stepped down", "\"errorCode\": 189", ITN_UNKNOWN, false },
		{ "closed", "\"closeConnection\": true", ITN_UNKNOWN, false },
		{ "a full disk", "\"errorCode\": 14031", ITN_NO_ROOM, true },
		{ "what nobody has heard of", "\"errorCode\": 8000", ITN_FAILED, true },
	};
	for (enum kind kind = 0; kind < KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(cases); i++) {
			const char *name = arena_printf(f->arena, "%s, %s", kinds[kind].name, cases[i].name).ptr;
			struct attempt a = prepare(f, kind);
			fail_point(f, ALWAYS, arena_printf(f->arena, "\"%s\"", kinds[kind].command).ptr, cases[i].data);
			int64_t start = clock_monotonic_ms();
			check_status(name, perform(f, kind, &a), cases[i].expected);
			int64_t took = clock_monotonic_ms() - start;
			if (took > (cases[i].at_once ? 1000 : 2500))
				fail_msg("%s: took %lld ms", name, (long long)took);
			fail_point_off();
			wait_for_recovery(f);
			check_bool(name, is_there(f, kind, &a), false);
			check_status("once more", perform(f, kind, &a), ITN_OK);
			check_once(f, name, &a);
		}
}

/* A thread that writes through a connection that breaks again and again. */
#define FLAPPERS   6
#define PER_WRITER 15
struct flapper {
	struct fixture *f;
	pthread_t thread;
	struct trade trades[PER_WRITER];
	struct entry entries[PER_WRITER];
	enum itn_status results[PER_WRITER];
};

static void *flapper_main(void *arg)
{
	struct flapper *flapper = arg;
	for (size_t i = 0; i < PER_WRITER; i++)
		flapper->results[i] = store_trade_create(flapper->f->store, &flapper->trades[i], &flapper->entries[i]);
	return NULL;
}

static atomic_bool flapping;

static void *spoiler_main(void *arg unused_arg)
{
	static const enum proxy_fault faults[] = { CUT_BEFORE, CUT_AFTER };
	for (unsigned i = 0; flapping; i++)
		if (i == 0 || proxy_spoiled(proxy))
			proxy_spoil(proxy, i % 3 == 2 ? "find" : "insert", faults[i % 2], 1);
	return NULL;
}

static void each_acknowledged_write_is_there_once(void **state)
{
	struct fixture *f = *state;
	struct flapper *flappers = arena_calloc(f->arena, FLAPPERS, sizeof(*flappers));
	pthread_t spoiler;
	flapping = true;
	for (size_t w = 0; w < FLAPPERS; w++) {
		flappers[w].f = f;
		for (size_t i = 0; i < PER_WRITER; i++) {
			flappers[w].trades[i] = trade_to(f, "Mars");
			flappers[w].entries[i] = trade_entry(f, &flappers[w].trades[i], ENTRY_CREATE);
		}
	}
	assert_int_equal(pthread_create(&spoiler, NULL, spoiler_main, NULL), 0);
	for (size_t w = 0; w < FLAPPERS; w++)
		assert_int_equal(pthread_create(&flappers[w].thread, NULL, flapper_main, &flappers[w]), 0);
	for (size_t w = 0; w < FLAPPERS; w++)
		pthread_join(flappers[w].thread, NULL);
	flapping = false;
	pthread_join(spoiler, NULL);
	proxy_spoil(proxy, "", FAULT_NONE, 0);
	wait_for_recovery(f);
	size_t done = 0, refused = 0, unknown = 0;
	for (size_t w = 0; w < FLAPPERS; w++)
		for (size_t i = 0; i < PER_WRITER; i++) {
			struct trade trade;
			enum itn_status result = flappers[w].results[i];
			enum itn_status there = store_trade(f->store, f->arena, flappers[w].trades[i].id, &trade);
			done += there == ITN_OK;
			refused += result == ITN_UNAVAILABLE;
			unknown += result == ITN_UNKNOWN;
			if (result == ITN_OK)
				check_status("acknowledged", there, ITN_OK);
			else if (result == ITN_UNAVAILABLE)
				check_status("refused", there, ITN_NOT_FOUND);
			else
				check_status("otherwise", result, ITN_UNKNOWN);
		}
	check_int("each has its entry once", (long long)drain(f), (long long)done);
	if (refused + unknown > FLAPPERS * PER_WRITER / 2)
		fail_msg("%zu were refused, %zu unknown", refused, unknown);
}

/* A change that was done, or not, is told from one that nobody knows of; done again it is a conflict or done. */
static void a_notification_s_change_may_be_repeated(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum proxy_fault fault;
		bool done;
	} cases[] = { { CUT_BEFORE, false }, { CUT_AFTER, true } };
	fixture_engine(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct notification made = { .id = arena_printf(f->arena, "%zu-1", i),
					     .event = STR("e"),
					     .to = STR("a@b"),
					     .subject = STR("s"),
					     .body = STR("b") };
		notification_made(&made, true, 1);
		check_status("made",
			     commit_alone(f, (struct store_writes){ .notifications = &made, .notification_count = 1 }),
			     ITN_OK);
		notification_sent(&made);
		proxy_spoil(proxy, "findAndModify", cases[i].fault, 1);
		check_status("cut", store_notification_change(f->store, &made, 1), ITN_UNKNOWN);
		wait_for_recovery(f);
		check_status("again", store_notification_change(f->store, &made, 1),
			     cases[i].done ? ITN_CONFLICT : ITN_OK);
		check_status("it is as was wished", store_notification(f->store, f->arena, made.id, &made), ITN_OK);
		check_text("sent", notification_status_name(made.status), "sent");
		check_int("once", made.version, 2);
	}
}

static struct claim claim_of(struct fixture *f, const char *key)
{
	struct trade ids = trade_to(f, "Mars"), more = trade_to(f, "Mars");
	return (struct claim){ .key = str_from(key),
			       .print = STR("p"),
			       .document = ids.id,
			       .event = more.id,
			       .at = f->now,
			       .expires_at = f->now + 3600000,
			       .version = 1,
			       .busy_until = f->now };
}

/* What became of a change is in the claim: its own answer, whatever the status says. */
static void a_claim_s_unknown_outcome_is_settled(void **state)
{
	struct fixture *f = *state;
	static const enum proxy_fault faults[] = { CUT_BEFORE, CUT_AFTER };
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		const char *key = i ? "cut after" : "cut before";
		struct claim claim = claim_of(f, key), other = claim_of(f, key), stored;
		proxy_spoil(proxy, "insert", faults[i], 1);
		check_status(key, store_claim_add(f->store, &claim), ITN_OK);
		check_int(key, proxy_spoiled(proxy), 1);
		check_status(key, store_claim_add(f->store, &other), ITN_EXISTS);
		claim.version = 2;
		claim.status = 201;
		claim.body = STR("{}");
		proxy_spoil(proxy, "update", faults[i], 1);
		enum itn_status status = store_claim_change(f->store, &claim, 1);
		check_int(key, proxy_spoiled(proxy), 1);
		if (status != ITN_CONFLICT)
			check_status(key, status, ITN_OK);
		check_status(key, store_claim(f->store, f->arena, claim.key, &stored), ITN_OK);
		check_int(key, stored.version, 2);
		check_int(key, stored.status, 201);
		check_str(key, stored.event, claim.event);
		check_str(key, stored.body, claim.body);
	}
}

static const struct CMUnitTest tests[] = {
	FAULTS(every_operation_asks_for_the_majority),
	FAULTS(an_unknown_outcome_is_settled),
	FAULTS(a_server_s_errors_are_settled),
	FAULTS(what_can_t_be_settled_is_unknown),
	FAULTS(a_write_that_arrives_late_is_no_second_one),
	FAULTS(a_server_that_refuses_for_long_is_told_rightly),
	FAULTS(each_acknowledged_write_is_there_once),
	FAULTS(a_notification_s_change_may_be_repeated),
	FAULTS(a_claim_s_unknown_outcome_is_settled),
};

int main(void)
{
	return faults_possible() ? cmocka_run_group_tests_name("writes that meet faults", tests, NULL, NULL) : 0;
}
