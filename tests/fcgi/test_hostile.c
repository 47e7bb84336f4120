#include "../unit/unit.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "fcgi_fixture.h"

#define TIMEOUT_MS 300

static struct fixture fx;

static int start(unused_arg void **state)
{
	fixture_start(&fx, (struct fixture_options){ .peer_timeout_ms = TIMEOUT_MS });
	return 0;
}

static int end(unused_arg void **state)
{
	fixture_end(&fx);
	return 0;
}

static void expect(struct client *client, const char *name, int status)
{
	struct client_answer answer;
	check_bool(name, client_answer(client, &answer), true);
	check_int(name, answer.status, status);
	client_answer_free(&answer);
}

/* Bytes of whole records, for the table below. */
#define BEGIN_1      "\1\1\0\1\0\x8\0\0" "\0\1\1\0\0\0\0\0"
#define PARAMS_END_1 "\1\4\0\1\0\0\0\0"

static void a_peer_that_breaks_the_protocol_loses_its_connection(unused_arg void **state)
{
	static const struct {
		const char *name;
		struct str bytes;
	} cases[] = {
		{ "version 0", STR("\0\1\0\1\0\x8\0\0" "\0\1\1\0\0\0\0\0") },
		{ "version 2", STR("\2\1\0\1\0\x8\0\0" "\0\1\1\0\0\0\0\0") },
		{ "HTTP instead of FastCGI", STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n") },
		{ "BEGIN without content", STR("\1\1\0\1\0\0\0\0") },
		{ "BEGIN too short", STR("\1\1\0\1\0\4\0\0" "\0\1\1\0") },
		{ "BEGIN too long", STR("\1\1\0\1\0\x10\0\0" "\0\1\1\0\0\0\0\0" "\0\1\1\0\0\0\0\0") },
		{ "BEGIN of id 0", STR("\1\1\0\0\0\x8\0\0" "\0\1\1\0\0\0\0\0") },
		{ "BEGIN twice", STR(BEGIN_1 BEGIN_1) },
		{ "STDIN before PARAMS", STR(BEGIN_1 "\1\5\0\1\0\0\0\0") },
		{ "PARAMS after their end", STR(BEGIN_1 PARAMS_END_1 PARAMS_END_1) },
		{ "DATA for a responder", STR(BEGIN_1 PARAMS_END_1 "\1\x8\0\1\0\0\0\0") },
		{ "STDOUT from a web server", STR(BEGIN_1 "\1\6\0\1\0\0\0\0") },
		{ "END_REQUEST from a web server", STR(BEGIN_1 "\1\3\0\1\0\x8\0\0" "\0\0\0\0\0\0\0\0") },
		{ "an unknown type inside a request", STR(BEGIN_1 "\1\x63\0\1\0\0\0\0") },
		{ "a name longer than its record", STR(BEGIN_1 "\1\4\0\1\0\2\0\0" "\x7f\0" PARAMS_END_1 "\1\5\0\1\0\0\0\0") },
		{ "a value of 2 GiB", STR(BEGIN_1 "\1\4\0\1\0\6\0\0" "\1\xff\xff\xff\xff" "A" PARAMS_END_1 "\1\5\0\1\0\0\0\0") },
		{ "name and value that overflow together", STR(BEGIN_1 "\1\4\0\1\0\x8\0\0" "\xff\xff\xff\xff\xff\xff\xff\xff" PARAMS_END_1 "\1\5\0\1\0\0\0\0") },
		{ "a length cut off", STR(BEGIN_1 "\1\4\0\1\0\2\0\0" "\xff\xff" PARAMS_END_1 "\1\5\0\1\0\0\0\0") },
		{ "a NUL in a value", STR(BEGIN_1 "\1\4\0\1\0\4\0\0" "\1\1" "A" "\0" PARAMS_END_1 "\1\5\0\1\0\0\0\0") },
		{ "a NUL in a name", STR(BEGIN_1 "\1\4\0\1\0\4\0\0" "\2\0" "A" "\0" PARAMS_END_1 "\1\5\0\1\0\0\0\0") },
		{ "an equals sign in a name", STR(BEGIN_1 "\1\4\0\1\0\4\0\0" "\2\0" "A=" PARAMS_END_1 "\1\5\0\1\0\0\0\0") },
		{ "a management record of 64 KiB", STR("\1\x9\0\0\xff\xff\0\0") },
		{ "GET_VALUES with a lying length", STR("\1\x9\0\0\0\3\0\0" "\xe\0" "F") },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct client client = client_connect(fx.path);
		int64_t begin = clock_monotonic_ms();
		(void)client_send(&client, cases[i].bytes);
		check_bool(cases[i].name, client_closed(&client), true);
		check_bool(cases[i].name, clock_monotonic_ms() - begin < TIMEOUT_MS * 3 / 4, true);
		client_close(&client);
		check_bool(cases[i].name, fixture_serves(&fx), true);
	}
}

static void a_request_cut_off_anywhere_harms_nobody(unused_arg void **state)
{
	struct buf bytes = { 0 };
	put_request(&bytes, 1, true, "POST", "/echo", STR("hello"));
	for (size_t len = 0; len < bytes.len; len++) {
		struct client client = client_connect(fx.path);
		assert_true(client_send(&client, (struct str){ bytes.ptr, len }));
		client_close(&client);
	}
	buf_free(&bytes);
	assert_true(fixture_serves(&fx));
}

static void stalled_peers_hold_no_thread_and_lose_their_connection(unused_arg void **state)
{
	struct client stalled[20];
	struct buf bytes = { 0 };
	put_request(&bytes, 1, true, "POST", "/echo", STR("hello"));
	for (size_t i = 0; i < COUNT_OF(stalled); i++) {
		stalled[i] = client_connect(fx.path);
		assert_true(client_send(&stalled[i], (struct str){ bytes.ptr, i * (bytes.len - 1) / 19 }));
	}
	assert_true(fixture_serves(&fx));
	for (size_t i = 0; i < COUNT_OF(stalled); i++) {
		assert_true(client_closed(&stalled[i]));
		client_close(&stalled[i]);
	}
	buf_free(&bytes);
	assert_true(fixture_serves(&fx));
}

static void a_peer_that_drips_loses_its_connection(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct buf bytes = { 0 };
	char body[1000] = "";
	put_request(&bytes, 1, true, "POST", "/echo", (struct str){ body, sizeof(body) });
	size_t sent = 0;
	while (sent < bytes.len && client_send(&client, (struct str){ bytes.ptr + sent, 1 })) {
		sent++;
		if (client_readable(&client, TIMEOUT_MS / 50))
			break;
	}
	assert_true(sent < bytes.len);
	assert_true(client_closed(&client));
	buf_free(&bytes);
	client_close(&client);
}

static void a_kept_idle_connection_stays_open(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	assert_true(client_request(&client, 1, true, "GET", "/", STR("")));
	expect(&client, "before", 200);
	assert_false(client_readable(&client, 3 * TIMEOUT_MS));
	assert_true(client_request(&client, 1, true, "GET", "/", STR("")));
	expect(&client, "after", 200);
	client_close(&client);
}

static void peers_that_take_no_answer_free_their_threads(unused_arg void **state)
{
	struct client greedy[4];
	for (size_t i = 0; i < COUNT_OF(greedy); i++) {
		greedy[i] = client_connect(fx.path);
		assert_true(client_request(&greedy[i], 1, true, "GET", i % 2 ? "/stream/100000000" : "/bytes/5000000", STR("")));
	}
	assert_true(fixture_serves(&fx));
	int64_t end_ms = clock_monotonic_ms() + CLIENT_PATIENCE_MS;
	while (fcgi_server_connections(fx.server) > 0)
		assert_true(clock_monotonic_ms() < end_ms);
	for (size_t i = 0; i < COUNT_OF(greedy); i++)
		client_close(&greedy[i]);
	assert_int_equal(atomic_load(&fx.gone), 2);
}

static void a_peer_that_leaves_ends_its_stream(unused_arg void **state)
{
	unsigned gone = atomic_load(&fx.gone);
	struct client client = client_connect(fx.path);
	assert_true(client_request(&client, 1, true, "GET", "/stream/1000000000", STR("")));
	assert_true(client_readable(&client, CLIENT_PATIENCE_MS));
	client_close(&client);
	while (atomic_load(&fx.gone) == gone)
		assert_true(fixture_serves(&fx));
}

static void an_abort_ends_the_request_and_keeps_the_connection(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct buf out = { 0 };
	put_begin(&out, 5, 1, true);
	put_record(&out, PARAMS, 5, STR(""), 0);
	put_record(&out, STDIN, 5, STR("half"), 0);
	put_record(&out, ABORT, 9, STR(""), 0);
	put_record(&out, ABORT, 5, STR(""), 0);
	put_record(&out, STDIN, 5, STR("late"), 0);
	put_record(&out, ABORT, 5, STR(""), 0);
	assert_true(client_send(&client, buf_str(&out)));
	struct client_answer answer;
	assert_true(client_answer(&client, &answer));
	assert_int_equal(answer.id, 5);
	assert_int_equal(answer.status, 0);
	client_answer_free(&answer);
	assert_true(client_request(&client, 6, true, "GET", "/", STR("")));
	expect(&client, "next", 200);
	buf_free(&out);
	client_close(&client);
}

static void a_second_request_on_a_busy_connection_is_refused(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct buf first = { 0 }, second = { 0 }, mixed = { 0 };
	put_request(&first, 1, true, "GET", "/", STR(""));
	put_request(&second, 2, true, "POST", "/echo", STR("skipped"));
	buf_add(&mixed, first.ptr, 16);
	buf_add_str(&mixed, buf_str(&second));
	buf_add(&mixed, first.ptr + 16, first.len - 16);
	assert_true(client_send(&client, buf_str(&mixed)));
	struct client_answer answer;
	assert_true(client_answer(&client, &answer));
	assert_int_equal(answer.id, 2);
	assert_int_equal(answer.protocol_status, 1);
	client_answer_free(&answer);
	assert_true(client_answer(&client, &answer));
	assert_int_equal(answer.id, 1);
	assert_int_equal(answer.status, 200);
	client_answer_free(&answer);
	buf_free(&first);
	buf_free(&second);
	buf_free(&mixed);
	client_close(&client);
}

static void other_roles_are_refused(unused_arg void **state)
{
	static const unsigned roles[] = { 0, 2, 3, 65535 };
	struct client client = client_connect(fx.path);
	for (size_t i = 0; i < COUNT_OF(roles); i++) {
		struct buf out = { 0 };
		struct client_answer answer;
		put_begin(&out, 4, roles[i], true);
		put_record(&out, PARAMS, 4, STR(""), 0);
		assert_true(client_send(&client, buf_str(&out)));
		assert_true(client_answer(&client, &answer));
		assert_int_equal(answer.protocol_status, 3);
		client_answer_free(&answer);
		buf_free(&out);
	}
	assert_true(client_request(&client, 5, true, "GET", "/", STR("")));
	expect(&client, "responder", 200);
	client_close(&client);
}

static void send_values(struct client *client, int times)
{
	struct buf out = { 0 }, names = { 0 };
	for (int i = 0; i < times; i++)
		put_param(&names, STR("FCGI_MAX_CONNS"), STR(""));
	put_param(&names, STR("FCGI_MPXS_CONNS"), STR(""));
	put_param(&names, STR("SOMETHING_ELSE"), STR(""));
	put_record(&out, GET_VALUES, 0, buf_str(&names), 3);
	put_record(&out, 77, 0, STR("what"), 0);
	assert_true(client_send(client, buf_str(&out)));
	buf_free(&out);
	buf_free(&names);
}

static void management_records_are_answered(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct client_record record;
	send_values(&client, 25);
	assert_true(client_record(&client, &record));
	assert_int_equal(record.type, VALUES_RESULT);
	assert_int_equal(record.id, 0);
	assert_int_equal(record.content.len, 2 + 14 + 4 + 2 + 15 + 1);
	buf_free(&record.content);
	assert_true(client_record(&client, &record));
	assert_int_equal(record.type, UNKNOWN_TYPE);
	assert_int_equal(record.content.ptr[0], 77);
	buf_free(&record.content);
	assert_true(client_request(&client, 1, true, "GET", "/", STR("")));
	expect(&client, "after management", 200);
	client_close(&client);
}

static void endless_management_is_cut_off(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct buf out = { 0 };
	for (int i = 0; i < 1000; i++)
		put_record(&out, 77, 0, STR(""), 0);
	while (client_send(&client, buf_str(&out)))
		assert_true(fixture_serves(&fx));
	buf_free(&out);
	client_close(&client);
	assert_true(fixture_serves(&fx));
}

static void an_endless_body_is_cut_off(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct buf out = { 0 }, block = { 0 };
	put_begin(&out, 1, 1, true);
	put_record(&out, PARAMS, 1, STR(""), 0);
	assert_true(client_send(&client, buf_str(&out)));
	memset(buf_reserve(&block, 65000), 'x', 65000);
	block.len = 65000;
	out.len = 0;
	put_record(&out, STDIN, 1, buf_str(&block), 0);
	int64_t begin = clock_monotonic_ms();
	while (client_send(&client, buf_str(&out)))
		assert_true(clock_monotonic_ms() - begin < CLIENT_PATIENCE_MS);
	buf_free(&out);
	buf_free(&block);
	client_close(&client);
	assert_true(fixture_serves(&fx));
}

static void send_params(struct client *client, size_t count, size_t size)
{
	struct buf out = { 0 }, params = { 0 };
	char *value = calloc(1, size + 1);
	memset(value, 'v', size);
	for (size_t i = 0; i < count; i++)
		put_param(&params, STR("HTTP_X"), (struct str){ value, size });
	put_begin(&out, 1, 1, true);
	for (size_t at = 0; at < params.len; at += 60000) {
		size_t part = params.len - at < 60000 ? params.len - at : 60000;
		put_record(&out, PARAMS, 1, (struct str){ params.ptr + at, part }, 0);
	}
	put_record(&out, PARAMS, 1, STR(""), 0);
	put_record(&out, STDIN, 1, STR(""), 0);
	assert_true(client_send(client, buf_str(&out)));
	buf_free(&out);
	buf_free(&params);
	free(value);
}

static void too_many_or_too_long_parameters_are_431(unused_arg void **state)
{
	static const struct {
		const char *name;
		size_t count;
		size_t size;
		int status;
	} cases[] = {
		{ "none", 0, 0, 200 },
		{ "256 parameters", 256, 10, 200 },
		{ "257 parameters", 257, 10, 431 },
		{ "many empty ones", 8000, 0, 431 },
		{ "one of 64,000 bytes", 1, 64000, 200 },
		{ "the last byte that fits", 1, 65525, 200 },
		{ "one byte more", 1, 65526, 431 },
		{ "one of 66,000 bytes", 1, 66000, 431 },
		{ "megabytes", 100, 50000, 431 },
	};
	struct client client = client_connect(fx.path);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		send_params(&client, cases[i].count, cases[i].size);
		expect(&client, cases[i].name, cases[i].status);
	}
	client_close(&client);
}

/** A small generator of our own, so that a failure repeats: xorshift32. */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void requests_with_random_bytes_harm_nobody(unused_arg void **state)
{
	uint32_t seed = 20261123;
	for (int round = 0; round < 1500; round++) {
		struct client client = client_connect(fx.path);
		struct buf bytes = { 0 };
		put_request(&bytes, 1, true, "POST", "/echo", STR("{\"name\":\"value\"}"));
		for (uint32_t changes = 1 + next_random(&seed) % 4; changes > 0; changes--)
			bytes.ptr[next_random(&seed) % bytes.len] = (char)next_random(&seed);
		(void)client_send(&client, buf_str(&bytes));
		buf_free(&bytes);
		client_close(&client);
	}
	assert_true(fixture_serves(&fx));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_that_breaks_the_protocol_loses_its_connection),
		cmocka_unit_test(a_request_cut_off_anywhere_harms_nobody),
		cmocka_unit_test(stalled_peers_hold_no_thread_and_lose_their_connection),
		cmocka_unit_test(a_peer_that_drips_loses_its_connection),
		cmocka_unit_test(a_kept_idle_connection_stays_open),
		cmocka_unit_test(peers_that_take_no_answer_free_their_threads),
		cmocka_unit_test(a_peer_that_leaves_ends_its_stream),
		cmocka_unit_test(an_abort_ends_the_request_and_keeps_the_connection),
		cmocka_unit_test(a_second_request_on_a_busy_connection_is_refused),
		cmocka_unit_test(other_roles_are_refused),
		cmocka_unit_test(management_records_are_answered),
		cmocka_unit_test(endless_management_is_cut_off),
		cmocka_unit_test(an_endless_body_is_cut_off),
		cmocka_unit_test(too_many_or_too_long_parameters_are_431),
		cmocka_unit_test(requests_with_random_bytes_harm_nobody),
	};
	return cmocka_run_group_tests_name("hostile FastCGI peers", tests, start, end);
}
