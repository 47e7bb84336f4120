#include "../unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store.h"

static char folder[64];

static int make_folder(void **state unused_arg)
{
	snprintf(folder, sizeof(folder), "/tmp/itn-sqlite-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state unused_arg)
{
	DIR *dir = opendir(folder);
	for (struct dirent *file; dir && (file = readdir(dir));)
		if (file->d_name[0] != '.' && unlinkat(dirfd(dir), file->d_name, 0))
			unlinkat(dirfd(dir), file->d_name, AT_REMOVEDIR);
	closedir(dir);
	return rmdir(folder);
}

static const char *path_of(const char *name)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void execute(const char *name, const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path_of(name), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, NULL))
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	sqlite3_close(db);
}

static enum itn_status open_uri(const char *uri, struct store **ret_store, struct error *error)
{
	struct config config;
	config_defaults(&config);
	config.store = uri;
	return store_open(&config, ret_store, error);
}

static enum itn_status open_name(const char *name, struct store **ret_store, struct error *error)
{
	char uri[300];
	snprintf(uri, sizeof(uri), "sqlite:%s", path_of(name));
	return open_uri(uri, ret_store, error);
}

static void check_opens(const char *name)
{
	struct store *store;
	struct error error = { "" };
	if (open_name(name, &store, &error))
		fail_msg("%s: %s", name, error.text);
	if (store_check(store, &error))
		fail_msg("%s: %s", name, error.text);
	store_close(store);
}

static void check_refused(const char *name, enum itn_status expected, const char *part)
{
	struct store *store;
	struct error error = { "" };
	check_text(name, itn_status_name(open_name(name, &store, &error)), itn_status_name(expected));
	check_has(name, error.text, part);
	if (strchr(error.text, '\n'))
		fail_msg("%s: more than one line: %s", name, error.text);
}

static void a_new_file_is_for_its_owner_alone(unused_arg void **state)
{
	struct store *store;
	struct error error = { "" };
	umask(0);
	assert_int_equal(open_name("a.db", &store, &error), ITN_OK);
	check_text("it can be written", itn_status_name(store_check(store, &error)), "ok");
	static const char *const files[] = { "a.db", "a.db-wal", "a.db-shm", "a.db-lock" };
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		struct stat info;
		if (stat(path_of(files[i]), &info))
			fail_msg("%s is not there", files[i]);
		check_int(files[i], info.st_mode & 07777, 0600);
	}
	store_close(store);
}

static void a_database_is_found_again(unused_arg void **state)
{
	struct store *store;
	struct store_head first, second;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(open_name("a.db", &store, NULL), ITN_OK);
		assert_int_equal(store_head(store, i ? &second : &first), ITN_OK);
		store_close(store);
	}
	check_text("the same log", second.log, first.log);
}

static void names_are_taken_as_they_are(unused_arg void **state)
{
	static const char *const names[] = {
		"with space.db", "semi;colon", "%41?mode=memory", "file:x", ":memory:", "\xc3\xbc.db", "'quoted'",
	};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		check_opens(names[i]);
		if (access(path_of(names[i]), F_OK))
			fail_msg("no file %s", names[i]);
	}
}

static void relative_paths_are_of_the_working_directory(unused_arg void **state)
{
	char before[4096];
	assert_non_null(getcwd(before, sizeof(before)));
	assert_int_equal(chdir(folder), 0);
	struct store *store;
	struct error error = { "" };
	if (open_uri("sqlite:rel.db", &store, &error))
		fail_msg("%s", error.text);
	assert_int_equal(chdir("/"), 0);
	check_text("wherever the process goes", itn_status_name(store_check(store, &error)), "ok");
	store_close(store);
	assert_int_equal(chdir(before), 0);
	assert_int_equal(access(path_of("rel.db"), F_OK), 0);
}

static void a_link_is_the_file_it_names(unused_arg void **state)
{
	check_opens("real.db");
	assert_int_equal(symlink("real.db", path_of("link.db")), 0);
	check_opens("link.db");
	assert_int_not_equal(access(path_of("link.db-lock"), F_OK), 0);
}

static void an_empty_file_becomes_a_database(unused_arg void **state)
{
	write_file("empty.db", "");
	check_opens("empty.db");
}

static void what_cannot_be_a_database_is_refused(unused_arg void **state)
{
	check_refused("none/such/a.db", ITN_FAILED, "No such file or directory");
	check_refused("", ITN_INVALID, "names no file");
	assert_int_equal(mkdir(path_of("sub"), 0700), 0);
	check_refused("sub", ITN_FAILED, "is not a file");
	write_file("text.db", "This is a text and no database, however long one reads on; and it reads on for a while, "
			      "so that it is longer than the header of a database would be.");
	check_refused("text.db", ITN_FAILED, "not a database");
	write_file("part.db", "SQLite format 3");
	check_refused("part.db", ITN_FAILED, "part.db");
	char *long_name = malloc(400);
	memset(long_name, 'x', 399);
	long_name[399] = '\0';
	struct store *store;
	struct error error = { "" };
	char uri[600];
	snprintf(uri, sizeof(uri), "sqlite:%s/%s", folder, long_name);
	check_text("too long a name", itn_status_name(open_uri(uri, &store, &error)), "failed");
	check_has("too long a name", error.text, "too long");
	free(long_name);
}

static void databases_of_others_are_refused(unused_arg void **state)
{
	execute("other.db", "CREATE TABLE mine (x)");
	check_refused("other.db", ITN_FAILED, "another program's");
	execute("tagged.db", "PRAGMA application_id = 5; CREATE TABLE mine (x)");
	check_refused("tagged.db", ITN_FAILED, "another program's");
	check_opens("newer.db");
	execute("newer.db", "PRAGMA user_version = 999");
	check_refused("newer.db", ITN_FAILED, "a newer itn wrote it");
	execute("newer.db", "PRAGMA user_version = 0");
	check_refused("newer.db", ITN_FAILED, "no itn wrote");
}

static void a_corrupt_database_is_failed_not_away(unused_arg void **state)
{
	check_opens("bad.db");
	struct stat info;
	assert_int_equal(stat(path_of("bad.db"), &info), 0);
	int fd = open(path_of("bad.db"), O_RDWR);
	for (off_t at = 100; at < info.st_size; at += 16)
		assert_int_equal(pwrite(fd, "garbage garbage!", 16, at), 16);
	close(fd);
	check_refused("bad.db", ITN_FAILED, "malformed");
}

static void a_file_that_was_taken_away_is_noticed(unused_arg void **state)
{
	struct store *store;
	struct error error = { "" };
	assert_int_equal(open_name("a.db", &store, &error), ITN_OK);
	check_text("before", itn_status_name(store_check(store, &error)), "ok");
	assert_int_equal(unlink(path_of("a.db")), 0);
	check_text("removed", itn_status_name(store_check(store, &error)), "failed");
	check_has("removed", error.text, "was removed or replaced");
	write_file("a.db", "");
	check_text("replaced", itn_status_name(store_check(store, &error)), "failed");
	store_close(store);
}

static void without_permission_it_says_so(unused_arg void **state)
{
	if (geteuid() != 0)
		skip();
	check_opens("a.db");
	assert_int_equal(chmod(folder, 0755), 0);
	assert_int_equal(seteuid(65534), 0);
	struct store *store;
	struct error error = { "" };
	char uri[300];
	snprintf(uri, sizeof(uri), "sqlite:%s", path_of("a.db"));
	enum itn_status there = open_uri(uri, &store, &error);
	snprintf(uri, sizeof(uri), "sqlite:%s", path_of("b.db"));
	struct error other = { "" };
	enum itn_status missing = open_uri(uri, &store, &other);
	assert_int_equal(seteuid(0), 0);
	check_text("a file of somebody else", itn_status_name(there), "failed");
	check_has("a file of somebody else", error.text, "Permission denied");
	check_text("a folder of somebody else", itn_status_name(missing), "failed");
	check_has("a folder of somebody else", other.text, "Permission denied");
}

static void root_does_not_shut_the_owner_out(unused_arg void **state)
{
	static const char *const files[] = { "a.db", "a.db-lock" };
	struct stat info;
	if (geteuid() != 0)
		skip();
	check_opens("a.db");
	assert_int_equal(chown(path_of("a.db"), 65534, 65534), 0);
	assert_int_equal(unlink(path_of("a.db-lock")), 0);
	check_opens("a.db");
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		assert_int_equal(stat(path_of(files[i]), &info), 0);
		check_int(files[i], info.st_uid, 65534);
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_file_is_for_its_owner_alone),
		TEST(a_database_is_found_again),
		TEST(names_are_taken_as_they_are),
		TEST(relative_paths_are_of_the_working_directory),
		TEST(a_link_is_the_file_it_names),
		TEST(an_empty_file_becomes_a_database),
		TEST(what_cannot_be_a_database_is_refused),
		TEST(databases_of_others_are_refused),
		TEST(a_corrupt_database_is_failed_not_away),
		TEST(a_file_that_was_taken_away_is_noticed),
		TEST(without_permission_it_says_so),
		TEST(root_does_not_shut_the_owner_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
