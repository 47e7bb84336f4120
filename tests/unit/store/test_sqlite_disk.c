/* The database file on a disk that is full, can't be written, or has damaged it. The disk is a small one of the test's
 * own: what comes back is what the kernel says. */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "disk.h"
#include "store/claims.h"
#include "store/inspect.h"

#define DISK_BYTES ((size_t)16 << 20)
#define PAGE_BYTES 4096

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

static enum itn_status try_trade(struct fixture *f, struct str *ret_id)
{
	struct trade trade = trade_to(f, "Mars");
	struct entry entry = trade_entry(f, &trade, ENTRY_CREATE);
	*ret_id = trade.id;
	return store_trade_create(f->store, &trade, &entry);
}

static void check_there(struct fixture *f, const char *name, struct str id, enum itn_status expected)
{
	struct trade trade;
	check_status(name, store_trade(f->store, f->arena, id, &trade), expected);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Three ways to have no room. */
static void fill_disk(struct fixture *f unused_arg)
{
	disk_leave(0);
}

static void empty_disk(void)
{
	disk_empty();
}

static void limit_log(struct fixture *f)
{
	limit_files((rlim_t)size_of(f, "-wal") + 1000);
}

static void unlimit(void)
{
	limit_files(RLIM_INFINITY);
}

static const struct shortage {
	const char *name;
	void (*begin)(struct fixture *f);
	void (*end)(void);
} shortages[] = {
	{ "the disk is full", fill_disk, empty_disk },
	{ "a limit of the file's size", limit_log, unlimit },
};

static void a_full_disk_is_told_and_mends(void **state)
{
	struct fixture *f = *state;
	for (size_t s = 0; s < COUNT_OF(shortages); s++) {
		const char *name = shortages[s].name;
		struct str before, during, after;
		struct error error = { "" };
		check_status(name, try_trade(f, &before), ITN_OK);
		shortages[s].begin(f);
		for (int i = 0; i < 3; i++) {
			check_status(name, try_trade(f, &during), ITN_NO_ROOM);
			check_there(f, "not done", during, ITN_NOT_FOUND);
		}
		check_status("not ready", store_check(f->store, &error), ITN_NO_ROOM);
		check_has("why", error.text, "can't be written");
		check_there(f, "reads go on", before, ITN_OK);
		shortages[s].end();
		check_status(name, try_trade(f, &after), ITN_OK);
		check_status("ready", store_check(f->store, &error), ITN_OK);
		check_there(f, "still not done", during, ITN_NOT_FOUND);
		check_int(name, (long long)drain(f), 2);
	}
}

static void a_full_disk_leaves_the_engine_s_batch_undone(void **state)
{
	struct fixture *f = *state;
	int64_t logged = 0;
	for (size_t s = 0; s < COUNT_OF(shortages); s++) {
		const char *name = shortages[s].name;
		struct str id;
		struct store_head head;
		for (int i = 0; i < 50; i++)
			check_status("created", try_trade(f, &id), ITN_OK);
		struct store_batch batch = begin(f, 100);
		struct store_writes writes = number_entries(f, f->engine, &batch);
		shortages[s].begin(f);
		check_status(name, store_batch_commit(f->engine, &writes), ITN_NO_ROOM);
		check_has("why", store_engine_error(f->engine), "the database file: ");
		check_status("the lease can't be renewed", store_lease_renew(f->engine), ITN_NO_ROOM);
		shortages[s].end();
		check_status("head", store_head(f->store, &head), ITN_OK);
		check_int("nothing logged", head.last_seq, logged);
		check_status("the lease is still its own", store_lease_renew(f->engine), ITN_OK);
		check_int("all of it later", (long long)drain(f), 50);
		logged += 50;
	}
}

static int integrity(const struct fixture *f)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(database_of(f), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int sound = strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return sound;
}

/* Pages: more than a creation and a batch of some write, with all their indexes. */
#define ROOM_MOST 60

/* Whatever room there is, from none to plenty: a write or a batch is done whole or not at all. */
static void whatever_room_is_left_nothing_is_half_done(void **state)
{
	struct fixture *f = *state;
	size_t created = 0, refused = 0, numbered = 0, put_off = 0;
	fixture_engine(f);
	for (size_t pages = 0; pages < 2 * ROOM_MOST; pages++) {
		struct str id;
		disk_leave(pages % ROOM_MOST * PAGE_BYTES);
		for (int i = 0; i < 4; i++) {
			enum itn_status status = try_trade(f, &id);
			if (status != ITN_OK)
				check_status("created or not", status, ITN_NO_ROOM);
			check_there(f, "done or not", id, status ? ITN_NOT_FOUND : ITN_OK);
			*(status ? &refused : &created) += 1;
		}
		struct store_batch batch;
		enum itn_status status = store_batch_begin(f->engine, f->arena, 100, 100, &batch);
		if (!status) {
			struct store_writes writes = number_entries(f, f->engine, &batch);
			status = store_batch_commit(f->engine, &writes);
		}
		if (status != ITN_OK)
			check_status("numbered or not", status, ITN_NO_ROOM);
		else
			numbered += batch.count;
		put_off += status != ITN_OK;
	}
	disk_empty();
	check_int("each is numbered once", (long long)(numbered + drain(f)), (long long)created);
	check_bool("some were refused, some done", refused > 0 && created > 0 && put_off > 0 && numbered > 0, true);
	check_bool("the file is sound", integrity(f), true);
}

/* Its answer can't be kept either: the claim stays as it was, and the next try is decided as the first. */
static void a_claim_without_room_is_not_made(void **state)
{
	struct fixture *f = *state;
	struct claim claim = { .key = STR("k"),
			       .print = STR("p"),
			       .document = STR("d"),
			       .event = STR("e"),
			       .at = f->now,
			       .expires_at = f->now + 3600000,
			       .version = 1 },
		     stored;
	disk_leave(0);
	check_status("no room", store_claim_add(f->store, &claim), ITN_NO_ROOM);
	check_status("not there", store_claim(f->store, f->arena, claim.key, &stored), ITN_NOT_FOUND);
	disk_empty();
	check_status("room", store_claim_add(f->store, &claim), ITN_OK);
	struct claim answered = claim;
	answered.version = 2;
	answered.status = 201;
	answered.body = arena_printf(f->arena, "%08000d", 1);
	disk_leave(0);
	check_status("no room", store_claim_change(f->store, &answered, 1), ITN_NO_ROOM);
	disk_empty();
	check_status("there", store_claim(f->store, f->arena, claim.key, &stored), ITN_OK);
	check_int("without the answer", stored.status, 0);
	check_status("room", store_claim_change(f->store, &answered, 1), ITN_OK);
}

static void a_new_database_needs_room(void **state)
{
	struct fixture *f = *state;
	struct store *store;
	struct error error = { "" };
	char uri[600];
	snprintf(uri, sizeof(uri), "sqlite:%s/other.db", f->folder);
	f->config.store = uri;
	for (size_t pages = 0; pages < 12; pages += 3) {
		disk_leave(pages * PAGE_BYTES);
		check_status("refused", store_open(&f->config, &store, &error), ITN_NO_ROOM);
		check_has("where", error.text, "other.db");
	}
	disk_empty();
	check_status("then it is made", store_open(&f->config, &store, &error), ITN_OK);
	check_status("and works", store_check(store, &error), ITN_OK);
	store_close(store);
}

static void close_all(struct fixture *f)
{
	store_engine_close(f->engine);
	store_close(f->store);
	f->engine = NULL;
	f->store = NULL;
}

static void a_full_disk_at_the_start_is_told(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	struct str id;
	check_status("created", try_trade(f, &id), ITN_OK);
	close_all(f);
	disk_leave(0);
	check_status("refused", store_open(&f->config, &f->store, &error), ITN_NO_ROOM);
	check_has("which", error.text, "itn.db");
	disk_empty();
	check_status("then it opens", store_open(&f->config, &f->store, &error), ITN_OK);
	check_int("with all that was there", (long long)drain(f), 1);
}

static void a_disk_that_can_t_be_written_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	close_all(f);
	disk_read_only(true);
	check_status("refused", store_open(&f->config, &f->store, &error), ITN_FAILED);
	check_has("why", error.text, "Read-only file system");
	disk_read_only(false);
	check_status("then it opens", store_open(&f->config, &f->store, &error), ITN_OK);
}

/* Root may write all the same. */
static void a_file_that_can_t_be_written_is_refused(void **state)
{
	struct fixture *f = *state;
	struct error error = { "" };
	if (geteuid() != 0 || seteuid(65534))
		skip();
	assert_int_equal(seteuid(0), 0);
	close_all(f);
	assert_int_equal(chmod(f->folder, 0777), 0);
	assert_int_equal(chmod(database_of(f), 0444), 0);
	assert_int_equal(unlink(arena_printf(f->arena, "%s-lock", database_of(f)).ptr), 0);
	assert_int_equal(seteuid(65534), 0);
	enum itn_status status = store_open(&f->config, &f->store, &error);
	assert_int_equal(seteuid(0), 0);
	check_status("refused", status, ITN_FAILED);
	check_has("why", error.text, "can't be written");
}

/* Overwrites a page, numbered from 1, while nobody has the file open. */
static void damage(struct fixture *f, int64_t page)
{
	char garbage[PAGE_BYTES];
	memset(garbage, 0xd5, sizeof(garbage));
	int fd = open(database_of(f), O_WRONLY);
	assert_int_equal(pwrite(fd, garbage, sizeof(garbage), (page - 1) * PAGE_BYTES), PAGE_BYTES);
	close(fd);
}

static int64_t number_of(struct fixture *f, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(database_of(f), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	int64_t number = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	return number;
}

static void fault_is_told(void *context, const char *what, const char *remedy unused_arg)
{
	snprintf(context, 400, "%s", what);
}

static void a_damaged_page_is_told_and_spreads_nowhere(void **state)
{
	struct fixture *f = *state;
	struct str id, other_id;
	struct error error = { "" };
	struct trade trade;
	struct store_batch batch;
	char told[400] = "";
	for (int i = 0; i < 40; i++)
		check_status("created", try_trade(f, &id), ITN_OK);
	struct cargo cargo = cargo_to(f, "Mars");
	put_cargo(f, &cargo);
	check_status("sound", store_layout(f->store, fault_is_told, told, &error), ITN_OK);
	check_text("nothing to tell", told, "");
	close_all(f);
	damage(f, number_of(f, "SELECT rootpage FROM sqlite_schema WHERE name = 'trade'"));
	f->store = fixture_open_again(f);
	check_status("what lies there", store_trade(f->store, f->arena, id, &trade), ITN_FAILED);
	check_status("what goes there", try_trade(f, &other_id), ITN_FAILED);
	stored_cargo(f, cargo.id);
	struct cargo other = cargo_to(f, "Luna");
	put_cargo(f, &other);
	fixture_engine(f);
	check_status("a batch begins", store_batch_begin(f->engine, f->arena, 100, 100, &batch), ITN_OK);
	check_status("and meets it", store_batch_trade(f->engine, f->arena, id, &trade), ITN_FAILED);
	check_has("why", store_engine_error(f->engine), "malformed");
	store_batch_abort(f->engine);
	check_status("told", store_layout(f->store, fault_is_told, told, &error), ITN_OK);
	check_has("what", told, "damaged");
}

#define DISK(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, tear_down)

static int tear_down(void **state)
{
	disk_empty();
	limit_files(RLIM_INFINITY);
	return fixture_tear_down(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		DISK(a_full_disk_is_told_and_mends),
		DISK(a_full_disk_leaves_the_engine_s_batch_undone),
		DISK(whatever_room_is_left_nothing_is_half_done),
		DISK(a_claim_without_room_is_not_made),
		DISK(a_new_database_needs_room),
		DISK(a_full_disk_at_the_start_is_told),
		DISK(a_disk_that_can_t_be_written_is_refused),
		DISK(a_file_that_can_t_be_written_is_refused),
		DISK(a_damaged_page_is_told_and_spreads_nowhere),
	};
	unsetenv("ITN_TEST_STORE");
	signal(SIGXFSZ, SIG_IGN);
	if (!disk_make(DISK_BYTES)) {
		puts("1..0 # SKIP the kernel allows no file system of our own");
		return 0;
	}
	return cmocka_run_group_tests_name("a disk that fails", tests, NULL, NULL);
}
