/* The engine's transactions. */
#include "mongo_faults.h"

static void a_write_conflict_undoes_the_batch(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	fail_point(f, ONCE, "\"update\"", "\"errorCode\": 112, \"errorLabels\": [\"TransientTransactionError\"]");
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

static void conflicts_again_and_again_leave_nothing(void **state)
{
	struct fixture *f = *state;
	static const char *const commands[] = { "\"update\"", "\"insert\"", "\"commitTransaction\"",
						"\"findAndModify\"" };
	struct trade trade = trade_to(f, "Mars");
	struct store_head head;
	put_trade(f, &trade);
	fixture_engine(f);
	for (size_t i = 0; i < COUNT_OF(commands) * 10; i++) {
		const char *name = commands[i / 10];
		struct store_batch batch;
		fail_point(f, ALWAYS, name, "\"errorCode\": 112, \"errorLabels\": [\"TransientTransactionError\"]");
		enum itn_status status = store_batch_begin(f->engine, f->arena, 10, 10, &batch);
		if (!status) {
			struct store_writes writes = number_entries(f, f->engine, &batch);
			status = store_batch_commit(f->engine, &writes);
		}
		check_status(name, status, ITN_CONFLICT);
		fail_point_off();
	}
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("nothing is logged", head.last_seq, 0);
	check_int("then all of it", (long long)drain(f), 1);
}

/* By an error, by a doubt whether a majority has it, or by an end of the connection: at once or for as long as is
 * waited. */
static void a_commit_that_the_server_fails_is_settled(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name, *mode, *data;
		bool in;
	} cases[] = {
		{ "stepped down once", ONCE, "\"errorCode\": 189", true },
		{ "shutting down once", ONCE, "\"errorCode\": 91", true },
		{ "closed once", ONCE, "\"closeConnection\": true", true },
		{ "no majority once", ONCE, "\"writeConcernError\": {\"code\": 64, \"errmsg\": \"timed out\"}", true },
		{ "stepped down for long", ALWAYS, "\"errorCode\": 189", false },
		{ "not the primary for long", ALWAYS, "\"errorCode\": 10107", false },
		{ "closed for long", ALWAYS, "\"closeConnection\": true", false },
		{ "no majority for long", ALWAYS, "\"writeConcernError\": {\"code\": 64, \"errmsg\": \"timed out\"}",
		  true },
		{ "a full disk", ALWAYS, "\"errorCode\": 14031", false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct trade trade = trade_to(f, "Mars");
		struct store_head head, after;
		put_trade(f, &trade);
		struct store_batch batch = begin(f, 10);
		check_status("head", store_head(f->store, &head), ITN_OK);
		struct store_writes writes = number_entries(f, f->engine, &batch);
		fail_point(f, cases[i].mode, "\"commitTransaction\"", cases[i].data);
		enum itn_status status = store_batch_commit(f->engine, &writes);
		fail_point_off();
		wait_for_recovery(f);
		check_status("head", store_head(f->store, &after), ITN_OK);
		check_int(cases[i].name, after.last_seq - head.last_seq, cases[i].in);
		if (status == ITN_CONFLICT)
			check_bool(cases[i].name, cases[i].in, false);
		else
			check_status(cases[i].name, status, cases[i].in ? ITN_OK : ITN_UNAVAILABLE);
		check_int(cases[i].name, (long long)drain(f), !cases[i].in);
	}
}

static const struct CMUnitTest tests[] = {
	FAULTS(a_write_conflict_undoes_the_batch),         FAULTS(conflicts_again_and_again_leave_nothing),
	FAULTS(a_client_s_change_meets_a_batch),           FAULTS(an_unknown_commit_is_settled),
	FAULTS(a_commit_that_the_server_fails_is_settled), FAULTS(a_lease_s_unknown_outcome_is_settled),
	FAULTS(an_heir_ends_the_session_of_a_hung_engine),
};

int main(void)
{
	return faults_possible() ? cmocka_run_group_tests_name("transactions that meet faults", tests, NULL, NULL) : 0;
}
