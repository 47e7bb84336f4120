#include "../unit.h"

#include "core/json_out.h"
#include "core/status.h"

static void objects_and_arrays_nest_with_commas(unused_arg void **state)
{
	struct buf buf = { 0 };
	struct json_out out = json_out_to(&buf);

	json_out_object(&out);
	json_out_member_str(&out, "name", STR("ore"));
	json_out_member_int(&out, "quantity", 10);
	json_out_key(&out, "empty");
	json_out_object(&out);
	json_out_object_end(&out);
	json_out_key(&out, "list");
	json_out_array(&out);
	json_out_int(&out, 1);
	json_out_array(&out);
	json_out_array_end(&out);
	json_out_null(&out);
	json_out_object(&out);
	json_out_member_bool(&out, "open", true);
	json_out_object_end(&out);
	json_out_array_end(&out);
	json_out_member_time(&out, "at", 0);
	json_out_key(&out, "raw");
	json_out_raw(&out, STR("{\"x\":[1]}"));
	json_out_object_end(&out);
	check_str("the whole", buf_str(&buf),
		  STR("{\"name\":\"ore\",\"quantity\":10,\"empty\":{},\"list\":[1,[],null,{\"open\":true}],"
		      "\"at\":\"1970-01-01T00:00:00.000Z\",\"raw\":{\"x\":[1]}}"));
	buf_free(&buf);
}

static void absent_members_are_left_out(unused_arg void **state)
{
	struct buf buf = { 0 };
	struct json_out out = json_out_to(&buf);

	json_out_object(&out);
	json_out_member_str_if(&out, "a", STR_NONE);
	json_out_member_time_if(&out, "b", 0);
	json_out_member_str_if(&out, "c", STR(""));
	json_out_member_time_if(&out, "d", 1);
	json_out_member_str(&out, "e", STR_NONE);
	json_out_object_end(&out);
	check_str("absent", buf_str(&buf), STR("{\"c\":\"\",\"d\":\"1970-01-01T00:00:00.001Z\",\"e\":null}"));
	buf_free(&buf);
}

static void texts_are_escaped(unused_arg void **state)
{
	static const struct {
		const char *name;
		struct str text;
		struct str expected;
	} cases[] = {
		{ "plain", STR("abc"), STR("\"abc\"") },
		{ "empty", STR(""), STR("\"\"") },
		{ "quote and backslash", STR("a\"b\\c"), STR("\"a\\\"b\\\\c\"") },
		{ "short escapes", STR("\b\t\n\f\r"), STR("\"\\b\\t\\n\\f\\r\"") },
		{ "other controls", STR("\x01\x1F"), STR("\"\\u0001\\u001f\"") },
		{ "a NUL", STR("a\0b"), STR("\"a\\u0000b\"") },
		{ "slash, DEL and beyond stay", STR("/\x7F\xC2\x85\xF0\x9F\x9A\x80"),
		  STR("\"/\x7F\xC2\x85\xF0\x9F\x9A\x80\"") },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf buf = { 0 };
		struct json_out out = json_out_to(&buf);

		json_out_str(&out, cases[i].text);
		check_str(cases[i].name, buf_str(&buf), cases[i].expected);
		buf_free(&buf);
	}
}

static void every_byte_is_seen_at_every_place(unused_arg void **state)
{
	for (int byte = 0; byte < 256; byte++) {
		for (size_t place = 0; place < 20; place++) {
			bool special = byte < 0x20 || byte == '"' || byte == '\\';
			char text[20];
			struct buf buf = { 0 };
			struct json_out out = json_out_to(&buf);

			memset(text, byte & 1 ? 'x' : 0xA5, sizeof(text));
			text[place] = (char)byte;
			json_out_str(&out, (struct str){ text, sizeof(text) });
			assert_int_equal(buf.len > sizeof(text) + 2, special);
			assert_int_equal(buf.ptr[place + 1] == '\\', special);
			buf_free(&buf);
		}
	}
}

static void a_writer_may_go_on_inside_an_object(unused_arg void **state)
{
	struct buf buf = { 0 };
	struct json_out out = json_out_to(&buf);

	json_out_member_int(&out, "a", 1);
	json_out_member_int(&out, "b", 2);
	check_str("members", buf_str(&buf), STR("\"a\":1,\"b\":2"));
	buf_free(&buf);
}

static void nesting_may_be_as_deep_as_the_limit(unused_arg void **state)
{
	struct buf buf = { 0 };
	struct json_out out = json_out_to(&buf);

	for (int i = 0; i < JSON_OUT_DEPTH_MAX / 2; i++) {
		json_out_array(&out);
		json_out_object(&out);
		json_out_key(&out, "a");
	}
	json_out_int(&out, 1);
	for (int i = 0; i < JSON_OUT_DEPTH_MAX / 2; i++) {
		json_out_object_end(&out);
		json_out_array_end(&out);
	}
	assert_int_equal(buf.len, JSON_OUT_DEPTH_MAX / 2 * 8 + 1);
	buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_and_arrays_nest_with_commas),
		cmocka_unit_test(absent_members_are_left_out),
		cmocka_unit_test(texts_are_escaped),
		cmocka_unit_test(every_byte_is_seen_at_every_place),
		cmocka_unit_test(a_writer_may_go_on_inside_an_object),
		cmocka_unit_test(nesting_may_be_as_deep_as_the_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
