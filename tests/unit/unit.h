/** What every unit test includes: cmocka with what it needs, and checks that name the case that failed. */
#ifndef ITN_TESTS_UNIT_H
#define ITN_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/str.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** Each prints the case, what was expected and what came. */
static inline void check_int(const char *name, long long actual, long long expected)
{
	if (actual != expected)
		fail_msg("%s: expected %lld, got %lld", name, expected, actual);
}

static inline void check_bool(const char *name, bool actual, bool expected)
{
	if (actual != expected)
		fail_msg("%s: expected %s, got %s", name, expected ? "true" : "false", actual ? "true" : "false");
}

static inline void check_str(const char *name, struct str actual, struct str expected)
{
	if (!str_eq(actual, expected) || str_is_set(actual) != str_is_set(expected))
		fail_msg("%s: expected '%.*s' (%zu bytes), got '%.*s' (%zu bytes)", name, STR_ARG(expected),
			 expected.len, STR_ARG(actual), actual.len);
}

static inline void check_text(const char *name, const char *actual, const char *expected)
{
	check_str(name, str_from(actual), str_from(expected));
}

/** Whether a text has a part. */
static inline void check_has(const char *name, const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s: expected '%s' in '%s'", name, part, text);
}

#endif
