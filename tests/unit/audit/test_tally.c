#include "../unit.h"

#include <stdio.h>

#include "audit/tally.h"
#include "core/status.h"

/* What does not fit, as "a b kept told; ". */
struct off {
	char text[512];
	size_t len;
};

static void note(void *context, struct str a, struct str b, int64_t kept, int64_t told)
{
	struct off *off = context;

	off->len += (size_t)snprintf(off->text + off->len, sizeof(off->text) - off->len, "%.*s %.*s %lld %lld; ",
				     STR_ARG(a), STR_ARG(b), (long long)kept, (long long)told);
}

static void add(struct tally *tally, enum tally_side side, const char *a, const char *b, int64_t value)
{
	tally_add(tally, side, str_from(a), str_from(b), (uint64_t)value, value);
}

static void check_off(const struct tally *tally, const char *expected)
{
	struct off off = { .len = 0 };

	tally_each_off(tally, note, &off);
	check_text("what does not fit", off.text, expected);
}

static void nothing_fits(unused_arg void **state)
{
	struct tally *tally = tally_new();

	assert_true(tally_fits(tally));
	tally_free(tally);
	tally_free(NULL);
}

static void order_does_not_matter(unused_arg void **state)
{
	struct tally *tally = tally_new();

	add(tally, TALLY_TOLD, "Mars", "ore", 3);
	add(tally, TALLY_TOLD, "Mars", "tea", -2);
	add(tally, TALLY_KEPT, "Mars", "tea", -2);
	add(tally, TALLY_TOLD, "Mars", "ore", 4);
	assert_false(tally_fits(tally));
	add(tally, TALLY_KEPT, "Mars", "ore", 7);
	assert_true(tally_fits(tally));
	tally_free(tally);
}

static void the_parts_of_a_key_are_not_mixed_up(unused_arg void **state)
{
	struct tally *tally = tally_new();

	add(tally, TALLY_KEPT, "ab", "c", 1);
	add(tally, TALLY_TOLD, "a", "bc", 1);
	assert_false(tally_fits(tally));
	tally_free(tally);
}

/* More keys than buckets: one fault among neighbours, and two that would outweigh each other if keys had no weight. */
static void add_many(struct tally *tally)
{
	char key[16];

	for (int i = 0; i < 200000; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		add(tally, TALLY_KEPT, key, "", i);
		add(tally, TALLY_TOLD, key, "", i == 4711 ? i - 5 : i == 815 ? i + 5 : i);
	}
}

static void whatever_does_not_fit_is_named(unused_arg void **state)
{
	struct tally *tally = tally_new();

	add_many(tally);
	assert_false(tally_fits(tally));
	tally_look_closer(tally);
	add_many(tally);
	check_off(tally, "key 815  815 820; key 4711  4711 4706; ");
	tally_free(tally);
}

static void add_faults_in_one_bucket(struct tally *tally)
{
	char key[16];

	for (int i = 0; i < 300000; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		add(tally, TALLY_KEPT, key, "", i % 2 ? 1 : -1);
	}
}

/* Every bucket has several keys here, as many with one more as with one less. */
static void faults_do_not_outweigh_each_other(unused_arg void **state)
{
	struct tally *tally = tally_new();

	add_faults_in_one_bucket(tally);
	assert_false(tally_fits(tally));
	tally_look_closer(tally);
	add_faults_in_one_bucket(tally);
	assert_false(tally_fits(tally));
	tally_free(tally);
}

static void what_fits_is_not_named(unused_arg void **state)
{
	struct tally *tally = tally_new();

	add(tally, TALLY_KEPT, "a", "", 1);
	tally_look_closer(tally);
	add(tally, TALLY_KEPT, "a", "", 1);
	add(tally, TALLY_TOLD, "a", "", 1);
	check_off(tally, "");
	tally_free(tally);
}

static void sums_of_spread_numbers_tell_them_apart(unused_arg void **state)
{
	assert_true(tally_spread(1) + tally_spread(4) != tally_spread(2) + tally_spread(3));
	assert_true(tally_spread(2) + tally_spread(2) != tally_spread(1) + tally_spread(3));
	assert_true(tally_spread(0) != 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_fits),
		cmocka_unit_test(order_does_not_matter),
		cmocka_unit_test(the_parts_of_a_key_are_not_mixed_up),
		cmocka_unit_test(whatever_does_not_fit_is_named),
		cmocka_unit_test(faults_do_not_outweigh_each_other),
		cmocka_unit_test(what_fits_is_not_named),
		cmocka_unit_test(sums_of_spread_numbers_tell_them_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
