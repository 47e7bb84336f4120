#include "domain/line_json.h"

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

static struct line line_read(struct stored *of, struct str value)
{
	struct stored object;
	struct line line;

	stored_open(&object, of->arena, value);
	line.name = stored_text(&object, "name");
	line.quantity = stored_integer(&object, "quantity");
	of->broken |= object.broken;
	return line;
}

static void read_all(struct stored_array *array, struct lines *lines)
{
	struct stored *object = array->of;
	struct str value;
	size_t room = 0;

	while (!object->broken && stored_next(array, &value)) {
		lines_append(lines, object->arena, &room, line_read(object, value));
		object->broken |= lines->count > LINES_MAX;
	}
}

void lines_read_member(struct stored *object, const char *name, struct lines *ret_lines)
{
	object->broken |= !str_is_set(stored_raw(object, name));
	lines_read_member_if(object, name, ret_lines);
}

void lines_read_member_if(struct stored *object, const char *name, struct lines *ret_lines)
{
	struct stored_array array;
	struct lines lines = { 0 };

	if (stored_array(object, name, &array))
		read_all(&array, &lines);
	*ret_lines = lines;
}
