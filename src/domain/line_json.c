#include "domain/line_json.h"

#include "domain/stored.h"

void lines_write_member(struct json_out *out, const char *name, const struct lines *lines)
{
	json_out_key(out, name);
	json_out_array(out);
	for (size_t i = 0; i < lines->count; i++) {
		json_out_object(out);
		json_out_member_str(out, "name", lines->at[i].name);
		json_out_member_int(out, "quantity", lines->at[i].quantity);
		json_out_object_end(out);
	}
	json_out_array_end(out);
}

bool lines_read_member(struct arena *arena, const json_value *object, const char *name, struct lines *ret_lines)
{
	const json_value *array = json_in_member(object, name);
	struct stored stored = { .arena = arena };
	struct lines lines = { 0 };

	if (!array || json_in_type(array) != JSON_ARRAY || json_in_count(array) > LINES_MAX)
		return false;
	lines.count = json_in_count(array);
	lines.at = arena_calloc(arena, lines.count, sizeof(*lines.at));
	for (size_t i = 0; i < lines.count; i++) {
		stored.object = json_in_at(array, i);
		lines.at[i].name = stored_text(&stored, "name");
		lines.at[i].quantity = stored_integer(&stored, "quantity");
	}
	if (stored.broken)
		return false;
	*ret_lines = lines;
	return true;
}

bool lines_read_member_if(struct arena *arena, const json_value *object, const char *name, struct lines *ret_lines)
{
	*ret_lines = (struct lines){ 0 };
	return !json_in_member(object, name) || lines_read_member(arena, object, name, ret_lines);
}
