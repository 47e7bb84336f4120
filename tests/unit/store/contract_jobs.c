#include "contract.h"

static void jobs_are_kept_in_lanes(void **state)
{
	struct fixture *f = *state;
	struct job jobs[] = {
		{ .seq = 9, .lane = STR("Venus"), .kind = 2, .key = STR("k9"), .cause = STR("c9") },
		{ .seq = 3, .lane = STR("Mars"), .kind = 1, .key = STR("k3"), .cause = STR("c3"), .step = 4, .derived = 5,
		  .cursor = { 6, STR("at") } },
		{ .seq = 5, .lane = STR("Mars"), .kind = 1, .key = STR("k5"), .cause = STR("c5") },
	};
	bool busy = true;
	begin(f, 1);
	check_status("lane", store_batch_lane_busy(f->engine, STR("Mars"), &busy), ITN_OK);
	check_bool("free", busy, false);
	store_batch_abort(f->engine);
	check_status("stored", commit_alone(f, (struct store_writes){ .jobs = jobs, .job_count = 3 }), ITN_OK);
	struct store_batch batch;
	check_status("begin", store_batch_begin(f->engine, f->arena, 1, 2, &batch), ITN_OK);
	check_int("two", (long long)batch.job_count, 2);
	check_bool("more", batch.more_jobs, true);
	check_int("by seq", batch.jobs[0].seq, 3);
	check_int("by seq", batch.jobs[1].seq, 5);
	const struct job *job = &batch.jobs[0];
	check_str("lane", job->lane, STR("Mars"));
	check_int("kind", job->kind, 1);
	check_str("key", job->key, STR("k3"));
	check_str("cause", job->cause, STR("c3"));
	check_int("step", job->step, 4);
	check_int("derived", job->derived, 5);
	check_int("cursor's time", job->cursor.time, 6);
	check_str("cursor's key", job->cursor.key, STR("at"));
	check_int("no cursor", batch.jobs[1].cursor.time, 0);
	check_status("lane", store_batch_lane_busy(f->engine, STR("Mars"), &busy), ITN_OK);
	check_bool("busy", busy, true);
	store_batch_abort(f->engine);
	jobs[1].step = 40;
	jobs[1].cursor = (struct store_cursor){ 60, STR("on") };
	int64_t done[] = { 5, 9 };
	struct store_writes writes = { .jobs = &jobs[1], .job_count = 1, .jobs_done = done, .job_done_count = 2 };
	check_status("gone on", commit_alone(f, writes), ITN_OK);
	batch = begin(f, 1);
	check_int("one", (long long)batch.job_count, 1);
	check_bool("no more", batch.more_jobs, false);
	check_int("step", batch.jobs[0].step, 40);
	check_str("cursor's key", batch.jobs[0].cursor.key, STR("on"));
	check_status("lane", store_batch_lane_busy(f->engine, STR("Venus"), &busy), ITN_OK);
	check_bool("free again", busy, false);
}

static void progress_is_told_by_event(void **state)
{
	struct fixture *f = *state;
	struct str ids[4] = { [3] = STR("unknown") };
	for (int i = 0; i < 3; i++) {
		struct trade trade = trade_to(f, "Mars");
		ids[i] = put_trade(f, &trade);
	}
	struct store_batch batch = begin(f, 2);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	struct job job = { .seq = 2, .lane = STR("Mars"), .key = STR("k"), .cause = ids[1] };
	writes.jobs = &job;
	writes.job_count = 1;
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	enum store_progress progress[4];
	check_status("progress", store_progress(f->store, ids, 4, progress), ITN_OK);
	check_int("done", progress[0], PROGRESS_DONE);
	check_int("a job is left", progress[1], PROGRESS_LOGGED);
	check_int("waits", progress[2], PROGRESS_ACCEPTED);
	check_int("unknown", progress[3], PROGRESS_ACCEPTED);
	int64_t done = 2;
	batch = begin(f, 10);
	writes = number_entries(f, f->engine, &batch);
	writes.jobs_done = &done;
	writes.job_done_count = 1;
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	check_status("progress", store_progress(f->store, ids, 4, progress), ITN_OK);
	check_int("the job is done", progress[1], PROGRESS_DONE);
	check_int("the last one too", progress[2], PROGRESS_DONE);
	check_status("none asked for", store_progress(f->store, NULL, 0, NULL), ITN_OK);
}

static void what_follows_from_an_event_is_outstanding_of_it(void **state)
{
	struct fixture *f = *state;
	struct str ids[3];
	static const struct {
		const char *behind; /* what the job's cause has behind the event's id */
		bool outstanding;
	} cases[] = { { "", true }, { ".1", true }, { ".12.3", true }, { "0", false } };
	for (int i = 0; i < 3; i++) {
		struct trade trade = trade_to(f, "Mars");
		ids[i] = put_trade(f, &trade);
	}
	drain(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct str cause = arena_printf(f->arena, "%.*s%s", STR_ARG(ids[1]), cases[i].behind);
		struct job job = { .seq = 100, .lane = STR("Mars"), .key = STR("k"), .cause = cause };
		int64_t done = 100;
		enum store_progress progress[3];
		check_status("stored", commit_alone(f, (struct store_writes){ .jobs = &job, .job_count = 1 }), ITN_OK);
		check_status("progress", store_progress(f->store, ids, 3, progress), ITN_OK);
		check_int(cases[i].behind, progress[1], cases[i].outstanding ? PROGRESS_LOGGED : PROGRESS_DONE);
		check_int("not of the one before", progress[0], PROGRESS_DONE);
		check_int("not of the one behind", progress[2], PROGRESS_DONE);
		check_status("ended", commit_alone(f, (struct store_writes){ .jobs_done = &done, .job_done_count = 1 }), ITN_OK);
		check_status("progress", store_progress(f->store, ids, 3, progress), ITN_OK);
		check_int("done", progress[1], PROGRESS_DONE);
	}
}

static void verdicts_are_told(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum request_state state;
		struct str detail;
	} cases[] = {
		{ REQUEST_CHANGED, { 0 } },
		{ REQUEST_SAME, { 0 } },
		{ REQUEST_ILLEGAL, { "from canceled to nothing", 24 } },
		{ REQUEST_NO_SUCH, { 0 } },
	};
	struct trade trade = trade_to(f, "Mars");
	struct entry requests[COUNT_OF(cases)];
	struct verdict_write verdicts[COUNT_OF(cases)];
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		requests[i] = request_entry(f, &trade);
		check_status("added", store_request_add(f->store, &requests[i]), ITN_OK);
		verdicts[i] = (struct verdict_write){ requests[i].id, cases[i].state, cases[i].detail };
	}
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = nothing(f, &batch);
	writes.verdicts = verdicts;
	writes.verdict_count = COUNT_OF(cases);
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct request_verdict verdict;
		check_status("known", store_request_verdict(f->store, f->arena, requests[i].id, &verdict), ITN_OK);
		check_int("state", verdict.state, cases[i].state);
		check_str("detail", verdict.detail, cases[i].detail);
	}
	check_int("they left the backlog", (long long)begin(f, 10).count, 0);
}

static void a_request_can_go_to_the_end(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), later = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct entry request = request_entry(f, &trade);
	check_status("added", store_request_add(f->store, &request), ITN_OK);
	later.created_at = later.updated_at = f->now++;
	put_trade(f, &later);
	struct store_batch batch = begin(f, 2);
	check_str("the request is second", batch.entries[1].id, request.id);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	writes.event_count = 1;
	writes.last_seq = 1;
	struct verdict_write postponed = { .request = request.id, .state = REQUEST_WAITING };
	writes.verdicts = &postponed;
	writes.verdict_count = 1;
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	struct request_verdict verdict;
	check_status("known", store_request_verdict(f->store, f->arena, request.id, &verdict), ITN_OK);
	check_int("waits", verdict.state, REQUEST_WAITING);
	batch = begin(f, 10);
	check_int("two wait", (long long)batch.count, 2);
	check_str("the later trade", batch.entries[0].key, later.id);
	check_str("then the request", batch.entries[1].id, request.id);
	check_str("as it was", batch.entries[1].change, request.change);
	check_int("of its kind", batch.entries[1].kind, ENTRY_REQUEST);
	store_batch_abort(f->engine);
	check_int("and can be decided", (long long)drain(f), 2);
}

static void decided_requests_go_when_they_are_old(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	drain(f);
	struct entry decided = request_entry(f, &trade), waiting = request_entry(f, &trade);
	check_status("added", store_request_add(f->store, &decided), ITN_OK);
	struct store_batch batch = begin(f, 10);
	check_int("one", (long long)batch.count, 1);
	struct verdict_write same = { .request = decided.id, .state = REQUEST_SAME };
	struct store_writes writes = {
		.batch = STR("0123456789abcdef01234567"),
		.last_seq = batch.head.last_seq,
		.verdicts = &same,
		.verdict_count = 1,
	};
	check_status("decided", store_batch_commit(f->engine, &writes), ITN_OK);
	check_status("added", store_request_add(f->store, &waiting), ITN_OK);
	struct request_verdict verdict;
	check_status("too young", commit_alone(f, (struct store_writes){ .requests_below = decided.id }), ITN_OK);
	check_status("kept", store_request_verdict(f->store, f->arena, decided.id, &verdict), ITN_OK);
	check_status("old", commit_alone(f, (struct store_writes){ .requests_below = STR("ffffffff") }), ITN_OK);
	check_status("gone", store_request_verdict(f->store, f->arena, decided.id, &verdict), ITN_NOT_FOUND);
}

struct sums {
	struct buf text;
};

static void add_counter(void *context, struct str name, int64_t value)
{
	struct sums *sums = context;
	buf_printf(&sums->text, "%.*s=%lld ", STR_ARG(name), (long long)value);
}

static void check_counters(struct fixture *f, const char *prefix, const char *expected)
{
	struct sums sums = { 0 };
	check_status("counters", store_counters(f->store, str_from(prefix), add_counter, &sums), ITN_OK);
	check_str(prefix, buf_str(&sums.text), str_from(expected));
	buf_free(&sums.text);
}

static void a_counter_far_out_stops_nobody(void **state)
{
	struct fixture *f = *state;
	struct counter_write up = { STR("stock.total"), INT64_MAX - 1 }, down = { STR("stock.total"), INT64_MIN + 1 };
	for (int i = 0; i < 4; i++)
		check_status("up", commit_alone(f, (struct store_writes){ .counters = &up, .counter_count = 1 }), ITN_OK);
	for (int i = 0; i < 8; i++)
		check_status("down", commit_alone(f, (struct store_writes){ .counters = &down, .counter_count = 1 }), ITN_OK);
}

static void counters_add_up_and_go(void **state)
{
	struct fixture *f = *state;
	struct counter_write first[] = { { STR("m:01"), 1 }, { STR("m:02"), 2 }, { STR("m:10"), 3 }, { STR("n"), -4 } };
	struct counter_write second[] = { { STR("m:02"), 40 }, { STR("m"), 5 }, { STR("m;"), 7 } };
	check_counters(f, "", "");
	check_status("first", commit_alone(f, (struct store_writes){ .counters = first, .counter_count = 4 }), ITN_OK);
	check_status("second", commit_alone(f, (struct store_writes){ .counters = second, .counter_count = 3 }), ITN_OK);
	check_counters(f, "", "m=5 m:01=1 m:02=42 m:10=3 m;=7 n=-4 ");
	check_counters(f, "m:", "m:01=1 m:02=42 m:10=3 ");
	check_counters(f, "m:0", "m:01=1 m:02=42 ");
	check_counters(f, "x", "");
	check_counters(f, "m:01", "m:01=1 ");
	struct store_writes drop = { .counters_from = STR("m:01"), .counters_below = STR("m:10") };
	check_status("drop", commit_alone(f, drop), ITN_OK);
	check_counters(f, "", "m=5 m:10=3 m;=7 n=-4 ");
	drop = (struct store_writes){ .counters_from = STR("m") };
	check_status("half a range is none", commit_alone(f, drop), ITN_OK);
	check_counters(f, "m:", "m:10=3 ");
}

static const struct CMUnitTest tests[] = {
	CONTRACT(jobs_are_kept_in_lanes),
	CONTRACT(progress_is_told_by_event),
	CONTRACT(what_follows_from_an_event_is_outstanding_of_it),
	CONTRACT(verdicts_are_told),
	CONTRACT(decided_requests_go_when_they_are_old),
	CONTRACT(a_request_can_go_to_the_end),
	CONTRACT(counters_add_up_and_go),
	CONTRACT(a_counter_far_out_stops_nobody),
};

const struct contract_group contract_jobs = { "jobs, verdicts and counters", tests, COUNT_OF(tests) };
