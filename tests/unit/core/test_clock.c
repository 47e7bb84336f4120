#include "../unit.h"

#include <time.h>

#include "core/clock.h"
#include "core/status.h"

#define SECOND_0000  INT64_C(-62167219200)
#define SECOND_10000 INT64_C(253402300800)

static void rfc3339_texts_become_times(unused_arg void **state)
{
	static const struct {
		const char *text;
		const char *expected; /* NULL: refused */
	} cases[] = {
		{ "2026-11-22T20:44:13.215Z", "2026-11-22T20:44:13.215Z" },
		{ "2026-11-22T20:44:13Z", "2026-11-22T20:44:13.000Z" },
		{ "2026-11-22t20:44:13z", "2026-11-22T20:44:13.000Z" },
		{ "2026-11-22 20:44:13Z", "2026-11-22T20:44:13.000Z" },
		{ "2026-11-22T20:44:13.2159999Z", "2026-11-22T20:44:13.215Z" },
		{ "2026-11-22T20:44:13.9Z", "2026-11-22T20:44:13.900Z" },
		{ "2026-11-22T20:44:13.00000000000000000001Z", "2026-11-22T20:44:13.000Z" },
		{ "2026-11-22T20:44:13+01:30", "2026-11-22T19:14:13.000Z" },
		{ "2026-11-22T20:44:13-08:00", "2026-11-23T04:44:13.000Z" },
		{ "2026-11-22T20:44:13-00:00", "2026-11-22T20:44:13.000Z" },
		{ "2026-01-01T00:00:00+23:59", "2025-12-31T00:01:00.000Z" },
		{ "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z" },
		{ "2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000Z" },
		{ "0000-02-29T12:00:00Z", "0000-02-29T12:00:00.000Z" },
		{ "0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000Z" },
		{ "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z" },
		{ "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z" },
		{ "2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z" },
		{ "2016-12-31T23:59:60.5Z", "2016-12-31T23:59:59.999Z" },
		{ "1990-12-31T15:59:60-08:00", "1990-12-31T23:59:59.999Z" },
		{ "2016-12-31T23:58:60Z", NULL },
		{ "2016-12-31T23:59:60+01:00", NULL },
		{ "2016-12-31T23:59:61Z", NULL },
		{ "1900-02-29T00:00:00Z", NULL },
		{ "2023-02-29T00:00:00Z", NULL },
		{ "2026-04-31T00:00:00Z", NULL },
		{ "2026-00-01T00:00:00Z", NULL },
		{ "2026-13-01T00:00:00Z", NULL },
		{ "2026-01-00T00:00:00Z", NULL },
		{ "2026-01-01T24:00:00Z", NULL },
		{ "2026-01-01T00:60:00Z", NULL },
		{ "2026-01-01T00:00:00", NULL },
		{ "2026-01-01T00:00Z", NULL },
		{ "2026-01-01", NULL },
		{ "2026-01-01T00:00:00.Z", NULL },
		{ "2026-01-01T00:00:00,5Z", NULL },
		{ "2026-01-01T00:00:00+0100", NULL },
		{ "2026-01-01T00:00:00+24:00", NULL },
		{ "2026-01-01T00:00:00+01:60", NULL },
		{ "2026-01-01T00:00:00+01", NULL },
		{ "2026-01-01T00:00:00Z ", NULL },
		{ " 2026-01-01T00:00:00Z", NULL },
		{ "26-01-01T00:00:00Z", NULL },
		{ "+2026-01-01T00:00:00Z", NULL },
		{ "12026-01-01T00:00:00Z", NULL },
		{ "2026-1-1T00:00:00Z", NULL },
		{ "2026-01-01T00:00:0-Z", NULL },
		{ "0000-01-01T00:00:00+00:01", NULL },
		{ "9999-12-31T23:59:59-00:01", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[TIME_LEN + 1] = "";
		int64_t ms;

		check_bool(cases[i].text, time_parse(str_from(cases[i].text), &ms), cases[i].expected != NULL);
		if (!cases[i].expected)
			continue;
		time_format(ms, text);
		check_text(cases[i].text, text, cases[i].expected);
	}
}

static void a_nul_is_no_part_of_a_time(unused_arg void **state)
{
	int64_t ms;

	assert_false(time_parse(STR("2026-01-01\0" "00:00:00Z"), &ms));
	assert_false(time_parse(STR("2026-01-01T00:00:00Z\0"), &ms));
	assert_false(time_parse(STR("2026-01-01T00:00:00\0"), &ms));
}

static void times_agree_with_the_c_library(unused_arg void **state)
{
	for (int64_t second = SECOND_0000; second < SECOND_10000; second += 86400 * 3 + 7919) {
		time_t seconds = (time_t)second;
		char expected[64];
		char text[TIME_LEN + 1];
		struct tm parts;
		int64_t back;

		assert_non_null(gmtime_r(&seconds, &parts));
		snprintf(expected, sizeof(expected), "%04d-%02d-%02dT%02d:%02d:%02d.007Z", parts.tm_year + 1900,
			 parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
		time_format(second * 1000 + 7, text);
		check_text("formatted", text, expected);
		assert_true(time_parse(str_from(text), &back));
		check_int(text, back, second * 1000 + 7);
	}
}

static void clocks_go_forward(unused_arg void **state)
{
	int64_t us = clock_monotonic_us();
	int64_t ms = clock_monotonic_ms();

	assert_true(clock_monotonic_us() >= us);
	assert_true(clock_monotonic_ms() >= ms);
	assert_true(ms >= us / 1000);
	assert_true(clock_now_ms() / 1000 - time(NULL) <= 1);
	assert_true(time(NULL) - clock_now_ms() / 1000 <= 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3339_texts_become_times),
		cmocka_unit_test(a_nul_is_no_part_of_a_time),
		cmocka_unit_test(times_agree_with_the_c_library),
		cmocka_unit_test(clocks_go_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
