#include "../unit.h"

#include "domain/line.h"

static void add(struct lines *lines, struct line *room, const char *name, int64_t quantity)
{
	lines->at = room;
	room[lines->count++] = (struct line){ str_from(name), quantity };
}

static void merging_adds_to_names_that_are_there(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct line room[2], more_room[3];
	struct lines manifest = { 0 }, more = { 0 };

	add(&manifest, room, "iron", 5);
	add(&manifest, room, "copper", 1);
	add(&more, more_room, "tin", 2);
	add(&more, more_room, "iron", 3);
	add(&more, more_room, "tin", 4);
	lines_merge(&manifest, arena, &more);
	check_int("lines", (long long)manifest.count, 3);
	check_int("iron", manifest.at[0].quantity, 8);
	check_int("copper", manifest.at[1].quantity, 1);
	check_int("tin", manifest.at[2].quantity, 6);
	check_int("total", lines_total(&manifest), 15);
	check_int("the first memory stays as it was", room[0].quantity, 5);
	lines_subtract(&manifest, &more);
	check_int("lines after subtracting", (long long)manifest.count, 2);
	check_str("first", manifest.at[0].name, STR("iron"));
	check_int("iron again", manifest.at[0].quantity, 5);
	lines_subtract(&manifest, &(struct lines){ room, 2 });
	check_int("nothing is left", (long long)manifest.count, 0);
	arena_free(arena);
}

static void names_differ_byte_for_byte(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct line room[1], more_room[4];
	struct lines manifest = { 0 }, more = { 0 };

	add(&manifest, room, "Iron", 1);
	add(&more, more_room, "iron", 1);
	add(&more, more_room, "iron ", 1);
	add(&more, more_room, "$gt", 1);
	add(&more, more_room, "a.b", 1);
	lines_merge(&manifest, arena, &more);
	check_int("lines", (long long)manifest.count, 5);
	arena_free(arena);
}

static struct lines many(struct arena *arena, size_t count, const char *prefix)
{
	struct lines lines = { arena_calloc(arena, count, sizeof(struct line)), count };

	for (size_t i = 0; i < count; i++)
		lines.at[i] = (struct line){ arena_printf(arena, "%s%zu", prefix, i), 1 };
	return lines;
}

static void limits(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct lines full = many(arena, LINES_MAX, "a"), most = many(arena, LINES_MAX - 1, "a");
	struct lines one = many(arena, 1, "b"), two = many(arena, 2, "b"), known = many(arena, 2, "a");
	struct lines heavy = many(arena, 1, "b"), empty = { 0 };

	check_bool("a thousandth line", lines_can_merge(&most, &one), true);
	check_bool("a line too many", lines_can_merge(&most, &two), false);
	check_bool("known names need no line", lines_can_merge(&full, &known), true);
	check_bool("a full list takes no new name", lines_can_merge(&full, &one), false);
	check_bool("nothing onto nothing", lines_can_merge(&empty, &empty), true);
	heavy.at[0].quantity = SUM_MAX - 1;
	check_bool("up to the largest sum", lines_can_merge(&heavy, &one), true);
	heavy.at[0].quantity = SUM_MAX;
	check_bool("beyond the largest sum", lines_can_merge(&heavy, &one), false);
	check_int("a total within", lines_total(&heavy), SUM_MAX);
	lines_merge(&heavy, arena, &(struct lines){ known.at, 1 });
	check_int("a total beyond", lines_total(&heavy), SUM_MAX + 1);
	check_int("trial merges leave the list", (long long)most.count, LINES_MAX - 1);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(merging_adds_to_names_that_are_there),
		cmocka_unit_test(names_differ_byte_for_byte),
		cmocka_unit_test(limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
