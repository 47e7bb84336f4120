/** JSON that somebody sent: a strict scan (RFC 8259, valid UTF-8, bounded depth), then json-c behind this door.
 *
 *  The scan refuses what json-c lets pass: trailing commas, comments, control characters, lone surrogates,
 *  leading zeros, NaN, a byte order mark, text after the value, depth beyond the limit. It also notes which members are
 *  given more than once in their object (of which the last one counts); more than 64 such members are refused. \u0000
 *  in a string is a byte 0; a member whose name has one is never found.
 *
 *  A value belongs to its document and is valid until json_in_free(). One thread at a time.
 */
#ifndef ITN_CORE_JSON_IN_H
#define ITN_CORE_JSON_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/fault.h"
#include "core/status.h"
#include "core/str.h"

/** Objects and arrays inside each other, at most. */
#define JSON_DEPTH_MAX 64

struct json_in;                       /**< a parsed document */
typedef struct json_value json_value; /**< any value in it; never defined */

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/** Scans and parses. On ITN_INVALID one fault (pointer "") says what is wrong and at which byte, counted from 0.
 *  The texts that it hands out live in `arena` or in the document. */
enum itn_status json_in_parse(struct arena *arena, struct str text, struct faults *faults,
			      struct json_in **ret_doc) must_check;
/** NULL is allowed. */
void json_in_free(struct json_in *doc);

const json_value *json_in_root(const struct json_in *doc);
enum json_type json_in_type(const json_value *value);
/** The member, or NULL when it is absent or `object` is not an object. JSON null is a value of type JSON_NULL. */
const json_value *json_in_member(const json_value *object, const char *name);
/** Whether the member is given more than once in this object. */
bool json_in_repeated(const struct json_in *doc, const json_value *object, const char *name);
size_t json_in_count(const json_value *array);                       /**< elements; 0 for what is no array */
const json_value *json_in_at(const json_value *array, size_t index); /**< index < count */
bool json_in_bool(const json_value *value);                          /**< of a JSON_BOOL */
struct str json_in_str(const json_value *value);                     /**< of a JSON_STRING: unescaped */
/** An exact integer from a JSON_NUMBER or from a JSON_STRING that is a JSON number: 10, "10", 1e1 and 10.0 are ten;
 *  10.5, 1e400, "ten" and other types are none. Range: |value| <= 2^53-1. */
bool json_in_integer(const json_value *value, int64_t *ret_value);

#endif
