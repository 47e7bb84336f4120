/** Structs as BSON documents and back, by tables of their members.
 *
 *  Names are literals of ours; whatever comes from outside is a value, never a name or an operator.
 */
#ifndef ITN_STORE_MONGO_BSON_H
#define ITN_STORE_MONGO_BSON_H

#include <bson/bson.h>

#include "core/arena.h"
#include "core/status.h"
#include "core/str.h"
#include "domain/line.h"

enum member_type {
	MEMBER_STR,   /**< struct str; absent: no member */
	MEMBER_TIME,  /**< int64_t ms as a date; 0: no member */
	MEMBER_INT,   /**< int64_t */
	MEMBER_BOOL,  /**< bool */
	MEMBER_NAME,  /**< an enum or a set of flags as `names` has it */
	MEMBER_LINES, /**< struct lines as [{name, quantity}] */
	MEMBER_LINES_IF, /**< the same; no lines: no member */
};

/** Who writes a member; a creation writes all. */
enum member_owner {
	OWNER_NOBODY = 1 << 0, /**< set once */
	OWNER_CLIENT = 1 << 1, /**< clients' changes, and the engine */
	OWNER_ENGINE = 1 << 2, /**< the engine alone */
};
#define OWNERS_ALL    (OWNER_NOBODY | OWNER_CLIENT | OWNER_ENGINE)
#define OWNERS_ENGINE (OWNER_CLIENT | OWNER_ENGINE)

/** How an enum is written: its names; as a set, the array of the names of its bits. */
struct member_names {
	const char *const *at;
	unsigned count;
	bool set;
};

struct member {
	const char *name;
	enum member_type type;
	enum member_owner owner;
	size_t offset; /**< in the struct */
	const struct member_names *names;
};

/** Appends the members of these owners to `set`; the names of those that are absent to `unset` (may be NULL). */
void members_write(const struct member *members, size_t count, const void *from, unsigned owners, bson_t *set,
		   bson_t *unset);
/** Fills in the struct, which the caller has zeroed; lines come from `arena`. Texts are copied into the arena when
 * `copy` is set, else they point into the document. Unknown members are passed over; false for one of a wrong type. */
bool members_read(const struct member *members, size_t count, const bson_t *doc, struct arena *arena, bool copy,
		  void *to) must_check;

/** Single members; the absent ones are not written. */
void bson_put_str(bson_t *doc, const char *name, struct str value);
void bson_put_time(bson_t *doc, const char *name, int64_t ms);
void bson_put_int(bson_t *doc, const char *name, int64_t value);

/** A top-level member's value; absent, 0 and false when it isn't there or is of another type. Texts point into the
 * document. */
struct str bson_take_str(const bson_t *doc, const char *name);
int64_t bson_take_int(const bson_t *doc, const char *name); /**< of an integer or a date */
bool bson_take_bool(const bson_t *doc, const char *name);
/** A view of a member that is a document or an array; false when there is none. */
bool bson_take_document(const bson_t *doc, const char *name, bson_t *ret_view) must_check;

#endif
