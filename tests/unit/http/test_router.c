#include "world.h"

#include "http/router.h"

struct api {
	const char *called;
};

#define HANDLER(name)                                                                                      \
	static void name(struct api *api, struct http_request *req, struct http_response *res)            \
	{                                                                                                 \
		(void)req;                                                                                \
		api->called = #name;                                                                      \
		http_empty(res, 200);                                                                     \
	}

HANDLER(trades_list)
HANDLER(trade_create)
HANDLER(trade_show)
HANDLER(trade_set_status)
HANDLER(inventory_show)
HANDLER(movements)

static const struct route routes[] = {
	{ HTTP_GET, "/api/trades", trades_list, ROLE_READER },
	{ HTTP_POST, "/api/trades", trade_create, ROLE_TRADER },
	{ HTTP_GET, "/api/trades/:transactionId", trade_show, ROLE_READER },
	{ HTTP_PUT | HTTP_PATCH, "/api/trades/:transactionId/status", trade_set_status, ROLE_TRADER },
	{ HTTP_PUT | HTTP_PATCH, "/api/:transactionId{id}/status", trade_set_status, ROLE_TRADER },
	{ HTTP_GET, "/api/inventory/:stationId", inventory_show, ROLE_READER },
	{ HTTP_GET, "/api/inventory/:stationId/movements", movements, ROLE_READER },
};

static struct api api;
static struct router router = { routes, COUNT_OF(routes), &api, 1000, "" };

static void answer(struct world *w, struct str body)
{
	api.called = NULL;
	world_begin(w, body);
	router_answer(&router, &w->req, &w->res);
}

static void paths_and_methods(unused_arg void **state)
{
	static const struct {
		const char *method;
		const char *uri;
		int status;
		const char *called;
		const char *param;
	} cases[] = {
		{ "GET", "/api/trades", 200, "trades_list", NULL },
		{ "GET", "/api/trades?limit=1", 200, "trades_list", NULL },
		{ "GET", "/api/trades/", 200, "trades_list", NULL },
		{ "HEAD", "/api/trades", 200, "trades_list", NULL },
		{ "GET", "/api/%74rades", 200, "trades_list", NULL },
		{ "POST", "/api/trades", 200, "trade_create", NULL },
		{ "GET", "/api/trades/x", 200, "trade_show", "x" },
		{ "GET", "/api/trades/x/", 200, "trade_show", "x" },
		{ "GET", "/api/trades/a%2Fb", 200, "trade_show", "a/b" },
		{ "GET", "/api/trades/a+b", 200, "trade_show", "a+b" },
		{ "GET", "/api/inventory/%C3%A9%20", 200, "inventory_show", "\xc3\xa9 " },
		{ "GET", "/api/inventory/..", 200, "inventory_show", ".." },
		{ "GET", "/api/inventory/a/movements", 200, "movements", "a" },
		{ "PATCH", "/api/trades/x/status", 200, "trade_set_status", "x" },
		{ "PUT", "/api/0123456789abcdef01234567/status", 200, "trade_set_status", "0123456789abcdef01234567" },
		{ "PUT", "/api/0123456789ABCDEF01234567/status", 404, NULL, NULL },
		{ "PUT", "/api/trades/status", 405, NULL, NULL },
		{ "PUT", "/api/short/status", 404, NULL, NULL },
		{ "GET", "/api/Trades", 404, NULL, NULL },
		{ "GET", "/api//trades", 404, NULL, NULL },
		{ "GET", "/api/trades//", 404, NULL, NULL },
		{ "GET", "/api/trades/a/b/c/d/e/f/g/h/i/j", 404, NULL, NULL },
		{ "GET", "/", 404, NULL, NULL },
		{ "GET", "", 404, NULL, NULL },
		{ "DELETE", "/api/trades", 405, NULL, NULL },
		{ "BREW", "/api/trades", 405, NULL, NULL },
		{ "GET", "/api/trades/%", 400, NULL, NULL },
		{ "GET", "/api/trades/%4", 400, NULL, NULL },
		{ "GET", "/api/%zz/x", 400, NULL, NULL },
		{ "GET", "/api/trades/%ff", 400, NULL, NULL },
		{ "GET", "/nowhere/%c0%80", 400, NULL, NULL },
		{ "GET", "/api/trades/\xff", 400, NULL, NULL },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		char name[128];
		(void)snprintf(name, sizeof(name), "%s %s", cases[i].method, cases[i].uri);
		world_new(&w, cases[i].method, cases[i].uri);
		answer(&w, STR_NONE);
		check_int(name, w.res.status, cases[i].status);
		check_text(name, api.called, cases[i].called);
		if (cases[i].param)
			check_str(name, w.req.params[0], str_from(cases[i].param));
		world_free(&w);
	}
}

static void allow_names_all_methods_of_a_path(unused_arg void **state)
{
	static const struct {
		const char *method;
		const char *uri;
		int status;
		const char *allow;
	} cases[] = {
		{ "DELETE", "/api/trades", 405, "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n" },
		{ "OPTIONS", "/api/trades", 204, "\r\nAllow: GET, HEAD, POST, OPTIONS\r\n" },
		{ "GET", "/api/trades/x/status", 405, "\r\nAllow: PUT, PATCH, OPTIONS\r\n" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		world_new(&w, cases[i].method, cases[i].uri);
		answer(&w, STR_NONE);
		check_int(cases[i].uri, w.res.status, cases[i].status);
		assert_true(world_finish(&w));
		check_has(cases[i].uri, w.sent.ptr, cases[i].allow);
		world_free(&w);
	}
}

static void bodies_are_checked_first(unused_arg void **state)
{
	static const struct {
		const char *name;
		const char *method;
		const char *type;
		const char *body;
		bool large;
		int status;
	} cases[] = {
		{ "JSON", "POST", "application/json", "{}", false, 200 },
		{ "JSON in UTF-8", "POST", "application/json; charset=utf-8", "{}", false, 200 },
		{ "no type", "POST", NULL, "{}", false, 415 },
		{ "empty type", "POST", "", "{}", false, 415 },
		{ "a form", "POST", "application/x-www-form-urlencoded", "a=b", false, 415 },
		{ "latin1", "POST", "application/json;charset=latin1", "{}", false, 415 },
		{ "no body, no type", "POST", NULL, "", false, 200 },
		{ "no body, another type", "POST", "text/plain", "", false, 415 },
		{ "too large", "POST", "application/json", "", true, 413 },
		{ "GET with a body", "GET", "text/plain", "x", false, 200 },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		world_new(&w, cases[i].method, "/api/trades");
		world_set(&w, "CONTENT_TYPE", cases[i].type);
		world_begin(&w, str_from(cases[i].body));
		w.req.body_too_large = cases[i].large;
		router_answer(&router, &w.req, &w.res);
		check_int(cases[i].name, w.res.status, cases[i].status);
		world_free(&w);
	}
}

static void browsers_of_listed_origins_may_read(unused_arg void **state)
{
	static const struct {
		const char *origins;
		const char *origin;
		bool allowed;
	} cases[] = {
		{ "", "https://a.example", false },
		{ "*", "https://a.example", true },
		{ "https://b.example, https://a.example", "https://a.example", true },
		{ "https://a.example.evil", "https://a.example", false },
		{ "https://a.example", "https://a.example.evil", false },
		{ "https://a.example", NULL, false },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		router.cors_origins = cases[i].origins;
		world_new(&w, "OPTIONS", "/api/trades");
		world_set(&w, "HTTP_ORIGIN", cases[i].origin);
		world_set(&w, "HTTP_ACCESS_CONTROL_REQUEST_METHOD", "POST");
		answer(&w, STR_NONE);
		assert_true(world_finish(&w));
		check_bool(cases[i].origins, strstr(w.sent.ptr, "Access-Control-Allow-Origin: https://a.example\r\n"), cases[i].allowed);
		check_bool(cases[i].origins, strstr(w.sent.ptr, "Access-Control-Allow-Methods: GET, HEAD, POST, OPTIONS\r\n"), cases[i].allowed);
		world_free(&w);
	}
	router.cors_origins = "";
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_and_methods),
		cmocka_unit_test(allow_names_all_methods_of_a_path),
		cmocka_unit_test(bodies_are_checked_first),
		cmocka_unit_test(browsers_of_listed_origins_may_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
