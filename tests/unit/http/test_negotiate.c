#include "world.h"

#include "http/negotiate.h"

static void the_media_type_that_the_client_likes_best(unused_arg void **state)
{
	static const char *const offers[] = { "application/json", "application/x-ndjson", "text/csv", NULL };
	static const struct {
		const char *accept;
		int offer;
	} cases[] = {
		{ NULL, 0 },
		{ "", 0 },
		{ "*/*", 0 },
		{ "application/json", 0 },
		{ "text/csv", 2 },
		{ "TEXT/CSV", 2 },
		{ "text/*", 2 },
		{ "application/*", 0 },
		{ "text/csv, application/json", 0 },
		{ "text/csv;q=0.9, application/json;q=0.8", 2 },
		{ "application/json;q=0, */*", 1 },
		{ "application/*;q=0.2, text/csv;q=0.1, application/x-ndjson;q=0.3", 1 },
		{ "text/html", -1 },
		{ "*/*;q=0", -1 },
		{ "application/json;q=0", -1 },
		{ "text/csv;header=present", 2 },
		{ "text/csv;q=2, application/x-ndjson", 1 },
		{ "text/csv;q=0.001", 2 },
		{ "text/csv;q=0.0000", -1 },
		{ "garbage, text/csv", 2 },
		{ ",,text/csv,,", 2 },
		{ "text/html;x=\",text/csv\"", -1 },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_int(cases[i].accept ? cases[i].accept : "no header", http_accept(str_from(cases[i].accept), offers),
			  cases[i].offer);
}

static void json_is_application_json_in_utf_8(unused_arg void **state)
{
	static const struct {
		const char *type;
		bool json;
	} cases[] = {
		{ "application/json", true },
		{ "Application/JSON ; Charset=\"UTF-8\"", true },
		{ "application/json; charset=utf-8; profile=x", true },
		{ "application/json; charset=latin1", false },
		{ "application/jsonx", false },
		{ "text/json", false },
		{ "application/problem+json", false },
		{ "", false },
		{ NULL, false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_bool(cases[i].type ? cases[i].type : "none", http_type_is_json(str_from(cases[i].type)), cases[i].json);
}

static void how_long_a_client_wants_to_wait(unused_arg void **state)
{
	static const struct {
		const char *prefer;
		int seconds;
	} cases[] = {
		{ NULL, -1 },
		{ "", -1 },
		{ "wait=3", 3 },
		{ "WAIT = 3", 3 },
		{ "wait=\"4\"", 4 },
		{ "respond-async, wait=5", 5 },
		{ "wait=5;x=1, wait=6", 5 },
		{ "wait=0", 0 },
		{ "wait=11", 10 },
		{ "wait=99999999999999999999", 10 },
		{ "wait", -1 },
		{ "wait=", -1 },
		{ "wait=-1", -1 },
		{ "wait=2.5", -1 },
		{ "waiting=3", -1 },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_int(cases[i].prefer ? cases[i].prefer : "none", http_prefer_wait(str_from(cases[i].prefer), 10),
			  cases[i].seconds);
}

static void conditions(unused_arg void **state)
{
	static const struct {
		const char *method;
		const char *match;
		const char *none;
		const char *etag;
		enum http_condition expected;
	} cases[] = {
		{ "PUT", NULL, NULL, "\"3\"", HTTP_PROCEED },
		{ "PUT", "\"3\"", NULL, "\"3\"", HTTP_PROCEED },
		{ "PUT", "\"1\", \"3\"", NULL, "\"3\"", HTTP_PROCEED },
		{ "PUT", "\"2\"", NULL, "\"3\"", HTTP_PRECONDITION_FAILED },
		{ "PUT", "W/\"3\"", NULL, "\"3\"", HTTP_PRECONDITION_FAILED },
		{ "PUT", "3", NULL, "\"3\"", HTTP_PRECONDITION_FAILED },
		{ "PUT", "*", NULL, "\"3\"", HTTP_PROCEED },
		{ "PUT", "*", NULL, NULL, HTTP_PRECONDITION_FAILED },
		{ "PUT", "", NULL, "\"3\"", HTTP_PRECONDITION_FAILED },
		{ "PUT", NULL, "*", "\"3\"", HTTP_PRECONDITION_FAILED },
		{ "PUT", NULL, "*", NULL, HTTP_PROCEED },
		{ "GET", NULL, "\"3\"", "\"3\"", HTTP_NOT_MODIFIED },
		{ "HEAD", NULL, "\"3\"", "\"3\"", HTTP_NOT_MODIFIED },
		{ "GET", NULL, "W/\"3\"", "\"3\"", HTTP_NOT_MODIFIED },
		{ "GET", NULL, "\"2\", \"4\"", "\"3\"", HTTP_PROCEED },
		{ "GET", NULL, "\"a,\\\"b\", \"3\"", "\"3\"", HTTP_NOT_MODIFIED },
		{ "GET", "\"2\"", "\"3\"", "\"3\"", HTTP_PRECONDITION_FAILED },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		char name[128];
		world_new(&w, cases[i].method, "/");
		world_set(&w, "HTTP_IF_MATCH", cases[i].match);
		world_set(&w, "HTTP_IF_NONE_MATCH", cases[i].none);
		world_begin(&w, STR_NONE);
		(void)snprintf(name, sizeof(name), "%s match %s none %s", cases[i].method,
			       cases[i].match ? cases[i].match : "-", cases[i].none ? cases[i].none : "-");
		check_int(name, http_condition(&w.req, str_from(cases[i].etag)), cases[i].expected);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_media_type_that_the_client_likes_best),
		cmocka_unit_test(json_is_application_json_in_utf_8),
		cmocka_unit_test(how_long_a_client_wants_to_wait),
		cmocka_unit_test(conditions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
