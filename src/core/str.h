/** A piece of text that somebody else owns: pointer and length, not NUL-terminated. */
#ifndef ITN_CORE_STR_H
#define ITN_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/** `ptr` is NULL for "absent"; an empty text has a pointer and length 0. */
struct str {
	const char *ptr;
	size_t len;
};

/** A struct str of a string literal, also in static initialisers. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
#define STR_NONE     ((struct str){ NULL, 0 })

/** For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct str str_from(const char *text)
{
	return text ? (struct str){ text, strlen(text) } : STR_NONE;
}

static inline bool str_is_set(struct str s)
{
	return s.ptr != NULL;
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/** Byte order, shorter first when one begins with the other: <0, 0, >0. */
static inline int str_cmp(struct str a, struct str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
	return c ? c : (a.len > b.len) - (a.len < b.len);
}

/** ASCII letters compare alike. */
bool str_eq_nocase(struct str a, struct str b);

#endif
