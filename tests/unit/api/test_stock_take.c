#include "../http/world.h"

#include "api/api.h"
#include "api/waiter.h"
#include "fake_store.h"

#define COUNTED "{\"items\":[{\"name\":\"tea\",\"quantity\":3}]}"

static const struct route routes[] = {
	{ HTTP_PUT, "/api/inventory/:stationId", inventory_count, ROLE_OPERATOR },
};

static void send(struct world *w, struct waiter *waiter, const char *path, const char *const headers[][2],
		 struct str body)
{
	static const struct config config = { .store_timeout_ms = 1000, .idempotency_s = 90000 };
	struct api api = { .config = &config, .waiter = waiter };
	struct router router = { routes, COUNT_OF(routes), &api, 100000, "" };

	world_new(w, "PUT", path);
	world_set(w, "CONTENT_TYPE", "application/json");
	for (; headers && (*headers)[0]; headers++)
		world_set(w, (*headers)[0], (*headers)[1]);
	world_begin(w, body);
	router_answer(&router, &w->req, &w->res);
	check_bool("sent", world_finish(w), true);
}

static void outcomes(unused_arg void **state)
{
	static const struct {
		const char *name, *prefer;
		enum itn_status request_add, inventory;
		enum request_state verdict;
		enum store_progress progress;
		const char *status, *part, *no_part;
		int requests;
	} cases[] = {
		{ "done", NULL, ITN_OK, ITN_OK, REQUEST_CHANGED, PROGRESS_DONE, "Status: 200",
		  "{\"message\":\"Stock-take recorded\",\"inventory\":{}}", "Preference-Applied", 1 },
		{ "its version", NULL, ITN_OK, ITN_OK, REQUEST_CHANGED, PROGRESS_DONE, "Status: 200", "ETag: \"7\"",
		  "Location", 1 },
		{ "done within a time", "wait=3", ITN_OK, ITN_OK, REQUEST_CHANGED, PROGRESS_DONE, "Status: 200",
		  "Preference-Applied: wait=3", "Location", 1 },
		{ "not done", "wait=0", ITN_OK, ITN_OK, REQUEST_CHANGED, PROGRESS_LOGGED, "Status: 202",
		  "Location: /api/inventory/Mars%20%2F1\r\n", "Preference-Applied", 1 },
		{ "not done, nothing there yet", "wait=0", ITN_OK, ITN_NOT_FOUND, REQUEST_CHANGED, PROGRESS_LOGGED,
		  "Status: 202", "{\"message\":\"Stock-take recorded\"}", "ETag", 1 },
		{ "the store away", NULL, ITN_UNAVAILABLE, ITN_OK, REQUEST_CHANGED, PROGRESS_DONE, "Status: 503",
		  "\"not-done\"", "inventory\"", 1 },
		{ "what nobody decides of a stock-take", NULL, ITN_OK, ITN_OK, REQUEST_NO_SUCH, PROGRESS_DONE,
		  "Status: 500", "/problems/internal", "inventory\"", 1 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *const headers[][2] = { { "HTTP_PREFER", cases[i].prefer }, { NULL, NULL } };
		struct waiter *waiter;
		struct world w;

		fake = (struct fake_store){
			.request_add = cases[i].request_add,
			.verdict = { cases[i].verdict, STR_NONE },
			.questions_before_verdict = 2,
			.progress = cases[i].progress,
			.inventory = cases[i].inventory,
			.inventory_version = 7,
		};
		check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
		send(&w, waiter, "/api/inventory/Mars%20%2F1", headers,
		     STR(" {\"items\": [{\"quantity\": \"3\", \"name\": \"tea\", \"reorderLevel\": null}], \"by\": "
			 "1}"));
		check_has(cases[i].name, w.sent.ptr, cases[i].status);
		check_has(cases[i].name, w.sent.ptr, cases[i].part);
		check_bool(cases[i].name, strstr(w.sent.ptr, cases[i].no_part) != NULL, false);
		check_int(cases[i].name, fake.requests, cases[i].requests);
		check_int(cases[i].name, fake.last_entry.kind, ENTRY_REQUEST);
		check_int(cases[i].name, fake.last_entry.entity, ENTITY_INVENTORY);
		check_str(cases[i].name, fake.last_entry.key, STR("Mars /1"));
		check_text(cases[i].name, fake.last_wish, COUNTED);
		check_bool("its place is free again", waiter_enter(waiter), true);
		waiter_leave(waiter);
		world_free(&w);
		waiter_free(waiter);
	}
}

static void conditions(unused_arg void **state)
{
	static const struct {
		const char *header, *value;
		enum itn_status inventory;
		const char *status, *part;
		int requests;
	} cases[] = {
		{ "HTTP_IF_MATCH", "\"7\"", ITN_OK, "Status: 200", "ETag: \"7\"", 1 },
		{ "HTTP_IF_MATCH", "*", ITN_OK, "Status: 200", "ETag: \"7\"", 1 },
		{ "HTTP_IF_MATCH", "\"6\"", ITN_OK, "Status: 412", "ETag: \"7\"", 0 },
		{ "HTTP_IF_MATCH", "*", ITN_NOT_FOUND, "Status: 412", "no inventory yet", 0 },
		{ "HTTP_IF_MATCH", "\"7\"", ITN_UNAVAILABLE, "Status: 503", "\"not-done\"", 0 },
		{ "HTTP_IF_NONE_MATCH", "*", ITN_OK, "Status: 412", "ETag: \"7\"", 0 },
		{ "HTTP_IF_NONE_MATCH", "*", ITN_NOT_FOUND, "Status: 202", "recorded\"}", 1 },
		{ "HTTP_IF_NONE_MATCH", "\"6\"", ITN_OK, "Status: 200", "ETag: \"7\"", 1 },
	};
	struct waiter *waiter;

	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *const headers[][2] = { { cases[i].header, cases[i].value }, { NULL, NULL } };
		struct world w;

		fake = (struct fake_store){
			.verdict = { REQUEST_CHANGED, STR_NONE },
			.progress = PROGRESS_DONE,
			.inventory = cases[i].inventory,
			.inventory_version = 7,
		};
		send(&w, waiter, "/api/inventory/Mars", headers, STR(COUNTED));
		check_has(cases[i].value, w.sent.ptr, cases[i].status);
		check_has(cases[i].value, w.sent.ptr, cases[i].part);
		check_int(cases[i].value, fake.requests, cases[i].requests);
		world_free(&w);
	}
	waiter_free(waiter);
}

static void every_fault_at_once(unused_arg void **state)
{
	static const struct {
		const char *path, *body, *part;
	} cases[] = {
		{ "/api/inventory/Mars", "{\"items\":[{\"name\":\"tea\"}]}",
		  "\"errors\":[{\"pointer\":\"/items/0/quantity\"" },
		{ "/api/inventory/%20Mars", COUNTED,
		  "\"errors\":[{\"pointer\":\":stationId\",\"detail\":\"must not begin or end with white space\"}]" },
		{ "/api/inventory/a%00b", COUNTED,
		  "\"errors\":[{\"pointer\":\":stationId\",\"detail\":\"must not contain control characters\"}]" },
		{ "/api/inventory/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "{}",
		  "\"errors\":[{\"pointer\":\":stationId\",\"detail\":\"must have 1 to 64 characters\"},"
		  "{\"pointer\":\"/items\"" },
	};
	struct waiter *waiter;

	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;

		fake = (struct fake_store){ .progress = PROGRESS_DONE };
		send(&w, waiter, cases[i].path, NULL, str_from(cases[i].body));
		check_has(cases[i].path, w.sent.ptr, "Status: 400");
		check_has(cases[i].path, w.sent.ptr, cases[i].part);
		check_int(cases[i].path, fake.requests, 0);
		world_free(&w);
	}
	waiter_free(waiter);
}

static void it_needs_a_place(unused_arg void **state)
{
	struct waiter *waiter;
	struct world w;

	fake = (struct fake_store){ .progress = PROGRESS_DONE };
	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	check_bool("the only place", waiter_enter(waiter), true);
	send(&w, waiter, "/api/inventory/Mars", NULL, STR(COUNTED));
	check_has("refused", w.sent.ptr, "Status: 503");
	check_has("refused", w.sent.ptr, "not-done");
	check_int("nothing was handed over", fake.requests, 0);
	world_free(&w);
	waiter_leave(waiter);
	waiter_free(waiter);
}

/* The claim of a first try that gave up: the store was away when it stored its request. */
static void by_a_first_try(struct waiter *waiter, const char *const headers[][2])
{
	static char print[65];
	struct world w;

	fake = (struct fake_store){ .request_add = ITN_UNAVAILABLE, .inventory_version = 7 };
	send(&w, waiter, "/api/inventory/Mars", headers, STR(COUNTED));
	check_has("a first try", w.sent.ptr, "Status: 503");
	check_bool("it asked", fake.claim.asked, true);
	snprintf(print, sizeof(print), "%.*s", STR_ARG(fake.claim.print));
	fake = (struct fake_store){
		.claim = fake.claim,
		.claim_add = ITN_EXISTS,
		.verdict = { REQUEST_CHANGED, STR_NONE },
		.progress = PROGRESS_DONE,
		.inventory_version = 8,
	};
	fake.claim.key = STR("key");
	fake.claim.print = str_from(print);
	fake.claim.document = STR("00112233445566778899aabb");
	fake.claim.event = STR("aabbccddeeff001122334455");
	world_free(&w);
}

/* What met its condition once is not refused for what it did. */
static void the_same_request_again(unused_arg void **state)
{
	static const char *const headers[][2] = { { "HTTP_IDEMPOTENCY_KEY", "key" },
						  { "HTTP_IF_MATCH", "\"7\"" },
						  { NULL, NULL } };
	struct waiter *waiter;
	struct world w;

	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	by_a_first_try(waiter, headers);
	send(&w, waiter, "/api/inventory/Mars", headers, STR(COUNTED));
	check_has("done", w.sent.ptr, "Status: 200");
	check_has("done", w.sent.ptr, "ETag: \"8\"");
	check_str("the first try's", (struct str){ fake.last_entry_id, ID_LEN }, STR("aabbccddeeff001122334455"));
	check_int("the answer is stored", fake.claim.status, 200);
	world_free(&w);
	waiter_free(waiter);
}

/* Another try asks while this one looks at the inventory. */
static void who_was_overtaken_joins(unused_arg void **state)
{
	static const struct {
		const char *name;
		struct claim other;
		int64_t version;
		const char *status, *part;
		int requests;
		int64_t answered;
	} cases[] = {
		{ "the other asked", { .version = 2, .asked = true }, 7, "Status: 200", "recorded", 1, 200 },
		{ "the other changed it",
		  { .version = 2, .asked = true },
		  8,
		  "Status: 409",
		  "/problems/idempotency-pending",
		  0,
		  0 },
		{ "the other has an answer",
		  { .version = 3, .asked = true, .status = 202, .body = { "o", 1 } },
		  7,
		  "Status: 202",
		  "\r\n\r\no",
		  0,
		  202 },
	};
	static const char *const headers[][2] = { { "HTTP_IDEMPOTENCY_KEY", "key" },
						  { "HTTP_IF_MATCH", "\"7\"" },
						  { NULL, NULL } };
	struct waiter *waiter;

	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;

		fake = (struct fake_store){
			.verdict = { REQUEST_CHANGED, STR_NONE },
			.progress = PROGRESS_DONE,
			.inventory_version = cases[i].version,
			.overtaken_by = cases[i].other,
		};
		fake.overtaken_by.key = STR("key");
		fake.overtaken_by.event = STR("aabbccddeeff001122334455");
		send(&w, waiter, "/api/inventory/Mars", headers, STR(COUNTED));
		check_has(cases[i].name, w.sent.ptr, cases[i].status);
		check_has(cases[i].name, w.sent.ptr, cases[i].part);
		check_int(cases[i].name, fake.requests, cases[i].requests);
		check_int(cases[i].name, fake.claim.status, cases[i].answered);
		world_free(&w);
	}
	waiter_free(waiter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(conditions),
		cmocka_unit_test(every_fault_at_once),
		cmocka_unit_test(it_needs_a_place),
		cmocka_unit_test(the_same_request_again),
		cmocka_unit_test(who_was_overtaken_joins),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
