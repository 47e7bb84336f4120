#include "../http/world.h"

#include <limits.h>

#include "api/api.h"
#include "api/waiter.h"
#include "fake_store.h"

static const struct route routes[] = {
	{ HTTP_POST, "/api/trades", trade_create, ROLE_TRADER },
	{ HTTP_PUT, "/api/trades/:transactionId/status", trade_set_status, ROLE_TRADER },
};

static struct line one_line = { STR("iron"), 1 };

static struct fake_store with_trade(void)
{
	return (struct fake_store){
		.trade = { .id = STR("0123456789abcdef01234567"),
			   .buyer = STR("A"),
			   .buyer_email = STR("a@b"),
			   .seller = STR("B"),
			   .seller_email = STR("b@c"),
			   .destination = STR("Vega"),
			   .items = { &one_line, 1 },
			   .version = 5,
			   .created_at = 1,
			   .updated_at = 1 },
	};
}

static void send(struct world *w, struct waiter *waiter, const char *name, const char *value, struct str body)
{
	static const struct config config = { .trade_lines_limit = 5,
					      .store_timeout_ms = 1000,
					      .idempotency_s = 90000 };
	struct api api = { .config = &config, .waiter = waiter };
	struct router router = { routes, COUNT_OF(routes), &api, 1000, "" };
	bool creation = body.len > 60;

	world_new(w, creation ? "POST" : "PUT",
		  creation ? "/api/trades" : "/api/trades/0123456789abcdef01234567/status");
	world_set(w, "CONTENT_TYPE", "application/json");
	world_set(w, name, value);
	world_begin(w, body);
	router_answer(&router, &w->req, &w->res);
	check_bool("sent", world_finish(w), true);
}

struct case_of_change {
	const char *name;
	int lost_races;
	enum itn_status read, write, request_add;
	enum request_state verdict;
	const char *if_match;
	const char *status, *part;
	int writes, requests, wakes;
};

static void outcomes(unused_arg void **state)
{
	static const struct case_of_change cases[] = {
		{ "at once", 0, ITN_OK, ITN_OK, ITN_OK, 0, NULL, "Status: 200", "\"status\":\"delayed\"", 1, 0, 1 },
		{ "not there", 0, ITN_NOT_FOUND, ITN_OK, ITN_OK, 0, NULL, "Status: 404", "Trade not found", 0, 0, 0 },
		{ "store away for reading", 0, ITN_UNAVAILABLE, ITN_OK, ITN_OK, 0, NULL, "Status: 503",
		  "\"outcome\":\"not-done\"", 0, 0, 0 },
		{ "store away for writing", 0, ITN_OK, ITN_UNAVAILABLE, ITN_OK, 0, NULL, "Status: 503",
		  "\"outcome\":\"not-done\"", 1, 0, 0 },
		{ "outbox full", 0, ITN_OK, ITN_FULL, ITN_OK, 0, NULL, "Status: 503", "\"outcome\":\"not-done\"", 1, 0,
		  0 },
		{ "outcome unknown", 0, ITN_OK, ITN_UNKNOWN, ITN_OK, 0, NULL, "Status: 503",
		  "\"outcome\":\"outcome-unknown\"", 1, 0, 0 },
		{ "two lost races", 2, ITN_OK, ITN_OK, ITN_OK, 0, NULL, "Status: 200", "\"version\":8", 3, 0, 1 },
		{ "three lost races", 3, ITN_OK, ITN_OK, ITN_OK, REQUEST_CHANGED, NULL, "Status: 200",
		  "Trade status updated", 3, 1, 2 },
		{ "the engine finds it so already", 3, ITN_OK, ITN_OK, ITN_OK, REQUEST_SAME, NULL, "Status: 200",
		  "Trade status updated", 3, 1, 1 },
		{ "the engine refuses", 3, ITN_OK, ITN_OK, ITN_OK, REQUEST_ILLEGAL, NULL, "Status: 409", "because", 3,
		  1, 1 },
		{ "the engine finds nothing", 3, ITN_OK, ITN_OK, ITN_OK, REQUEST_NO_SUCH, NULL, "Status: 404",
		  "Trade not found", 3, 1, 1 },
		{ "no request either", 3, ITN_OK, ITN_OK, ITN_UNAVAILABLE, 0, NULL, "Status: 503",
		  "\"outcome\":\"not-done\"", 3, 1, 0 },
		{ "the wanted version", 0, ITN_OK, ITN_OK, ITN_OK, 0, "\"5\"", "Status: 200", "\"version\":6", 1, 0,
		  1 },
		{ "another version", 0, ITN_OK, ITN_OK, ITN_OK, 0, "\"4\"", "Status: 412", "ETag: \"5\"", 0, 0, 0 },
		{ "a wanted version that goes", 9, ITN_OK, ITN_OK, ITN_OK, 0, "\"5\"", "Status: 412", "ETag: \"6\"", 1,
		  0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct case_of_change *c = &cases[i];
		struct waiter *waiter;
		struct world w;

		fake = with_trade();
		fake.lost_races = c->lost_races;
		fake.read = c->read;
		fake.write = c->write;
		fake.request_add = c->request_add;
		fake.verdict = (struct request_verdict){ c->verdict, STR("because") };
		fake.questions_before_verdict = 2;
		check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
		send(&w, waiter, "HTTP_IF_MATCH", c->if_match, STR("{\"status\":\"delayed\"}"));
		check_has(c->name, w.sent.ptr, c->status);
		check_has(c->name, w.sent.ptr, c->part);
		check_int(c->name, fake.writes, c->writes);
		check_int(c->name, fake.requests, c->requests);
		check_int(c->name, fake.wakes, c->wakes);
		check_bool("its place is free again", waiter_enter(waiter), true);
		waiter_leave(waiter);
		waiter_free(waiter);
		world_free(&w);
	}
}

static void only_workers_look_at_versions(unused_arg void **state)
{
	static const struct {
		const char *name, *header, *value, *status;
		int requests;
	} cases[] = {
		{ "a version that is not wanted comes", "HTTP_IF_NONE_MATCH", "\"8\"", "Status: 412", 0 },
		{ "it does not come", "HTTP_IF_NONE_MATCH", "\"4\"", "Status: 200", 0 },
		{ "any version", "HTTP_IF_MATCH", "*", "Status: 200", 1 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct waiter *waiter;
		struct world w;

		fake = with_trade();
		fake.lost_races = 3;
		fake.verdict = (struct request_verdict){ REQUEST_CHANGED, STR_NONE };
		check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
		send(&w, waiter, cases[i].header, cases[i].value, STR("{\"status\":\"delayed\"}"));
		check_has(cases[i].name, w.sent.ptr, cases[i].status);
		check_int(cases[i].name, fake.requests, cases[i].requests);
		world_free(&w);
		waiter_free(waiter);
	}
}

/* What follows from the creation of a trade with a station may be that it has too little for it. */
static void only_the_engine_knows_what_a_new_trade_may_become(unused_arg void **state)
{
	static const struct {
		const char *name;
		int too_early;
		bool place;
		const char *header, *value, *status, *part;
		int writes, requests;
	} cases[] = {
		{ "at any version", 1000, true, "X", NULL, "Status: 200", "status updated", 0, 1 },
		{ "no place to wait for it", 1000, false, "X", NULL, "Status: 503", "\"not-done\"", 0, 0 },
		{ "at a version, soon", 4, true, "HTTP_IF_MATCH", "\"5\"", "Status: 200", "\"version\":6", 1, 0 },
		{ "at another version", 1000, true, "HTTP_IF_MATCH", "\"6\"", "Status: 412", "ETag: \"5\"", 0, 0 },
		{ "at none but this version", 4, true, "HTTP_IF_NONE_MATCH", "\"4\"", "Status: 200", "\"version\":6", 1,
		  0 },
		{ "at a version, no place", 1000, false, "HTTP_IF_MATCH", "\"5\"", "Status: 503", "\"not-done\"", 0,
		  0 },
		{ "at a version, never", INT_MAX, true, "HTTP_IF_MATCH", "\"5\"", "Status: 503", "\"not-done\"", 0, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct waiter *waiter;
		struct world w;

		fake = with_trade();
		fake.too_early = cases[i].too_early;
		fake.verdict = (struct request_verdict){ REQUEST_CHANGED, STR_NONE };
		check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
		if (!cases[i].place)
			check_bool("the only place", waiter_enter(waiter), true);
		send(&w, waiter, cases[i].header, cases[i].value, STR("{\"status\":\"delayed\"}"));
		check_has(cases[i].name, w.sent.ptr, cases[i].status);
		check_has(cases[i].name, w.sent.ptr, cases[i].part);
		check_int(cases[i].name, fake.writes, cases[i].writes);
		check_int(cases[i].name, fake.requests, cases[i].requests);
		check_bool("its place is free again", waiter_enter(waiter), cases[i].place);
		world_free(&w);
		waiter_free(waiter);
	}
}

static void entries(unused_arg void **state)
{
	struct waiter *waiter;
	struct world w;

	fake = with_trade();
	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	send(&w, waiter, "X", NULL, STR("{\"status\":\"delayed\"}"));
	check_int("kind", fake.last_entry.kind, ENTRY_CHANGE);
	check_int("version", fake.last_entry.version, 6);
	check_bool("id", id_valid(str_from(fake.last_entry_id)), true);
	world_free(&w);
	waiter_free(waiter);
}

static void the_last_resort_needs_a_place(unused_arg void **state)
{
	struct waiter *waiter;
	struct world w;

	fake = with_trade();
	fake.lost_races = 3;
	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	check_bool("the only place", waiter_enter(waiter), true);
	send(&w, waiter, "X", NULL, STR("{\"status\":\"delayed\"}"));
	check_has("refused", w.sent.ptr, "Status: 503");
	check_has("refused", w.sent.ptr, "not-done");
	check_int("nothing was handed over", fake.requests, 0);
	world_free(&w);
	waiter_leave(waiter);
	waiter_free(waiter);
}

static void waiting(unused_arg void **state)
{
	static const struct {
		const char *name, *prefer;
		enum store_progress progress;
		bool place;
		const char *status, *applied;
	} cases[] = {
		{ "no wish", NULL, PROGRESS_ACCEPTED, true, "Status: 201", NULL },
		{ "done", "wait=5", PROGRESS_DONE, true, "Status: 201", "Preference-Applied: wait=5\r\n" },
		{ "capped", "wait=500", PROGRESS_DONE, true, "Status: 201", "Preference-Applied: wait=10\r\n" },
		{ "effects outstanding", "wait=0", PROGRESS_LOGGED, true, "Status: 202", NULL },
		{ "in vain", "wait=1", PROGRESS_ACCEPTED, true, "Status: 202", NULL },
		{ "no place", "wait=10", PROGRESS_DONE, false, "Status: 202", NULL },
	};
	static const char body[] = "{\"buyer\":\"A\",\"buyerEmail\":\"a@b\",\"seller\":\"B\",\"sellerEmail\":\"b@c\","
				   "\"destination\":\"Vega\",\"items\":[{\"name\":\"iron\",\"quantity\":1}]}";

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct waiter *waiter;
		struct world w;

		fake = (struct fake_store){ .progress = cases[i].progress };
		check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
		if (!cases[i].place)
			check_bool("the only place", waiter_enter(waiter), true);
		send(&w, waiter, "HTTP_PREFER", cases[i].prefer, str_from(body));
		check_has(cases[i].name, w.sent.ptr, cases[i].status);
		check_has(cases[i].name, w.sent.ptr, "Location: /api/trades/");
		check_bool(cases[i].name, strstr(w.sent.ptr, "Preference-Applied") != NULL, cases[i].applied != NULL);
		if (cases[i].applied)
			check_has(cases[i].name, w.sent.ptr, cases[i].applied);
		check_int(cases[i].name, fake.last_entry.kind, ENTRY_CREATE);
		world_free(&w);
		waiter_free(waiter);
	}
}

static const char delayed[] = "{\"status\":\"delayed\"}";

/* A claim for this request by another try: whoever sends the request gives its print. */
static struct claim by_another(struct waiter *waiter)
{
	struct world w;
	struct claim claim;

	fake = with_trade();
	fake.write = ITN_UNAVAILABLE;
	send(&w, waiter, "HTTP_IDEMPOTENCY_KEY", "key", str_from(delayed));
	static char print[65];

	claim = fake.claim;
	snprintf(print, sizeof(print), "%.*s", STR_ARG(claim.print));
	claim.print = str_from(print);
	claim.key = STR("key");
	claim.document = STR("00112233445566778899aabb");
	claim.event = STR("aabbccddeeff001122334455");
	world_free(&w);
	return claim;
}

struct case_of_key {
	const char *name;
	/* The claim that is there; version 0: none. */
	struct claim there;
	bool busy, known, of_another_request;
	enum itn_status add, read, change, write, known_status;
	int lost_races;
	const char *status, *part;
	int writes, requests;
	/* The claim afterwards. */
	int64_t answered, version;
	bool asked, busy_after;
};

static void keys(unused_arg void **state)
{
	static const struct case_of_key cases[] = {
		{ "a new key", .status = "Status: 200", .part = "\"status\":\"delayed\"", .writes = 1, .answered = 200,
		  .version = 2 },
		{ "no claim can be stored", .add = ITN_UNAVAILABLE, .status = "Status: 503", .part = "\"not-done\"" },
		{ "whether one was is not known", .add = ITN_UNKNOWN, .status = "Status: 503", .part = "\"not-done\"" },
		{ "a new key, nothing written", .write = ITN_UNAVAILABLE, .status = "Status: 503",
		  .part = "\"not-done\"", .writes = 1, .version = 2 },
		{ "a new key, outcome unknown", .write = ITN_UNKNOWN, .status = "Status: 503",
		  .part = "\"outcome-unknown\"", .writes = 1, .version = 2 },
		{ "the answer can't be stored", .change = ITN_UNAVAILABLE, .status = "Status: 503",
		  .part = "\"outcome-unknown\"", .writes = 1, .version = 1, .busy_after = true },
		{ "a new key, the engine decides", .lost_races = 3, .status = "Status: 200", .part = "status updated",
		  .writes = 3, .requests = 1, .asked = true, .answered = 200, .version = 3 },
		{ "answered before",
		  .there = { .version = 2, .status = 201, .lines = { "X: y\r\n", 6 }, .body = { "b", 1 } },
		  .status = "Status: 201", .part = "X: y\r\nContent-Length: 1\r\n\r\nb", .answered = 201,
		  .version = 2 },
		{ "of another request", .there = { .version = 2, .status = 201 }, .of_another_request = true,
		  .status = "Status: 422", .part = "/problems/idempotency-reused", .answered = 201, .version = 2 },
		{ "under way", .there = { .version = 1 }, .busy = true, .status = "Status: 409",
		  .part = "Retry-After: 1\r\n", .version = 1, .busy_after = true },
		{ "the claim can't be read", .there = { .version = 1 }, .read = ITN_UNAVAILABLE,
		  .status = "Status: 503", .part = "\"outcome-unknown\"", .version = 1 },
		{ "the claim can't be seen yet", .there = { .version = 1 }, .read = ITN_NOT_FOUND,
		  .status = "Status: 503", .part = "\"outcome-unknown\"", .version = 1 },
		{ "its try died before it wrote", .there = { .version = 1 }, .status = "Status: 200",
		  .part = "\"version\":6", .writes = 1, .answered = 200, .version = 3 },
		{ "its try died after it wrote", .there = { .version = 1 }, .known = true, .status = "Status: 200",
		  .part = "\"version\":5", .answered = 200, .version = 3 },
		{ "whether it wrote is not known", .there = { .version = 1 }, .known_status = ITN_UNAVAILABLE,
		  .status = "Status: 503", .part = "\"outcome-unknown\"", .version = 3 },
		{ "another is faster to take it over", .there = { .version = 1 }, .change = ITN_CONFLICT,
		  .status = "Status: 409", .part = "/problems/idempotency-pending", .version = 1 },
		{ "it can't be taken over", .there = { .version = 1 }, .change = ITN_UNKNOWN, .status = "Status: 503",
		  .part = "\"outcome-unknown\"", .version = 1 },
		{ "the engine was asked", .there = { .version = 2, .asked = true }, .status = "Status: 200",
		  .part = "status updated", .requests = 1, .asked = true, .answered = 200, .version = 3 },
	};
	struct waiter *waiter;

	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct case_of_key *c = &cases[i];
		struct claim there = by_another(waiter);
		struct world w;

		fake = with_trade();
		if (c->of_another_request)
			there.print = STR("another");
		there.version = c->there.version;
		there.status = c->there.status;
		there.asked = c->there.asked;
		there.lines = c->there.lines;
		there.body = c->there.body;
		there.busy_until = c->busy ? INT64_MAX : 0;
		fake.claim = there;
		fake.claim_add = c->there.version ? ITN_EXISTS : c->add;
		fake.claim_read = c->read;
		fake.claim_change = c->change;
		fake.write = c->write;
		fake.lost_races = c->lost_races;
		fake.entry_known = c->known;
		fake.known = c->known_status;
		fake.verdict = (struct request_verdict){ REQUEST_CHANGED, STR_NONE };
		send(&w, waiter, "HTTP_IDEMPOTENCY_KEY", "key", str_from(delayed));
		check_has(c->name, w.sent.ptr, c->status);
		check_has(c->name, w.sent.ptr, c->part);
		check_int(c->name, fake.writes, c->writes);
		check_int(c->name, fake.requests, c->requests);
		check_int(c->name, fake.claim.status, c->answered);
		check_int(c->name, fake.claim.version, c->version);
		check_bool(c->name, fake.claim.asked, c->asked);
		check_bool(c->name, fake.claim.busy_until != 0, c->busy_after);
		if (c->there.version && (c->writes || c->requests))
			check_str(c->name, (struct str){ fake.last_entry_id, ID_LEN }, STR("aabbccddeeff001122334455"));
		world_free(&w);
	}
	waiter_free(waiter);
}

/* Somebody takes the claim while the document is read. */
static void who_was_overtaken_writes_nothing(unused_arg void **state)
{
	static const struct {
		const char *name;
		int64_t answered;
		const char *status;
	} cases[] = {
		{ "the other is at work", 0, "Status: 409" },
		{ "the other has an answer", 202, "Status: 202" },
	};
	struct waiter *waiter;

	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;

		fake = with_trade();
		fake.overtaken_by = (struct claim){ .version = 2, .status = cases[i].answered, .body = STR("other") };
		send(&w, waiter, "HTTP_IDEMPOTENCY_KEY", "key", str_from(delayed));
		check_has(cases[i].name, w.sent.ptr, cases[i].status);
		check_int(cases[i].name, fake.writes, 0);
		check_int(cases[i].name, fake.claim.status, cases[i].answered);
		world_free(&w);
	}
	waiter_free(waiter);
}

/* It was not there when the next try read the document. */
static void a_write_that_arrives_late_is_shown_as_it_is(unused_arg void **state)
{
	static const struct {
		const char *name;
		bool known;
		int writes;
	} cases[] = {
		{ "before its entry was looked for", true, 0 },
		{ "after that", false, 1 },
	};
	struct waiter *waiter;

	check_int("waiter", waiter_new(NULL, 1, &waiter, NULL), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct claim there = by_another(waiter);
		struct world w;

		fake = with_trade();
		there.busy_until = 0;
		fake.claim = there;
		fake.claim_add = ITN_EXISTS;
		fake.entry_known = cases[i].known;
		fake.arrived = fake.trade;
		fake.arrived.version = 6;
		fake.arrived.status = TRADE_DELAYED;
		fake.arrived.updated_at = 1000;
		send(&w, waiter, "HTTP_IDEMPOTENCY_KEY", "key", str_from(delayed));
		check_has(cases[i].name, w.sent.ptr, "Status: 200");
		check_has(cases[i].name, w.sent.ptr, "\"version\":6");
		check_has(cases[i].name, w.sent.ptr, "\"updatedAt\":\"1970-01-01T00:00:01.000Z\"");
		check_int(cases[i].name, fake.writes, cases[i].writes);
		world_free(&w);
	}
	waiter_free(waiter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes),
		cmocka_unit_test(only_workers_look_at_versions),
		cmocka_unit_test(only_the_engine_knows_what_a_new_trade_may_become),
		cmocka_unit_test(entries),
		cmocka_unit_test(the_last_resort_needs_a_place),
		cmocka_unit_test(waiting),
		cmocka_unit_test(keys),
		cmocka_unit_test(who_was_overtaken_writes_nothing),
		cmocka_unit_test(a_write_that_arrives_late_is_shown_as_it_is),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
