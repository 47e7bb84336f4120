#include "domain/stored.h"

#include <string.h>

#include "core/clock.h"

#define INTEGER_MAX    INT64_C(9007199254740991)
#define INTEGER_DIGITS 16

/* Behind the closing quote of the text that begins at `at`, its opening quote; NULL: it has no end. */
static const char *text_end(const char *at, const char *end)
{
	for (at++; at < end && *at != '"'; at++)
		if (*at == '\\' && at + 1 < end)
			at++;
	return at < end ? at + 1 : NULL;
}

static const char *container_end(const char *at, const char *end)
{
	size_t depth = 0;

	while (at && at < end) {
		if (*at == '"') {
			at = text_end(at, end);
			continue;
		}
		depth += *at == '{' || *at == '[';
		depth -= *at == '}' || *at == ']';
		at++;
		if (!depth)
			return at;
	}
	return NULL;
}

static const char *word_end(const char *at, const char *end)
{
	const char *start = at;

	while (at < end && (*at == '-' || (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'z')))
		at++;
	return at > start ? at : NULL;
}

/* NULL when no value begins here, or it has no end. */
static const char *value_end(const char *at, const char *end)
{
	if (at >= end)
		return NULL;
	if (*at == '"')
		return text_end(at, end);
	if (*at == '{' || *at == '[')
		return container_end(at, end);
	return word_end(at, end);
}

/* A member and what separates it from the next, or the object's end. */
static const char *take_member(struct stored *stored, const char *at, const char *end)
{
	struct stored_member *member = &stored->members[stored->count];
	const char *name = at;

	if (stored->count == STORED_MEMBERS_MAX || at >= end || *at != '"' || !(at = text_end(at, end)))
		return NULL;
	member->name = (struct str){ name + 1, (size_t)(at - name) - 2 };
	if (at >= end || *at++ != ':')
		return NULL;
	member->value.ptr = at;
	if (!(at = value_end(at, end)))
		return NULL;
	member->value.len = (size_t)(at - member->value.ptr);
	stored->count++;
	return at < end && (*at == ',' || *at == '}') ? at + 1 : NULL;
}

void stored_open(struct stored *stored, struct arena *arena, struct str json)
{
	const char *at = json.ptr, *end = at + json.len;

	stored->arena = arena;
	stored->count = stored->next = 0;
	stored->broken = json.len < 2 || at[0] != '{';
	if (stored->broken || (json.len == 2 && at[1] == '}'))
		return;
	for (at++; at && at[-1] != '}';)
		at = take_member(stored, at, end);
	stored->broken = at != end;
}

enum itn_status stored_close(const struct stored *stored)
{
	return stored->broken ? ITN_FAILED : ITN_OK;
}

struct str stored_raw(struct stored *stored, const char *name)
{
	struct str wanted = str_from(name);

	for (unsigned i = 0; i < stored->count; i++) {
		unsigned place = stored->next < stored->count ? stored->next : 0;

		stored->next = place + 1;
		if (str_eq(stored->members[place].name, wanted))
			return stored->members[place].value;
	}
	return STR_NONE;
}

static bool unescape_hex(const char *at, const char *end, char *ret)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (end - at < 4 || at[0] != '0' || at[1] != '0' || !at[2] || !at[3])
		return false;
	high = strchr(digits, at[2]);
	low = strchr(digits, at[3]);
	if (!high || !low || high - digits > 7)
		return false;
	*ret = (char)((high - digits) << 4 | (low - digits));
	return true;
}

/* What stands behind a backslash; NULL when json_out writes no such thing. */
static const char *unescape_one(const char *at, const char *end, char *ret)
{
	static const char letters[] = "\"\\bfnrt";
	static const char meanings[] = "\"\\\b\f\n\r\t";
	const char *letter = at < end && *at ? strchr(letters, *at) : NULL;

	if (letter) {
		*ret = meanings[letter - letters];
		return at + 1;
	}
	return at < end && *at == 'u' && unescape_hex(at + 1, end, ret) ? at + 5 : NULL;
}

static struct str unescape(struct stored *stored, struct str text)
{
	char *copy = arena_alloc(stored->arena, text.len + 1);
	const char *at = text.ptr, *end = at + text.len;
	size_t len = 0;

	while (at && at < end) {
		if (*at != '\\')
			copy[len++] = *at++;
		else
			at = unescape_one(at + 1, end, &copy[len++]);
	}
	stored->broken |= !at;
	copy[len] = '\0';
	return (struct str){ copy, len };
}

/* Between the quotes; absent, and all broken, when it is no text. */
static struct str inside(struct stored *stored, struct str value)
{
	if (value.len >= 2 && value.ptr[0] == '"')
		return (struct str){ value.ptr + 1, value.len - 2 };
	stored->broken = true;
	return STR_NONE;
}

struct str stored_text_of(struct stored *stored, struct str value)
{
	struct str text = inside(stored, value);

	return text.len && memchr(text.ptr, '\\', text.len) ? unescape(stored, text) : arena_str(stored->arena, text);
}

struct str stored_text_if(struct stored *stored, const char *name)
{
	struct str value = stored_raw(stored, name);

	return str_is_set(value) ? stored_text_of(stored, value) : STR_NONE;
}

struct str stored_text(struct stored *stored, const char *name)
{
	struct str text = stored_text_if(stored, name);

	stored->broken |= !str_is_set(text);
	return text;
}

static bool parse_integer(struct str value, int64_t *ret)
{
	bool negative = value.len && value.ptr[0] == '-';
	size_t digits = value.len - negative;
	int64_t number = 0;

	if (!digits || digits > INTEGER_DIGITS || (digits > 1 && value.ptr[negative] == '0'))
		return false;
	for (size_t i = negative; i < value.len; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			return false;
		number = number * 10 + (value.ptr[i] - '0');
	}
	*ret = negative ? -number : number;
	return number <= INTEGER_MAX;
}

static int64_t integer_of(struct stored *stored, struct str value)
{
	int64_t number = 0;

	stored->broken |= !parse_integer(value, &number);
	return number;
}

int64_t stored_integer(struct stored *stored, const char *name)
{
	return integer_of(stored, stored_raw(stored, name));
}

int64_t stored_integer_if(struct stored *stored, const char *name)
{
	struct str value = stored_raw(stored, name);

	return str_is_set(value) ? integer_of(stored, value) : 0;
}

static int64_t time_of(struct stored *stored, struct str value)
{
	struct str text = inside(stored, value);
	int64_t ms = 0;

	stored->broken |= !str_is_set(text) || !time_parse(text, &ms);
	return ms;
}

int64_t stored_time(struct stored *stored, const char *name)
{
	return time_of(stored, stored_raw(stored, name));
}

int64_t stored_time_if(struct stored *stored, const char *name)
{
	struct str value = stored_raw(stored, name);

	return str_is_set(value) ? time_of(stored, value) : 0;
}

bool stored_array(struct stored *stored, const char *name, struct stored_array *ret_array)
{
	struct str value = stored_raw(stored, name);

	if (!str_is_set(value))
		return false;
	*ret_array = (struct stored_array){ stored, STR_NONE };
	if (value.len < 2 || value.ptr[0] != '[')
		stored->broken = true;
	else if (value.len > 2 || value.ptr[1] != ']')
		ret_array->rest = (struct str){ value.ptr + 1, value.len - 1 };
	return true;
}

bool stored_next(struct stored_array *array, struct str *ret_value)
{
	const char *at = array->rest.ptr, *end = at + array->rest.len;
	const char *behind;

	if (!array->rest.len)
		return false;
	behind = value_end(at, end);
	if (!behind || behind >= end || *behind != (behind + 1 == end ? ']' : ',')) {
		array->of->broken = true;
		array->rest = STR_NONE;
		return false;
	}
	*ret_value = (struct str){ at, (size_t)(behind - at) };
	array->rest = (struct str){ behind + 1, (size_t)(end - behind) - 1 };
	return true;
}
