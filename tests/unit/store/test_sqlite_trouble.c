#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "contract.h"

static const char *database_of(const struct fixture *f)
{
	return f->uri + strlen("sqlite:");
}

static off_t size_of(const struct fixture *f, const char *suffix)
{
	char path[600];
	struct stat info;
	snprintf(path, sizeof(path), "%s%s", database_of(f), suffix);
	return stat(path, &info) ? 0 : info.st_size;
}

static enum itn_status try_trade(struct fixture *f, struct store *store, struct str *ret_id)
{
	struct trade trade = trade_to(f, "Mars");
	struct entry entry = trade_entry(f, &trade, ENTRY_CREATE);
	*ret_id = trade.id;
	return store_trade_create(store, &trade, &entry);
}

static void check_there(struct fixture *f, const char *name, struct str id, enum itn_status expected)
{
	struct trade trade;
	check_status(name, store_trade(f->store, f->arena, id, &trade), expected);
}

/* Somebody with a tool of SQLite's own, who knows nothing of the lock file. */
struct stranger {
	sqlite3 *db;
};

static void stranger_does(struct stranger *stranger, const char *sql)
{
	if (sqlite3_exec(stranger->db, sql, NULL, NULL, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(stranger->db));
}

static struct stranger stranger_open(const struct fixture *f)
{
	struct stranger stranger;
	assert_int_equal(sqlite3_open(database_of(f), &stranger.db), SQLITE_OK);
	sqlite3_busy_timeout(stranger.db, 5000);
	return stranger;
}

static void wait_until_written(struct fixture *f, struct store *store)
{
	struct str id;
	int64_t until = clock_monotonic_ms() + 10000;
	enum itn_status status;
	while ((status = try_trade(f, store, &id)) && clock_monotonic_ms() < until)
		continue;
	check_status("it mends", status, ITN_OK);
}

static void a_stranger_s_transaction_ends_in_an_answer(void **state)
{
	struct fixture *f = *state;
	struct str id;
	struct error error = { "" };
	f->config.store_timeout_ms = 200;
	struct store *hasty = fixture_open_again(f);
	struct stranger stranger = stranger_open(f);
	stranger_does(&stranger, "BEGIN IMMEDIATE");
	int64_t start = clock_monotonic_ms();
	check_status("waits in vain", try_trade(f, hasty, &id), ITN_UNAVAILABLE);
	check_bool("in time", clock_monotonic_ms() - start < 200 + 1500, true);
	check_status("not ready", store_check(hasty, &error), ITN_UNAVAILABLE);
	check_has("why", error.text, "locked");
	struct store_head head;
	check_status("reads go on", store_head(hasty, &head), ITN_OK);
	stranger_does(&stranger, "ROLLBACK");
	wait_until_written(f, hasty);
	check_there(f, "the withdrawn one", id, ITN_NOT_FOUND);
	sqlite3_close(stranger.db);
	store_close(hasty);
}

static void a_stopped_engine_blocks_writers_and_says_so(void **state)
{
	struct fixture *f = *state;
	struct str id, first;
	struct error error = { "" };
	struct child child = child_start(f, "hold");
	char line[64];
	check_bool("it stands in a batch", child_line(&child, line, sizeof(line)), true);
	child_signal(&child, SIGSTOP);
	f->config.store_timeout_ms = 300;
	struct store *hasty = fixture_open_again(f);
	check_status("waits in vain", try_trade(f, hasty, &first), ITN_UNAVAILABLE);
	int64_t start = clock_monotonic_ms();
	for (int i = 0; i < 20; i++)
		check_status("known to be down", try_trade(f, hasty, &id), ITN_UNAVAILABLE);
	check_bool("answered at once", clock_monotonic_ms() - start < 20 * 300, true);
	check_status("not ready", store_check(hasty, &error), ITN_UNAVAILABLE);
	check_has("why", error.text, "another process holds the write lock");
	child_signal(&child, SIGKILL);
	wait_until_written(f, hasty);
	check_status("ready", store_check(hasty, &error), ITN_OK);
	check_there(f, "the withdrawn one", first, ITN_NOT_FOUND);
	store_close(hasty);
}

static struct lines heavy_lines(struct fixture *f)
{
	struct line *lines = arena_calloc(f->arena, LINES_MAX, sizeof(*lines));
	for (size_t i = 0; i < LINES_MAX; i++)
		lines[i] = (struct line){ arena_printf(f->arena, "%0127zu", i), 1 };
	return (struct lines){ lines, LINES_MAX };
}

static void write_heavy(struct fixture *f, struct lines lines, int count)
{
	for (int i = 0; i < count; i++) {
		struct trade trade = trade_to(f, "Mars");
		trade.items = lines;
		put_trade(f, &trade);
	}
}

static void the_log_file_stays_small(void **state)
{
	struct fixture *f = *state;
	write_heavy(f, heavy_lines(f), 300);
	if (size_of(f, "-wal") > 48 << 20)
		fail_msg("the log has %lld bytes", (long long)size_of(f, "-wal"));
	check_bool("the database grew", size_of(f, "") > 30 << 20, true);
}

static void the_log_file_shrinks_once_a_reader_is_gone(void **state)
{
	struct fixture *f = *state;
	struct lines lines = heavy_lines(f);
	struct stranger stranger = stranger_open(f);
	stranger_does(&stranger, "BEGIN; SELECT count(*) FROM trade");
	write_heavy(f, lines, 600);
	check_bool("the reader keeps it", size_of(f, "-wal") > 64 << 20, true);
	stranger_does(&stranger, "COMMIT");
	write_heavy(f, lines, 60);
	if (size_of(f, "-wal") > 48 << 20)
		fail_msg("the log still has %lld bytes", (long long)size_of(f, "-wal"));
	sqlite3_close(stranger.db);
}

#define OPENERS 6
struct opener {
	pthread_t thread;
	struct config config;
	struct error why;
};

static void *open_and_close(void *arg)
{
	struct opener *opener = arg;
	struct store *store;
	if (!store_open(&opener->config, &store, &opener->why))
		store_close(store);
	return NULL;
}

static void many_open_a_new_database_at_once(void **state)
{
	struct fixture *f = *state;
	char uri[600];
	for (int round = 0; round < 20; round++) {
		struct opener openers[OPENERS] = { 0 };
		snprintf(uri, sizeof(uri), "sqlite:%s/new-%d.db", f->folder, round);
		f->config.store = uri;
		for (int i = 0; i < OPENERS; i++) {
			openers[i].config = f->config;
			assert_int_equal(pthread_create(&openers[i].thread, NULL, open_and_close, &openers[i]), 0);
		}
		for (int i = 0; i < OPENERS; i++)
			pthread_join(openers[i].thread, NULL);
		for (int i = 0; i < OPENERS; i++)
			check_str("why not", str_from(openers[i].why.text), STR(""));
	}
}

static void keep_value(void *context, struct str name unused_arg, int64_t value)
{
	*(int64_t *)context = value;
}

/* SQLite would make a REAL of it, which the column does not take: no batch would go through any more. */
static void a_counter_stays_at_its_end(void **state)
{
	struct fixture *f = *state;
	int64_t value = 0;
	for (int sign = 1; sign >= -1; sign -= 2) {
		struct str name = sign > 0 ? STR("up") : STR("down");
		struct counter_write counter = { name, sign * (INT64_MAX - 1) };
		for (int i = 0; i < 3; i++)
			check_status("added", commit_alone(f, (struct store_writes){ .counters = &counter, .counter_count = 1 }),
				     ITN_OK);
		check_status("read", store_counters(f->store, name, keep_value, &value), ITN_OK);
		assert_true(value == (sign > 0 ? INT64_MAX : INT64_MIN));
		counter.delta = -sign;
		check_status("back", commit_alone(f, (struct store_writes){ .counters = &counter, .counter_count = 1 }), ITN_OK);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		CONTRACT(a_stranger_s_transaction_ends_in_an_answer),
		CONTRACT(a_stopped_engine_blocks_writers_and_says_so),
		CONTRACT(the_log_file_stays_small),
		CONTRACT(the_log_file_shrinks_once_a_reader_is_gone),
		CONTRACT(many_open_a_new_database_at_once),
		CONTRACT(a_counter_stays_at_its_end),
	};
	if (argc > 1)
		return child_main(argc, argv);
	unsetenv("ITN_TEST_STORE");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
