#include "domain/field.h"

#include <inttypes.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/utf8.h"

const struct text_rule text_name = { .min = 1, .max = 128 };
const struct text_rule text_key = { .min = 1, .max = 64, .no_outer_space = true };
const struct text_rule text_email = { .min = 3, .max = 254, .email = true };
const struct text_rule text_reason = { .min = 0, .max = 512 };

static bool has_one_at_sign(struct str text)
{
	const char *first = text.len ? memchr(text.ptr, '@', text.len) : NULL;

	return first && !memchr(first + 1, '@', text.len - (size_t)(first + 1 - text.ptr));
}

struct str text_fault(struct arena *arena, const struct text_rule *rule, struct str text)
{
	size_t length = 0;

	if (!utf8_valid(text, &length))
		return STR("must be valid UTF-8");
	if (length < rule->min || length > rule->max)
		return arena_printf(arena, "must have %zu to %zu characters", rule->min, rule->max);
	if (utf8_has_control(text))
		return STR("must not contain control characters");
	if (rule->no_outer_space && utf8_has_outer_space(text))
		return STR("must not begin or end with white space");
	if (rule->email && (utf8_has_space(text) || !has_one_at_sign(text)))
		return STR("must be an e-mail address: exactly one @ and no white space");
	return STR_NONE;
}

bool field_reader_open(const struct json_in *doc, struct arena *arena, struct faults *faults,
		       struct field_reader *ret_reader)
{
	const json_value *root = json_in_root(doc);

	if (json_in_type(root) != JSON_OBJECT) {
		faults_add(faults, STR(""), "must be a JSON object");
		return false;
	}
	*ret_reader = (struct field_reader){ doc, arena, faults, root, STR("") };
	return true;
}

void field_fault(const struct field_reader *reader, const char *name, const char *detail)
{
	struct str pointer = arena_printf(reader->arena, "%.*s/%s", STR_ARG(reader->pointer), name);

	faults_add(reader->faults, pointer, "%s", detail);
}

/* NULL when there is nothing to read on. */
static const json_value *field_value(const struct field_reader *reader, const char *name, enum field_need need)
{
	const json_value *value = json_in_member(reader->object, name);

	if (value && json_in_repeated(reader->doc, reader->object, name)) {
		field_fault(reader, name, "is given more than once");
		return NULL;
	}
	if (!value && need == FIELD_REQUIRED)
		field_fault(reader, name, "is required");
	if (value && need == FIELD_OPTIONAL && json_in_type(value) == JSON_NULL)
		return NULL;
	return value;
}

static const json_value *field_value_of(const struct field_reader *reader, const char *name, enum field_need need,
					enum json_type type, const char *otherwise)
{
	const json_value *value = field_value(reader, name, need);

	if (!value || json_in_type(value) == type)
		return value;
	field_fault(reader, name, otherwise);
	return NULL;
}

struct str field_text(const struct field_reader *reader, const char *name, enum field_need need,
		      const struct text_rule *rule)
{
	const json_value *value = field_value_of(reader, name, need, JSON_STRING, "must be a string");
	struct str text, fault;

	if (!value)
		return STR_NONE;
	text = json_in_str(value);
	fault = text_fault(reader->arena, rule, text);
	if (!str_is_set(fault))
		return text;
	field_fault(reader, name, fault.ptr);
	return STR_NONE;
}

int64_t field_integer(const struct field_reader *reader, const char *name, enum field_need need, int64_t min,
		      int64_t max)
{
	const json_value *value = field_value(reader, name, need);
	int64_t number;
	struct str detail;

	if (!value)
		return 0;
	if (json_in_integer(value, &number) && number >= min && number <= max)
		return number;
	detail = arena_printf(reader->arena, "must be an integer from %" PRId64 " to %" PRId64, min, max);
	field_fault(reader, name, detail.ptr);
	return 0;
}

int64_t field_time(const struct field_reader *reader, const char *name)
{
	const char *detail = "must be an RFC 3339 time after 1970, such as \"2031-05-04T12:00:00Z\"";
	const json_value *value = field_value_of(reader, name, FIELD_OPTIONAL, JSON_STRING, detail);
	int64_t ms;

	if (!value)
		return 0;
	if (time_parse(json_in_str(value), &ms) && ms > 0)
		return ms;
	field_fault(reader, name, detail);
	return 0;
}

const json_value *field_array(const struct field_reader *reader, const char *name, enum field_need need,
			      const char *what)
{
	struct str otherwise = arena_printf(reader->arena, "must be an array of %s", what);
	const json_value *array = field_value_of(reader, name, need, JSON_ARRAY, otherwise.ptr);
	size_t min = need == FIELD_REQUIRED ? 1 : 0, count = array ? json_in_count(array) : min;

	if (count < min || count > LINES_MAX)
		field_fault(reader, name,
			    arena_printf(reader->arena, "must have %zu to %d %s", min, LINES_MAX, what).ptr);
	return array;
}

bool field_element(const struct field_reader *reader, const char *name, const json_value *array, size_t index,
		   struct field_reader *ret_element)
{
	*ret_element = *reader;
	ret_element->object = json_in_at(array, index);
	ret_element->pointer = arena_printf(reader->arena, "%.*s/%s/%zu", STR_ARG(reader->pointer), name, index);
	if (json_in_type(ret_element->object) == JSON_OBJECT)
		return true;
	faults_add(reader->faults, ret_element->pointer, "must be an object with name and quantity");
	return false;
}

static struct line read_line(const struct field_reader *parent, const char *name, const json_value *array, size_t index)
{
	struct field_reader reader;

	if (!field_element(parent, name, array, index, &reader))
		return (struct line){ 0 };
	return (struct line){
		.name = field_text(&reader, "name", FIELD_REQUIRED, &text_name),
		.quantity = field_integer(&reader, "quantity", FIELD_REQUIRED, 1, QUANTITY_MAX),
	};
}

struct lines field_lines(const struct field_reader *reader, const char *name, enum field_need need)
{
	const json_value *array = field_array(reader, name, need, "lines");
	size_t given = array ? json_in_count(array) : 0;
	struct lines lines = { .count = given < LINES_MAX ? given : LINES_MAX };

	lines.at = arena_calloc(reader->arena, lines.count, sizeof(*lines.at));
	for (size_t i = 0; i < lines.count; i++)
		lines.at[i] = read_line(reader, name, array, i);
	return lines;
}

int field_choice(const struct field_reader *reader, const char *name, const char *const *names, size_t count)
{
	const json_value *value = field_value_of(reader, name, FIELD_REQUIRED, JSON_STRING, "must be a string");
	struct buf detail = { 0 };

	if (!value)
		return -1;
	for (size_t i = 0; i < count; i++)
		if (str_eq(json_in_str(value), str_from(names[i])))
			return (int)i;
	buf_add_cstr(&detail, "must be one of ");
	for (size_t i = 0; i < count; i++)
		buf_printf(&detail, "%s%s", i ? ", " : "", names[i]);
	buf_add_char(&detail, '\0');
	field_fault(reader, name, detail.ptr);
	buf_free(&detail);
	return -1;
}
