#include "../unit.h"

#include "domain/line.h"
#include "domain/posting.h"

static void accounts_have_names(void **state unused_arg)
{
	static const struct {
		struct account account;
		const char *name;
	} cases[] = {
		{ { ACCOUNT_EXTERNAL, { NULL, 0 } }, "external" },
		{ { ACCOUNT_STATION, STR("Mars:2") }, "station:Mars:2" },
		{ { ACCOUNT_TRANSIT, STR("external") }, "transit:external" },
	};
	struct arena *arena = arena_new(0);

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_str("name", account_name(arena, cases[i].account), str_from(cases[i].name));
	arena_free(arena);
}

static void the_network_holds_at_most_what_every_reader_can_count(void **state unused_arg)
{
	static const struct {
		const char *name;
		enum account_kind kind;
		int64_t balance, expected;
	} cases[] = {
		{ "an empty network", ACCOUNT_EXTERNAL, 0, SUM_MAX },
		{ "some are in", ACCOUNT_EXTERNAL, -7, SUM_MAX - 7 },
		{ "it is full", ACCOUNT_EXTERNAL, -SUM_MAX, 0 },
		{ "too much is in", ACCOUNT_EXTERNAL, -SUM_MAX - 1, 0 },
		{ "a station", ACCOUNT_STATION, 5, 5 },
		{ "an empty station", ACCOUNT_STATION, 0, 0 },
		{ "a shipment", ACCOUNT_TRANSIT, SUM_MAX, SUM_MAX },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_int(cases[i].name, account_can_give(cases[i].kind, cases[i].balance), cases[i].expected);
}

static void keys_sort_as_numbers_and_are_read_back(void **state unused_arg)
{
	static const int64_t numbers[] = { 1, 9, 10, INT64_C(1) << POSTING_NUMBER_BITS, INT64_MAX };
	static const char *const wrong[] = { "", "1", "000000000000000g", "00000000000000001", "ffffffffffffffff" };
	char key[POSTING_KEY_LEN + 1], before[POSTING_KEY_LEN + 1] = "";

	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		posting_key(numbers[i], key);
		check_int("number", posting_key_number(str_from(key)), numbers[i]);
		check_bool("order", strcmp(key, before) > 0, true);
		strcpy(before, key);
	}
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		check_int(wrong[i], posting_key_number(str_from(wrong[i])), 0);
	check_int("absent", posting_key_number(STR_NONE), 0);
}

static void a_posting_shows_what_it_knows(void **state unused_arg)
{
	struct posting opening = {
		.number = (INT64_C(12) << POSTING_NUMBER_BITS) + 3,
		.item = STR("Tea"),
		.quantity = 5,
		.from = ACCOUNT_EXTERNAL,
		.to = ACCOUNT_STATION,
		.station = STR("Mars"),
		.at = 1000,
		.from_balance = -9,
		.to_balance = 5,
	};
	struct buf out = { 0 };

	check_int("seq", posting_seq(&opening), 12);
	posting_write_json(&out, &opening);
	check_str("json", buf_str(&out),
		  STR("{\"seq\":12,\"item\":\"Tea\",\"quantity\":5,\"from\":\"external\",\"to\":\"station:Mars\","
		      "\"at\":\"1970-01-01T00:00:01.000Z\",\"fromBalance\":-9,\"toBalance\":5}"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accounts_have_names),
		cmocka_unit_test(the_network_holds_at_most_what_every_reader_can_count),
		cmocka_unit_test(keys_sort_as_numbers_and_are_read_back),
		cmocka_unit_test(a_posting_shows_what_it_knows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
