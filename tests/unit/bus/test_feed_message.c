#include "../unit.h"

#include "bus/feed_message.h"

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static void messages_are_read_or_refused(unused_arg void **state)
{
	static const struct {
		const char *name, *text;
		bool good;
		int64_t first;
		size_t count;
	} cases[] = {
		{ "one frame", "L 7 1\n{}", true, 7, 1 },
		{ "three frames", "L 1 3\n{}\n{\"a\":1}\n{}", true, 1, 3 },
		{ "the longest log", X64 " 1 1\n{}", true, 1, 1 },
		{ "the largest seq", "L 9007199254740991 1\n{}", true, 9007199254740991, 1 },
		{ "a log too long", X64 "x 1 1\n{}", false, 0, 0 },
		{ "nothing", "", false, 0, 0 },
		{ "a head without an end", "L 1 1", false, 0, 0 },
		{ "no log", " 1 1\n{}", false, 0, 0 },
		{ "no count", "L 1\n{}", false, 0, 0 },
		{ "a count of 0", "L 1 0\n", false, 0, 0 },
		{ "a negative count", "L 1 -1\n{}", false, 0, 0 },
		{ "a seq of 0", "L 0 1\n{}", false, 0, 0 },
		{ "a seq that is no number", "L 1x 1\n{}", false, 0, 0 },
		{ "a seq beyond all", "L 99999999999999999 1\n{}", false, 0, 0 },
		{ "a count above what is there", "L 1 3\n{}\n{}", false, 0, 0 },
		{ "a count below what is there", "L 1 1\n{}\n{}", false, 0, 0 },
		{ "a count beyond memory", "L 1 9999999999999999\n{}", false, 0, 0 },
		{ "an empty frame", "L 1 2\n\n{}", false, 0, 0 },
		{ "an empty last frame", "L 1 2\n{}\n", false, 0, 0 },
		{ "a newline at the end", "L 1 1\n{}\n", false, 0, 0 },
		{ "a reset without a seq", "L reset \n", false, 0, 0 },
		{ "a reset to a word", "L reset x\n", false, 0, 0 },
		{ "a reset without a newline", "L reset 1", false, 0, 0 },
	};
	struct feed_message message = { 0 };
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		check_bool(cases[i].name, feed_message_parse(&message, str_from(cases[i].text)), cases[i].good);
		if (!cases[i].good)
			continue;
		check_bool(cases[i].name, message.is_reset, false);
		check_int(cases[i].name, message.frames.first_seq, cases[i].first);
		check_int(cases[i].name, (long long)message.frames.count, (long long)cases[i].count);
		check_str(cases[i].name, message.frames.frames[message.frames.count - 1], STR("{}"));
	}
	check_bool("a reset", feed_message_parse(&message, STR("L9 reset 4711\n")), true);
	check_bool("is one", message.is_reset, true);
	check_int("its end", message.last, 4711);
	check_str("its log", message.frames.log, STR("L9"));
	feed_message_free(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(messages_are_read_or_refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
