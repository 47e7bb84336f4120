#include "../http/world.h"

#include "api/api.h"
#include "api/waiter.h"
#include "fake_store.h"

static const struct route routes[] = {
	{ HTTP_PUT, "/api/alerts/:alertId/acknowledge", alert_set_acknowledged, ROLE_TRADER },
};

/* The engine decides, at once; there is no body. */
static void the_engine_decides(unused_arg void **state)
{
	static const struct {
		const char *name;
		int64_t acknowledged_at;
		enum itn_status read;
		enum request_state verdict;
		const char *if_match, *status, *part;
		int requests;
	} cases[] = {
		{ "open", 0, ITN_OK, REQUEST_CHANGED, NULL, "Status: 200",
		  "{\"message\":\"Alert acknowledged\",\"alert\":{", 1 },
		{ "acknowledged by another", 0, ITN_OK, REQUEST_SAME, NULL, "Status: 200", "Alert acknowledged", 1 },
		{ "acknowledged already", 5, ITN_OK, 0, NULL, "Status: 200", "\"status\":\"acknowledged\"", 0 },
		{ "not there", 0, ITN_NOT_FOUND, 0, NULL, "Status: 404", "Alert not found", 0 },
		{ "gone", 0, ITN_OK, REQUEST_NO_SUCH, NULL, "Status: 404", "Alert not found", 1 },
		{ "store away", 0, ITN_UNAVAILABLE, 0, NULL, "Status: 503", "\"outcome\":\"not-done\"", 0 },
		{ "another version", 0, ITN_OK, 0, "\"2\"", "Status: 412", "ETag: \"1\"", 0 },
		{ "the wanted version", 0, ITN_OK, REQUEST_CHANGED, "\"1\"", "Status: 200", "Alert acknowledged", 1 },
	};
	static const struct config config = { .store_timeout_ms = 1000, .idempotency_s = 90000 };
	struct waiter *waiter;

	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct api api = { .config = &config, .waiter = waiter };
		struct router router = { routes, COUNT_OF(routes), &api, 1000, "" };
		struct world w;

		fake = (struct fake_store){
			.alert = { .id = STR("e.1"),
				   .kind = ALERT_OVERSIZE,
				   .about = { ENTITY_TRADE, STR("t"), { NULL, 0 } },
				   .message = STR("m"),
				   .raised_at = 1,
				   .acknowledged_at = cases[i].acknowledged_at,
				   .version = 1 },
			.read = cases[i].read,
			.verdict = { .state = cases[i].verdict },
		};
		world_new(&w, "PUT", "/api/alerts/e.1/acknowledge");
		world_set(&w, "HTTP_IF_MATCH", cases[i].if_match);
		world_begin(&w, STR(""));
		router_answer(&router, &w.req, &w.res);
		check_bool("sent", world_finish(&w), true);
		check_has(cases[i].name, w.sent.ptr, cases[i].status);
		check_has(cases[i].name, w.sent.ptr, cases[i].part);
		check_int(cases[i].name, fake.requests, cases[i].requests);
		check_int("nothing is written", fake.writes, 0);
		if (cases[i].requests)
			check_int("about an alert", fake.last_entry.entity, ENTITY_ALERT);
		world_free(&w);
	}
	waiter_free(waiter);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(the_engine_decides) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
