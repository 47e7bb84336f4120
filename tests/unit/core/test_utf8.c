#include "../unit.h"

#include "core/status.h"
#include "core/utf8.h"

static void only_shortest_forms_of_scalar_values_are_valid(unused_arg void **state)
{
	static const struct {
		const char *name;
		struct str text;
		int code_points; /* -1: invalid */
	} cases[] = {
		{ "an empty text", STR(""), 0 },
		{ "ASCII", STR("abc"), 3 },
		{ "a NUL", STR("a\0b"), 3 },
		{ "two bytes", STR("\xC3\xA9"), 1 },
		{ "the first of two bytes", STR("\xC2\x80"), 1 },
		{ "the last of two bytes", STR("\xDF\xBF"), 1 },
		{ "the first of three bytes", STR("\xE0\xA0\x80"), 1 },
		{ "the last before the surrogates", STR("\xED\x9F\xBF"), 1 },
		{ "the first behind the surrogates", STR("\xEE\x80\x80"), 1 },
		{ "the last of three bytes", STR("\xEF\xBF\xBF"), 1 },
		{ "the first of four bytes", STR("\xF0\x90\x80\x80"), 1 },
		{ "the last code point", STR("\xF4\x8F\xBF\xBF"), 1 },
		{ "a mixture", STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x9A\x80z"), 5 },
		{ "a continuation alone", STR("\x80"), -1 },
		{ "overlong in two bytes", STR("\xC1\xBF"), -1 },
		{ "overlong in three bytes", STR("\xE0\x9F\xBF"), -1 },
		{ "overlong in four bytes", STR("\xF0\x8F\xBF\xBF"), -1 },
		{ "a high surrogate", STR("\xED\xA0\x80"), -1 },
		{ "a low surrogate", STR("\xED\xBF\xBF"), -1 },
		{ "beyond the last code point", STR("\xF4\x90\x80\x80"), -1 },
		{ "a lead byte F5", STR("\xF5\x80\x80\x80"), -1 },
		{ "a byte FF", STR("\xFF"), -1 },
		{ "cut behind the first byte", STR("a\xC3"), -1 },
		{ "cut behind the second byte", STR("a\xE2\x82"), -1 },
		{ "cut behind the third byte", STR("a\xF0\x9F\x9A"), -1 },
		{ "a letter in the middle", STR("\xE2\x41\xAC"), -1 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		size_t count = 99;

		check_bool(cases[i].name, utf8_valid(cases[i].text, &count), cases[i].code_points >= 0);
		check_int(cases[i].name, (long long)count, cases[i].code_points >= 0 ? cases[i].code_points : 99);
		check_bool(cases[i].name, utf8_valid(cases[i].text, NULL), cases[i].code_points >= 0);
	}
}

static void every_scalar_value_survives_encoding(unused_arg void **state)
{
	for (uint32_t code = 0; code <= 0x10FFFF; code++) {
		bool surrogate = code >= 0xD800 && code <= 0xDFFF;
		uint32_t back = UINT32_MAX;
		char bytes[4];
		size_t length = utf8_encode(code, bytes);

		assert_int_equal(utf8_decode((struct str){ bytes, length }, &back), surrogate ? 0 : length);
		assert_int_equal(back, surrogate ? UINT32_MAX : code);
	}
}

static void controls_and_spaces_are_found(unused_arg void **state)
{
	static const struct {
		const char *name;
		struct str text;
		bool control;
		bool outer_space;
		bool space;
	} cases[] = {
		{ "an empty text", STR(""), false, false, false },
		{ "a word", STR("abc"), false, false, false },
		{ "two words", STR("a b"), false, false, true },
		{ "a space before", STR(" a"), false, true, true },
		{ "a space behind", STR("a "), false, true, true },
		{ "a single space", STR(" "), false, true, true },
		{ "a tab", STR("a\tb"), true, false, true },
		{ "a newline behind", STR("a\n"), true, true, true },
		{ "a NUL", STR("a\0b"), true, false, false },
		{ "DEL", STR("a\x7F"), true, false, false },
		{ "C1", STR("a\xC2\x80z"), true, false, false },
		{ "the last C1", STR("\xC2\x9F"), true, false, false },
		{ "next line", STR("a\xC2\x85"), true, true, true },
		{ "no-break space before", STR("\xC2\xA0z"), false, true, true },
		{ "ideographic space behind", STR("z\xE3\x80\x80"), false, true, true },
		{ "em space inside", STR("a\xE2\x80\x83z"), false, false, true },
		{ "line separator", STR("a\xE2\x80\xA8z"), false, false, true },
		{ "Ogham space mark", STR("\xE1\x9A\x80z"), false, true, true },
		{ "zero width space is none", STR("\xE2\x80\x8B"), false, false, false },
		{ "a letter of four bytes behind", STR("a\xF0\x9F\x9A\x80"), false, false, false },
		{ "a letter of two bytes behind", STR("a\xC3\xA0"), false, false, false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		check_bool(cases[i].name, utf8_has_control(cases[i].text), cases[i].control);
		check_bool(cases[i].name, utf8_has_outer_space(cases[i].text), cases[i].outer_space);
		check_bool(cases[i].name, utf8_has_space(cases[i].text), cases[i].space);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_shortest_forms_of_scalar_values_are_valid),
		cmocka_unit_test(every_scalar_value_survives_encoding),
		cmocka_unit_test(controls_and_spaces_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
