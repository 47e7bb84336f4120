#include "contract.h"

#include "store/inspect.h"

static struct store_vitals vitals_of(struct store *store)
{
	struct store_vitals vitals;
	check_status("the vitals are read", store_vitals(store, &vitals), ITN_OK);
	return vitals;
}

static void what_waits_is_counted_and_dated(void **state)
{
	struct fixture *f = *state;
	struct store_vitals vitals = vitals_of(f->store);
	check_int("nothing waits", vitals.waiting, 0);
	check_int("since never", vitals.waiting_at, 0);
	struct trade trades[2] = { trade_to(f, "Mars"), trade_to(f, "Mars") };
	struct cargo cargo = cargo_to(f, "Mars");
	int64_t before = vitals.now;
	put_trade(f, &trades[0]);
	put_trade(f, &trades[1]);
	put_cargo(f, &cargo);
	vitals = vitals_of(f->store);
	check_int("three wait", vitals.waiting, 3);
	if (vitals.waiting_at < before - 1000 || vitals.waiting_at > before + 60000)
		fail_msg("the oldest is of %lld, it began at %lld", (long long)vitals.waiting_at, (long long)before);
	check_int("nothing is logged", vitals.head.last_seq, 0);
	drain(f);
	vitals = vitals_of(f->store);
	check_int("nothing waits any more", vitals.waiting, 0);
	check_int("all is logged", vitals.head.last_seq, 3);
}

static void outstanding_jobs_are_counted(void **state)
{
	struct fixture *f = *state;
	struct job job = { .seq = 1, .lane = STR("Mars"), .kind = 1, .key = STR("k"), .cause = STR("c") };
	fixture_engine(f);
	check_status("a job", commit_alone(f, (struct store_writes){ .jobs = &job, .job_count = 1 }), ITN_OK);
	check_int("one", vitals_of(f->store).jobs, 1);
}

static void the_lease_shows(void **state)
{
	struct fixture *f = *state;
	check_text("nobody's", vitals_of(f->store).lease.holder, "");
	fixture_engine(f);
	struct store_vitals before = vitals_of(f->store);
	check_text("the engine's", before.lease.holder, "engine-of-the-test");
	check_status("renewed", store_lease_renew(f->engine), ITN_OK);
	struct store_vitals after = vitals_of(f->store);
	check_int("a beat more", after.lease.beat, before.lease.beat + 1);
	check_int("the same epoch", after.lease.epoch, before.lease.epoch);
}

static void print_fault(void *context, const char *what, const char *remedy)
{
	print_error("%s; %s\n", what, remedy);
	++*(int *)context;
}

static void a_new_layout_is_complete(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	int faults = 0;
	check_status(error.text, store_layout(f->store, print_fault, &faults, &error), ITN_OK);
	check_int("faults", faults, 0);
}

static void nothing_is_made_by_looking(void **state)
{
	struct fixture *f = *state;
	struct config config = f->config;
	struct store *store;
	struct error error = { "" };
	char elsewhere[600];
	snprintf(elsewhere, sizeof(elsewhere), "%s-not-there", f->folder[0] ? f->uri : f->network);
	if (f->folder[0])
		config.store = elsewhere;
	else
		config.network = elsewhere;
	for (int i = 0; i < 2; i++)
		check_status("there is none", store_open_existing(&config, &store, &error), ITN_FAILED);
	check_status("there is one", store_open_existing(&f->config, &store, &error), ITN_OK);
	struct store_head one, other;
	check_status("read", store_head(store, &one), ITN_OK);
	check_status("read", store_head(f->store, &other), ITN_OK);
	check_text("the same", one.log, other.log);
	store_close(store);
}

static void a_renewed_log_has_another_identity(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	struct store_head before, after;
	put_trade(f, &trade);
	drain(f);
	check_status("head", store_head(f->store, &before), ITN_OK);
	check_status("renewed", store_log_renew(f->engine), ITN_OK);
	check_status("head", store_head(f->store, &after), ITN_OK);
	if (strcmp(before.log, after.log) == 0)
		fail_msg("the log is still %s", after.log);
	check_int("as long", (long long)strlen(after.log), STORE_LOG_ID_LEN);
	check_int("the events stay", after.last_seq, before.last_seq);
	check_status("a batch goes on", commit_alone(f, (struct store_writes){ 0 }), ITN_OK);
}

static void only_the_lease_s_holder_renews_a_log(void **state)
{
	struct fixture *f = *state;
	struct store *other = fixture_open_again(f);
	struct store_engine *stranger;
	struct store_head before, after;
	check_status("head", store_head(f->store, &before), ITN_OK);
	check_status("an engine", store_engine_open(other, "stranger", &stranger, NULL), ITN_OK);
	check_status("without a lease", store_log_renew(stranger), ITN_LOST_LEASE);
	fixture_engine(f);
	struct store_lease seen;
	check_status("seen", store_lease_read(stranger, &seen), ITN_OK);
	check_status("taken over", store_lease_take(stranger, &seen), ITN_OK);
	check_status("the former holder", store_log_renew(f->engine), ITN_LOST_LEASE);
	check_status("head", store_head(f->store, &after), ITN_OK);
	check_text("the log stays", after.log, before.log);
	store_engine_close(stranger);
	store_close(other);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(what_waits_is_counted_and_dated),
	CONTRACT(outstanding_jobs_are_counted),
	CONTRACT(the_lease_shows),
	CONTRACT(a_new_layout_is_complete),
	CONTRACT(nothing_is_made_by_looking),
	CONTRACT(a_renewed_log_has_another_identity),
	CONTRACT(only_the_lease_s_holder_renews_a_log),
};

const struct contract_group contract_inspect = { "looking at the store", tests, COUNT_OF(tests) };
