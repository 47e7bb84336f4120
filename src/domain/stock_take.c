#include "domain/stock_take.h"

#include "core/json_out.h"
#include "core/map.h"
#include "domain/field.h"

static bool is_given(const struct field_reader *reader, const char *name)
{
	const json_value *value = json_in_member(reader->object, name);

	return value && json_in_type(value) != JSON_NULL;
}

static struct count read_count(const struct field_reader *body, const json_value *array, size_t index, struct map *seen)
{
	struct count count = { .reorder_level = -1 };
	struct field_reader reader;
	int64_t level;

	if (!field_element(body, "items", array, index, &reader))
		return count;
	count.item = field_text(&reader, "name", FIELD_REQUIRED, &text_name);
	count.quantity = field_integer(&reader, "quantity", FIELD_REQUIRED, 0, QUANTITY_MAX);
	level = field_integer(&reader, "reorderLevel", FIELD_OPTIONAL, 0, QUANTITY_MAX);
	if (is_given(&reader, "reorderLevel"))
		count.reorder_level = level;
	if (!str_is_set(count.item))
		return count;
	if (map_get(seen, count.item))
		field_fault(&reader, "name", "must not be named twice in a stock-take");
	map_put(seen, count.item, body->arena);
	return count;
}

enum itn_status stock_take_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
					struct stock_take *ret_take)
{
	struct stock_take take = { 0 };
	struct field_reader body;
	const json_value *array;
	struct map seen;
	size_t given;

	if (!field_reader_open(doc, arena, faults, &body))
		return ITN_INVALID;
	array = field_array(&body, "items", FIELD_REQUIRED, "items");
	given = array ? json_in_count(array) : 0;
	take.count = given < LINES_MAX ? given : LINES_MAX;
	take.at = arena_calloc(arena, take.count, sizeof(*take.at));
	map_init(&seen, arena);
	for (size_t i = 0; i < take.count; i++)
		take.at[i] = read_count(&body, array, i, &seen);
	if (faults_any(faults))
		return ITN_INVALID;
	*ret_take = take;
	return ITN_OK;
}

static void write_items(struct json_out *out, const struct stock_take *take)
{
	json_out_key(out, "items");
	json_out_array(out);
	for (size_t i = 0; i < take->count; i++) {
		json_out_object(out);
		json_out_member_str(out, "name", take->at[i].item);
		json_out_member_int(out, "quantity", take->at[i].quantity);
		if (take->at[i].reorder_level >= 0)
			json_out_member_int(out, "reorderLevel", take->at[i].reorder_level);
		json_out_object_end(out);
	}
	json_out_array_end(out);
}

void stock_take_write_body(struct buf *out, const struct stock_take *take)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	write_items(&json, take);
	json_out_object_end(&json);
}

void stock_take_write_json(struct buf *out, struct str station, const struct stock_take *take)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "_id", station);
	json_out_member_str(&json, "stationId", station);
	write_items(&json, take);
	json_out_object_end(&json);
}

enum itn_status stock_take_read_body(struct arena *arena, struct str body, struct stock_take *ret_take)
{
	struct faults faults;
	struct json_in *doc;
	enum itn_status status;

	faults_init(&faults, arena);
	if (json_in_parse(arena, body, &faults, &doc) != ITN_OK)
		return ITN_FAILED;
	status = stock_take_from_request(doc, arena, &faults, ret_take);
	for (size_t i = 0; status == ITN_OK && i < ret_take->count; i++)
		ret_take->at[i].item = arena_str(arena, ret_take->at[i].item);
	json_in_free(doc);
	return status == ITN_OK ? ITN_OK : ITN_FAILED;
}
