/** The strict scan that stands before json-c (RFC 8259, with UTF-8 and a bounded depth); for json_in.c only. */
#ifndef ITN_CORE_JSON_SCAN_H
#define ITN_CORE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

/** Members given more than once in their object, at most; a text with more is refused. */
#define JSON_REPEATS_MAX 64

/** One step from a container to a value in it. */
struct json_step {
	bool is_member;
	uint32_t index;  /**< of an array's element */
	struct str name; /**< of an object's member, unescaped */
};

/** A member that is given more than once in its object; each name once per object. */
struct json_repeat {
	struct json_repeat *next;
	struct str name; /**< unescaped */
	unsigned depth;
	const struct json_step *path; /**< `depth` steps from the root to the object */
};

struct json_scan {
	struct json_repeat *repeats;
	size_t repeat_count;
	const char *reason; /**< what is wrong, when something is */
	size_t offset;      /**< at which byte, counted from 0 */
};

/** Scans the whole text. False: reason and offset say why.
 *
 *  A NUL in a member's name, which is written \u0000 and which C strings can't hold, is changed to \u0001 in the text:
 *  no name that we ask for has either, and so it can't be taken for one that ends before it.
 *
 *  @param text  `len` bytes and a NUL; results point into it
 */
bool json_scan(struct arena *arena, char *text, size_t len, struct json_scan *ret);
/** Whether the text, `len` bytes and a NUL, is one JSON number and nothing else. */
bool json_scan_is_number(const char *text, size_t len);

#endif
