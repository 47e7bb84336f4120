#include "../unit.h"

#include "api/cursor.h"

static struct str written(struct arena *arena, enum store_list_kind kind, int64_t time, struct str key)
{
	struct buf out = { 0 };
	struct str text;

	cursor_write(&out, kind, &(struct store_cursor){ time, key });
	text = arena_str(arena, buf_str(&out));
	buf_free(&out);
	return text;
}

static void round_trips(unused_arg void **state)
{
	static const struct {
		enum store_list_kind kind;
		int64_t time;
		const char *key;
	} cases[] = {
		{ LIST_TRADES, 0, "0123456789abcdef01234567" },
		{ LIST_TRADES, 1795381200123, "ffffffffffffffffffffffff" },
		{ LIST_CARGO, 253402300799999, "S" },
		{ LIST_CARGO, 1, "a/b c?d&e=f%" },
		{ LIST_INVENTORY, 0, "\xf0\x9f\x9a\x80 \xe2\x98\x83" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct str text = written(arena, cases[i].kind, cases[i].time, str_from(cases[i].key));
		struct store_cursor cursor = { 0 };

		check_int(
			text.ptr,
			(long long)strspn(text.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
			(long long)text.len);
		check_bool(cases[i].key, cursor_read(arena, text, cases[i].kind, &cursor), true);
		check_str(cases[i].key, cursor.key, str_from(cases[i].key));
		check_int(cases[i].key, cursor.time, cases[i].time);
		arena_free(arena);
	}
}

static void every_change_is_noticed(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct str text = written(arena, LIST_TRADES, 1795381200123, STR("0123456789abcdef01234567"));
	struct store_cursor cursor;

	for (size_t i = 0; i < text.len; i++) {
		char *changed = arena_cstr(arena, text);

		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		check_bool(changed, cursor_read(arena, str_from(changed), LIST_TRADES, &cursor), false);
		check_bool("cut", cursor_read(arena, (struct str){ text.ptr, i }, LIST_TRADES, &cursor), false);
	}
	check_bool("another list's", cursor_read(arena, text, LIST_CARGO, &cursor), false);
	check_bool("longer", cursor_read(arena, arena_printf(arena, "%sA", text.ptr), LIST_TRADES, &cursor), false);
	check_bool("padded", cursor_read(arena, arena_printf(arena, "%s=", text.ptr), LIST_TRADES, &cursor), false);
	arena_free(arena);
}

static void other_texts(unused_arg void **state)
{
	static const struct str cases[] = { STR(""),         STR("x"),
					    STR("0"),        STR("AAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
					    STR("a b"),      STR("\0\0\0\0"),
					    STR("\xff\xfe"), STR("../../etc"),
					    STR("$ne") };
	struct arena *arena = arena_new(0);
	struct store_cursor cursor;
	char *huge = arena_alloc(arena, 100000);

	memset(huge, 'A', 100000);
	check_bool("huge", cursor_read(arena, (struct str){ huge, 100000 }, LIST_TRADES, &cursor), false);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_bool("foreign", cursor_read(arena, cases[i], LIST_TRADES, &cursor), false);
	arena_free(arena);
}

/* The checksum keeps no secret. */
static void keys_that_no_document_has(unused_arg void **state)
{
	static const struct str keys[] = { STR("\xff"), STR("a\xed\xa0\x80"), STR("\0"), STR("a\nb"), STR("\xc2\x85") };
	struct arena *arena = arena_new(0);
	struct store_cursor cursor;

	for (size_t i = 0; i < COUNT_OF(keys); i++)
		check_bool("key", cursor_read(arena, written(arena, LIST_CARGO, 1, keys[i]), LIST_CARGO, &cursor), false);
	arena_free(arena);
}

static void times_that_no_document_has(unused_arg void **state)
{
	static const int64_t times[] = { INT64_MIN, -1, 253402300800000, INT64_MAX };
	struct arena *arena = arena_new(0);
	struct store_cursor cursor;

	for (size_t i = 0; i < COUNT_OF(times); i++)
		check_bool("time", cursor_read(arena, written(arena, LIST_CARGO, times[i], STR("S")), LIST_CARGO, &cursor),
			   false);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),
		cmocka_unit_test(every_change_is_noticed),
		cmocka_unit_test(other_texts),
		cmocka_unit_test(keys_that_no_document_has),
		cmocka_unit_test(times_that_no_document_has),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
