#include "../unit.h"

#include <dirent.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/json_in.h"

struct fixture {
	struct arena *arena;
	struct faults faults;
	struct json_in *doc;
};

static enum itn_status parse(struct fixture *fixture, struct str text)
{
	enum itn_status status;

	*fixture = (struct fixture){ .arena = arena_new(0) };
	faults_init(&fixture->faults, fixture->arena);
	status = json_in_parse(fixture->arena, text, &fixture->faults, &fixture->doc);
	return status;
}

static const json_value *parse_root(struct fixture *fixture, struct str text)
{
	assert_int_equal(parse(fixture, text), ITN_OK);
	return json_in_root(fixture->doc);
}

static void drop(struct fixture *fixture)
{
	json_in_free(fixture->doc);
	arena_free(fixture->arena);
}

static void read_file(const char *path, struct buf *ret)
{
	FILE *file = fopen(path, "rb");
	size_t got;

	assert_non_null(file);
	while ((got = fread(buf_reserve(ret, 4096), 1, 4096, file)) > 0)
		ret->len += got;
	fclose(file);
}

/* Parses each file of a corpus folder; returns how many there were. */
static int check_corpus(const char *folder, enum itn_status expected)
{
	char path[4096];
	struct dirent *entry;
	DIR *dir;
	int count = 0;

	snprintf(path, sizeof(path), "%s/tests/corpus/json/%s", getenv("top_srcdir"), folder);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		struct buf text = { 0 };
		struct fixture fixture;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/tests/corpus/json/%s/%s", getenv("top_srcdir"), folder, entry->d_name);
		read_file(path, &text);
		check_int(entry->d_name, parse(&fixture, buf_str(&text)), expected);
		check_int(entry->d_name, (long long)fixture.faults.count, expected == ITN_OK ? 0 : 1);
		drop(&fixture);
		buf_free(&text);
		count++;
	}
	closedir(dir);
	return count;
}

static void all_of_the_accepted_corpus_is_json(unused_arg void **state)
{
	assert_true(check_corpus("accept", ITN_OK) >= 50);
}

static void none_of_the_refused_corpus_is_json(unused_arg void **state)
{
	assert_true(check_corpus("refuse", ITN_INVALID) >= 150);
}

static void a_fault_says_what_and_where(unused_arg void **state)
{
	static const struct {
		struct str text;
		const char *what;
		const char *where;
	} cases[] = {
		{ STR(""), "a value is expected", "at byte 0" },
		{ STR("[1,]"), "a value is expected", "at byte 3" },
		{ STR("[1 2]"), "',' or ']' is expected", "at byte 3" },
		{ STR("{\"a\":1 2}"), "',' or '}' is expected", "at byte 7" },
		{ STR("{\"a\" 1}"), "':' is expected", "at byte 5" },
		{ STR("{a:1}"), "a member's name is expected", "at byte 1" },
		{ STR("{\"a\":1,}"), "a member's name is expected", "at byte 7" },
		{ STR("[01]"), "a number must not begin with 0", "at byte 1" },
		{ STR("[1.]"), "a digit is expected", "at byte 3" },
		{ STR("\"a\tb\""), "a control character in a string must be escaped", "at byte 2" },
		{ STR("\"a\xFF\""), "invalid UTF-8", "at byte 2" },
		{ STR("\"\\x\""), "no such escape", "at byte 2" },
		{ STR("\"abc"), "a string has no end", "at byte 4" },
		{ STR("\"\\ud800\""), "a high surrogate stands alone", "at byte 7" },
		{ STR("{} x"), "the text goes on after the value", "at byte 3" },
		{ STR("\xEF\xBB\xBF{}"), "a value is expected", "at byte 0" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fixture fixture;

		check_int(cases[i].what, parse(&fixture, cases[i].text), ITN_INVALID);
		check_str(cases[i].what, fixture.faults.at[0].pointer, STR(""));
		check_has(cases[i].what, fixture.faults.at[0].detail.ptr, cases[i].what);
		check_has(cases[i].what, fixture.faults.at[0].detail.ptr, cases[i].where);
		drop(&fixture);
	}
}

static void integers_are_exact(unused_arg void **state)
{
	static const struct {
		const char *text;
		bool is_integer;
		int64_t expected;
	} cases[] = {
		{ "10", true, 10 },
		{ "\"10\"", true, 10 },
		{ "1e1", true, 10 },
		{ "10.0", true, 10 },
		{ "100e-1", true, 10 },
		{ "\"100e-1\"", true, 10 },
		{ "1E+2", true, 100 },
		{ "0.00001e5", true, 1 },
		{ "-1", true, -1 },
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "-0.000", true, 0 },
		{ "0e99999999999999999999", true, 0 },
		{ "1000000000000", true, 1000000000000 },
		{ "10.000000000000000000000000000000000000000000000000000000000000000000000000000000", true, 10 },
		{ "\"10.00000000000000000000000000000000000000000000000000000000000000000000000\"", true, 10 },
		{ "10000000000000000000000000000000000000000e-40", true, 1 },
		{ "0.0000000000000000000000000000000000000001e40", true, 1 },
		{ "9007199254740991", true, 9007199254740991 },
		{ "-9007199254740991", true, -9007199254740991 },
		{ "900719925474099.1e1", true, 9007199254740991 },
		{ "9007199254740992", false, 0 },
		{ "9007199254740991.5", false, 0 },
		{ "9007199254740992.0", false, 0 },
		{ "9223372036854775808", false, 0 },
		{ "18446744073709551615", false, 0 },
		{ "99999999999999999999999999999", false, 0 },
		{ "\"18446744073709551617\"", false, 0 },
		{ "1e16", false, 0 },
		{ "1e400", false, 0 },
		{ "1e99999999999999999999", false, 0 },
		{ "1e-99999999999999999999", false, 0 },
		{ "1e-400", false, 0 },
		{ "9.99999999999999999999", false, 0 },
		{ "10.00000000000000000000000000000000001", false, 0 },
		{ "10.5", false, 0 },
		{ "\"10.5\"", false, 0 },
		{ "\" 10\"", false, 0 },
		{ "\"10 \"", false, 0 },
		{ "\"+10\"", false, 0 },
		{ "\"010\"", false, 0 },
		{ "\"0x10\"", false, 0 },
		{ "\"1_0\"", false, 0 },
		{ "\"10\\u0000\"", false, 0 },
		{ "\"\"", false, 0 },
		{ "\"ten\"", false, 0 },
		{ "\"-\"", false, 0 },
		{ "\"NaN\"", false, 0 },
		{ "true", false, 0 },
		{ "null", false, 0 },
		{ "[10]", false, 0 },
		{ "{\"10\":10}", false, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fixture fixture;
		const json_value *root = parse_root(&fixture, str_from(cases[i].text));
		int64_t value = -77;

		check_bool(cases[i].text, json_in_integer(root, &value), cases[i].is_integer);
		check_int(cases[i].text, value, cases[i].is_integer ? cases[i].expected : -77);
		drop(&fixture);
	}
}

static void values_have_their_types(unused_arg void **state)
{
	struct fixture fixture;
	const json_value *root = parse_root(&fixture, STR("[null,false,1,1.5,\"x\",[],{}]"));
	static const enum json_type types[] = { JSON_NULL,   JSON_BOOL,	 JSON_NUMBER, JSON_NUMBER,
						JSON_STRING, JSON_ARRAY, JSON_OBJECT };

	check_int("count", (long long)json_in_count(root), COUNT_OF(types));
	for (size_t i = 0; i < COUNT_OF(types); i++)
		check_int("type", json_in_type(json_in_at(root, i)), types[i]);
	assert_false(json_in_bool(json_in_at(root, 1)));
	check_int("a scalar has no elements", (long long)json_in_count(json_in_at(root, 2)), 0);
	check_int("an object has no elements", (long long)json_in_count(json_in_at(root, 6)), 0);
	drop(&fixture);
}

static void null_differs_from_absent(unused_arg void **state)
{
	struct fixture fixture;
	const json_value *root = parse_root(&fixture, STR("{\"a\":null}"));

	assert_non_null(json_in_member(root, "a"));
	check_int("null", json_in_type(json_in_member(root, "a")), JSON_NULL);
	assert_null(json_in_member(root, "b"));
	assert_null(json_in_member(json_in_member(root, "a"), "b"));
	drop(&fixture);
	assert_int_equal(json_in_type(parse_root(&fixture, STR("null"))), JSON_NULL);
	drop(&fixture);
}

static void strings_come_out_unescaped_with_their_length(unused_arg void **state)
{
	static const struct {
		struct str text;
		struct str expected;
	} cases[] = {
		{ STR("\"a\\u0000b\""), STR("a\0b") },
		{ STR("\"\\u0000\""), STR("\0") },
		{ STR("\"\""), STR("") },
		{ STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), STR("\"\\/\b\f\n\r\t") },
		{ STR("\"\\u00e9\\u20AC\\ud83d\\ude80\""), STR("\xC3\xA9\xE2\x82\xAC\xF0\x9F\x9A\x80") },
		{ STR("\"\xF0\x9F\x9A\x80\""), STR("\xF0\x9F\x9A\x80") },
		{ STR("\"$gt\""), STR("$gt") },
		{ STR("\"\\udbff\\udfff\""), STR("\xF4\x8F\xBF\xBF") },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fixture fixture;

		check_str(cases[i].text.ptr, json_in_str(parse_root(&fixture, cases[i].text)), cases[i].expected);
		drop(&fixture);
	}
}

/* Goes down a path such as "a/0/b". */
static const json_value *descend(const json_value *value, const char *path)
{
	char step[64];

	while (*path && value) {
		size_t len = strcspn(path, "/");

		memcpy(step, path, len);
		step[len] = '\0';
		value = json_in_type(value) == JSON_ARRAY ? json_in_at(value, (size_t)atoi(step)) :
							    json_in_member(value, step);
		path += len + (path[len] == '/');
	}
	return value;
}

static void repeated_members_are_known_by_object_and_name(unused_arg void **state)
{
	static const struct {
		const char *text;
		const char *object;
		const char *name;
		bool repeated;
	} cases[] = {
		{ "{\"a\":1,\"a\":2}", "", "a", true },
		{ "{\"a\":1,\"a\":2}", "", "b", false },
		{ "{\"a\":1,\"\\u0061\":2}", "", "a", true },
		{ "{\"\\u0061\":1,\"b\":0,\"a\":2}", "", "a", true },
		{ "{\"a\":1,\"b\":2,\"c\":3}", "", "a", false },
		{ "{\"a\":1,\"a\":2,\"a\":3}", "", "a", true },
		{ "{\"a\":1,\"A\":2}", "", "a", false },
		{ "{\"\":1,\"\":2}", "", "", true },
		{ "[{\"a\":1},{\"a\":1,\"a\":1}]", "0", "a", false },
		{ "[{\"a\":1},{\"a\":1,\"a\":1}]", "1", "a", true },
		{ "{\"items\":[{\"n\":1},{\"n\":1,\"q\":1,\"n\":2}]}", "items/1", "n", true },
		{ "{\"items\":[{\"n\":1},{\"n\":1,\"q\":1,\"n\":2}]}", "items/1", "q", false },
		{ "{\"items\":[{\"n\":1},{\"n\":1,\"q\":1,\"n\":2}]}", "items/0", "n", false },
		{ "{\"items\":[{\"n\":1},{\"n\":1,\"q\":1,\"n\":2}]}", "", "items", false },
		{ "{\"it\\u0065ms\":{\"n\":1,\"n\":2}}", "items", "n", true },
		{ "{\"a\":{\"a\":1},\"b\":2}", "", "a", false },
		{ "{\"a\":{\"a\":1},\"a\":2}", "", "a", true },
		{ "{\"x\":\"a\",\"a\":\"x\"}", "", "a", false },
		{ "{\"a\":[],\"b\":{},\"a\":[]}", "", "a", true },
		{ "{\"a\\u0000b\":1,\"a\":2}", "", "a", false },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fixture fixture;
		const json_value *root = parse_root(&fixture, str_from(cases[i].text));
		const json_value *object = descend(root, cases[i].object);

		assert_non_null(object);
		check_bool(cases[i].text, json_in_repeated(fixture.doc, object, cases[i].name), cases[i].repeated);
		drop(&fixture);
	}
}

static void the_last_of_repeated_members_counts(unused_arg void **state)
{
	struct fixture fixture;
	const json_value *root = parse_root(&fixture, STR("{\"a\":1,\"b\":5,\"a\":2}"));
	int64_t value = 0;

	assert_true(json_in_integer(json_in_member(root, "a"), &value));
	assert_int_equal(value, 2);
	drop(&fixture);
}

static void a_nul_in_a_name_makes_no_other_name(unused_arg void **state)
{
	struct fixture fixture;
	const json_value *root = parse_root(&fixture, STR("{\"quantity\\u0000x\":7,\"b\":\"\\u0000\",\"\\u0000\":1}"));

	assert_null(json_in_member(root, "quantity"));
	assert_null(json_in_member(root, ""));
	check_str("values keep theirs", json_in_str(json_in_member(root, "b")), STR("\0"));
	drop(&fixture);
}

static void the_text_of_the_caller_is_left_alone(unused_arg void **state)
{
	char text[] = "{\"a\\u0000\":{\"b\":1,\"b\":2}} ";
	struct fixture fixture;

	parse_root(&fixture, (struct str){ text, sizeof(text) - 1 });
	assert_string_equal(text, "{\"a\\u0000\":{\"b\":1,\"b\":2}} ");
	drop(&fixture);
}

static void depth_64_is_taken_and_65_refused(unused_arg void **state)
{
	for (int depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
		struct buf text = { 0 };
		struct fixture fixture;

		for (int i = 0; i < depth; i++)
			buf_add_cstr(&text, i % 2 ? "{\"a\":" : "[");
		buf_add_cstr(&text, "1");
		for (int i = depth - 1; i >= 0; i--)
			buf_add_char(&text, i % 2 ? '}' : ']');
		check_int("depth", parse(&fixture, buf_str(&text)), depth <= JSON_DEPTH_MAX ? ITN_OK : ITN_INVALID);
		drop(&fixture);
		buf_free(&text);
	}
}

static void a_mebibyte_of_members_is_read_in_time(unused_arg void **state)
{
	struct buf text = { 0 };
	struct fixture fixture;
	const json_value *root;
	int64_t start;

	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "%c\"%d\":%d", i ? ',' : '{', i, i % 10);
	buf_add_cstr(&text, ",\"5\":1}");
	start = clock_monotonic_ms();
	root = parse_root(&fixture, buf_str(&text));
	if (clock_monotonic_ms() - start > 10000)
		fail_msg("took %lld ms: not linear", (long long)(clock_monotonic_ms() - start));
	assert_true(json_in_repeated(fixture.doc, root, "5"));
	assert_false(json_in_repeated(fixture.doc, root, "6"));
	drop(&fixture);
	buf_free(&text);
}

static void many_repeated_members_are_refused(unused_arg void **state)
{
	for (int count = 64; count <= 65; count++) {
		struct buf text = { 0 };
		struct fixture fixture;

		for (int i = 0; i < count; i++)
			buf_printf(&text, "%c{\"a\":1,\"a\":1}", i ? ',' : '[');
		buf_add_char(&text, ']');
		check_int("objects with a repeated member", parse(&fixture, buf_str(&text)),
			  count <= 64 ? ITN_OK : ITN_INVALID);
		drop(&fixture);
		buf_free(&text);
	}
}

static void freeing_nothing_is_allowed(unused_arg void **state)
{
	json_in_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_the_accepted_corpus_is_json),
		cmocka_unit_test(none_of_the_refused_corpus_is_json),
		cmocka_unit_test(a_fault_says_what_and_where),
		cmocka_unit_test(integers_are_exact),
		cmocka_unit_test(values_have_their_types),
		cmocka_unit_test(null_differs_from_absent),
		cmocka_unit_test(strings_come_out_unescaped_with_their_length),
		cmocka_unit_test(repeated_members_are_known_by_object_and_name),
		cmocka_unit_test(the_last_of_repeated_members_counts),
		cmocka_unit_test(a_nul_in_a_name_makes_no_other_name),
		cmocka_unit_test(the_text_of_the_caller_is_left_alone),
		cmocka_unit_test(depth_64_is_taken_and_65_refused),
		cmocka_unit_test(a_mebibyte_of_members_is_read_in_time),
		cmocka_unit_test(many_repeated_members_are_refused),
		cmocka_unit_test(freeing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
