#include "core/json_out.h"

#include <assert.h>
#include <string.h>

#include "core/clock.h"

static bool in_object(const struct json_out *out)
{
	return out->objects >> (out->depth - 1) & 1;
}

static void begin_value(struct json_out *out)
{
	assert(out->depth == 0 || out->key == in_object(out));
	if (out->comma && !out->key)
		buf_add_char(out->buf, ',');
	out->comma = true;
	out->key = false;
}

static void open_level(struct json_out *out, char bracket, uint64_t is_object)
{
	begin_value(out);
	assert(out->depth < JSON_OUT_DEPTH_MAX);
	out->objects = (out->objects & ~(UINT64_C(1) << out->depth)) | is_object << out->depth;
	out->depth++;
	out->comma = false;
	buf_add_char(out->buf, bracket);
}

static void close_level(struct json_out *out, char bracket, bool is_object)
{
	assert(out->depth > 0 && in_object(out) == is_object && !out->key);
	out->depth--;
	out->comma = true;
	buf_add_char(out->buf, bracket);
}

void json_out_object(struct json_out *out)
{
	open_level(out, '{', 1);
}

void json_out_object_end(struct json_out *out)
{
	close_level(out, '}', true);
}

void json_out_array(struct json_out *out)
{
	open_level(out, '[', 0);
}

void json_out_array_end(struct json_out *out)
{
	close_level(out, ']', false);
}

void json_out_key(struct json_out *out, const char *name)
{
	size_t len = strlen(name);
	char *at = buf_reserve(out->buf, len + 4);
	char *start = at;

	assert(!out->key && (out->depth == 0 || in_object(out)));
	if (out->comma)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, name, len);
	at += len;
	*at++ = '"';
	*at++ = ':';
	out->buf->len += (size_t)(at - start);
	out->key = true;
}

#define EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))

/* Nonzero when one of eight bytes is below 0x20, a quote or a backslash: a byte that is less than n borrows into its
 * top bit. Bytes above 0x7f are masked out. */
static uint64_t special_bytes(uint64_t eight)
{
	uint64_t quote = eight ^ EACH_BYTE('"');
	uint64_t backslash = eight ^ EACH_BYTE('\\');
	uint64_t found = (eight - EACH_BYTE(0x20)) | (quote - EACH_BYTE(1)) | (backslash - EACH_BYTE(1));

	return found & ~eight & EACH_BYTE(0x80);
}

static bool is_special(unsigned char byte)
{
	return byte < 0x20 || byte == '"' || byte == '\\';
}

static size_t plain_run(const char *text, size_t len)
{
	size_t n = 0;

	while (len - n >= 8) {
		uint64_t eight;

		memcpy(&eight, text + n, sizeof(eight));
		if (special_bytes(eight))
			break;
		n += 8;
	}
	while (n < len && !is_special((unsigned char)text[n]))
		n++;
	return n;
}

static void add_escaped(struct buf *buf, unsigned char byte)
{
	static const char short_forms[0x20] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
	};
	char escape[6] = { '\\', (char)byte };

	if (byte >= 0x20) {
		buf_add(buf, escape, 2);
		return;
	}
	if (short_forms[byte]) {
		escape[1] = short_forms[byte];
		buf_add(buf, escape, 2);
		return;
	}
	memcpy(escape, "\\u00", 4);
	escape[4] = (char)('0' + (byte >> 4));
	escape[5] = "0123456789abcdef"[byte & 15];
	buf_add(buf, escape, 6);
}

void json_out_str(struct json_out *out, struct str value)
{
	struct buf *buf = out->buf;
	size_t i = 0;

	if (!str_is_set(value)) {
		json_out_null(out);
		return;
	}
	begin_value(out);
	buf_reserve(buf, value.len + 2);
	buf_add_char(buf, '"');
	while (i < value.len) {
		size_t run = plain_run(value.ptr + i, value.len - i);

		buf_add(buf, value.ptr + i, run);
		i += run;
		if (i < value.len)
			add_escaped(buf, (unsigned char)value.ptr[i++]);
	}
	buf_add_char(buf, '"');
}

void json_out_int(struct json_out *out, int64_t value)
{
	begin_value(out);
	buf_add_int(out->buf, value);
}

void json_out_bool(struct json_out *out, bool value)
{
	begin_value(out);
	buf_add_str(out->buf, value ? STR("true") : STR("false"));
}

void json_out_null(struct json_out *out)
{
	begin_value(out);
	buf_add_str(out->buf, STR("null"));
}

void json_out_time(struct json_out *out, int64_t ms)
{
	char text[TIME_LEN + 3];

	begin_value(out);
	time_format(ms, text + 1);
	text[0] = '"';
	text[TIME_LEN + 1] = '"';
	buf_add(out->buf, text, TIME_LEN + 2);
}

void json_out_raw(struct json_out *out, struct str json)
{
	begin_value(out);
	buf_add_str(out->buf, json);
}

void json_out_member_str(struct json_out *out, const char *name, struct str value)
{
	json_out_key(out, name);
	json_out_str(out, value);
}

void json_out_member_int(struct json_out *out, const char *name, int64_t value)
{
	json_out_key(out, name);
	json_out_int(out, value);
}

void json_out_member_bool(struct json_out *out, const char *name, bool value)
{
	json_out_key(out, name);
	json_out_bool(out, value);
}

void json_out_member_time(struct json_out *out, const char *name, int64_t ms)
{
	json_out_key(out, name);
	json_out_time(out, ms);
}

void json_out_member_str_if(struct json_out *out, const char *name, struct str value)
{
	if (str_is_set(value))
		json_out_member_str(out, name, value);
}

void json_out_member_time_if(struct json_out *out, const char *name, int64_t ms)
{
	if (ms)
		json_out_member_time(out, name, ms);
}
