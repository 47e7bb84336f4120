#include "../unit.h"

#include "core/status.h"

static void texts_compare_by_bytes_then_length(unused_arg void **state)
{
	static const struct {
		const char *name;
		struct str a;
		struct str b;
		int expected;
	} cases[] = {
		{ "equal texts", STR("abc"), STR("abc"), 0 },
		{ "a beginning comes first", STR("ab"), STR("abc"), -1 },
		{ "a longer text comes last", STR("abc"), STR("ab"), 1 },
		{ "bytes decide", STR("abd"), STR("abc"), 1 },
		{ "bytes are unsigned", STR("\x7f"), STR("\x80"), -1 },
		{ "an empty text comes first", STR(""), STR("a"), -1 },
		{ "absent and empty compare alike", STR_NONE, STR(""), 0 },
		{ "a NUL is a byte", STR("a\0b"), STR("a\0c"), -1 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int result = str_cmp(cases[i].a, cases[i].b);

		check_int(cases[i].name, (result > 0) - (result < 0), cases[i].expected);
		check_bool(cases[i].name, str_eq(cases[i].a, cases[i].b), cases[i].expected == 0);
	}
}

static void ascii_letters_compare_alike_without_case(unused_arg void **state)
{
	static const struct {
		const char *name;
		struct str a;
		struct str b;
		bool expected;
	} cases[] = {
		{ "letters of either case", STR("Content-TYPE"), STR("content-type"), true },
		{ "other letters", STR("abc"), STR("abd"), false },
		{ "other lengths", STR("abc"), STR("ab"), false },
		{ "@ is not `", STR("@"), STR("`"), false },
		{ "[ is not {", STR("["), STR("{"), false },
		{ "letters beyond ASCII are bytes", STR("Ä"), STR("ä"), false },
		{ "empty texts", STR(""), STR(""), true },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_bool(cases[i].name, str_eq_nocase(cases[i].a, cases[i].b), cases[i].expected);
}

static void a_null_pointer_is_an_absent_text(unused_arg void **state)
{
	assert_false(str_is_set(str_from(NULL)));
	assert_true(str_is_set(str_from("")));
	assert_true(str_is_set(STR("")));
}

static void every_status_has_a_name(unused_arg void **state)
{
	for (int status = ITN_OK; status <= ITN_FAILED; status++)
		assert_string_not_equal(itn_status_name((enum itn_status)status), "no such status");
	assert_string_equal(itn_status_name(ITN_LOST_LEASE), "lost-lease");
	assert_string_equal(itn_status_name((enum itn_status)1000), "no such status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_compare_by_bytes_then_length),
		cmocka_unit_test(ascii_letters_compare_alike_without_case),
		cmocka_unit_test(a_null_pointer_is_an_absent_text),
		cmocka_unit_test(every_status_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
