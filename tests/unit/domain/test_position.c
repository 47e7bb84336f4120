#include "../unit.h"

#include "domain/position.h"

static void positions(unused_arg void **state)
{
	static const struct {
		const char *text;
		enum itn_status status;
		int64_t after;
	} cases[] = {
		{ "0", ITN_OK, 0 },
		{ "41", ITN_OK, 41 },
		{ "42", ITN_OK, 42 },
		{ "43", ITN_GAP, 0 },
		{ "0042", ITN_OK, 42 },
		{ "abc:7", ITN_OK, 7 },
		{ "abc:43", ITN_GAP, 0 },
		{ "abd:7", ITN_GAP, 0 },
		{ "ab:7", ITN_GAP, 0 },
		{ "9223372036854775807", ITN_INVALID, 0 },
		{ "99999999999999999999999", ITN_INVALID, 0 },
		{ "", ITN_INVALID, 0 },
		{ ":", ITN_INVALID, 0 },
		{ ":7", ITN_INVALID, 0 },
		{ "abc:", ITN_INVALID, 0 },
		{ "abc:-1", ITN_INVALID, 0 },
		{ "-1", ITN_INVALID, 0 },
		{ "+1", ITN_INVALID, 0 },
		{ " 1", ITN_INVALID, 0 },
		{ "1 ", ITN_INVALID, 0 },
		{ "1.0", ITN_INVALID, 0 },
		{ "abc:1:2", ITN_INVALID, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t after = 0;
		enum itn_status status = position_parse(str_from(cases[i].text), STR("abc"), 42, &after);

		check_int(cases[i].text, status, cases[i].status);
		check_int(cases[i].text, after, cases[i].after);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(positions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
