/** Reading back JSON that we wrote ourselves: members are there and of their type, or the whole is broken. */
#ifndef ITN_DOMAIN_STORED_H
#define ITN_DOMAIN_STORED_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/json_in.h"

/** Every read that finds something else than it should sets `broken`; the caller looks once, at the end. */
struct stored {
	struct arena *arena; /**< texts are copied into it */
	struct json_in *doc; /**< NULL when the object is part of somebody else's document */
	const json_value *object;
	bool broken;
};

/** Parses an object; `broken` when it is none. stored_close() in any case. */
struct stored stored_open(struct arena *arena, struct str json);
/** Frees the document; ITN_FAILED when anything was broken. */
enum itn_status stored_close(struct stored *stored) must_check;

struct str stored_text(struct stored *stored, const char *name);
struct str stored_text_if(struct stored *stored, const char *name); /**< absent when there is none */
int64_t stored_integer(struct stored *stored, const char *name);
int64_t stored_integer_if(struct stored *stored, const char *name); /**< 0 when there is none */
int64_t stored_time(struct stored *stored, const char *name);       /**< RFC 3339 */
int64_t stored_time_if(struct stored *stored, const char *name);    /**< 0 when there is none */

#endif
