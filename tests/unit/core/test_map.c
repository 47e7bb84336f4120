#include "../unit.h"

#include "core/map.h"
#include "core/status.h"

static void an_empty_map_has_nothing(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct map map;

	map_init(&map, arena);
	assert_null(map_get(&map, STR("")));
	assert_null(map_get(&map, STR("a")));
	arena_free(arena);
}

static void entries_are_found_however_many_there_are(unused_arg void **state)
{
	static int values[5000];
	struct arena *arena = arena_new(0);
	struct map map;

	map_init(&map, arena);
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		map_put(&map, arena_printf(arena, "key %zu", i), &values[i]);
		assert_int_equal(map.count, i + 1);
	}
	for (size_t i = 0; i < COUNT_OF(values); i++)
		assert_ptr_equal(map_get(&map, arena_printf(arena, "key %zu", i)), &values[i]);
	assert_null(map_get(&map, STR("key 5000")));
	assert_null(map_get(&map, STR("key")));
	arena_free(arena);
}

static void a_second_put_replaces_the_first(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct map map;
	int first;
	int second;

	map_init(&map, arena);
	map_put(&map, STR("a"), &first);
	map_put(&map, STR("a\0b"), &first);
	map_put(&map, STR("a"), &second);
	assert_ptr_equal(map_get(&map, STR("a")), &second);
	assert_ptr_equal(map_get(&map, STR("a\0b")), &first);
	assert_int_equal(map.count, 2);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_has_nothing),
		cmocka_unit_test(entries_are_found_however_many_there_are),
		cmocka_unit_test(a_second_put_replaces_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
