#include "../http/world.h"

#include "api/api.h"

static const struct route routes[] = {
	{ HTTP_GET, "/livez", health_livez, ROLE_NONE },
	{ HTTP_GET, "/readyz", health_readyz, ROLE_NONE },
};

static enum reason well(unused_arg void *context, unused_arg struct buf *detail)
{
	return REASON_NONE;
}

static enum reason ill(void *context, struct buf *detail)
{
	buf_add_cstr(detail, context);
	return REASON_STORE_UNAVAILABLE;
}

static enum reason broken(unused_arg void *context, unused_arg struct buf *detail)
{
	return REASON_STORE_UNUSABLE;
}

/* What is seen of a host on which nothing else runs. */
#define ALONE                                                                                          \
	"{\"name\":\"engine\",\"well\":false,\"reason\":\"engine-absent\"},{\"name\":\"log\",\"well\":true}," \
	"{\"name\":\"feed\",\"well\":true},{\"name\":\"clock\",\"well\":true},{\"name\":\"schema\",\"well\":true}," \
	"{\"name\":\"gateway\",\"well\":false,\"reason\":\"gateway-absent\"}]}"

static void health(unused_arg void **state)
{
	static char away[] = "the database \"x\" is away";
	static const struct {
		const char *uri;
		const char *remote;
		struct health_check checks[2];
		size_t count;
		int status;
		const char *body;
	} cases[] = {
		{ "/livez", "", { { 0 } }, 0, 200, "{\"status\":\"ok\"}" },
		{ "/livez", "", { { "store", ill, away } }, 1, 200, "{\"status\":\"ok\"}" },
		{ "/readyz", "", { { 0 } }, 0, 200, "{\"status\":\"ready\"}" },
		{ "/readyz", "", { { "store", well, NULL } }, 1, 200, "{\"status\":\"ready\"}" },
		{ "/readyz", "", { { "store", ill, away }, { "other", broken, NULL } }, 2, 503,
		  "{\"status\":\"not ready\",\"reasons\":[\"store-unavailable\",\"store-unusable\"]}" },
		{ "/readyz?verbose", "10.0.0.1", { { "store", well, NULL } }, 1, 200, "{\"status\":\"ready\"}" },
		{ "/readyz?verbose", "10.0.0.1", { { "store", ill, away } }, 1, 503,
		  "{\"status\":\"not ready\",\"reasons\":[\"store-unavailable\"]}" },
		{ "/readyz?verbose", "127.0.0.1", { { "store", well, NULL } }, 1, 200,
		  "{\"status\":\"ready\",\"checks\":[{\"name\":\"store\",\"ready\":true}],\"host\":[" ALONE },
		{ "/readyz?verbose", "127.0.0.1", { { "store", ill, away } }, 1, 503,
		  "{\"status\":\"not ready\",\"reasons\":[\"store-unavailable\"],\"checks\":[{\"name\":\"store\",\"ready\":false,"
		  "\"reason\":\"store-unavailable\",\"detail\":\"the database \\\"x\\\" is away\"}],\"host\":[" ALONE },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		struct config config = { .network = "itn" };
		struct api api = { .config = &config, .check_count = cases[i].count };
		memcpy(api.checks, cases[i].checks, sizeof(cases[i].checks));
		struct router router = { routes, COUNT_OF(routes), &api, 1000, "" };
		world_new(&w, "GET", cases[i].uri);
		world_set(&w, "REMOTE_ADDR", cases[i].remote);
		world_begin(&w, STR_NONE);
		router_answer(&router, &w.req, &w.res);
		check_int(cases[i].uri, w.res.status, cases[i].status);
		check_str(cases[i].uri, buf_str(&w.res.body), str_from(cases[i].body));
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(health) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
