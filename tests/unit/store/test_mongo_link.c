/* The connection: a server that is away, hangs, or can't be used. */
#include <pthread.h>

#include "mongo_faults.h"

static void a_read_survives_a_cut(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	static const enum proxy_fault faults[] = { CUT_BEFORE, CUT_AFTER };
	for (size_t i = 0; i < COUNT_OF(faults); i++) {
		proxy_spoil(proxy, "find", faults[i], 1);
		check_str("read", stored_trade(f, trade.id).id, trade.id);
		check_int("spoiled", proxy_spoiled(proxy), 1);
	}
}

/* Many callers at once. */
#define CALLERS 64
struct caller {
	struct fixture *f;
	pthread_t thread;
	bool reads;
	struct trade trade;
	struct entry entry;
	enum itn_status status;
	int64_t took_ms;
};

static void *caller_main(void *arg)
{
	struct caller *caller = arg;
	struct arena *arena = arena_new(0);
	int64_t start = clock_monotonic_ms();
	if (caller->reads)
		caller->status = store_trade(caller->f->store, arena, caller->trade.id, &caller->trade);
	else
		caller->status = store_trade_create(caller->f->store, &caller->trade, &caller->entry);
	caller->took_ms = clock_monotonic_ms() - start;
	arena_free(arena);
	return NULL;
}

static struct caller *callers_run(struct fixture *f)
{
	struct caller *callers = arena_calloc(f->arena, CALLERS, sizeof(*callers));
	for (size_t i = 0; i < CALLERS; i++) {
		callers[i].f = f;
		callers[i].reads = i % 2;
		callers[i].trade = trade_to(f, "Mars");
		callers[i].entry = trade_entry(f, &callers[i].trade, ENTRY_CREATE);
	}
	for (size_t i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&callers[i].thread, NULL, caller_main, &callers[i]), 0);
	for (size_t i = 0; i < CALLERS; i++)
		pthread_join(callers[i].thread, NULL);
	return callers;
}

static void check_refused(const char *name, const struct caller *callers, int64_t within_ms, bool certainly)
{
	for (size_t i = 0; i < CALLERS; i++) {
		if (callers[i].status != ITN_UNKNOWN || certainly || callers[i].reads)
			check_status(name, callers[i].status, ITN_UNAVAILABLE);
		if (callers[i].took_ms > within_ms)
			fail_msg("%s: a %s took %lld ms", name, callers[i].reads ? "read" : "write",
				 (long long)callers[i].took_ms);
	}
}

static void a_store_away_refuses_in_time(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		enum proxy_mode mode;
	} cases[] = { { "hung", PROXY_FROZEN }, { "gone", PROXY_AWAY } };
	store_close(f->store);
	f->config.threads = CALLERS;
	f->store = fixture_open_again(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		proxy_set_mode(proxy, cases[i].mode);
		check_refused(cases[i].name, callers_run(f), 2000, false);
		struct error error = { "" };
		int64_t until = clock_monotonic_ms() + 2000;
		while (!store_check(f->store, &error) && clock_monotonic_ms() < until)
			continue;
		check_status("the check", store_check(f->store, &error), ITN_UNAVAILABLE);
		check_refused("once it is known", callers_run(f), 200, true);
		check_has("its reason", error.text, "MongoDB");
		proxy_set_mode(proxy, PROXY_PASS);
		wait_for_recovery(f);
		check_status("the check", store_check(f->store, &error), ITN_OK);
		struct caller *callers = callers_run(f);
		for (size_t n = 0; n < CALLERS; n++)
			check_status("after it", callers[n].status, callers[n].reads ? ITN_NOT_FOUND : ITN_OK);
	}
}

static void a_hung_server_is_known_soon(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	for (int i = 0; i < 3; i++) {
		int64_t start = clock_monotonic_ms(), took;
		proxy_set_mode(proxy, PROXY_FROZEN);
		while (!store_check(f->store, &error) && clock_monotonic_ms() < start + 5000)
			continue;
		if ((took = clock_monotonic_ms() - start) > 1450)
			fail_msg("after %lld ms", (long long)took);
		proxy_set_mode(proxy, PROXY_PASS);
		wait_for_recovery(f);
	}
}

static void a_store_may_come_later(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	char network[32];
	memcpy(network, f->network, sizeof(network));
	store_close(f->store);
	proxy_set_mode(proxy, PROXY_AWAY);
	snprintf(f->network, sizeof(f->network), "%.20s_later", network);
	check_status("it opens without a server", store_open(&f->config, &f->store, &error), ITN_OK);
	check_status("and says so", store_check(f->store, &error), ITN_UNAVAILABLE);
	struct trade trade = trade_to(f, "Mars");
	struct entry entry = trade_entry(f, &trade, ENTRY_CREATE);
	check_status("nothing is done", store_trade_create(f->store, &trade, &entry), ITN_UNAVAILABLE);
	proxy_set_mode(proxy, PROXY_PASS);
	wait_for_recovery(f);
	check_status("then it works", store_trade_create(f->store, &trade, &entry), ITN_OK);
	check_int("once", (long long)drain(f), 1);
}

static void what_can_t_be_used_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	struct store *store;
	f->config.store = arena_printf(f->arena, "%smine", proxy_uri(proxy)).ptr;
	check_status("a database in the URI", store_open(&f->config, &store, &error), ITN_FAILED);
	check_has("which", error.text, "mine");
	f->config.store = "mongodb://host:port:what/";
	check_status("no URI", store_open(&f->config, &store, &error), ITN_FAILED);
	f->config.store = f->uri;
	database_command(f, "{\"update\": \"head\", \"updates\": [{\"q\": {}, \"u\": {\"$set\": {\"schema\": 99}}}]}");
	check_status("a newer schema", store_open(&f->config, &store, &error), ITN_FAILED);
	check_has("which", error.text, "99");
}

static const struct CMUnitTest tests[] = {
	FAULTS(a_read_survives_a_cut),  FAULTS(a_store_away_refuses_in_time),  FAULTS(a_hung_server_is_known_soon),
	FAULTS(a_store_may_come_later), FAULTS(what_can_t_be_used_is_refused),
};

int main(void)
{
	return faults_possible() ? cmocka_run_group_tests_name("a server that is away", tests, NULL, NULL) : 0;
}
