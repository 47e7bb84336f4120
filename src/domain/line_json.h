/** Lines of goods as JSON: [{"name":…,"quantity":…}, …]. */
#ifndef ITN_DOMAIN_LINE_JSON_H
#define ITN_DOMAIN_LINE_JSON_H

#include "core/json_out.h"
#include "domain/line.h"
#include "domain/stored.h"

/** Writes the array as a member of the open object. */
void lines_write_member(struct json_out *out, const char *name, const struct lines *lines);
/** Reads what lines_write_member() wrote into the object's arena; the object is broken when it is something else. */
void lines_read_member(struct stored *object, const char *name, struct lines *ret_lines);
/** The same; no lines when there is no such member. */
void lines_read_member_if(struct stored *object, const char *name, struct lines *ret_lines);

#endif
