#include "../unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "mail/credential.h"

static char folder[64];

static int make_folder(void **state unused_arg)
{
	snprintf(folder, sizeof(folder), "/tmp/itn-credential-XXXXXX");
	return mkdtemp(folder) ? setenv("CREDENTIALS_DIRECTORY", folder, 1) : -1;
}

static const char *path_of(const char *name)
{
	static char path[128];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static int remove_folder(void **state unused_arg)
{
	unlink(path_of("smtp-password"));
	unlink(path_of("other"));
	unsetenv("CREDENTIALS_DIRECTORY");
	return rmdir(folder);
}

static void put(const char *name, const char *content, size_t len)
{
	FILE *file = fopen(path_of(name), "w");
	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, len, file), len);
	fclose(file);
}

static void check_read(const char *name, const char *path, const char *expected)
{
	char *secret;
	struct error error = { "" };
	if (credential_read(path, "smtp-password", &secret, &error))
		fail_msg("%s: %s", name, error.text);
	check_text(name, secret, expected);
	free(secret);
}

static void it_is_read_without_its_line_end(void **state unused_arg)
{
	static const char *const contents[] = { "se cret:", "se cret:\n", "se cret:\r\n" };
	for (size_t i = 0; i < COUNT_OF(contents); i++) {
		put("other", contents[i], strlen(contents[i]));
		check_read("a file", path_of("other"), "se cret:");
	}
}

static void the_setting_stands_above_what_systemd_passed(void **state unused_arg)
{
	check_read("neither", NULL, NULL);
	put("smtp-password", "passed\n", 7);
	check_read("passed", NULL, "passed");
	put("other", "set\n", 4);
	check_read("set", path_of("other"), "set");
	setenv("CREDENTIALS_DIRECTORY", "", 1);
	check_read("not passed", NULL, NULL);
}

static void what_is_no_secret_is_refused(void **state unused_arg)
{
	static char long_one[1025];
	memset(long_one, 'x', sizeof(long_one));
	static const struct {
		const char *name, *content;
		size_t len;
	} cases[] = {
		{ "empty", "", 0 },
		{ "only a line end", "\n", 1 },
		{ "two lines", "a\nb\n", 4 },
		{ "a NUL", "a\0b", 3 },
		{ "too long", long_one, sizeof(long_one) },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char *secret;
		struct error error = { "" };
		put("other", cases[i].content, cases[i].len);
		check_int(cases[i].name, credential_read(path_of("other"), "x", &secret, &error), ITN_INVALID);
		check_has(cases[i].name, error.text, "must have one line");
	}
	char *secret;
	struct error error = { "" };
	check_int("no file", credential_read("/no/such/file", "x", &secret, &error), ITN_INVALID);
	check_has("no file", error.text, "/no/such/file can't be read: No such file");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_read_without_its_line_end),
		TEST(the_setting_stands_above_what_systemd_passed),
		TEST(what_is_no_secret_is_refused),
	};
	return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
