/* The MongoDB engine when the way to the server breaks: through a proxy that spoils messages, and by the server's own
 * fail points. ITN_TEST_STORE names a server by mongodb://HOST:PORT that has nothing else to do; without it nothing is
 * tested. */
#include <mongoc/mongoc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "contract.h"
#include "mongo_proxy.h"
#include "store/claims.h"
#include "store/inspect.h"
#include "store/notifications.h"

static const char *server_uri;
static struct mongo_proxy *proxy;

/* The server itself, past the proxy. */
static void server_command(const char *database, const bson_t *command)
{
	bson_error_t error;
	mongoc_client_t *client = mongoc_client_new(server_uri);
	if (!mongoc_client_command_simple(client, database, command, NULL, NULL, &error))
		fail_msg("the server refuses a command of the test: %s", error.message);
	mongoc_client_destroy(client);
}

static void fail_point(const char *json)
{
	bson_error_t error;
	bson_t *command = bson_new_from_json((const uint8_t *)json, -1, &error);
	if (!command)
		fail_msg("%s: %s", json, error.message);
	server_command("admin", command);
	bson_destroy(command);
}

static void fail_point_off(void)
{
	fail_point("{\"configureFailPoint\": \"failCommand\", \"mode\": \"off\"}");
}

static int set_up(void **state)
{
	proxy = proxy_start(server_uri);
	setenv("ITN_TEST_STORE", proxy_uri(proxy), 1);
	int result = fixture_set_up(state);
	struct fixture *f = *state;
	store_close(f->store);
	f->config.store_timeout_ms = 1500;
	f->store = fixture_open_again(f);
	return result;
}

static int tear_down(void **state)
{
	fail_point_off();
	proxy_set_mode(proxy, PROXY_PASS);
	proxy_spoil(proxy, "", FAULT_NONE, 0);
	int result = fixture_tear_down(state);
	proxy_stop(proxy);
	return result;
}

#define FAULTS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* Waits until the store answers again. */
static void wait_for_recovery(struct fixture *f)
{
	struct store_head head;
	int64_t until = clock_monotonic_ms() + 10000;
	enum itn_status status;
	while ((status = store_head(f->store, &head)) && clock_monotonic_ms() < until)
		continue;
	check_status("it recovers by itself", status, ITN_OK);
}

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
		{ "stepped down", "\"errorCode\": 189" },
		{ "shutting down", "\"errorCode\": 91" },
		{ "closed", "\"closeConnection\": true" },
		{ "no majority",
		  "\"writeConcernError\": {\"code\": 64, \"errmsg\": \"waiting for replication timed out\"}" },
	};
	for (enum kind kind = 0; kind < KINDS; kind++)
		for (size_t i = 0; i < COUNT_OF(points); i++) {
			const char *name = arena_printf(f->arena, "%s, %s", kinds[kind].name, points[i].name).ptr;
			struct attempt a = prepare(f, kind);
			fail_point(
				arena_printf(
					f->arena,
					"{\"configureFailPoint\": \"failCommand\", \"mode\": {\"times\": 1}, \"data\": "
					"{\"failCommands\": [\"%s\"], %s}}",
					kinds[kind].command, points[i].data)
					.ptr);
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

static void a_read_survives_a_cut(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	static const enum proxy_fault faults[] = { CUT_BEFORE, CUT_AFTER };
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		proxy_spoil(proxy, "find", faults[i], 1);
		check_str("read", stored_trade(f, trade.id).id, trade.id);
		check_int("spoiled", proxy_spoiled(proxy), 1);
	}
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

/* Many callers at once. */
#define CALLERS 64
struct caller {
	struct fixture *f;
	pthread_t thread;
	bool reads;
	struct trade trade;
	struct entry entry;
	enum itn_status status;
	int64_t took_ms;
};

static void *caller_main(void *arg)
{
	struct caller *caller = arg;
	struct arena *arena = arena_new(0);
	int64_t start = clock_monotonic_ms();
	if (caller->reads)
		caller->status = store_trade(caller->f->store, arena, caller->trade.id, &caller->trade);
	else
		caller->status = store_trade_create(caller->f->store, &caller->trade, &caller->entry);
	caller->took_ms = clock_monotonic_ms() - start;
	arena_free(arena);
	return NULL;
}

static struct caller *callers_run(struct fixture *f)
{
	struct caller *callers = arena_calloc(f->arena, CALLERS, sizeof(*callers));
	for (size_t i = 0; i < CALLERS; i++) {
		callers[i].f = f;
		callers[i].reads = i % 2;
		callers[i].trade = trade_to(f, "Mars");
		callers[i].entry = trade_entry(f, &callers[i].trade, ENTRY_CREATE);
	}
	for (size_t i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]), 0);
	for (size_t i = 0; i < CALLERS; i++)
		pthread_join(callers[i].thread, NULL);
	return callers;
}

static void check_refused(const char *name, const struct caller *callers, int64_t within_ms, bool certainly)
{
	for (size_t i = 0; i < CALLERS; i++) {
		if (callers[i].status != ITN_UNKNOWN || certainly || callers[i].reads)
			check_status(name, callers[i].status, ITN_UNAVAILABLE);
		if (callers[i].took_ms > within_ms)
			fail_msg("%s: a %s took %lld ms", name, callers[i].reads ? "read" : "write",
				 (long long)callers[i].took_ms);
	}
}

static void a_store_away_refuses_in_time(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		enum proxy_mode mode;
	} cases[] = { { "hung", PROXY_FROZEN }, { "gone", PROXY_AWAY } };
	store_close(f->store);
	f->config.threads = CALLERS;
	f->store = fixture_open_again(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		proxy_set_mode(proxy, cases[i].mode);
		check_refused(cases[i].name, callers_run(f), 2000, false);
		struct error error = { "" };
		int64_t until = clock_monotonic_ms() + 2000;
		while (!store_check(f->store, &error) && clock_monotonic_ms() < until)
			continue;
		check_status("the check", store_check(f->store, &error), ITN_UNAVAILABLE);
		check_refused("once it is known", callers_run(f), 200, true);
		check_has("its reason", error.text, "MongoDB");
		proxy_set_mode(proxy, PROXY_PASS);
		wait_for_recovery(f);
		check_status("the check", store_check(f->store, &error), ITN_OK);
		struct caller *callers = callers_run(f);
		for (size_t n = 0; n < CALLERS; n++)
			check_status("after it", callers[n].status, callers[n].reads ? ITN_NOT_FOUND : ITN_OK);
	}
}

static void a_hung_server_is_known_soon(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	for (int i = 0; i < 3; i++) {
		int64_t start = clock_monotonic_ms(), took;
		proxy_set_mode(proxy, PROXY_FROZEN);
		while (!store_check(f->store, &error) && clock_monotonic_ms() < start + 5000)
			continue;
		if ((took = clock_monotonic_ms() - start) > 1450)
			fail_msg("after %lld ms", (long long)took);
		proxy_set_mode(proxy, PROXY_PASS);
		wait_for_recovery(f);
	}
}

static void a_store_may_come_later(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	char network[32];
	memcpy(network, f->network, sizeof(network));
	store_close(f->store);
	proxy_set_mode(proxy, PROXY_AWAY);
	snprintf(f->network, sizeof(f->network), "%.20s_later", network);
	check_status("it opens without a server", store_open(&f->config, &f->store, &error), ITN_OK);
	check_status("and says so", store_check(f->store, &error), ITN_UNAVAILABLE);
	struct trade trade = trade_to(f, "Mars");
	struct entry entry = trade_entry(f, &trade, ENTRY_CREATE);
	check_status("nothing is done", store_trade_create(f->store, &trade, &entry), ITN_UNAVAILABLE);
	proxy_set_mode(proxy, PROXY_PASS);
	wait_for_recovery(f);
	check_status("then it works", store_trade_create(f->store, &trade, &entry), ITN_OK);
	check_int("once", (long long)drain(f), 1);
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

/* The engine. */

static void a_write_conflict_undoes_the_batch(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	fail_point("{\"configureFailPoint\": \"failCommand\", \"mode\": {\"times\": 1}, \"data\": {\"failCommands\": "
		   "[\"update\"],"
		   " \"errorCode\": 112, \"errorLabels\": [\"TransientTransactionError\"]}}");
	check_status("a conflict", store_batch_commit(f->engine, &writes), ITN_CONFLICT);
	fail_point_off();
	check_int("it runs again", (long long)drain(f), 1);
}

static void a_client_s_change_meets_a_batch(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	check_status("the client is first", change_trade(f, &trade, TRADE_CANCELED), ITN_OK);
	check_status("the batch is not", store_batch_commit(f->engine, &writes), ITN_CONFLICT);
	check_int("both entries", (long long)drain(f), 2);
	check_int("the change stays", stored_trade(f, trade.id).status, TRADE_CANCELED);
}

static void an_unknown_commit_is_settled(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name, *command;
		enum proxy_fault fault;
		bool in;
	} cases[] = {
		{ "commit, cut before", "commitTransaction", CUT_BEFORE, false },
		{ "commit, cut after", "commitTransaction", CUT_AFTER, true },
		{ "events, cut before", "insert", CUT_BEFORE, false },
		{ "documents, cut after", "update", CUT_AFTER, false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct trade trade = trade_to(f, "Mars");
		struct store_head head, after;
		put_trade(f, &trade);
		check_status("head", store_head(f->store, &head), ITN_OK);
		struct store_batch batch = begin(f, 10);
		struct store_writes writes = number_entries(f, f->engine, &batch);
		proxy_spoil(proxy, cases[i].command, cases[i].fault, 1);
		enum itn_status status = store_batch_commit(f->engine, &writes);
		check_int(cases[i].name, proxy_spoiled(proxy), 1);
		if (status != ITN_OK || cases[i].in == false)
			check_bool(cases[i].name, status == ITN_UNAVAILABLE || status == ITN_OK, true);
		wait_for_recovery(f);
		check_status("head", store_head(f->store, &after), ITN_OK);
		check_int(cases[i].name, after.last_seq - head.last_seq, status == ITN_OK ? 1 : 0);
		if (cases[i].in)
			check_status(cases[i].name, status, ITN_OK);
		check_int(cases[i].name, (long long)drain(f), status == ITN_OK ? 0 : 1);
	}
}

static void a_lease_s_unknown_outcome_is_settled(void **state)
{
	struct fixture *f = *state;
	struct store_engine *engine;
	struct store_lease lease;
	check_status("opened", store_engine_open(f->store, "settler", &engine, NULL), ITN_OK);
	check_status("read", store_lease_read(engine, &lease), ITN_OK);
	proxy_spoil(proxy, "findAndModify", CUT_AFTER, 1);
	check_status("taken", store_lease_take(engine, &lease), ITN_OK);
	check_int("spoiled", proxy_spoiled(proxy), 1);
	check_status("held", store_lease_renew(engine), ITN_OK);
	store_engine_close(engine);
}

static void an_heir_ends_the_session_of_a_hung_engine(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	struct store *other = fixture_open_again(f);
	int64_t start = clock_monotonic_ms();
	struct store_engine *heir = fixture_other_engine(f, other, "heir");
	struct store_batch again;
	check_status("the heir begins", store_batch_begin(heir, f->arena, 10, 1, &again), ITN_OK);
	check_int("with the same entry", (long long)again.count, 1);
	struct store_writes its = number_entries(f, heir, &again);
	check_status("and commits", store_batch_commit(heir, &its), ITN_OK);
	int64_t took = clock_monotonic_ms() - start;
	if (took > 3000)
		fail_msg("the takeover took %lld ms", (long long)took);
	enum itn_status status = store_batch_commit(f->engine, &writes);
	if (status != ITN_CONFLICT)
		check_status("the former one", status, ITN_LOST_LEASE);
	check_status("steps down", store_batch_begin(f->engine, f->arena, 10, 1, &batch), ITN_LOST_LEASE);
	struct store_head head;
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("one event", head.last_seq, 1);
	store_engine_close(heir);
	store_close(other);
}

/* Sets the store's times of outboxes by hand: "DOCUMENT" gets these. */
static void set_times(struct fixture *f, struct str id, const int64_t *at, size_t count)
{
	bson_t command = BSON_INITIALIZER, list, one, part, set;
	int64_t lowest = INT64_MAX;
	bson_append_utf8(&command, "update", -1, "trades", -1);
	bson_append_array_begin(&command, "updates", -1, &list);
	bson_append_document_begin(&list, "0", -1, &one);
	bson_append_document_begin(&one, "q", -1, &part);
	bson_append_utf8(&part, "_id", -1, id.ptr, (int)id.len);
	bson_append_document_end(&one, &part);
	bson_append_document_begin(&one, "u", -1, &part);
	bson_append_document_begin(&part, "$set", -1, &set);
	for (size_t i = 0; i < count; i++) {
		bson_append_date_time(&set, arena_printf(f->arena, "outbox.%zu.at", i).ptr, -1, at[i]);
		lowest = at[i] < lowest ? at[i] : lowest;
	}
	bson_append_date_time(&set, "outboxAt", -1, lowest);
	bson_append_document_end(&part, &set);
	bson_append_document_end(&one, &part);
	bson_append_document_end(&list, &one);
	bson_append_array_end(&command, &list);
	server_command(f->network, &command);
	bson_destroy(&command);
}

/* Documents a, b, c with the times of their entries; the order in which versions must come out. */
static void the_backlog_comes_in_order_whatever_the_slice(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		int64_t at[3][3];
		const char *order;
	} cases[] = {
		{ "apart", { { 10 }, { 20 }, { 30 } }, "a1 b1 c1 " },
		{ "backwards", { { 30 }, { 20 }, { 10 } }, "c1 b1 a1 " },
		{ "a predecessor holds back", { { 30, 10 }, { 20 }, { 25 } }, "b1 c1 a1 a2 " },
		{ "interleaved", { { 10, 40 }, { 20, 50 }, { 30 } }, "a1 b1 c1 a2 b2 " },
		{ "all at once", { { 10 }, { 10 }, { 10 } }, "a1 b1 c1 " },
		{ "all at once, several", { { 10, 10 }, { 10, 10 }, { 10, 10 } }, "a1 b1 c1 a2 b2 c2 " },
		{ "held back at once", { { 20, 5, 7 }, { 20, 20 }, { 5 } }, "c1 a1 b1 a2 b2 a3 " },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (size_t slice = 1; slice <= 7; slice++) {
			struct trade trades[3];
			size_t total = 0;
			for (int d = 0; d < 3; d++) {
				trades[d] = trade_to(f, "Mars");
				put_trade(f, &trades[d]);
			}
			for (int v = 1; v < 3; v++)
				for (int d = 0; d < 3; d++)
					if (cases[i].at[d][v])
						check_status("changed", change_trade(f, &trades[d], TRADE_DELAYED),
							     ITN_OK);
			for (int d = 0; d < 3; d++) {
				size_t count = (size_t)trades[d].version;
				set_times(f, trades[d].id, cases[i].at[d], count);
				total += count;
			}
			struct buf got = { 0 };
			while (total) {
				struct store_batch batch = begin(f, slice);
				check_bool(cases[i].name, batch.count > 0 && batch.count <= slice, true);
				check_bool("more", batch.more || batch.count == total, true);
				for (size_t n = 0; n < batch.count; n++)
					for (int d = 0; d < 3; d++)
						if (str_eq(batch.entries[n].key, trades[d].id))
							buf_printf(&got, "%c%lld ", 'a' + d,
								   (long long)batch.entries[n].version);
				total -= batch.count;
				struct store_writes writes = number_entries(f, f->engine, &batch);
				if (slice % 2) /* without writes of the documents their outboxes go all the same */
					writes.trade_count = 0;
				check_status(cases[i].name, store_batch_commit(f->engine, &writes), ITN_OK);
			}
			check_str(arena_printf(f->arena, "%s, by %zu", cases[i].name, slice).ptr, buf_str(&got),
				  str_from(cases[i].order));
			buf_free(&got);
			check_int("nothing is left", (long long)drain(f), 0);
		}
}

static void database_command(struct fixture *f, const char *json)
{
	bson_error_t error;
	bson_t *command = bson_new_from_json((const uint8_t *)json, -1, &error);
	if (!command)
		fail_msg("%s: %s", json, error.message);
	server_command(f->network, command);
	bson_destroy(command);
}

static void grow_old(struct fixture *f)
{
	database_command(f, "{\"drop\": \"notifications\"}");
	database_command(f, "{\"drop\": \"claims\"}");
	database_command(f, "{\"update\": \"head\", \"updates\": [{\"q\": {}, \"u\": {\"$set\": {\"schema\": 1}}}]}");
}

static void fault_is_there(void *context, const char *what, const char *remedy unused_arg)
{
	print_error("%s: %s\n", (const char *)context, what);
	fail();
}

/* Each of a migration's commands does not arrive, or its answer does not. */
static void a_migration_is_gone_on_with(void **state)
{
	struct fixture *f = *state;
	static const char *const commands[] = { "findAndModify", "create", "createIndexes" };
	static const enum proxy_fault faults[] = { CUT_BEFORE, CUT_AFTER };
	fixture_engine(f);
	for (size_t i = 0; i < COUNT_OF(commands) * COUNT_OF(faults); i++) {
		const char *command = commands[i / 2];
		int64_t schema = 0;
		struct error error = { "" };
		grow_old(f);
		proxy_spoil(proxy, command, faults[i % 2], 1);
		check_status(command, store_migrate(f->engine, &schema), ITN_UNAVAILABLE);
		check_int(command, proxy_spoiled(proxy), 1);
		wait_for_recovery(f);
		check_status(command, store_migrate(f->engine, &schema), ITN_OK);
		check_int(command, schema, STORE_SCHEMA);
		check_status(command, store_layout(f->store, fault_is_there, (void *)(uintptr_t)command, &error), ITN_OK);
	}
}

static void who_has_lost_the_lease_does_not_note_a_migration(void **state)
{
	struct fixture *f = *state;
	struct store_head head;
	int64_t schema = 0;
	fixture_engine(f);
	grow_old(f);
	struct store_engine *heir = fixture_other_engine(f, f->store, "heir");
	check_status("lost", store_migrate(f->engine, &schema), ITN_LOST_LEASE);
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("as it was", head.schema, 1);
	check_status("the heir does it", store_migrate(heir, &schema), ITN_OK);
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("brought on", head.schema, STORE_SCHEMA);
	store_engine_close(heir);
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
		struct notification made = { .id = arena_printf(f->arena, "%zu-1", i), .event = STR("e"), .to = STR("a@b"),
					     .subject = STR("s"), .body = STR("b") };
		notification_made(&made, true, 1);
		check_status("made",
			     commit_alone(f, (struct store_writes){ .notifications = &made, .notification_count = 1 }),
			     ITN_OK);
		notification_sent(&made);
		proxy_spoil(proxy, "findAndModify", cases[i].fault, 1);
		check_status("cut", store_notification_change(f->store, &made, 1), ITN_UNKNOWN);
		wait_for_recovery(f);
		check_status("again", store_notification_change(f->store, &made, 1), cases[i].done ? ITN_CONFLICT : ITN_OK);
		check_status("it is as was wished", store_notification(f->store, f->arena, made.id, &made), ITN_OK);
		check_text("sent", notification_status_name(made.status), "sent");
		check_int("once", made.version, 2);
	}
}

static struct claim claim_of(struct fixture *f, const char *key)
{
	struct trade ids = trade_to(f, "Mars"), more = trade_to(f, "Mars");
	return (struct claim){ .key = str_from(key), .print = STR("p"),	 .document = ids.id,
			       .event = more.id,     .at = f->now,	 .expires_at = f->now + 3600000,
			       .version = 1,	     .busy_until = f->now };
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

static void what_can_t_be_used_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	struct store *store;
	f->config.store = arena_printf(f->arena, "%smine", proxy_uri(proxy)).ptr;
	check_status("a database in the URI", store_open(&f->config, &store, &error), ITN_FAILED);
	check_has("which", error.text, "mine");
	f->config.store = "mongodb://host:port:what/";
	check_status("no URI", store_open(&f->config, &store, &error), ITN_FAILED);
	f->config.store = f->uri;
	bson_error_t why;
	bson_t *newer = bson_new_from_json(
		(const uint8_t *)"{\"update\": \"head\", \"updates\": [{\"q\": {}, \"u\": {\"$set\": "
				 "{\"schema\": 99}}}]}",
		-1, &why);
	server_command(f->network, newer);
	bson_destroy(newer);
	check_status("a newer schema", store_open(&f->config, &store, &error), ITN_FAILED);
	check_has("which", error.text, "99");
}

static const struct CMUnitTest tests[] = {
	FAULTS(every_operation_asks_for_the_majority),
	FAULTS(an_unknown_outcome_is_settled),
	FAULTS(a_server_s_errors_are_settled),
	FAULTS(what_can_t_be_settled_is_unknown),
	FAULTS(a_read_survives_a_cut),
	FAULTS(a_store_away_refuses_in_time),
	FAULTS(a_hung_server_is_known_soon),
	FAULTS(a_store_may_come_later),
	FAULTS(each_acknowledged_write_is_there_once),
	FAULTS(a_write_conflict_undoes_the_batch),
	FAULTS(a_client_s_change_meets_a_batch),
	FAULTS(an_unknown_commit_is_settled),
	FAULTS(a_lease_s_unknown_outcome_is_settled),
	FAULTS(an_heir_ends_the_session_of_a_hung_engine),
	FAULTS(the_backlog_comes_in_order_whatever_the_slice),
	FAULTS(a_migration_is_gone_on_with),
	FAULTS(who_has_lost_the_lease_does_not_note_a_migration),
	FAULTS(a_notification_s_change_may_be_repeated),
	FAULTS(a_claim_s_unknown_outcome_is_settled),
	FAULTS(what_can_t_be_used_is_refused),
};

int main(void)
{
	const char *given = getenv("ITN_TEST_STORE");
	if (!given || strncmp(given, "mongodb:", 8)) {
		puts("1..0 # SKIP ITN_TEST_STORE names no MongoDB server");
		return 0;
	}
	signal(SIGPIPE, SIG_IGN);
	server_uri = strdup(given);
	return cmocka_run_group_tests_name("a store that fails", tests, NULL, NULL);
}
