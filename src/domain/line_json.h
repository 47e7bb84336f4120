/** Lines of goods as JSON: [{"name":…,"quantity":…}, …]. */
#ifndef ITN_DOMAIN_LINE_JSON_H
#define ITN_DOMAIN_LINE_JSON_H

#include "core/json_in.h"
#include "core/json_out.h"
#include "domain/line.h"

/** Writes the array as a member of the open object. */
void lines_write_member(struct json_out *out, const char *name, const struct lines *lines);
/** Reads what lines_write_member() wrote; texts are copied into the arena. False when it is something else. */
bool lines_read_member(struct arena *arena, const json_value *object, const char *name, struct lines *ret_lines);
/** The same; no lines when there is no such member. */
bool lines_read_member_if(struct arena *arena, const json_value *object, const char *name, struct lines *ret_lines);

#endif
