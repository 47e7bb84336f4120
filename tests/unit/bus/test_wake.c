#include "../unit.h"

#include <poll.h>
#include <stdlib.h>

#include "bus/listener.h"
#include "bus/redis.h"
#include "bus/wake.h"
#include "core/clock.h"
#include "server.h"

struct fixture {
	struct server server;
	struct bus_wake *wake;
	struct bus_listener *listener;
};

static bool sender_connected(void *arg)
{
	return bus_wake_connected(arg);
}

static bool sender_away(void *arg)
{
	return !bus_wake_connected(arg);
}

static bool listener_connected(void *arg)
{
	return bus_listener_connected(arg);
}

static bool listener_away(void *arg)
{
	return !bus_listener_connected(arg);
}

static bool heard(void *arg)
{
	struct bus_listener *listener = arg;
	struct pollfd pollfd = { .fd = bus_listener_fd(listener), .events = POLLIN };
	return poll(&pollfd, 1, 0) == 1 && bus_listener_take(listener);
}

static bool published(void *arg)
{
	struct server *server = arg;
	redisReply *reply = redisCommand(server->link, "INFO commandstats");
	bool found = reply && reply->str && strstr(reply->str, "cmdstat_publish:calls=");
	freeReplyObject(reply);
	return found;
}

static void both_connected(struct fixture *fixture)
{
	wait_for("the sender to connect", sender_connected, fixture->wake);
	wait_for("the listener to subscribe", listener_connected, fixture->listener);
	wait_for("the subscription to be heard of", heard, fixture->listener);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	server_open(&fixture->server);
	assert_int_equal(bus_wake_new(fixture->server.address, "itn", &fixture->wake, NULL), ITN_OK);
	assert_int_equal(bus_listener_new(fixture->server.address, "itn", BUS_WAKE, &fixture->listener, NULL), ITN_OK);
	both_connected(fixture);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	bus_wake_free(fixture->wake);
	bus_listener_free(fixture->listener);
	server_close(&fixture->server);
	free(fixture);
	return 0;
}

static void a_wake_up_is_heard(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 100; i++) {
		bus_wake_send(f->wake);
		wait_for("a wake-up", heard, f->listener);
	}
	check_bool("taken", bus_listener_take(f->listener), false);
}

static void sending_costs_nothing_when_redis_is_stopped(void **state)
{
	struct fixture *f = *state;
	server_freeze(&f->server);
	int64_t start = clock_monotonic_ms();
	for (int i = 0; i < 100000; i++)
		bus_wake_send(f->wake);
	check_bool("100,000 calls within 500 ms", clock_monotonic_ms() - start < 500, true);
	wait_for("the sender to notice", sender_away, f->wake);
	wait_for("the listener to notice", listener_away, f->listener);
	check_bool("noticed in time", clock_monotonic_ms() - start < BUS_PING_MS + BUS_COMMAND_MS + 1500, true);
	wait_for("the loss to be heard of", heard, f->listener);
	server_thaw(&f->server);
	both_connected(f);
	bus_wake_send(f->wake);
	wait_for("a wake-up", heard, f->listener);
}

static void a_wake_up_asked_for_while_redis_is_away_comes_later(void **state)
{
	struct fixture *f = *state;
	server_kill(&f->server);
	wait_for("the sender to notice", sender_away, f->wake);
	wait_for("the listener to notice", listener_away, f->listener);
	bus_wake_send(f->wake);
	server_start(&f->server);
	wait_for("the wake-up to be published", published, &f->server);
}

static void a_killed_connection_is_made_anew(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 5; i++) {
		server_ask(&f->server, "CLIENT KILL TYPE pubsub");
		wait_for("the loss or the new subscription to be heard of", heard, f->listener);
		wait_for("the listener to subscribe", listener_connected, f->listener);
		server_ask(&f->server, "CLIENT KILL TYPE normal SKIPME yes");
		bus_wake_send(f->wake);
		wait_for("a wake-up", heard, f->listener);
	}
}

static void the_end_does_not_wait_for_redis(void **state)
{
	struct fixture *f = *state;
	server_freeze(&f->server);
	bus_wake_send(f->wake);
	int64_t start = clock_monotonic_ms();
	bus_wake_free(f->wake);
	bus_listener_free(f->listener);
	check_bool("in time", clock_monotonic_ms() - start < BUS_CONNECT_MS + 2 * BUS_COMMAND_MS, true);
	f->wake = NULL;
	f->listener = NULL;
	server_thaw(&f->server);
}

static void the_feed_can_be_listened_to(void **state)
{
	struct fixture *f = *state;
	struct bus_listener *listener;
	assert_int_equal(bus_listener_new(f->server.address, "itn", BUS_FEED, &listener, NULL), ITN_OK);
	wait_for("the subscription", heard, listener);
	bus_wake_send(f->wake);
	wait_for("the other channel's", heard, f->listener);
	check_bool("nothing on this one", bus_listener_take(listener), false);
	server_ask(&f->server, "PUBLISH itn:feed x");
	wait_for("a publication", heard, listener);
	bus_listener_free(listener);
}

static void wrong_settings_are_refused(void **state)
{
	struct fixture *f = *state;
	struct bus_wake *wake;
	struct bus_listener *listener;
	check_int("an address", bus_wake_new("nowhere", "itn", &wake, NULL), ITN_INVALID);
	check_int("a network", bus_listener_new(f->server.address, "I", BUS_WAKE, &listener, NULL), ITN_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_wake_up_is_heard, setup, teardown),
		cmocka_unit_test_setup_teardown(sending_costs_nothing_when_redis_is_stopped, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wake_up_asked_for_while_redis_is_away_comes_later, setup, teardown),
		cmocka_unit_test_setup_teardown(a_killed_connection_is_made_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_does_not_wait_for_redis, setup, teardown),
		cmocka_unit_test_setup_teardown(the_feed_can_be_listened_to, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_settings_are_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
