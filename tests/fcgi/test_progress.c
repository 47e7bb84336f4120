#include "../unit/unit.h"

#include "core/clock.h"
#include "fcgi_fixture.h"

/** How long a thread may be at work, and how long the ticks must be seen to stay away before they count as stopped: many
 *  times the interval of 51 ms that this peer_timeout makes. */
#define STUCK_MS 300
#define QUIET_MS 1000

static void start(struct fixture *fx, unsigned threads)
{
	fixture_start(fx, (struct fixture_options){ .threads = threads, .peer_timeout_ms = 400, .stuck_ms = STUCK_MS });
}

static void wait_for_tick(const char *name)
{
	unsigned before = atomic_load(&fixture_ticks);
	int64_t end = clock_monotonic_ms() + CLIENT_PATIENCE_MS;
	while (atomic_load(&fixture_ticks) == before)
		if (clock_monotonic_ms() > end)
			fail_msg("%s: there is no tick", name);
}

static void wait_for_quiet(const char *name)
{
	unsigned last = atomic_load(&fixture_ticks);
	int64_t since = clock_monotonic_ms(), end = since + CLIENT_PATIENCE_MS;
	for (int64_t now = since; now - since < QUIET_MS; now = clock_monotonic_ms()) {
		unsigned ticks = atomic_load(&fixture_ticks);
		if (ticks != last)
			since = now;
		last = ticks;
		if (now > end)
			fail_msg("%s: the ticks do not stop", name);
	}
}

static void hold(struct fixture *fixture, struct client *client, unsigned number)
{
	*client = client_connect(fixture->path);
	assert_true(client_request(client, 1, true, "GET", "/hold", STR("")));
	fixture_wait_holding(fixture, number);
}

static void an_idle_server_is_alive(unused_arg void **state)
{
	struct fixture fx;
	start(&fx, 2);
	int64_t end = clock_monotonic_ms() + 2 * STUCK_MS;
	while (clock_monotonic_ms() < end)
		wait_for_tick("idle");
	fixture_end(&fx);
}

static void it_is_while_one_thread_is_free(unused_arg void **state)
{
	struct fixture fx;
	start(&fx, 2);
	struct client client;
	hold(&fx, &client, 1);
	check_int("busy", fcgi_server_busy(fx.server), 1);
	int64_t end = clock_monotonic_ms() + 2 * STUCK_MS;
	while (clock_monotonic_ms() < end)
		wait_for_tick("one of two is free");
	fixture_let_go(&fx);
	client_close(&client);
	fixture_end(&fx);
}

static void it_is_not_when_all_threads_are_stuck(unused_arg void **state)
{
	struct fixture fx;
	start(&fx, 2);
	struct client clients[2];
	hold(&fx, &clients[0], 1);
	hold(&fx, &clients[1], 2);
	wait_for_quiet("all are stuck");
	check_int("busy", fcgi_server_busy(fx.server), 2);
	fixture_let_go(&fx);
	wait_for_tick("they go on");
	client_close(&clients[0]);
	client_close(&clients[1]);
	fixture_end(&fx);
}

/** One thread, always at work, but never long on one request. */
static void it_is_while_requests_end(unused_arg void **state)
{
	struct fixture fx;
	start(&fx, 1);
	int64_t end = clock_monotonic_ms() + 2 * STUCK_MS;
	unsigned ticks = atomic_load(&fixture_ticks);
	while (clock_monotonic_ms() < end)
		assert_true(fixture_serves(&fx));
	assert_true(atomic_load(&fixture_ticks) - ticks >= 4);
	fixture_end(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_idle_server_is_alive),
		cmocka_unit_test(it_is_while_one_thread_is_free),
		cmocka_unit_test(it_is_not_when_all_threads_are_stuck),
		cmocka_unit_test(it_is_while_requests_end),
	};
	return cmocka_run_group_tests_name("FastCGI progress", tests, NULL, NULL);
}
