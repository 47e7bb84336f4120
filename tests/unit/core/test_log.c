#include "../unit.h"

#include <pthread.h>
#include <unistd.h>

#include "core/log.h"
#include "core/status.h"

static char captured[1 << 18];

/* What `write_lines` puts on stderr, without the beginning up to the pid. */
static const char *capture(void (*write_lines)(void))
{
	FILE *file = tmpfile();
	int real = dup(STDERR_FILENO);
	size_t len;

	assert_non_null(file);
	dup2(fileno(file), STDERR_FILENO);
	write_lines();
	dup2(real, STDERR_FILENO);
	close(real);
	rewind(file);
	len = fread(captured, 1, sizeof(captured) - 1, file);
	captured[len] = '\0';
	fclose(file);
	return captured;
}

static const char *behind(const char *line, const char *mark)
{
	const char *at = strstr(line, mark);

	if (!at)
		fail_msg("no '%s' in '%s'", mark, line);
	return at + strlen(mark);
}

static struct str written_value;

static void write_value(void)
{
	log_info("m", LOG_STR("v", written_value));
}

static void values_can_not_forge_a_line(unused_arg void **state)
{
	static const struct {
		const char *name;
		struct str value;
		const char *logfmt;
		const char *json;
	} cases[] = {
		{ "a word", STR("abc"), "v=abc\n", "\"v\":\"abc\"}\n" },
		{ "an empty text", STR(""), "v=\"\"\n", "\"v\":\"\"}\n" },
		{ "an absent text", STR_NONE, "v=\"\"\n", "\"v\":\"\"}\n" },
		{ "words", STR("a b"), "v=\"a b\"\n", "\"v\":\"a b\"}\n" },
		{ "a field", STR("a=b"), "v=\"a=b\"\n", "\"v\":\"a=b\"}\n" },
		{ "a quote", STR("a\"b\\c"), "v=\"a\\\"b\\\\c\"\n", "\"v\":\"a\\\"b\\\\c\"}\n" },
		{ "a line", STR("a\nlevel=error"), "v=\"a\\nlevel=error\"\n", "\"v\":\"a\\nlevel=error\"}\n" },
		{ "a carriage return", STR("a\rb"), "v=\"a\\u000db\"\n", "\"v\":\"a\\u000db\"}\n" },
		{ "an escape sequence", STR("\x1B[31m"), "v=\"\\u001b[31m\"\n", "\"v\":\"\\u001b[31m\"}\n" },
		{ "a NUL", STR("a\0b"), "v=\"a\\u0000b\"\n", "\"v\":\"a\\u0000b\"}\n" },
		{ "a C1 control", STR("a\xC2\x9B"), "v=\"a\\u009b\"\n", "\"v\":\"a\\u009b\"}\n" },
		{ "a line separator", STR("\xE2\x80\xA8"), "v=\"\\u2028\"\n", "\"v\":\"\\u2028\"}\n" },
		{ "a right-to-left override", STR("\xE2\x80\xAE"), "v=\"\\u202e\"\n", "\"v\":\"\\u202e\"}\n" },
		{ "letters", STR("Zo\xC3\xAB"), "v=\"Zo\xC3\xAB\"\n", "\"v\":\"Zo\xC3\xAB\"}\n" },
		{ "invalid UTF-8", STR("a\xFFz"), "v=\"a\xEF\xBF\xBDz\"\n", "\"v\":\"a\xEF\xBF\xBDz\"}\n" },
		{ "cut UTF-8", STR("a\xE2\x82"), "v=\"a\xEF\xBF\xBD\xEF\xBF\xBD\"\n",
		  "\"v\":\"a\xEF\xBF\xBD\xEF\xBF\xBD\"}\n" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		written_value = cases[i].value;
		log_open("test", LOG_INFO, LOG_LOGFMT);
		check_text(cases[i].name, behind(capture(write_value), " msg=m "), cases[i].logfmt);
		log_open("test", LOG_INFO, LOG_JSON);
		check_text(cases[i].name, behind(capture(write_value), "\"msg\":\"m\","), cases[i].json);
	}
}

static void long_values_are_cut(unused_arg void **state)
{
	static char text[3000];

	memset(text, 'x', sizeof(text));
	log_open("test", LOG_INFO, LOG_LOGFMT);
	written_value = (struct str){ text, 1024 };
	check_int("1,024 bytes", (long long)strlen(behind(capture(write_value), " v=")), 1025);
	written_value = (struct str){ text, 1025 };
	check_int("more", (long long)strlen(behind(capture(write_value), " v=")), 1024 + 6);
	written_value = (struct str){ text, sizeof(text) };
	memcpy(text + 1023, "\xE2\x82\xAC", 3);
	check_int("not inside a code point", (long long)strlen(behind(capture(write_value), " v=")), 1023 + 6);
}

static void write_all_levels(void)
{
	log_debug("one");
	log_info("two");
	log_warn("three", LOG_INT("n", -3));
	log_error("four words in it", LOG_INT("a", 1), LOG_CSTR("b", "x"));
}

static void levels_below_the_least_are_silent(unused_arg void **state)
{
	const char *text;

	log_open("test", LOG_WARN, LOG_LOGFMT);
	text = capture(write_all_levels);
	assert_null(strstr(text, "one"));
	assert_null(strstr(text, "two"));
	check_has("warn", text, "level=warn process=test pid=");
	check_has("a field", text, " msg=three n=-3\n");
	check_has("two fields", text, " msg=\"four words in it\" a=1 b=x\n");
	log_open("test", LOG_DEBUG, LOG_LOGFMT);
	check_has("debug", capture(write_all_levels), "level=debug");
}

static void write_request(void)
{
	log_request(STR("r-1"));
	log_info("a");
	log_request(STR_NONE);
	log_info("b");
}

static void the_request_is_named_while_it_lasts(unused_arg void **state)
{
	const char *text;

	log_open("test", LOG_INFO, LOG_LOGFMT);
	text = capture(write_request);
	check_has("named", text, " request=r-1 msg=a\n");
	check_has("begins with a time", text, "time=20");
	assert_null(strstr(behind(text, "msg=a\n"), "request="));
}

#define THREADS 4
#define LINES   200

static void *write_many(unused_arg void *nothing)
{
	for (int i = 0; i < LINES; i++)
		log_info("line", LOG_INT("i", i));
	return NULL;
}

static void write_from_threads(void)
{
	pthread_t threads[THREADS];

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

static void lines_of_threads_stay_whole(unused_arg void **state)
{
	const char *line;
	int count = 0;

	log_open("t", LOG_INFO, LOG_JSON);
	for (line = capture(write_from_threads); *line; line = strchr(line, '\n') + 1) {
		assert_memory_equal(line, "{\"time\":\"", 9);
		assert_int_equal(strchr(line, '\n')[-1], '}');
		count++;
	}
	check_int("lines", count, THREADS * LINES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_can_not_forge_a_line),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(levels_below_the_least_are_silent),
		cmocka_unit_test(the_request_is_named_while_it_lasts),
		cmocka_unit_test(lines_of_threads_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
