#include "core/json_in.h"

#include <string.h>

#include "core/json_scan.h"

/* json-c has an enum of that name too. */
#define json_type json_c_type
#include <json.h>
#undef json_type

#define INTEGER_MAX    INT64_C(9007199254740991)
#define INTEGER_DIGITS 16

struct repeat {
	const struct json_object *object;
	struct str name;
};

struct json_in {
	struct json_object *root;
	struct repeat repeats[JSON_REPEATS_MAX];
	size_t repeat_count;
};

/* json-c's null is a null pointer; ours must differ from "absent". */
static const char null_value;

static const json_value *outward(const struct json_object *object)
{
	return object ? (const json_value *)object : (const json_value *)&null_value;
}

static struct json_object *inward(const json_value *value)
{
	return (const void *)value == &null_value ? NULL : (struct json_object *)value;
}

static bool parse(const char *text, size_t len, struct json_object **ret)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 2);
	bool right;

	if (!tokener)
		return false;
	*ret = json_tokener_parse_ex(tokener, text, (int)len + 1);
	right = json_tokener_get_error(tokener) == json_tokener_success;
	json_tokener_free(tokener);
	return right;
}

/* The text is ours and read to its end, so that a name's closing quote may become its NUL. */
static const char *terminated(struct str name)
{
	((char *)name.ptr)[name.len] = '\0';
	return name.ptr;
}

static const struct json_object *follow(const struct json_object *object, const struct json_repeat *repeat)
{
	for (unsigned i = 0; object && i < repeat->depth; i++) {
		const struct json_step *step = &repeat->path[i];
		struct json_object *next = NULL;

		if (!step->is_member && json_object_is_type(object, json_type_array))
			next = json_object_array_get_idx(object, step->index);
		else if (step->is_member && json_object_is_type(object, json_type_object))
			json_object_object_get_ex(object, terminated(step->name), &next);
		object = next;
	}
	return object;
}

static void note_repeats(struct json_in *doc, const struct json_scan *scan)
{
	for (const struct json_repeat *repeat = scan->repeats; repeat; repeat = repeat->next) {
		const struct json_object *object = follow(doc->root, repeat);

		if (object)
			doc->repeats[doc->repeat_count++] = (struct repeat){ object, repeat->name };
	}
}

enum itn_status json_in_parse(struct arena *arena, struct str text, struct faults *faults, struct json_in **ret_doc)
{
	struct json_scan scan;
	struct json_in *doc;
	char *copy;

	if (text.len >= INT32_MAX) {
		faults_add(faults, STR(""), "is too long");
		return ITN_INVALID;
	}
	copy = arena_cstr(arena, text);
	if (!json_scan(arena, copy, text.len, &scan)) {
		faults_add(faults, STR(""), "is not JSON that can be taken: %s, at byte %zu", scan.reason, scan.offset);
		return ITN_INVALID;
	}
	doc = arena_calloc(arena, 1, sizeof(*doc));
	if (!parse(copy, text.len, &doc->root)) {
		faults_add(faults, STR(""), "is JSON that the parser does not take");
		return ITN_INVALID;
	}
	note_repeats(doc, &scan);
	*ret_doc = doc;
	return ITN_OK;
}

void json_in_free(struct json_in *doc)
{
	if (!doc)
		return;
	json_object_put(doc->root);
	doc->root = NULL;
}

const json_value *json_in_root(const struct json_in *doc)
{
	return outward(doc->root);
}

enum json_type json_in_type(const json_value *value)
{
	switch (json_object_get_type(inward(value))) {
	case json_type_boolean:
		return JSON_BOOL;
	case json_type_double:
	case json_type_int:
		return JSON_NUMBER;
	case json_type_string:
		return JSON_STRING;
	case json_type_array:
		return JSON_ARRAY;
	case json_type_object:
		return JSON_OBJECT;
	default:
		return JSON_NULL;
	}
}

const json_value *json_in_member(const json_value *object, const char *name)
{
	struct json_object *member;

	if (json_in_type(object) != JSON_OBJECT || !json_object_object_get_ex(inward(object), name, &member))
		return NULL;
	return outward(member);
}

bool json_in_repeated(const struct json_in *doc, const json_value *object, const char *name)
{
	struct str wanted = str_from(name);

	for (size_t i = 0; i < doc->repeat_count; i++) {
		if (doc->repeats[i].object == inward(object) && str_eq(doc->repeats[i].name, wanted))
			return true;
	}
	return false;
}

size_t json_in_count(const json_value *array)
{
	return json_in_type(array) == JSON_ARRAY ? json_object_array_length(inward(array)) : 0;
}

const json_value *json_in_at(const json_value *array, size_t index)
{
	return outward(json_object_array_get_idx(inward(array), index));
}

bool json_in_bool(const json_value *value)
{
	return json_object_get_boolean(inward(value));
}

struct str json_in_str(const json_value *value)
{
	struct json_object *object = inward(value);

	return (struct str){ json_object_get_string(object), (size_t)json_object_get_string_len(object) };
}

/* A decimal number as digits without zeros at either end, times a power of ten. */
struct decimal {
	char digits[INTEGER_DIGITS];
	size_t count; /* of all significant digits, also of those beyond the room */
	int64_t exponent;
	bool negative;
};

#define EXPONENT_MAX INT64_C(1000000000000)

static int64_t parse_exponent(const char *text)
{
	bool negative = *text == '-';
	int64_t value = 0;

	text += *text == '-' || *text == '+';
	for (; *text && value < EXPONENT_MAX; text++)
		value = value * 10 + (*text - '0');
	return negative ? -value : value;
}

static void add_digit(struct decimal *number, char digit, int64_t *zeros)
{
	if (digit == '0') {
		*zeros += 1;
		return;
	}
	if (number->count) {
		for (; *zeros; --*zeros) {
			if (number->count < INTEGER_DIGITS)
				number->digits[number->count] = '0';
			number->count++;
		}
	}
	*zeros = 0;
	if (number->count < INTEGER_DIGITS)
		number->digits[number->count] = digit;
	number->count++;
}

static struct decimal parse_decimal(const char *text)
{
	struct decimal number = { .negative = *text == '-' };
	int64_t zeros = 0;
	int64_t fraction = 0;
	bool behind_point = false;

	for (text += number.negative; *text && *text != 'e' && *text != 'E'; text++) {
		if (*text == '.') {
			behind_point = true;
			continue;
		}
		fraction += behind_point;
		add_digit(&number, *text, &zeros);
	}
	number.exponent = zeros - fraction + (*text ? parse_exponent(text + 1) : 0);
	return number;
}

static bool exact_integer(const char *text, int64_t *ret)
{
	struct decimal number = parse_decimal(text);
	int64_t value = 0;

	if (number.count == 0) {
		*ret = 0;
		return true;
	}
	if (number.exponent < 0 || number.count > INTEGER_DIGITS ||
	    number.exponent > INTEGER_DIGITS - (int64_t)number.count)
		return false;
	for (size_t i = 0; i < number.count; i++)
		value = value * 10 + (number.digits[i] - '0');
	for (; number.exponent; number.exponent--)
		value *= 10;
	if (value > INTEGER_MAX)
		return false;
	*ret = number.negative ? -value : value;
	return true;
}

static bool in_range(int64_t value, int64_t *ret)
{
	if (value > INTEGER_MAX || value < -INTEGER_MAX)
		return false;
	*ret = value;
	return true;
}

bool json_in_integer(const json_value *value, int64_t *ret_value)
{
	struct json_object *object = inward(value);
	const char *text;

	switch (json_object_get_type(object)) {
	case json_type_int:
		return in_range(json_object_get_int64(object), ret_value);
	case json_type_double:
		text = json_object_get_userdata(object);
		return text && exact_integer(text, ret_value);
	case json_type_string:
		text = json_object_get_string(object);
		return json_scan_is_number(text, (size_t)json_object_get_string_len(object)) &&
		       exact_integer(text, ret_value);
	default:
		return false;
	}
}
