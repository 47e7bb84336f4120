#include "../unit.h"

#include <stdlib.h>

#include "gateway/ring.h"

static void frames_have_the_shortest_head(unused_arg void **state)
{
	static const struct {
		const char *name;
		size_t len;
		size_t head;
		unsigned char bytes[10];
	} cases[] = {
		{ "empty", 0, 2, { 0x81, 0 } },
		{ "125 bytes", 125, 2, { 0x81, 125 } },
		{ "126 bytes", 126, 4, { 0x81, 126, 0, 126 } },
		{ "65535 bytes", 65535, 4, { 0x81, 126, 255, 255 } },
		{ "65536 bytes", 65536, 10, { 0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0 } },
		{ "a million bytes", 1000000, 10, { 0x81, 127, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40 } },
	};
	char *payload = calloc(1, 1000000);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct ring *ring = ring_new();
		struct ring_position position;
		ring_enter(ring, &position);
		ring_add(ring, (struct str){ payload, cases[i].len });
		struct str run = ring_next(ring, &position);
		check_int(cases[i].name, (long long)run.len, (long long)(cases[i].head + cases[i].len));
		check_int(cases[i].name, memcmp(run.ptr, cases[i].bytes, cases[i].head), 0);
		check_int(cases[i].name, (long long)ring_waiting(ring, &position), (long long)run.len);
		ring_advance(ring, &position, run.len);
		check_int(cases[i].name, (long long)ring_next(ring, &position).len, 0);
		ring_leave(ring, &position);
		ring_free(ring);
	}
	free(payload);
}

static void each_reader_gets_all_that_was_added_after_it_came(unused_arg void **state)
{
	struct ring *ring = ring_new();
	struct ring_position positions[10];
	char message[64];
	size_t got[10] = { 0 };
	uint64_t entered[10];
	for (size_t i = 0; i < 10; i++) {
		ring_enter(ring, &positions[i]);
		entered[i] = ring_end(ring);
		for (int n = 0; n < 5000; n++)
			ring_add(ring, (struct str){ message,
						     (size_t)snprintf(message, sizeof(message), "message %d", n) });
	}
	for (size_t i = 0; i < 10; i++) {
		struct str run;
		while ((run = ring_next(ring, &positions[i])).len > 0) {
			check_bool("a run is bounded", run.len <= RING_RUN, true);
			check_int("a run begins with a frame", (unsigned char)run.ptr[0], 0x81);
			ring_advance(ring, &positions[i], run.len);
			got[i] += run.len;
		}
		check_int("all bytes", (long long)got[i], (long long)(ring_end(ring) - entered[i]));
		ring_leave(ring, &positions[i]);
	}
	ring_free(ring);
}

static void a_reader_may_leave_anywhere(unused_arg void **state)
{
	struct ring *ring = ring_new();
	struct ring_position early;
	struct ring_position late;
	ring_enter(ring, &early);
	for (int n = 0; n < 20000; n++)
		ring_add(ring, STR("0123456789"));
	ring_enter(ring, &late);
	check_int("nothing for a newcomer", (long long)ring_waiting(ring, &late), 0);
	check_int("all for the first", (long long)ring_waiting(ring, &early), 20000 * 12);
	ring_leave(ring, &early);
	ring_leave(ring, &early);
	ring_add(ring, STR("last"));
	check_str("what comes after it", ring_next(ring, &late), STR("\x81\x04last"));
	ring_leave(ring, &late);
	ring_free(ring);
	ring_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_have_the_shortest_head),
		cmocka_unit_test(each_reader_gets_all_that_was_added_after_it_came),
		cmocka_unit_test(a_reader_may_leave_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
