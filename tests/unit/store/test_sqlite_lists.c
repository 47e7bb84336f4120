#include <sqlite3.h>
#include <stdlib.h>

#include "contract.h"

#define MANY 200000

/* The same trade many times over, with other ids and times; only the last one is canceled. */
static void multiply(struct fixture *f, struct str id)
{
	static const char sql[] =
		"WITH RECURSIVE many (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM many WHERE i < ?1)"
		" INSERT INTO trade (id, created_at, version, status, holds, goods, destination, buyer, seller, doc)"
		" SELECT printf('%024x', i), created_at + i, version, iif(i = ?1, 2, 0), holds, goods, destination, buyer,"
		" seller, doc FROM many, trade WHERE trade.id = ?2";
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(f->uri + strlen("sqlite:"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA synchronous = OFF; PRAGMA cache_size = -65536", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	sqlite3_bind_int(stmt, 1, MANY);
	sqlite3_bind_text(stmt, 2, id.ptr, (int)id.len, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(stmt), SQLITE_DONE);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

static void count_row(void *context, const struct store_row *row unused_arg)
{
	(*(size_t *)context)++;
}

static void one_among_very_many_is_found_whatever_the_timeout(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	multiply(f, trade.id);
	f->config.store_timeout_ms = 100;
	struct store *hasty = fixture_open_again(f);
	struct store_list list = {
		.kind = LIST_TRADES,
		.status = TRADE_CANCELED,
		.destination = STR("Mars"),
		.buyer = STR("Buyer"),
		.max = 1000,
	};
	size_t count = 0;
	check_status("all looked through", store_list(hasty, &list, count_row, &count), ITN_OK);
	check_int("the one", (long long)count, 1);
	list.status = -1;
	list.buyer = STR_NONE;
	list.after.time = INT64_MAX - 1;
	check_status("behind all", store_list(hasty, &list, count_row, &count), ITN_OK);
	check_int("none", (long long)count, 1);
	store_close(hasty);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CONTRACT(one_among_very_many_is_found_whatever_the_timeout),
	};
	if (argc > 1)
		return child_main(argc, argv);
	unsetenv("ITN_TEST_STORE");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
