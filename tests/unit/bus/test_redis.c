#include "../unit.h"

#include "bus/redis.h"

static void settings_are_read_or_named(unused_arg void **state)
{
	static const struct {
		const char *name, *redis, *network;
		enum itn_status status;
		const char *says;
	} cases[] = {
		{ "a host and a port", "127.0.0.1:6379", "itn", ITN_OK, "" },
		{ "a unix socket", "unix:/run/redis.sock", "a-b_9", ITN_OK, "" },
		{ "a network of 32 characters", "h:1", "abcdefghijklmnopqrstuvwxyz012345", ITN_OK, "" },
		{ "a network of 33 characters", "h:1", "abcdefghijklmnopqrstuvwxyz0123456", ITN_INVALID, "network" },
		{ "no network", "h:1", "", ITN_INVALID, "network" },
		{ "a network with a colon", "h:1", "a:b", ITN_INVALID, "network" },
		{ "a network with a space", "h:1", "a b", ITN_INVALID, "network" },
		{ "no address", "", "itn", ITN_INVALID, "redis" },
		{ "no port", "localhost", "itn", ITN_INVALID, "redis" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bus_redis redis;
		struct error error = { "" };
		check_int(cases[i].name, bus_redis_parse(cases[i].redis, cases[i].network, &redis, &error),
			  cases[i].status);
		check_has(cases[i].name, error.text, cases[i].says);
	}
}

static void names_begin_with_the_network(unused_arg void **state)
{
	struct bus_redis redis;
	assert_int_equal(bus_redis_parse("h:1", "abcdefghijklmnopqrstuvwxyz012345", &redis, NULL), ITN_OK);
	check_text("the wake-up channel", redis.wake, "abcdefghijklmnopqrstuvwxyz012345:wake");
	check_text("the feed's channel", redis.feed, "abcdefghijklmnopqrstuvwxyz012345:feed");
	check_text("the stream", redis.stream, "abcdefghijklmnopqrstuvwxyz012345:stream");
	check_text("the log", redis.log, "abcdefghijklmnopqrstuvwxyz012345:log");
}

static void waiting_times_double_up_to_the_most(unused_arg void **state)
{
	static const unsigned bases[] = { 50, 100, 200, 400, 800, 1000, 1000, 1000 };
	struct bus_backoff backoff = BUS_BACKOFF;
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < COUNT_OF(bases); i++) {
			unsigned ms = bus_backoff_next(&backoff);
			check_bool("not below three quarters", ms >= bases[i] * 3 / 4, true);
			check_bool("not above five quarters", ms <= bases[i] * 5 / 4 + 1, true);
		}
		bus_backoff_reset(&backoff);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(settings_are_read_or_named),
		cmocka_unit_test(names_begin_with_the_network),
		cmocka_unit_test(waiting_times_double_up_to_the_most),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
