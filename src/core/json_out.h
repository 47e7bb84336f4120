/** Writes JSON straight into a buffer; commas and escapes are taken care of.
 *
 *  Texts must be valid UTF-8; control characters, `"` and `\` are escaped, everything else goes out as it is.
 *  Wrong nesting is a bug and asserted, as far as this writer opened the objects and arrays itself: a writer that
 *  goes on inside somebody else's object may begin with a member.
 */
#ifndef ITN_CORE_JSON_OUT_H
#define ITN_CORE_JSON_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"

/** Objects and arrays inside each other, at most. */
#define JSON_OUT_DEPTH_MAX 64

struct json_out {
	struct buf *buf;
	bool comma;       /**< a value stands before: the next one needs a comma */
	bool key;         /**< a member's name stands before: its value is next */
	unsigned depth;   /**< objects and arrays that are open */
	uint64_t objects; /**< bit n: what is open at depth n is an object */
};

static inline struct json_out json_out_to(struct buf *buf)
{
	return (struct json_out){ .buf = buf };
}

void json_out_object(struct json_out *out);     /**< { as a value */
void json_out_object_end(struct json_out *out); /**< } */
void json_out_array(struct json_out *out);      /**< [ as a value */
void json_out_array_end(struct json_out *out);  /**< ] */
/** A member's name (plain ASCII without `"` and `\`); its value is the next thing written. */
void json_out_key(struct json_out *out, const char *name);
void json_out_str(struct json_out *out, struct str value); /**< null when it is absent */
void json_out_int(struct json_out *out, int64_t value);
void json_out_bool(struct json_out *out, bool value);
void json_out_null(struct json_out *out);
void json_out_time(struct json_out *out, int64_t ms); /**< RFC 3339, see clock.h */
/** A finished JSON value, taken over byte for byte. */
void json_out_raw(struct json_out *out, struct str json);

/** Members in one call. */
void json_out_member_str(struct json_out *out, const char *name, struct str value);
void json_out_member_int(struct json_out *out, const char *name, int64_t value);
void json_out_member_bool(struct json_out *out, const char *name, bool value);
void json_out_member_time(struct json_out *out, const char *name, int64_t ms);
/** Left out when the text is absent. */
void json_out_member_str_if(struct json_out *out, const char *name, struct str value);
/** Left out when the time is 0. */
void json_out_member_time_if(struct json_out *out, const char *name, int64_t ms);

#endif
