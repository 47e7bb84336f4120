#include "../unit.h"

#include "core/buf.h"

static void content_grows_piece_by_piece(unused_arg void **state)
{
	struct buf buf = { 0 };

	check_str("an untouched buffer is empty", buf_str(&buf), STR(""));
	for (int i = 0; i < 10000; i++)
		buf_add(&buf, "0123456789", 10);
	assert_int_equal(buf.len, 100000);
	for (size_t i = 0; i < buf.len; i++)
		assert_int_equal(buf.ptr[i], '0' + (int)(i % 10));
	buf_free(&buf);
	check_str("a freed buffer is empty again", buf_str(&buf), STR(""));
}

static void all_kinds_of_pieces_are_joined(unused_arg void **state)
{
	struct buf buf = { 0 };

	buf_add_str(&buf, STR("a\0b"));
	buf_add_str(&buf, STR_NONE);
	buf_add_cstr(&buf, "cd");
	buf_add_char(&buf, 'e');
	buf_printf(&buf, "%s=%d", "f", 6);
	check_str("the pieces in order", buf_str(&buf), STR("a\0bcdef=6"));
	buf_free(&buf);
}

static void integers_are_written_in_decimal(unused_arg void **state)
{
	static const struct {
		int64_t value;
		const char *expected;
	} cases[] = {
		{ 0, "0" },
		{ 7, "7" },
		{ -7, "-7" },
		{ 1000000000000, "1000000000000" },
		{ INT64_MAX, "9223372036854775807" },
		{ INT64_MIN, "-9223372036854775808" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf buf = { 0 };

		buf_add_int(&buf, cases[i].value);
		check_str(cases[i].expected, buf_str(&buf), str_from(cases[i].expected));
		buf_free(&buf);
	}
}

static void formatted_pieces_have_any_length(unused_arg void **state)
{
	struct buf buf = { 0 };
	size_t expected = 0;

	for (int len = 0; len < 3000; len += 1 + len / 20) {
		buf_printf(&buf, "%*s", len, "");
		expected += (size_t)len;
		assert_int_equal(buf.len, expected);
	}
	buf_free(&buf);
}

static void a_reset_keeps_memory_up_to_a_size(unused_arg void **state)
{
	struct buf buf = { 0 };

	buf_reserve(&buf, 1000);
	buf_add_cstr(&buf, "x");
	buf_reset(&buf, 1 << 20);
	assert_int_equal(buf.len, 0);
	assert_true(buf.cap >= 1000);
	buf_reset(&buf, 100);
	assert_int_equal(buf.cap, 0);
	buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_grows_piece_by_piece),
		cmocka_unit_test(all_kinds_of_pieces_are_joined),
		cmocka_unit_test(integers_are_written_in_decimal),
		cmocka_unit_test(formatted_pieces_have_any_length),
		cmocka_unit_test(a_reset_keeps_memory_up_to_a_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
