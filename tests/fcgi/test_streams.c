#include "../unit/unit.h"

#include "core/clock.h"
#include "fcgi_fixture.h"

/** Longer than any test waits: slow readers keep their threads. */
#define LONG_MS 600000
#define LONG    "/stream/1000000000"

static int ask(const struct fixture *fx, const char *method, const char *uri, struct str body, struct client_answer *ret)
{
	struct client client = client_connect(fx->path);
	assert_true(client_request(&client, 1, true, method, uri, body));
	assert_true(client_answer(&client, ret));
	client_close(&client);
	return ret->status;
}

static void expect(const struct fixture *fx, const char *method, const char *uri, struct str body, int status,
		   const char *text)
{
	struct client_answer answer;
	check_int(uri, ask(fx, method, uri, body, &answer), status);
	check_has(uri, answer.text.ptr, text);
	client_answer_free(&answer);
}

/** A client whose answer has begun, and that reads none of it. */
static struct client slow_reader(const struct fixture *fx)
{
	struct client client = client_connect(fx->path);
	assert_true(client_request(&client, 1, true, "GET", LONG, STR("")));
	assert_true(client_readable(&client, CLIENT_PATIENCE_MS));
	return client;
}

static void others_are_answered_while_slow_readers_hold_all_streams(unused_arg void **state)
{
	static const unsigned threads[] = { 2, 3, 8 };
	for (size_t i = 0; i < COUNT_OF(threads); i++) {
		struct fixture fx;
		struct client slow[4];
		unsigned streams = threads[i] / 2;
		fixture_start(&fx, (struct fixture_options){ .threads = threads[i], .peer_timeout_ms = LONG_MS });
		for (unsigned k = 0; k < streams; k++)
			slow[k] = slow_reader(&fx);
		for (int round = 0; round < 20; round++) {
			expect(&fx, "GET", LONG, STR(""), 503, "\r\nRetry-After: 1\r\n");
			expect(&fx, "GET", "/", STR(""), 200, "ok");
			expect(&fx, "POST", "/echo", STR("posted"), 200, "posted");
			expect(&fx, "GET", "/stream/65000", STR(""), 200, "\r\nContent-Length: 65000\r\n");
			expect(&fx, "GET", "/bytes/100000", STR(""), 200, "\r\nContent-Length: 100000\r\n");
			expect(&fx, "HEAD", LONG, STR(""), 200, "");
		}
		for (unsigned k = 0; k < streams; k++)
			client_close(&slow[k]);
		fixture_end(&fx);
	}
}

static void a_stream_that_ended_makes_room(unused_arg void **state)
{
	struct fixture fx;
	struct client_answer answer = { 0 };
	fixture_start(&fx, (struct fixture_options){ .threads = 2, .peer_timeout_ms = LONG_MS });
	for (int round = 0; round < 20; round++) {
		struct client slow = slow_reader(&fx);
		expect(&fx, "GET", "/stream/1000000", STR(""), 503, "too many long answers");
		client_close(&slow);
		int64_t end = clock_monotonic_ms() + CLIENT_PATIENCE_MS;
		while (ask(&fx, "GET", "/stream/1000000", STR(""), &answer) == 503) {
			client_answer_free(&answer);
			assert_true(clock_monotonic_ms() < end);
		}
		check_int("status", answer.status, 200);
		check_int("length", (long long)answer.body_len, 1000000);
		client_answer_free(&answer);
	}
	fixture_end(&fx);
}

static void one_thread_may_still_stream(unused_arg void **state)
{
	struct fixture fx;
	fixture_start(&fx, (struct fixture_options){ .threads = 1 });
	for (int round = 0; round < 3; round++)
		expect(&fx, "GET", "/stream/1000000", STR(""), 200, "sssss");
	fixture_end(&fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_are_answered_while_slow_readers_hold_all_streams),
		cmocka_unit_test(a_stream_that_ended_makes_room),
		cmocka_unit_test(one_thread_may_still_stream),
	};
	return cmocka_run_group_tests_name("streamed answers", tests, NULL, NULL);
}
