#include "../unit.h"

#include <stdlib.h>

#include "../../fcgi/fcgi_client.h"
#include "http/fcgi_reader.h"

/** What reading some bytes came to, as text: events, ids, lengths, replies. */
static void read_all(struct str bytes, size_t piece, struct buf *out)
{
	struct fcgi_reader reader;
	fcgi_reader_init(&reader, 1000);
	while (bytes.len > 0 && !reader.close) {
		size_t part = bytes.len < piece ? bytes.len : piece, taken = 0;
		char *copy = malloc(part);
		memcpy(copy, bytes.ptr, part);
		enum fcgi_event event = fcgi_reader_feed(&reader, (struct str){ copy, part }, &taken);
		free(copy);
		bytes = (struct str){ bytes.ptr + taken, bytes.len - taken };
		if (event == FCGI_BROKEN) {
			buf_add_cstr(out, "broken");
			break;
		}
		if (event == FCGI_MORE)
			continue;
		buf_printf(out, "request %d: params %zu %d, body %zu %d\n", reader.id, reader.params.len,
			   reader.params_too_large, reader.body.len, reader.body_too_large);
		fcgi_reader_next(&reader);
	}
	buf_printf(out, "pending %d, reply %zu", fcgi_reader_pending(&reader), reader.reply.len);
	fcgi_reader_free(&reader);
}

static void expect_same_in_pieces(const char *name, struct str bytes)
{
	struct buf whole = { 0 }, pieces = { 0 };
	read_all(bytes, bytes.len, &whole);
	for (size_t piece = 1; piece <= 19; piece += 3) {
		pieces.len = 0;
		read_all(bytes, piece, &pieces);
		check_str(name, buf_str(&pieces), buf_str(&whole));
	}
	buf_free(&whole);
	buf_free(&pieces);
}

static void requests_read_the_same_in_pieces(unused_arg void **state)
{
	char body[3000] = "";
	struct buf bytes = { 0 }, out = { 0 };
	put_request(&bytes, 1, true, "POST", "/api/trades", STR("{}"));
	put_request(&bytes, 2, true, "GET", "/livez", STR(""));
	put_record(&bytes, GET_VALUES, 0, STR("\x0e\0" "FCGI_MAX_CONNS"), 5);
	put_request(&bytes, 3, true, "POST", "/api/trades", (struct str){ body, sizeof(body) });
	read_all(buf_str(&bytes), bytes.len, &out);
	check_str("whole", buf_str(&out),
		  STR("request 1: params 91 0, body 2 0\nrequest 2: params 38 0, body 0 0\n"
		      "request 3: params 94 0, body 0 1\npending 0, reply 28"));
	expect_same_in_pieces("three requests", buf_str(&bytes));
	buf_free(&bytes);
	buf_free(&out);
}

/** A small generator of our own, so that a failure repeats: xorshift32. */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void damaged_requests_read_the_same_in_pieces(unused_arg void **state)
{
	uint32_t seed = 4711;
	for (int round = 0; round < 5000; round++) {
		char name[32];
		struct buf bytes = { 0 };
		put_request(&bytes, 1, true, "POST", "/api/trades", STR("{\"a\":1}"));
		put_record(&bytes, GET_VALUES, 0, STR("\x0e\0" "FCGI_MAX_CONNS"), 0);
		put_request(&bytes, 1, next_random(&seed) % 2, "GET", "/livez", STR(""));
		for (uint32_t changes = next_random(&seed) % 6; changes > 0; changes--)
			bytes.ptr[next_random(&seed) % bytes.len] = (char)(next_random(&seed) % 12);
		(void)snprintf(name, sizeof(name), "round %d", round);
		expect_same_in_pieces(name, buf_str(&bytes));
		buf_free(&bytes);
	}
}

static void put_params(struct buf *out, struct str name, struct str value, size_t count)
{
	struct buf params = { 0 };
	for (size_t i = 0; i < count; i++)
		put_param(&params, name, value);
	put_begin(out, 1, 1, true);
	for (size_t at = 0; at < params.len; at += 60000) {
		size_t part = params.len - at < 60000 ? params.len - at : 60000;
		put_record(out, PARAMS, 1, (struct str){ params.ptr + at, part }, 0);
	}
	put_record(out, PARAMS, 1, STR(""), 0);
	put_record(out, STDIN, 1, STR(""), 0);
	buf_free(&params);
}

static void only_what_libfcgi_can_hold_passes(unused_arg void **state)
{
	static char text[65600];
	memset(text, 'v', sizeof(text));
	const struct {
		const char *name;
		struct str variable;
		struct str value;
		size_t count;
		const char *read;
	} cases[] = {
		{ "nothing", STR(""), STR(""), 0, "request 1: params 0 0, body 0 0\npending 0, reply 0" },
		{ "empty texts", STR(""), STR(""), 256, "request 1: params 512 0, body 0 0\npending 0, reply 0" },
		{ "one too many", STR(""), STR(""), 257, "request 1: params 0 1, body 0 0\npending 0, reply 0" },
		{ "an equals sign in a value", STR("A"), STR("b=c"), 1, "request 1: params 6 0, body 0 0\npending 0, reply 0" },
		{ "an equals sign in a name", STR("A="), STR("b"), 1, "brokenpending 1, reply 0" },
		{ "a NUL in a name", STR("A\0"), STR("b"), 1, "brokenpending 1, reply 0" },
		{ "a NUL in a value", STR("A"), STR("\0"), 1, "brokenpending 1, reply 0" },
		{ "as long as may be", STR("A"), { text, 65530 }, 1, "request 1: params 65536 0, body 0 0\npending 0, reply 0" },
		{ "one byte more", STR("A"), { text, 65531 }, 1, "request 1: params 0 1, body 0 0\npending 0, reply 0" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf bytes = { 0 }, out = { 0 };
		put_params(&bytes, cases[i].variable, cases[i].value, cases[i].count);
		read_all(buf_str(&bytes), bytes.len, &out);
		check_str(cases[i].name, buf_str(&out), str_from(cases[i].read));
		if (bytes.len < 10000)
			expect_same_in_pieces(cases[i].name, buf_str(&bytes));
		buf_free(&bytes);
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_read_the_same_in_pieces),
		cmocka_unit_test(only_what_libfcgi_can_hold_passes),
		cmocka_unit_test(damaged_requests_read_the_same_in_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
