#include "core/json_scan.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_in.h"
#include "core/memory.h"
#include "core/utf8.h"

struct name {
	struct str text;
	uint32_t hash;
};

struct level {
	struct json_step step; /* the value that is being read in this container */
	size_t first_name;     /* of this object in the stack of names */
};

struct scan {
	struct arena *arena;
	char *at;
	char *end;
	char *start;
	unsigned depth;
	struct level levels[JSON_DEPTH_MAX];
	struct name *names; /* of all open objects, innermost last */
	size_t name_count;
	size_t name_room;
	struct json_scan result;
};

static bool fail(struct scan *scan, const char *reason)
{
	scan->result.reason = reason;
	scan->result.offset = (size_t)(scan->at - scan->start);
	return false;
}

static void skip_space(struct scan *scan)
{
	while (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r')
		scan->at++;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four hex digits; a NUL behind the text ends them early. */
static bool take_hex4(struct scan *scan, uint32_t *ret)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(*scan->at);

		if (digit < 0)
			return fail(scan, "\\u needs four hex digits");
		value = value << 4 | (uint32_t)digit;
		scan->at++;
	}
	*ret = value;
	return true;
}

static bool is_high(uint32_t code)
{
	return code >= 0xD800 && code <= 0xDBFF;
}

static bool is_low(uint32_t code)
{
	return code >= 0xDC00 && code <= 0xDFFF;
}

static bool take_unicode_escape(struct scan *scan, uint32_t *ret)
{
	uint32_t high;
	uint32_t low;

	if (!take_hex4(scan, &high))
		return false;
	*ret = high;
	if (is_low(high))
		return fail(scan, "a low surrogate stands alone");
	if (!is_high(high))
		return true;
	if (scan->at[0] != '\\' || scan->at[1] != 'u')
		return fail(scan, "a high surrogate stands alone");
	scan->at += 2;
	if (!take_hex4(scan, &low))
		return false;
	if (!is_low(low))
		return fail(scan, "a high surrogate stands alone");
	*ret = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
	return true;
}

static bool take_escape(struct scan *scan, uint32_t *ret)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;

	scan->at++;
	if (*scan->at == 'u') {
		scan->at++;
		return take_unicode_escape(scan, ret);
	}
	letter = *scan->at ? strchr(letters, *scan->at) : NULL;
	if (!letter)
		return fail(scan, "no such escape");
	scan->at++;
	*ret = (uint32_t)meanings[letter - letters];
	return true;
}

static bool take_utf8(struct scan *scan)
{
	uint32_t code;
	size_t length = utf8_decode((struct str){ scan->at, (size_t)(scan->end - scan->at) }, &code);

	if (!length)
		return fail(scan, "invalid UTF-8");
	scan->at += length;
	return true;
}

static void skip_plain(struct scan *scan)
{
	for (;;) {
		unsigned char c = (unsigned char)*scan->at;

		if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
			return;
		scan->at++;
	}
}

/* The rest of a string behind its opening quote. */
static bool skip_string(struct scan *scan, bool *ret_escapes)
{
	uint32_t code;

	for (;;) {
		skip_plain(scan);
		if (*scan->at == '"') {
			scan->at++;
			return true;
		}
		if (scan->at == scan->end)
			return fail(scan, "a string has no end");
		if (*scan->at == '\\') {
			*ret_escapes = true;
			if (!take_escape(scan, &code))
				return false;
		} else if ((unsigned char)*scan->at < 0x20) {
			return fail(scan, "a control character in a string must be escaped");
		} else if (!take_utf8(scan)) {
			return false;
		}
	}
}

/* Unescapes what skip_string() has found right and goes behind it. */
static struct str take_unescaped(struct scan *scan, char *from)
{
	char *end = scan->at - 1;
	char *copy = arena_alloc(scan->arena, (size_t)(end - from) + 1);
	size_t len = 0;

	scan->at = from;
	while (scan->at < end) {
		uint32_t code = 0;

		if (*scan->at != '\\') {
			copy[len++] = *scan->at++;
			continue;
		}
		if (!take_escape(scan, &code))
			break;
		if (code == 0) {
			scan->at[-1] = '1';
			code = 1;
		}
		len += utf8_encode(code, copy + len);
	}
	scan->at = end + 1;
	copy[len] = '\0';
	return (struct str){ copy, len };
}

static uint32_t hash_of(struct str text)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * 16777619u;
	return hash;
}

static void push_name(struct scan *scan, struct str text)
{
	if (scan->name_count == scan->name_room) {
		scan->name_room = scan->name_room ? scan->name_room * 2 : 64;
		scan->names = memory_realloc(scan->names, scan->name_room * sizeof(*scan->names));
	}
	scan->names[scan->name_count++] = (struct name){ text, hash_of(text) };
}

static int compare_names(const void *left, const void *right)
{
	const struct name *a = left;
	const struct name *b = right;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	return str_cmp(a->text, b->text);
}

static bool add_repeat(struct scan *scan, struct str name, const struct json_step *path)
{
	struct json_repeat *repeat;

	if (scan->result.repeat_count == JSON_REPEATS_MAX)
		return fail(scan, "too many members are given more than once");
	repeat = arena_alloc(scan->arena, sizeof(*repeat));
	*repeat = (struct json_repeat){ scan->result.repeats, name, scan->depth - 1, path };
	scan->result.repeats = repeat;
	scan->result.repeat_count++;
	return true;
}

static const struct json_step *current_path(struct scan *scan)
{
	struct json_step *path = arena_alloc(scan->arena, sizeof(*path) * scan->depth);

	for (unsigned i = 0; i + 1 < scan->depth; i++)
		path[i] = scan->levels[i].step;
	return path;
}

/* Equal names of the object that is being closed; sorted they are neighbours. */
static bool find_repeats(struct scan *scan)
{
	size_t first = scan->levels[scan->depth - 1].first_name;
	struct name *names = scan->names + first;
	size_t count = scan->name_count - first;
	const struct json_step *path = NULL;

	scan->name_count = first;
	if (count < 2)
		return true;
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 1; i < count; i++) {
		bool again = compare_names(&names[i - 1], &names[i]) == 0;
		bool reported = i > 1 && compare_names(&names[i - 2], &names[i - 1]) == 0;

		if (!again || reported)
			continue;
		if (!path)
			path = current_path(scan);
		if (!add_repeat(scan, names[i].text, path))
			return false;
	}
	return true;
}

static bool take_name(struct scan *scan)
{
	struct str name;
	bool escapes = false;
	char *from;

	if (*scan->at != '"')
		return fail(scan, "a member's name is expected");
	from = ++scan->at;
	if (!skip_string(scan, &escapes))
		return false;
	name = (struct str){ from, (size_t)(scan->at - 1 - from) };
	if (escapes)
		name = take_unescaped(scan, from);
	scan->levels[scan->depth - 1].step.name = name;
	push_name(scan, name);
	skip_space(scan);
	if (*scan->at != ':')
		return fail(scan, "':' is expected");
	scan->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool skip_digits(struct scan *scan)
{
	if (!is_digit(*scan->at))
		return fail(scan, "a digit is expected");
	while (is_digit(*scan->at))
		scan->at++;
	return true;
}

static bool skip_number(struct scan *scan)
{
	if (*scan->at == '-')
		scan->at++;
	if (scan->at[0] == '0' && is_digit(scan->at[1]))
		return fail(scan, "a number must not begin with 0");
	if (!skip_digits(scan))
		return false;
	if (*scan->at == '.') {
		scan->at++;
		if (!skip_digits(scan))
			return false;
	}
	if (*scan->at == 'e' || *scan->at == 'E') {
		scan->at++;
		if (*scan->at == '+' || *scan->at == '-')
			scan->at++;
		return skip_digits(scan);
	}
	return true;
}

static bool skip_word(struct scan *scan, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(scan->at, word, len) != 0)
		return fail(scan, "a value is expected");
	scan->at += len;
	return true;
}

static bool skip_scalar(struct scan *scan)
{
	bool escapes;

	switch (*scan->at) {
	case '"':
		scan->at++;
		return skip_string(scan, &escapes);
	case 't':
		return skip_word(scan, "true");
	case 'f':
		return skip_word(scan, "false");
	case 'n':
		return skip_word(scan, "null");
	default:
		if (*scan->at != '-' && !is_digit(*scan->at))
			return fail(scan, "a value is expected");
		return skip_number(scan);
	}
}

static bool open_level(struct scan *scan, bool is_object)
{
	if (scan->depth == JSON_DEPTH_MAX)
		return fail(scan, "objects and arrays stand too deep inside each other");
	scan->levels[scan->depth++] = (struct level){ .step.is_member = is_object, .first_name = scan->name_count };
	scan->at++;
	return true;
}

static bool close_level(struct scan *scan)
{
	if (scan->levels[scan->depth - 1].step.is_member && !find_repeats(scan))
		return false;
	scan->depth--;
	scan->at++;
	return true;
}

/* Behind a value: closes what ends here, up to the place where another value begins or the text ends. */
static bool go_on(struct scan *scan)
{
	for (;;) {
		struct level *level = scan->depth ? &scan->levels[scan->depth - 1] : NULL;

		skip_space(scan);
		if (!level)
			return scan->at == scan->end || fail(scan, "the text goes on after the value");
		if (*scan->at == (level->step.is_member ? '}' : ']')) {
			if (!close_level(scan))
				return false;
			continue;
		}
		if (*scan->at != ',')
			return fail(scan, level->step.is_member ? "',' or '}' is expected" : "',' or ']' is expected");
		scan->at++;
		level->step.index++;
		skip_space(scan);
		return !level->step.is_member || take_name(scan);
	}
}

/* At the beginning of a value: true once a whole one is behind, with `ret_inside` when it is a container that has
 * been opened and whose first value comes next. */
static bool begin_value(struct scan *scan, bool *ret_inside)
{
	bool is_object = *scan->at == '{';

	*ret_inside = false;
	if (!is_object && *scan->at != '[')
		return skip_scalar(scan);
	if (!open_level(scan, is_object))
		return false;
	skip_space(scan);
	if (*scan->at == (is_object ? '}' : ']'))
		return close_level(scan);
	*ret_inside = true;
	return !is_object || take_name(scan);
}

static bool scan_text(struct scan *scan)
{
	do {
		bool inside;

		do {
			skip_space(scan);
			if (!begin_value(scan, &inside))
				return false;
		} while (inside);
		if (!go_on(scan))
			return false;
	} while (scan->depth);
	return true;
}

bool json_scan(struct arena *arena, char *text, size_t len, struct json_scan *ret)
{
	struct scan scan = { .arena = arena, .at = text, .start = text, .end = text + len };
	bool right = scan_text(&scan);

	free(scan.names);
	*ret = scan.result;
	return right;
}

bool json_scan_is_number(const char *text, size_t len)
{
	char *start = (char *)text;
	struct scan scan = { .at = start, .start = start, .end = start + len };

	return skip_number(&scan) && scan.at == scan.end;
}
