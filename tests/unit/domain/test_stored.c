/* JSON of our own: what json_out writes comes back, anything else is refused and harms nobody. */
#include "../unit.h"

#include <stdlib.h>

#include "core/json_out.h"
#include "domain/stored.h"

static const char document[] =
	"{\"text\":\"a\\\"b\\\\c\\n\\u001f\xc3\xbc\",\"empty\":\"\",\"number\":-12,\"lines\":[{\"name\":\"]}\","
	"\"quantity\":1},{\"name\":\"\\\"\",\"quantity\":2}],\"none\":[],\"object\":{\"a\":[{}]},"
	"\"word\":true,\"time\":\"2026-11-22T20:44:13.215Z\"}";

static void every_member_is_found_in_any_order(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct stored stored;

	stored_open(&stored, arena, str_from(document));
	check_int("time", stored_time(&stored, "time"), 1795380253215);
	check_str("text", stored_text(&stored, "text"), STR("a\"b\\c\n\x1f\xc3\xbc"));
	check_int("number", stored_integer(&stored, "number"), -12);
	check_str("empty", stored_text_if(&stored, "empty"), STR(""));
	check_str("raw", stored_raw(&stored, "object"), STR("{\"a\":[{}]}"));
	check_int("no text", str_is_set(stored_text_if(&stored, "nothing")), false);
	check_int("no number", stored_integer_if(&stored, "nothing"), 0);
	check_int("no time", stored_time_if(&stored, "nothing"), 0);
	check_int("all right", stored_close(&stored), ITN_OK);
	arena_free(arena);
}

static void elements_come_in_order(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct stored stored;
	struct stored_array array;
	struct str value;

	stored_open(&stored, arena, str_from(document));
	check_int("is there", stored_array(&stored, "lines", &array), true);
	check_int("first", stored_next(&array, &value), true);
	check_str("first", value, STR("{\"name\":\"]}\",\"quantity\":1}"));
	check_int("second", stored_next(&array, &value), true);
	check_str("second", value, STR("{\"name\":\"\\\"\",\"quantity\":2}"));
	check_int("no third", stored_next(&array, &value), false);
	check_int("empty", stored_array(&stored, "none", &array), true);
	check_int("no first", stored_next(&array, &value), false);
	check_int("absent", stored_array(&stored, "nothing", &array), false);
	check_int("all right", stored_close(&stored), ITN_OK);
	arena_free(arena);
}

static void every_text_comes_back(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct buf out = { 0 };

	for (unsigned first = 0; first < 0x80; first++) {
		char text[] = { 'x', (char)first, '"', '\\', (char)first };
		struct json_out json = json_out_to(&out);
		struct stored stored;

		buf_reset(&out, SIZE_MAX);
		json_out_object(&json);
		json_out_member_str(&json, "text", (struct str){ text, sizeof(text) });
		json_out_object_end(&json);
		stored_open(&stored, arena, buf_str(&out));
		check_str("text", stored_text(&stored, "text"), (struct str){ text, sizeof(text) });
		check_int("all right", stored_close(&stored), ITN_OK);
	}
	buf_free(&out);
	arena_free(arena);
}

static void what_is_something_else_breaks_the_whole(unused_arg void **state)
{
	static const struct {
		const char *json;
		enum { TEXT, INTEGER, TIME, ELEMENTS } as;
	} cases[] = {
		{ "", TEXT },
		{ "{", TEXT },
		{ "[]", TEXT },
		{ "{}", TEXT },
		{ "{\"a\":\"b\"", TEXT },
		{ "{\"a\":\"b\"}}", TEXT },
		{ "{\"a\":\"b\",}", TEXT },
		{ "{\"a\" :\"b\"}", TEXT },
		{ " {\"a\":\"b\"}", TEXT },
		{ "{a:\"b\"}", TEXT },
		{ "{\"a\":}", TEXT },
		{ "{\"a\":1}", TEXT },
		{ "{\"a\":\"\\x\"}", TEXT },
		{ "{\"a\":\"\\u0080\"}", TEXT },
		{ "{\"a\":\"\\u001\"}", TEXT },
		{ "{\"a\":\"b}", TEXT },
		{ "{\"a\":\"b\\\"}", TEXT },
		{ "{\"a\":\"1\"}", INTEGER },
		{ "{\"a\":-}", INTEGER },
		{ "{\"a\":01}", INTEGER },
		{ "{\"a\":1.0}", INTEGER },
		{ "{\"a\":1e3}", INTEGER },
		{ "{\"a\":9007199254740992}", INTEGER },
		{ "{\"a\":99999999999999999999}", INTEGER },
		{ "{\"a\":\"yesterday\"}", TIME },
		{ "{\"a\":1795380253215}", TIME },
		{ "{\"a\":{}}", ELEMENTS },
		{ "{\"a\":\"[]\"}", ELEMENTS },
		{ "{\"a\":[1,]}", ELEMENTS },
		{ "{\"a\":[,1]}", ELEMENTS },
		{ "{\"a\":[1 2]}", ELEMENTS },
		{ "{\"a\":[}", ELEMENTS },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct stored stored;
		struct stored_array array;
		struct str value;

		stored_open(&stored, arena, str_from(cases[i].json));
		if (cases[i].as == TEXT)
			(void)stored_text(&stored, "a");
		else if (cases[i].as == INTEGER)
			(void)stored_integer(&stored, "a");
		else if (cases[i].as == TIME)
			(void)stored_time(&stored, "a");
		else if (stored_array(&stored, "a", &array))
			while (stored_next(&array, &value))
				continue;
		check_int(cases[i].json, stored_close(&stored), ITN_FAILED);
		arena_free(arena);
	}
}

static void read_all(struct arena *arena, struct str json)
{
	struct stored stored;
	struct stored_array array;
	struct str value;

	stored_open(&stored, arena, json);
	(void)stored_text(&stored, "text");
	(void)stored_integer(&stored, "number");
	(void)stored_time(&stored, "time");
	if (stored_array(&stored, "lines", &array))
		while (stored_next(&array, &value)) {
			struct stored line;

			stored_open(&line, arena, value);
			(void)stored_text(&line, "name");
			(void)stored_integer(&line, "quantity");
		}
}

/* Under AddressSanitizer: each is an allocation of its own size. */
static void no_damage_leads_outside_the_text(unused_arg void **state)
{
	static const char bytes[] = { '"', '\\', '{', '}', '[', ']', ',', ':', '0', 'u', '\0', '\xff' };
	struct arena *arena = arena_new(0);

	for (size_t len = 0; len < sizeof(document); len++) {
		char *part = malloc(len ? len : 1);
		struct stored stored;

		memcpy(part, document, len);
		stored_open(&stored, arena, (struct str){ part, len });
		check_int("cut short", stored_close(&stored), len + 1 < sizeof(document) ? ITN_FAILED : ITN_OK);
		read_all(arena, (struct str){ part, len });
		for (size_t i = 0; len + 1 == sizeof(document) && i < len * sizeof(bytes); i++) {
			char was = part[i / sizeof(bytes)];

			part[i / sizeof(bytes)] = bytes[i % sizeof(bytes)];
			read_all(arena, (struct str){ part, len });
			part[i / sizeof(bytes)] = was;
		}
		free(part);
		arena_reset(arena);
		if (len + 1 == sizeof(document))
			break;
	}
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_is_found_in_any_order),
		cmocka_unit_test(elements_come_in_order),
		cmocka_unit_test(every_text_comes_back),
		cmocka_unit_test(what_is_something_else_breaks_the_whole),
		cmocka_unit_test(no_damage_leads_outside_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
