/* An audit of a store in memory. What it finds in data that were spoiled is tests/admin's part. */
#include "../unit.h"

#include <stdlib.h>

#include "audit/audit.h"
#include "audit/rebuild.h"
#include "core/memory.h"
#include "store/memory.h"

struct fixture {
	struct config config;
	struct store *store;
	struct arena *arena;
	struct audit_report *report;
	struct error error;
	int asked;
};

static int set_up(void **state)
{
	struct fixture *f = memory_calloc(1, sizeof(*f));

	f->config = (struct config){ .store = "memory:audit", .network = "itn", .store_timeout_ms = 1000 };
	if (store_open(&f->config, &f->store, &f->error) != ITN_OK)
		fail_msg("%s", f->error.text);
	f->arena = arena_new(0);
	f->report = memory_calloc(1, sizeof(*f->report));
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	arena_free(f->arena);
	free(f->report);
	free(f);
	return 0;
}

static void an_empty_network_fits(void **state)
{
	struct fixture *f = *state;
	struct buf json = { 0 };

	check_int("done", audit_run(f->store, NULL, f->arena, f->report, &f->error), ITN_OK);
	assert_true(audit_is_clean(f->report));
	f->report->checked_at = 0;
	audit_write_json(&json, f->report);
	check_str("said so", buf_str(&json),
		  STR("{\"ok\":true,\"seq\":0,\"checkedAt\":\"1970-01-01T00:00:00.000Z\",\"counts\":{\"events\":0,\"postings\":0,"
		      "\"trades\":0,\"cargo\":0,\"stock\":0,\"balances\":0,\"jobs\":0,\"claims\":0},\"violations\":[],\"more\":0}"));
	buf_free(&json);
}

static void count_diff(void *context, unused_arg const char *what, unused_arg struct str station,
		       unused_arg struct str item, unused_arg int64_t is, unused_arg int64_t should)
{
	++*(int *)context;
}

static void an_empty_network_is_what_its_ledger_says(void **state)
{
	struct fixture *f = *state;
	int count = 0;
	int64_t seq = -1;

	check_int("done", rebuild_diff(f->store, count_diff, &count, &seq, &f->error), ITN_OK);
	check_int("no difference", count, 0);
	check_int("as of the log's end", seq, 0);
}

static bool not_at_all(void *context)
{
	((struct fixture *)context)->asked++;
	return false;
}

static void patience_may_end(void **state)
{
	struct fixture *f = *state;
	struct audit_patience patience = { not_at_all, f };

	check_int("ended", audit_run(f->store, &patience, f->arena, f->report, &f->error), ITN_CONFLICT);
	check_int("asked once", f->asked, 1);
	check_text("why", f->error.text, "it took longer than it may");
}

/* A host that is nowhere. */
static enum itn_status away(unused_arg void *context, unused_arg const char *call, unused_arg enum memory_point point)
{
	return ITN_UNAVAILABLE;
}

static void a_store_that_is_away_is_not_judged(void **state)
{
	static const struct memory_host host = { .at = away };
	struct fixture *f = *state;

	memory_set_host(f->store, &host, NULL);
	check_int("not done", audit_run(f->store, NULL, f->arena, f->report, &f->error), ITN_UNAVAILABLE);
	check_text("why", f->error.text, "the store does not answer");
	memory_set_host(f->store, NULL, NULL);
}

static void a_violation_is_written(void **state)
{
	struct fixture *f = *state;
	struct buf json = { 0 };

	f->report->shown[0] = (struct audit_violation){ "ledger.sum", STR("item \"x\""), STR("all of it") };
	f->report->shown_count = 1;
	f->report->more = 3;
	assert_false(audit_is_clean(f->report));
	audit_write_json(&json, f->report);
	buf_add_char(&json, '\0');
	check_has("not ok", json.ptr, "{\"ok\":false,");
	check_has("named", json.ptr,
		  "\"violations\":[{\"rule\":\"ledger.sum\",\"entity\":\"item \\\"x\\\"\",\"detail\":\"all of it\"}],\"more\":3}");
	buf_free(&json);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(an_empty_network_fits),
		TEST(an_empty_network_is_what_its_ledger_says),
		TEST(patience_may_end),
		TEST(a_store_that_is_away_is_not_judged),
		TEST(a_violation_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
