/** Checked reading of a request's body, member by member. Each fault is noted by its JSON pointer and reading goes on,
 *  so that a client hears of all of them at once. Members that nobody reads are ignored.
 */
#ifndef ITN_DOMAIN_FIELD_H
#define ITN_DOMAIN_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/fault.h"
#include "core/json_in.h"
#include "core/str.h"
#include "domain/line.h"

/** What a text must be. Lengths in code points; control characters are never allowed. */
struct text_rule {
	size_t min, max;
	bool no_outer_space;
	bool email; /**< exactly one `@`, no white space */
};

extern const struct text_rule text_name;   /**< buyer, seller, item: 1..128 */
extern const struct text_rule text_key;    /**< stationId, destination, shipmentId: 1..64, no outer white space */
extern const struct text_rule text_email;  /**< 3..254 */
extern const struct text_rule text_reason; /**< 0..512 */

/** What is wrong with a text as a clause ("must …"), or absent when it is right. Any bytes; the clause is
 *  in the arena. */
struct str text_fault(struct arena *arena, const struct text_rule *rule, struct str text);

struct field_reader {
	const struct json_in *doc;
	struct arena *arena;
	struct faults *faults;
	const json_value *object;
	struct str pointer; /**< JSON pointer of the object; "" is the body */
};

enum field_need { FIELD_OPTIONAL, FIELD_REQUIRED };

/** A reader of the whole body. False and a fault when it is not an object. */
bool field_reader_open(const struct json_in *doc, struct arena *arena, struct faults *faults,
		       struct field_reader *ret_reader);

/** Notes a fault of one member. */
void field_fault(const struct field_reader *reader, const char *name, const char *detail);

/* The member's value; absent, false or 0 when it is missing, null while optional, or at fault. */

struct str field_text(const struct field_reader *reader, const char *name, enum field_need need,
		      const struct text_rule *rule);
int64_t field_integer(const struct field_reader *reader, const char *name, enum field_need need, int64_t min,
		      int64_t max);
/** An RFC 3339 time after 1970, in ms. Always optional. */
int64_t field_time(const struct field_reader *reader, const char *name);
/** The array as it is, of at most LINES_MAX elements, and at least one when it is required; `what` it has is for the
 * fault: "lines". One that is too long or too short is a fault and given all the same; NULL for anything else. */
const json_value *field_array(const struct field_reader *reader, const char *name, enum field_need need,
			      const char *what);
/** A reader of an element of such an array. False and a fault when it is not an object. */
bool field_element(const struct field_reader *reader, const char *name, const json_value *array, size_t index,
		   struct field_reader *ret_element);
/** [{name, quantity}, …] as sent. FIELD_REQUIRED: at least one line. */
struct lines field_lines(const struct field_reader *reader, const char *name, enum field_need need);
/** The index of the text in `names`, or -1 and a fault that lists them. Always required. */
int field_choice(const struct field_reader *reader, const char *name, const char *const *names, size_t count);

#endif
