#include "../unit.h"

#include <stdlib.h>

#include "../../fcgi/fcgi_client.h"
#include "core/arena.h"
#include "http/fcgi_reader.h"

/** What reading some bytes came to, as text: events, ids, lengths, replies. */
static void read_all(struct str bytes, size_t piece, struct buf *out)
{
	struct fcgi_reader reader;
	struct arena *arena = arena_new(0);
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
		struct http_variable *variables = NULL;
		size_t count = 0;
		bool valid = fcgi_reader_variables(&reader, arena, &variables, &count);
		buf_printf(out, "request %d: %d variables %zu, body %zu %d\n", reader.id, valid, count, reader.body.len,
			   reader.body_too_large);
		fcgi_reader_next(&reader);
	}
	buf_printf(out, "pending %d, reply %zu", fcgi_reader_pending(&reader), reader.reply.len);
	fcgi_reader_free(&reader);
	arena_free(arena);
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
		  STR("request 1: 1 variables 4, body 2 0\nrequest 2: 1 variables 2, body 0 0\n"
		      "request 3: 1 variables 4, body 0 1\npending 0, reply 28"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_read_the_same_in_pieces),
		cmocka_unit_test(damaged_requests_read_the_same_in_pieces),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
