#include "../http/world.h"

#include "api/api.h"
#include "fake_store.h"

static const struct route routes[] = {
	{ HTTP_GET, "/api/trades", trade_list, ROLE_READER },
};

/* Answers GET (or HEAD) of `uri`; whether the answer ended as it should. */
static bool answer(struct world *w, const char *method, const char *uri, const char *accept)
{
	struct api api = { 0 };
	struct router router = { routes, COUNT_OF(routes), &api, 1000, "" };
	bool whole;

	world_new(w, method, uri);
	world_set(w, "HTTP_ACCEPT", accept);
	world_begin(w, STR_NONE);
	router_answer(&router, &w->req, &w->res);
	whole = world_finish(w);
	return whole;
}

static const char *body_of(const struct world *w)
{
	return strstr(w->sent.ptr, "\r\n\r\n") + 4;
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	while ((text = strstr(text, part)) != NULL) {
		text += strlen(part);
		count++;
	}
	return count;
}

static void whole_lists(unused_arg void **state)
{
	static const size_t cases[] = { 0, 1, 99, 100, 101, 2500, 20000 };

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char name[32], last[32];
		struct world w;

		fake = (struct fake_store){ .rows = cases[i] };
		snprintf(name, sizeof(name), "%zu rows", cases[i]);
		snprintf(last, sizeof(last), "{\"n\":%zu}]", cases[i] - 1);
		check_bool(name, answer(&w, "GET", "/api/trades", NULL), true);
		check_has(name, w.sent.ptr, "Status: 200");
		check_has(name, w.sent.ptr, "ITN-Seq: 42\r\n");
		check_has(name, w.sent.ptr, "ITN-Log: 0123456789abcdef\r\n");
		check_int(name, (long long)count_of(body_of(&w), "{\"n\":"), (long long)cases[i]);
		check_has(name, body_of(&w), cases[i] ? last : "[]");
		check_bool("slices stay within bounds", fake.widest_slice <= 1000, true);
		world_free(&w);
	}
}

static void forms(unused_arg void **state)
{
	static const struct {
		const char *accept;
		const char *type;
		const char *body;
	} cases[] = {
		{ NULL, "application/json", "[{\"n\":0},{\"n\":1}]" },
		{ "*/*", "application/json", "[{\"n\":0},{\"n\":1}]" },
		{ "application/x-ndjson", "application/x-ndjson", "{\"n\":0}\n{\"n\":1}\n" },
		{ "text/csv", "text/csv; charset=utf-8",
		  "transactionId,stationId,buyer,buyerEmail,seller,sellerEmail,items,destination,status,shipmentId,"
		  "reason,"
		  "version,createdAt,updatedAt,holds,reservedLines\r\n,,,,,,,,,,,,,,,\r\n,,,,,,,,,,,,,,,\r\n" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char type[64];
		struct world w;

		fake = (struct fake_store){ .rows = 2 };
		snprintf(type, sizeof(type), "Content-Type: %s\r\n", cases[i].type);
		check_bool("ended", answer(&w, "GET", "/api/trades", cases[i].accept), true);
		check_has("type", w.sent.ptr, type);
		check_text("body", body_of(&w), cases[i].body);
		world_free(&w);
	}
}

static void pages(unused_arg void **state)
{
	static const struct {
		const char *uri;
		size_t rows, shown;
		const char *link; /* NULL: none */
	} cases[] = {
		{ "/api/trades?limit=10", 10, 10, NULL },
		{ "/api/trades?limit=10", 11, 10, "Link: </api/trades?after=" },
		{ "/api/trades?limit=10", 3, 3, NULL },
		{ "/api/trades?limit=1000", 1500, 1000, "&limit=1000>; rel=\"next\"" },
		{ "/api/trades?buyer=a%26b+%3Ec&limit=1", 2, 1, "buyer=a%26b%20%3Ec" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;

		fake = (struct fake_store){ .rows = cases[i].rows };
		check_bool(cases[i].uri, answer(&w, "GET", cases[i].uri, NULL), true);
		check_int(cases[i].uri, (long long)count_of(body_of(&w), "{\"n\":"), (long long)cases[i].shown);
		check_bool(cases[i].uri, strstr(w.sent.ptr, "Link:") != NULL, cases[i].link != NULL);
		if (cases[i].link)
			check_has(cases[i].uri, w.sent.ptr, cases[i].link);
		world_free(&w);
	}
}

static void failures(unused_arg void **state)
{
	static const struct {
		const char *name, *uri;
		enum itn_status head;
		int fails_at;
		enum itn_status failure;
		const char *status; /* NULL: the answer breaks off */
	} cases[] = {
		{ "no head", "/api/trades", ITN_UNAVAILABLE, 0, ITN_OK, "Status: 503" },
		{ "no first slice", "/api/trades", ITN_OK, 1, ITN_UNAVAILABLE, "Status: 503" },
		{ "no second slice", "/api/trades", ITN_OK, 2, ITN_UNAVAILABLE, NULL },
		{ "no page", "/api/trades?limit=5", ITN_OK, 1, ITN_UNAVAILABLE, "Status: 503" },
		{ "no look behind the page", "/api/trades?limit=5", ITN_OK, 2, ITN_UNAVAILABLE, "Status: 503" },
		{ "a bug", "/api/trades", ITN_OK, 1, ITN_FAILED, "Status: 500" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;

		fake = (struct fake_store){ .rows = 5000,
					    .head = cases[i].head,
					    .list_fails_at = cases[i].fails_at,
					    .list_failure = cases[i].failure };
		check_bool(cases[i].name, answer(&w, "GET", cases[i].uri, NULL), cases[i].status != NULL);
		if (cases[i].status) {
			check_has(cases[i].name, w.sent.ptr, cases[i].status);
			check_int(cases[i].name, (long long)count_of(w.sent.ptr, "Content-Type:"), 1);
			check_bool(cases[i].name, strstr(w.sent.ptr, "Link:") != NULL, false);
		}
		world_free(&w);
	}
}

static void a_client_that_goes_away(unused_arg void **state)
{
	struct api api = { 0 };
	struct router router = { routes, COUNT_OF(routes), &api, 1000, "" };
	struct world w;

	fake = (struct fake_store){ .rows = 1000000 };
	world_new(&w, "GET", "/api/trades");
	world_begin(&w, STR_NONE);
	w.room = 3;
	router_answer(&router, &w.req, &w.res);
	check_bool("broken", world_finish(&w), false);
	check_bool("reading ends with it", fake.list_calls < 50, true);
	world_free(&w);
}

static void head(unused_arg void **state)
{
	struct world w;

	fake = (struct fake_store){ .rows = 5000 };
	check_bool("ended", answer(&w, "HEAD", "/api/trades", "text/csv"), true);
	check_has("type", w.sent.ptr, "Content-Type: text/csv; charset=utf-8\r\n");
	check_text("body", body_of(&w), "");
	world_free(&w);
}

static void queries(unused_arg void **state)
{
	static const struct {
		const char *uri;
		const char *part; /* of the problem */
	} cases[] = {
		{ "/api/trades?limit=0", "\"?limit\"" },
		{ "/api/trades?limit=1001", "\"?limit\"" },
		{ "/api/trades?limit=+1", "\"?limit\"" },
		{ "/api/trades?limit=1e1", "\"?limit\"" },
		{ "/api/trades?status=lost", "must be one of pending, completed, canceled, delayed" },
		{ "/api/trades?since=2026", "\"?since\"" },
		{ "/api/trades?until=", "\"?until\"" },
		{ "/api/trades?after=abc", "\"?after\"" },
		{ "/api/trades?buyer=", "must have 1 to 128 characters" },
		{ "/api/trades?destination=%20x", "must not begin or end with white space" },
		{ "/api/trades?seller=%ff", "\"?seller\"" },
		{ "/api/trades?limit=1&limit=1", "\"?limit\"" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;

		fake = (struct fake_store){ .rows = 5 };
		check_bool(cases[i].uri, answer(&w, "GET", cases[i].uri, NULL), true);
		check_has(cases[i].uri, w.sent.ptr, "Status: 400");
		check_has(cases[i].uri, w.sent.ptr, cases[i].part);
		check_int(cases[i].uri, fake.list_calls, 0);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lists), cmocka_unit_test(forms), cmocka_unit_test(pages),
		cmocka_unit_test(failures),    cmocka_unit_test(head),  cmocka_unit_test(a_client_that_goes_away),
		cmocka_unit_test(queries),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
