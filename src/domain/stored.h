/** Reading back JSON that we wrote ourselves (core/json_out.h), in place and without a tree, several times as fast as
 * what somebody sent is read (core/json_in.h): the engine reads each document that it touches.
 *
 *  Members are there and of their type, or the whole is broken; so it is when the text is none that json_out writes:
 * with space between values, numbers that are no integers, more than STORED_MEMBERS_MAX members in an object. Of a text
 * that nobody asks for, no more is checked than where it ends.
 */
#ifndef ITN_DOMAIN_STORED_H
#define ITN_DOMAIN_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"
#include "core/str.h"

#define STORED_MEMBERS_MAX 40

struct stored_member {
	struct str name, value; /**< as they stand in the text */
};

/** An object. Every read that finds something else than it should sets `broken`; the caller looks once, at the end. */
struct stored {
	struct arena *arena; /**< texts are copied into it */
	struct stored_member members[STORED_MEMBERS_MAX];
	unsigned count;
	unsigned next; /**< the member behind the last one that was read: likely what is read next */
	bool broken;
};

/** Opens an object; `broken` when it is none. The text must stay until all is read. */
void stored_open(struct stored *stored, struct arena *arena, struct str json);
/** ITN_FAILED when anything was broken. */
enum itn_status stored_close(const struct stored *stored) must_check;

/** The member's value as it stands in the text; absent when there is none. */
struct str stored_raw(struct stored *stored, const char *name);
struct str stored_text(struct stored *stored, const char *name);
struct str stored_text_if(struct stored *stored, const char *name); /**< absent when there is none */
int64_t stored_integer(struct stored *stored, const char *name);
int64_t stored_integer_if(struct stored *stored, const char *name); /**< 0 when there is none */
int64_t stored_time(struct stored *stored, const char *name);       /**< RFC 3339 */
int64_t stored_time_if(struct stored *stored, const char *name);    /**< 0 when there is none */

/** An array that is being read. */
struct stored_array {
	struct stored *of;
	struct str rest;
};

/** False when there is no such member. */
bool stored_array(struct stored *stored, const char *name, struct stored_array *ret_array);
/** The next element as it stands in the text; false: no more. */
bool stored_next(struct stored_array *array, struct str *ret_value);
/** The text that a value is. */
struct str stored_text_of(struct stored *stored, struct str value);

#endif
