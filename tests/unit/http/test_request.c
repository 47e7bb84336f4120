#include "world.h"

#include "core/id.h"

static void the_uri_is_split_at_the_first_question_mark(unused_arg void **state)
{
	static const struct {
		const char *uri;
		const char *path;
		const char *query;
	} cases[] = {
		{ "/a", "/a", "" },       { "/a?", "/a", "" }, { "/a?b?c", "/a", "b?c" },
		{ "/a%3fb?x=1", "/a%3fb", "x=1" }, { "", "", "" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		world_new(&w, "GET", cases[i].uri);
		world_begin(&w, STR_NONE);
		check_str(cases[i].uri, w.req.path, str_from(cases[i].path));
		check_str(cases[i].uri, w.req.query, str_from(cases[i].query));
		world_free(&w);
	}
}

static void a_request_id_is_kept_when_it_is_harmless(unused_arg void **state)
{
	char longest[HTTP_REQUEST_ID_MAX + 1] = "", longer[HTTP_REQUEST_ID_MAX + 2] = "";
	memset(longest, 'a', sizeof(longest) - 1);
	memset(longer, 'a', sizeof(longer) - 1);
	const struct {
		const char *id;
		bool kept;
	} cases[] = {
		{ "a.B_9-z", true }, { longest, true },  { longer, false },  { "", false },
		{ "a b", false },    { "a\nb", false }, { "\xc3\xa9", false }, { "a\"b", false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		world_new(&w, "GET", "/");
		world_set(&w, "HTTP_X_REQUEST_ID", cases[i].id);
		world_begin(&w, STR_NONE);
		check_bool(cases[i].id, str_eq(w.req.request_id, str_from(cases[i].id)), cases[i].kept);
		check_bool(cases[i].id, id_valid(w.req.request_id), !cases[i].kept);
		world_free(&w);
	}
}

static void headers_are_found_by_name(unused_arg void **state)
{
	struct world w;
	world_new(&w, "GET", "/");
	world_set(&w, "HTTP_IF_MATCH", "\"1\"");
	world_begin(&w, STR_NONE);
	check_str("any case", http_header(&w.req, "if-Match"), STR("\"1\""));
	check_str("absent", http_header(&w.req, "If-None-Match"), STR_NONE);
	check_str("variable", http_variable(&w.req, "REQUEST_METHOD"), STR("GET"));
	world_free(&w);
}

static void methods_are_exact(unused_arg void **state)
{
	static const struct {
		const char *name;
		enum http_method method;
	} cases[] = { { "GET", HTTP_GET }, { "PATCH", HTTP_PATCH }, { "get", HTTP_OTHER }, { "", HTTP_OTHER }, { "GETS", HTTP_OTHER } };
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		world_new(&w, cases[i].name, "/");
		world_begin(&w, STR_NONE);
		check_int(cases[i].name, w.req.method, cases[i].method);
		world_free(&w);
	}
}

static void query_parameters_are_decoded(unused_arg void **state)
{
	static const struct {
		const char *uri;
		const char *value; /**< of "a"; NULL: not given */
	} cases[] = {
		{ "/?a=1", "1" },          { "/?b=2&a=1", "1" },      { "/?a", "" },
		{ "/?a=", "" },            { "/?%61=x", "x" },        { "/?a=x+y%2Bz", "x y+z" },
		{ "/?a=%C3%A9", "\xc3\xa9" }, { "/?a=b=c", "b=c" },   { "/?a=1&a=2", NULL },
		{ "/?a=%", NULL },         { "/?a=%zz", NULL },       { "/?a=%ff", NULL },
		{ "/?&&a=1&", "1" },       { "/?A=1", NULL },         { "/", NULL },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		struct str value = STR_NONE;
		world_new(&w, "GET", cases[i].uri);
		world_begin(&w, STR_NONE);
		check_bool(cases[i].uri, http_query(&w.req, "a", &value), cases[i].value != NULL);
		check_str(cases[i].uri, value, str_from(cases[i].value));
		world_free(&w);
	}
}

static void bad_queries_are_faults(unused_arg void **state)
{
	static const char *const known[] = { "limit", "after", NULL };
	static const struct {
		const char *uri;
		size_t faults;
		const char *pointer;
	} cases[] = {
		{ "/?limit=1&after=x", 0, NULL },  { "/?other=1&other=2", 0, NULL },
		{ "/?limit=1&limit=1", 1, "?limit" }, { "/?limit=%4", 1, "?limit" },
		{ "/?limit=%ff&after=%", 2, "?limit" }, { "/?%ff=1", 1, "?" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		struct faults faults;
		world_new(&w, "GET", cases[i].uri);
		world_begin(&w, STR_NONE);
		faults_init(&faults, w.arena);
		http_query_check(&w.req, known, &faults);
		check_int(cases[i].uri, (long long)faults.count, (long long)cases[i].faults);
		if (faults.count > 0)
			check_str(cases[i].uri, faults.at[0].pointer, str_from(cases[i].pointer));
		world_free(&w);
	}
}

static void loopback_is_this_host(unused_arg void **state)
{
	static const struct {
		const char *remote;
		bool here;
	} cases[] = {
		{ "127.0.0.1", true }, { "127.9.9.9", true }, { "::1", true },    { "unix:", true },
		{ "10.0.0.1", false }, { "12", false },       { "127", false }, { NULL, false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		world_new(&w, "GET", "/");
		world_set(&w, "REMOTE_ADDR", cases[i].remote);
		world_begin(&w, STR_NONE);
		check_bool(cases[i].remote ? cases[i].remote : "none", http_is_loopback(&w.req), cases[i].here);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_uri_is_split_at_the_first_question_mark),
		cmocka_unit_test(a_request_id_is_kept_when_it_is_harmless),
		cmocka_unit_test(headers_are_found_by_name),
		cmocka_unit_test(methods_are_exact),
		cmocka_unit_test(query_parameters_are_decoded),
		cmocka_unit_test(bad_queries_are_faults),
		cmocka_unit_test(loopback_is_this_host),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
