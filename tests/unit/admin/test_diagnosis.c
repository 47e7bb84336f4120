#include "../unit.h"

#include "admin/diagnosis.h"

#define NOW INT64_C(1795381200123)

static void check_finding(const char *name, const struct finding *finding, enum finding_state state, const char *detail)
{
	check_int(name, finding->state, state);
	check_has(name, finding->detail, detail);
	check_bool(name, finding->todo[0] != '\0', state != FINDING_OK);
}

static void clocks(unused_arg void **state)
{
	static const struct {
		const char *name;
		int64_t host, logged_at;
		enum finding_state state;
		const char *detail;
	} cases[] = {
		{ "the same", NOW, 0, FINDING_OK, "differ by 0 ms" },
		{ "a second behind", NOW - 1000, NOW, FINDING_OK, "differ by 1.0 s" },
		{ "more behind", NOW - 1001, NOW, FINDING_WARNING, "1.0 s behind the store's" },
		{ "ahead", NOW + 90000, NOW, FINDING_WARNING, "90.0 s ahead of the store's" },
		{ "the log in the future", NOW, NOW + 3600000, FINDING_WARNING, "60 min from now" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct store_vitals vitals = { .head = { .logged_at = cases[i].logged_at }, .now = NOW };
		struct finding finding;

		diagnose_clock(&finding, cases[i].host, &vitals);
		check_finding(cases[i].name, &finding, cases[i].state, cases[i].detail);
	}
}

static void engines(unused_arg void **state)
{
	static const struct {
		const char *name, *holder;
		int64_t beats, numbered, waiting, since;
		enum finding_state state;
		const char *detail;
	} cases[] = {
		{ "idle", "e", 1, 0, 0, 0, FINDING_OK, "e is active; 0 entries" },
		{ "at work", "e", 5, 100, 7, 4900, FINDING_OK, "e is active; 7 entries" },
		{ "late, and gets on", "e", 5, 100, 7, 5001, FINDING_WARNING,
		  "7 entries wait, the oldest for 5.0 s; 100" },
		{ "very late", "e", 5, 100, STORE_COUNT_MAX, 600000, FINDING_WARNING, "10000 entries or more wait" },
		{ "stuck", "e", 5, 0, 1, 60000, FINDING_FAILED, "none was numbered in 3.5 s" },
		{ "silent", "e", 0, 0, 2, 10, FINDING_FAILED, "e, was silent for 3.5 s; 2 entries wait" },
		{ "none", "", 0, 0, 3, 10, FINDING_FAILED, "no engine is active; 3 entries wait" },
		{ "one that has just gone", "", 1, 10, 3, 10, FINDING_FAILED, "no engine is active" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct store_vitals before = { .head = { .last_seq = 50 },
					       .lease = { .epoch = 3, .beat = 9 },
					       .now = NOW };
		struct store_vitals now = before;
		struct finding finding;

		now.lease.beat += cases[i].beats;
		now.head.last_seq += cases[i].numbered;
		now.waiting = cases[i].waiting;
		now.waiting_at = NOW - cases[i].since;
		snprintf(now.lease.holder, sizeof(now.lease.holder), "%s", cases[i].holder);
		diagnose_engine(&finding, &before, &now, 3500);
		check_finding(cases[i].name, &finding, cases[i].state, cases[i].detail);
	}
}

static void an_engine_that_took_over_is_alive(unused_arg void **state)
{
	struct store_vitals before = { .lease = { .epoch = 3, .beat = 9, .holder = "a" } };
	struct store_vitals now = { .lease = { .epoch = 4, .beat = 9, .holder = "b" } };
	struct finding finding;

	diagnose_engine(&finding, &before, &now, 100);
	check_finding("another epoch", &finding, FINDING_OK, "b is active");
}

static void servers(unused_arg void **state)
{
	static const struct {
		const char *name;
		struct bus_vitals vitals;
		enum finding_state state;
		const char *detail;
	} cases[] = {
		{ "no limit", { .memory = 5 << 20 }, FINDING_OK, "uses 5 MB" },
		{ "room",
		  { .memory = 50 << 20, .memory_max = 100 << 20, .policy = "noeviction" },
		  FINDING_OK,
		  "uses 50 MB" },
		{ "nearly full", { .memory = 91 << 20, .memory_max = 100 << 20 }, FINDING_WARNING, "91 of 100 MB" },
		{ "evicts",
		  { .memory = 1, .memory_max = 100 << 20, .policy = "allkeys-lru" },
		  FINDING_WARNING,
		  "(allkeys-lru)" },
		{ "evicts what it never has",
		  { .memory_max = 100 << 20, .policy = "volatile-lru" },
		  FINDING_OK,
		  "answers" },
		{ "would evict", { .policy = "allkeys-lru" }, FINDING_OK, "answers" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct finding finding;

		diagnose_redis(&finding, &cases[i].vitals);
		check_finding(cases[i].name, &finding, cases[i].state, cases[i].detail);
	}
}

static void feeds(unused_arg void **state)
{
	static const struct {
		const char *name;
		int64_t before, after;
		struct bus_vitals vitals;
		enum finding_state state;
		const char *detail;
	} cases[] = {
		{ "an empty log", 0, 0, { .log = "" }, FINDING_OK, "nothing was published" },
		{ "the first event", 0, 1, { .log = "" }, FINDING_OK, "nothing was published" },
		{ "at the end", 9, 9, { "l", true, 9, 9, 0, 0, "" }, FINDING_OK, "9 events and ends at 9" },
		{ "in step", 9, 15, { "l", true, 12, 5, 0, 0, "" }, FINDING_OK, "ends at 12" },
		{ "missing", 9, 9, { .log = "l" }, FINDING_FAILED, "no recent feed" },
		{ "late", 9, 9, { "l", true, 4, 4, 0, 0, "" }, FINDING_FAILED, "5 events late" },
		{ "ahead",
		  9,
		  9,
		  { "l", true, 10, 9, 0, 0, "" },
		  FINDING_FAILED,
		  "ends at 10, behind the log's end, 9" },
		{ "another's", 9, 9, { "m", true, 9, 9, 0, 0, "" }, FINDING_FAILED, "another log, m; this one is l" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct store_head before = { .log = "l", .last_seq = cases[i].before };
		struct store_head after = { .log = "l", .last_seq = cases[i].after };
		struct finding finding;

		diagnose_feed(&finding, &before, &cases[i].vitals, &after);
		check_finding(cases[i].name, &finding, cases[i].state, cases[i].detail);
	}
}

static void disks(unused_arg void **state)
{
	static const struct {
		const char *name;
		int64_t room;
		enum finding_state state;
		const char *detail;
	} cases[] = {
		{ "unknown", -1, FINDING_OK, "looks after its own" },
		{ "full", 0, FINDING_FAILED, "0 MB are left" },
		{ "nearly", (16 << 20) - 1, FINDING_FAILED, "15 MB are left" },
		{ "little", 16 << 20, FINDING_WARNING, "16 MB are left" },
		{ "enough", INT64_C(512) << 20, FINDING_OK, "512 MB are left" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct finding finding;

		diagnose_disk(&finding, cases[i].room);
		check_finding(cases[i].name, &finding, cases[i].state, cases[i].detail);
	}
}

static void mails(unused_arg void **state)
{
	struct finding finding;

	diagnose_mail(&finding, 0, 1000);
	check_finding("none", &finding, FINDING_OK, "no notification was given up");
	diagnose_mail(&finding, 3, 1000);
	check_finding("some", &finding, FINDING_WARNING, "3 notifications were given up");
	diagnose_mail(&finding, 1000, 1000);
	check_finding("many", &finding, FINDING_WARNING, "1000 notifications or more");
}

static void answers(unused_arg void **state)
{
	struct finding finding;

	diagnose_rest(&finding, "http://h", 200, "");
	check_finding("200", &finding, FINDING_OK, "http://h is ready");
	diagnose_rest(&finding, "http://h", 503, "store: no answer");
	check_finding("503", &finding, FINDING_FAILED, "not ready (503): store: no answer");
	diagnose_rest(&finding, "http://h", 502, "");
	check_finding("502", &finding, FINDING_FAILED, "reaches no itn-api");
	diagnose_gateway(&finding, "http://h", 101);
	check_finding("101", &finding, FINDING_OK, "takes WebSocket connections");
	diagnose_gateway(&finding, "http://h", 502);
	check_finding("502", &finding, FINDING_FAILED, "reaches no itn-gateway");
	diagnose_gateway(&finding, "http://h", 404);
	check_finding("404", &finding, FINDING_FAILED, "with 404");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(clocks),
		cmocka_unit_test(engines),
		cmocka_unit_test(an_engine_that_took_over_is_alive),
		cmocka_unit_test(servers),
		cmocka_unit_test(feeds),
		cmocka_unit_test(disks),
		cmocka_unit_test(mails),
		cmocka_unit_test(answers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
