/* GET /api/audit around an audit that does what the test says: libitnaudit.a is not linked. */
#include "../http/world.h"

#include "api/api.h"
#include "audit/audit.h"

static struct {
	enum itn_status status;
	const char *why;
	int runs;
	bool goes_on, was_taken;
	struct api *api;
} fake;

enum itn_status audit_run(unused_arg struct store *store, const struct audit_patience *patience,
			  unused_arg struct arena *arena, struct audit_report *ret_report, struct error *error)
{
	fake.runs++;
	fake.goes_on = patience->goes_on(patience->context);
	fake.was_taken = atomic_load(&fake.api->auditing);
	*ret_report = (struct audit_report){ .seq = 4711 };
	return error_set(error, fake.status, "%s", fake.why);
}

bool audit_is_clean(const struct audit_report *report)
{
	return report->shown_count == 0;
}

void audit_write_json(struct buf *out, const struct audit_report *report)
{
	buf_printf(out, "{\"seq\":%lld}", (long long)report->seq);
}

static const struct route routes[] = { { HTTP_GET, "/api/audit", audit_show, ROLE_OPERATOR } };

static void ask(struct world *w, struct api *api, const char *remote)
{
	struct router router = { routes, COUNT_OF(routes), api, 1000, "" };

	fake.api = api;
	fake.runs = 0;
	world_new(w, "GET", "/api/audit");
	world_set(w, "REMOTE_ADDR", remote);
	world_begin(w, STR_NONE);
	router_answer(&router, &w->req, &w->res);
}

static void what_an_audit_comes_to(unused_arg void **state)
{
	static const struct {
		const char *name;
		enum itn_status status;
		const char *why;
		int answer;
		const char *has;
	} cases[] = {
		{ "it was done", ITN_OK, "", 200, "{\"seq\":4711}" },
		{ "it took too long", ITN_CONFLICT, "", 503, "itn-admin audit has all the time" },
		{ "the store is away", ITN_UNAVAILABLE, "nobody answers", 503, "no audit: nobody answers" },
		{ "another schema", ITN_FAILED, "the data have schema 1", 503, "no audit: the data have schema 1" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config config = { .network = "itn", .threads = 2 };
		struct api api = { .config = &config };
		struct world w;
		struct buf body = { 0 };

		fake.status = cases[i].status;
		fake.why = cases[i].why;
		ask(&w, &api, "127.0.0.1");
		buf_add_str(&body, buf_str(&w.res.body));
		buf_add_char(&body, '\0');
		check_int(cases[i].name, w.res.status, cases[i].answer);
		check_has(cases[i].name, body.ptr, cases[i].has);
		check_int("it may go on at first", fake.goes_on, true);
		check_int("it is the only one meanwhile", fake.was_taken, true);
		check_int("then another may come", atomic_load(&api.auditing), false);
		buf_free(&body);
		world_free(&w);
	}
}

static void one_at_a_time(unused_arg void **state)
{
	struct config config = { .network = "itn", .threads = 2 };
	struct api api = { .config = &config };
	struct world w;

	atomic_store(&api.auditing, true);
	ask(&w, &api, "127.0.0.1");
	check_int("sent away", w.res.status, 503);
	check_int("without an audit", fake.runs, 0);
	check_int("the first one is still at it", atomic_load(&api.auditing), true);
	world_free(&w);
}

static void never_the_only_thread(unused_arg void **state)
{
	struct config config = { .network = "itn", .threads = 1 };
	struct api api = { .config = &config };
	struct world w;

	ask(&w, &api, "127.0.0.1");
	check_int("sent away", w.res.status, 503);
	check_int("without an audit", fake.runs, 0);
	world_free(&w);
}

static void not_for_others(unused_arg void **state)
{
	struct config config = { .network = "itn", .threads = 2 };
	struct api api = { .config = &config };
	struct world w;

	ask(&w, &api, "192.0.2.1");
	check_int("nothing is there", w.res.status, 404);
	check_int("and nothing was done", fake.runs, 0);
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_an_audit_comes_to),
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(never_the_only_thread),
		cmocka_unit_test(not_for_others),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
