#include "../unit.h"

#include <stdlib.h>

#include "bus/publisher.h"
#include "bus/redis.h"
#include "core/clock.h"
#include "server.h"

enum { STREAM_MAX = 1000 };

struct fixture {
	struct server server;
	struct bus_publisher *publisher;
	redisContext *heard; /**< subscribed to the feed */
	struct error error;
	int64_t last;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	server_open(&fixture->server);
	assert_int_equal(bus_publisher_new(fixture->server.address, "itn", STREAM_MAX, &fixture->publisher, NULL),
			 ITN_OK);
	fixture->heard = redisConnectUnix(fixture->server.socket);
	freeReplyObject(redisCommand(fixture->heard, "SUBSCRIBE itn:feed"));
	fixture->last = -1;
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	bus_publisher_free(fixture->publisher);
	redisFree(fixture->heard);
	server_close(&fixture->server);
	free(fixture);
	return 0;
}

static enum itn_status publish(struct fixture *fixture, const char *log, int64_t first, size_t count)
{
	char texts[256][32];
	struct str frames[256];
	for (size_t i = 0; i < count; i++) {
		snprintf(texts[i], sizeof(texts[i]), "{\"seq\":%lld}", (long long)first + (long long)i);
		frames[i] = str_from(texts[i]);
	}
	return bus_publish(fixture->publisher, str_from(log), first, frames, count, &fixture->last, &fixture->error);
}

static enum itn_status seed(struct fixture *fixture, const char *log, int64_t first, size_t count)
{
	struct str frames[256];
	for (size_t i = 0; i < count; i++)
		frames[i] = STR("{\"old\":1}");
	return bus_publish_seed(fixture->publisher, str_from(log), first, frames, count, &fixture->last,
				&fixture->error);
}

static void check_heard(struct fixture *fixture, const char *name, const char *expected)
{
	redisReply *reply = NULL;
	assert_int_equal(redisGetReply(fixture->heard, (void **)&reply), REDIS_OK);
	check_text(name, reply->element[2]->str, expected);
	freeReplyObject(reply);
}

/** Nothing but this comes next: a mark of the test's own. */
static void check_silence(struct fixture *fixture, const char *name)
{
	server_ask(&fixture->server, "PUBLISH itn:feed mark");
	check_heard(fixture, name, "mark");
}

static void a_batch_is_appended_and_announced_once(void **state)
{
	struct fixture *f = *state;
	check_int("an empty stream takes seq 1", publish(f, "L1", 1, 2), ITN_OK);
	check_int("the end", f->last, 2);
	check_heard(f, "one message", "L1 1 2\n{\"seq\":1}\n{\"seq\":2}");
	check_int("the next one", publish(f, "L1", 3, 1), ITN_OK);
	check_heard(f, "its message", "L1 3 1\n{\"seq\":3}");
	check_silence(f, "nothing else");
	check_int("entries", server_ask(&f->server, "XLEN itn:stream"), 3);
	check_int("the entry's id", server_ask(&f->server, "XRANGE itn:stream 3-0 3-0"), 1);
	check_int("no batch", publish(f, "L1", 4, 0), ITN_OK);
	check_silence(f, "an empty batch is not announced");
}

static void a_stale_publisher_learns_the_end(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		int64_t first;
		size_t count;
	} cases[] = {
		{ "a repetition", 1, 5 }, { "a part", 3, 1 }, { "an overlap", 4, 4 }, { "a hole", 7, 1 },
	};
	assert_int_equal(publish(f, "L1", 1, 5), ITN_OK);
	check_heard(f, "the batch", "L1 1 5\n{\"seq\":1}\n{\"seq\":2}\n{\"seq\":3}\n{\"seq\":4}\n{\"seq\":5}");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		f->last = -1;
		check_int(cases[i].name, publish(f, "L1", cases[i].first, cases[i].count), ITN_CONFLICT);
		check_int(cases[i].name, f->last, 5);
		check_silence(f, cases[i].name);
	}
	check_int("entries", server_ask(&f->server, "XLEN itn:stream"), 5);
	check_int("the right one", publish(f, "L1", 6, 1), ITN_OK);
}

static void a_lost_stream_is_seeded_and_said_so(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(publish(f, "L1", 1, 3), ITN_OK);
	server_ask(&f->server, "FLUSHALL");
	check_int("a lost stream", publish(f, "L1", 4, 1), ITN_NOT_FOUND);
	check_int("its position", bus_publish_position(f->publisher, STR("L1"), &f->last, NULL), ITN_NOT_FOUND);
	check_int("the first piece of the seed", seed(f, "L1", 100, 10), ITN_OK);
	check_int("the next piece", seed(f, "L1", 110, 5), ITN_OK);
	check_int("a piece twice", seed(f, "L1", 110, 5), ITN_CONFLICT);
	check_int("the end", f->last, 114);
	check_heard(f, "what was before", "L1 1 3\n{\"seq\":1}\n{\"seq\":2}\n{\"seq\":3}");
	check_silence(f, "a seed is not announced");
	check_int("a reset that comes late", bus_publish_reset(f->publisher, STR("L1"), 113, NULL), ITN_CONFLICT);
	check_int("a reset of another log", bus_publish_reset(f->publisher, STR("L2"), 114, NULL), ITN_CONFLICT);
	check_silence(f, "they tell nobody");
	check_int("the reset", bus_publish_reset(f->publisher, STR("L1"), 114, NULL), ITN_OK);
	check_heard(f, "the reset's message", "L1 reset 114\n");
	check_int("after the seed", publish(f, "L1", 115, 1), ITN_OK);
}

static void the_stream_of_another_log_is_dropped(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(publish(f, "L1", 1, 9), ITN_OK);
	check_int("looking changes nothing", bus_publish_position(f->publisher, STR("L2"), &f->last, NULL),
		  ITN_NOT_FOUND);
	check_int("still there", server_ask(&f->server, "XLEN itn:stream"), 9);
	check_int("in the middle", publish(f, "L2", 10, 1), ITN_NOT_FOUND);
	check_int("dropped", server_ask(&f->server, "EXISTS itn:stream"), 0);
	check_int("from the beginning", publish(f, "L2", 1, 2), ITN_OK);
	check_int("the end", f->last, 2);
	check_int("a seed of a third", seed(f, "L3", 50, 2), ITN_OK);
	check_int("its entries", server_ask(&f->server, "XLEN itn:stream"), 2);
}

static void a_stream_ahead_of_its_log_is_dropped_once(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(publish(f, "L1", 1, 9), ITN_OK);
	check_int("it has changed", bus_publish_drop(f->publisher, STR("L1"), 8, NULL), ITN_CONFLICT);
	check_int("another log", bus_publish_drop(f->publisher, STR("L2"), 9, NULL), ITN_CONFLICT);
	check_int("still there", server_ask(&f->server, "XLEN itn:stream"), 9);
	check_int("dropped", bus_publish_drop(f->publisher, STR("L1"), 9, NULL), ITN_OK);
	check_int("again", bus_publish_drop(f->publisher, STR("L1"), 9, NULL), ITN_CONFLICT);
	check_int("to be seeded", publish(f, "L1", 5, 1), ITN_NOT_FOUND);
}

static void keys_of_another_type_are_replaced(void **state)
{
	struct fixture *f = *state;
	server_ask(&f->server, "RPUSH itn:log x");
	server_ask(&f->server, "RPUSH itn:stream x");
	check_int("position", bus_publish_position(f->publisher, STR("L1"), &f->last, NULL), ITN_NOT_FOUND);
	check_int("publish", publish(f, "L1", 1, 2), ITN_OK);
	server_ask(&f->server, "XDEL itn:stream 1-0 2-0");
	check_int("an emptied stream", publish(f, "L1", 3, 1), ITN_NOT_FOUND);
}

static void the_stream_is_capped_and_keeps_its_end(void **state)
{
	struct fixture *f = *state;
	for (int64_t first = 1; first <= 5000; first += 250)
		check_int("a batch", publish(f, "L1", first, 250), ITN_OK);
	long long len = server_ask(&f->server, "XLEN itn:stream");
	check_bool("not below the cap", len >= STREAM_MAX, true);
	check_bool("not far above it", len <= STREAM_MAX + 250, true);
	check_int("position", bus_publish_position(f->publisher, STR("L1"), &f->last, NULL), ITN_OK);
	check_int("the end", f->last, 5000);
	server_ask(&f->server, "XDEL itn:stream 5000-0");
	check_int("the last entry deleted", publish(f, "L1", 5001, 1), ITN_OK);
}

static void a_large_batch_goes_in_pieces(void **state)
{
	struct fixture *f = *state;
	static char big[BUS_PIECE_BYTES * 3 / 4];
	memset(big, 'x', sizeof(big));
	struct str frames[5];
	for (size_t i = 0; i < COUNT_OF(frames); i++)
		frames[i] = (struct str){ big, sizeof(big) };
	check_int("five large frames", bus_publish(f->publisher, STR("L1"), 1, frames, 5, &f->last, NULL), ITN_OK);
	check_int("the end", f->last, 5);
	for (int i = 1; i <= 5; i++) {
		redisReply *reply = NULL;
		char head[16];
		snprintf(head, sizeof(head), "L1 %d 1\nxx", i);
		assert_int_equal(redisGetReply(f->heard, (void **)&reply), REDIS_OK);
		check_bool("a message each", strncmp(reply->element[2]->str, head, strlen(head)) == 0, true);
		freeReplyObject(reply);
	}
}

static void a_forgotten_script_is_sent_again(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(publish(f, "L1", 1, 1), ITN_OK);
	server_ask(&f->server, "SCRIPT FLUSH");
	check_int("after SCRIPT FLUSH", publish(f, "L1", 2, 1), ITN_OK);
	check_int("and on", publish(f, "L1", 3, 1), ITN_OK);
}

static void refusals_do_nothing_and_say_why(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(publish(f, "L1", 1, 1), ITN_OK);
	server_ask(&f->server, "CONFIG SET maxmemory 1");
	check_int("no memory", publish(f, "L1", 2, 1), ITN_UNAVAILABLE);
	check_has("the reason", f->error.text, "OOM");
	server_ask(&f->server, "CONFIG SET maxmemory 0");
	server_ask(&f->server, "REPLICAOF 127.0.0.1 1");
	check_int("a replica", publish(f, "L1", 2, 1), ITN_UNAVAILABLE);
	check_has("the reason", f->error.text, "READONLY");
	server_ask(&f->server, "REPLICAOF NO ONE");
	check_int("again", publish(f, "L1", 2, 1), ITN_OK);
	check_int("entries", server_ask(&f->server, "XLEN itn:stream"), 2);
}

static void redis_gone_and_back(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(publish(f, "L1", 1, 1), ITN_OK);
	server_kill(&f->server);
	check_int("gone", publish(f, "L1", 2, 1), ITN_UNAVAILABLE);
	check_bool("with a reason", f->error.text[0] != '\0', true);
	check_int("position", bus_publish_position(f->publisher, STR("L1"), &f->last, NULL), ITN_UNAVAILABLE);
	check_int("reset", bus_publish_reset(f->publisher, STR("L1"), 1, NULL), ITN_UNAVAILABLE);
	server_start(&f->server);
	check_int("back, empty", publish(f, "L1", 2, 1), ITN_NOT_FOUND);
	check_int("seeded", seed(f, "L1", 1, 1), ITN_OK);
	check_int("published", publish(f, "L1", 2, 1), ITN_OK);
}

static void a_connection_that_was_closed_is_made_anew(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(publish(f, "L1", 1, 1), ITN_OK);
	server_ask(&f->server, "CLIENT KILL TYPE normal SKIPME yes");
	check_int("the next batch", publish(f, "L1", 2, 1), ITN_OK);
}

static void a_stopped_redis_leaves_the_outcome_unknown(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(publish(f, "L1", 1, 1), ITN_OK);
	server_freeze(&f->server);
	int64_t start = clock_monotonic_ms();
	check_int("stopped", publish(f, "L1", 2, 3), ITN_UNKNOWN);
	check_int("still stopped", publish(f, "L1", 2, 3), ITN_UNAVAILABLE);
	check_bool("in time", clock_monotonic_ms() - start < 2 * (BUS_CONNECT_MS + BUS_COMMAND_MS) + 500, true);
	server_thaw(&f->server);
	check_int("position", bus_publish_position(f->publisher, STR("L1"), &f->last, NULL), ITN_OK);
	check_bool("all or nothing", f->last == 1 || f->last == 4, true);
	check_int("going on from there", publish(f, "L1", f->last + 1, 1), ITN_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_batch_is_appended_and_announced_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stale_publisher_learns_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_stream_is_seeded_and_said_so, setup, teardown),
		cmocka_unit_test_setup_teardown(the_stream_of_another_log_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stream_ahead_of_its_log_is_dropped_once, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_of_another_type_are_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(the_stream_is_capped_and_keeps_its_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_large_batch_goes_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(a_forgotten_script_is_sent_again, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals_do_nothing_and_say_why, setup, teardown),
		cmocka_unit_test_setup_teardown(redis_gone_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_connection_that_was_closed_is_made_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stopped_redis_leaves_the_outcome_unknown, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
