#include "http/fcgi_reader.h"

#include <fastcgi.h>
#include <string.h>

#include "http/fcgi.h"

#define KEEP_BYTES 2048
/** Replies to management records that a peer does not read are not piled up beyond this. */
#define REPLY_MAX 4096

struct pair {
	struct str name;
	struct str value;
};

static unsigned record_type(const struct fcgi_reader *reader)
{
	return reader->header[1];
}

static uint16_t record_id(const struct fcgi_reader *reader)
{
	return (uint16_t)(reader->header[2] << 8 | reader->header[3]);
}

void fcgi_header(unsigned char ret[8], unsigned type, uint16_t id, size_t len, unsigned padding)
{
	ret[0] = FCGI_VERSION_1;
	ret[1] = (unsigned char)type;
	ret[2] = (unsigned char)(id >> 8);
	ret[3] = (unsigned char)id;
	ret[4] = (unsigned char)(len >> 8);
	ret[5] = (unsigned char)len;
	ret[6] = (unsigned char)padding;
	ret[7] = 0;
}

void fcgi_end_record(unsigned char ret[16], uint16_t id, unsigned protocol_status)
{
	fcgi_header(ret, FCGI_END_REQUEST, id, 8, 0);
	memset(ret + 8, 0, 8);
	ret[12] = (unsigned char)protocol_status;
}

void fcgi_reader_init(struct fcgi_reader *reader, uint64_t body_max)
{
	*reader = (struct fcgi_reader){ .body_max = body_max };
}

void fcgi_reader_free(struct fcgi_reader *reader)
{
	buf_free(&reader->params);
	buf_free(&reader->body);
	buf_free(&reader->reply);
}

void fcgi_reader_next(struct fcgi_reader *reader)
{
	reader->phase = FCGI_IDLE;
	reader->params_too_large = false;
	reader->body_too_large = false;
	buf_reset(&reader->params, KEEP_BYTES);
	buf_reset(&reader->body, KEEP_BYTES);
}

bool fcgi_reader_pending(const struct fcgi_reader *reader)
{
	return reader->phase != FCGI_IDLE || reader->header_len > 0;
}

static void reply_end(struct fcgi_reader *reader, uint16_t id, unsigned protocol_status)
{
	unsigned char record[16];
	fcgi_end_record(record, id, protocol_status);
	buf_add(&reader->reply, record, sizeof(record));
}

static enum fcgi_event begin_request(struct fcgi_reader *reader)
{
	unsigned role = (unsigned)reader->content[0] << 8 | reader->content[1];
	bool keep = reader->content[2] & FCGI_KEEP_CONN;
	uint16_t id = record_id(reader);
	if (reader->phase != FCGI_IDLE) {
		reply_end(reader, id, FCGI_CANT_MPX_CONN);
		return id == reader->id ? FCGI_BROKEN : FCGI_MORE;
	}
	if (role != FCGI_RESPONDER) {
		reply_end(reader, id, FCGI_UNKNOWN_ROLE);
		reader->close = !keep;
		return FCGI_MORE;
	}
	reader->id = id;
	reader->keep = keep;
	reader->phase = FCGI_IN_PARAMS;
	return FCGI_MORE;
}

/** A name-value length: 1 byte, or 4 with the high bit set. */
static bool read_length(struct str *rest, size_t *ret)
{
	const unsigned char *p = (const unsigned char *)rest->ptr;
	size_t size = rest->len && (p[0] & 0x80) ? 4 : 1;
	if (rest->len < size)
		return false;
	*ret = size == 1 ? p[0] : (size_t)(p[0] & 0x7f) << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
	*rest = (struct str){ rest->ptr + size, rest->len - size };
	return true;
}

static bool read_pair(struct str *rest, struct pair *ret)
{
	size_t name, value;
	if (!read_length(rest, &name) || !read_length(rest, &value) || name > rest->len || value > rest->len - name)
		return false;
	ret->name = (struct str){ rest->ptr, name };
	ret->value = (struct str){ rest->ptr + name, value };
	*rest = (struct str){ rest->ptr + name + value, rest->len - name - value };
	return true;
}

/** Answers FCGI_GET_VALUES: each value that we know at most once. */
static bool reply_values(struct fcgi_reader *reader)
{
	static const char *const known[][2] = { { FCGI_MAX_CONNS, "1024" }, { FCGI_MAX_REQS, "1024" }, { FCGI_MPXS_CONNS, "0" } };
	bool asked[3] = { false };
	struct str rest = { (const char *)reader->content, reader->content_len };
	struct pair pair;
	while (rest.len > 0) {
		if (!read_pair(&rest, &pair))
			return false;
		for (size_t i = 0; i < 3; i++)
			asked[i] = asked[i] || str_eq(pair.name, str_from(known[i][0]));
	}
	struct buf values = { 0 };
	for (size_t i = 0; i < 3; i++) {
		if (!asked[i])
			continue;
		buf_add_char(&values, (char)strlen(known[i][0]));
		buf_add_char(&values, (char)strlen(known[i][1]));
		buf_add_cstr(&values, known[i][0]);
		buf_add_cstr(&values, known[i][1]);
	}
	unsigned char header[8];
	fcgi_header(header, FCGI_GET_VALUES_RESULT, FCGI_NULL_REQUEST_ID, values.len, 0);
	buf_add(&reader->reply, header, sizeof(header));
	buf_add_str(&reader->reply, buf_str(&values));
	buf_free(&values);
	return true;
}

static enum fcgi_event management(struct fcgi_reader *reader)
{
	if (record_type(reader) == FCGI_GET_VALUES)
		return reply_values(reader) && reader->reply.len <= REPLY_MAX ? FCGI_MORE : FCGI_BROKEN;
	unsigned char record[16] = { 0 };
	fcgi_header(record, FCGI_UNKNOWN_TYPE, FCGI_NULL_REQUEST_ID, 8, 0);
	record[8] = (unsigned char)record_type(reader);
	buf_add(&reader->reply, record, sizeof(record));
	return reader->reply.len <= REPLY_MAX ? FCGI_MORE : FCGI_BROKEN;
}

static enum fcgi_event abort_request(struct fcgi_reader *reader)
{
	reply_end(reader, reader->id, FCGI_REQUEST_COMPLETE);
	reader->close = !reader->keep;
	fcgi_reader_next(reader);
	return FCGI_MORE;
}

static bool is_kept_whole(const struct fcgi_reader *reader)
{
	return record_type(reader) == FCGI_BEGIN_REQUEST || record_id(reader) == FCGI_NULL_REQUEST_ID;
}

/** A header is complete: decides what becomes of the record's content. */
static enum fcgi_event open_record(struct fcgi_reader *reader)
{
	size_t len = reader->content_left;
	unsigned type = record_type(reader);
	if (reader->header[0] != FCGI_VERSION_1)
		return FCGI_BROKEN;
	reader->content_len = 0;
	reader->skip = false;
	if (type == FCGI_BEGIN_REQUEST)
		return len == 8 && record_id(reader) != FCGI_NULL_REQUEST_ID ? FCGI_MORE : FCGI_BROKEN;
	if (record_id(reader) == FCGI_NULL_REQUEST_ID)
		return len <= sizeof(reader->content) ? FCGI_MORE : FCGI_BROKEN;
	reader->skip = reader->phase == FCGI_IDLE || record_id(reader) != reader->id || type == FCGI_ABORT_REQUEST;
	if (reader->skip)
		return FCGI_MORE;
	if (type == FCGI_PARAMS && reader->phase == FCGI_IN_PARAMS)
		return FCGI_MORE;
	return type == FCGI_STDIN && reader->phase == FCGI_IN_STDIN ? FCGI_MORE : FCGI_BROKEN;
}

static bool has(struct str text, char c)
{
	return text.len > 0 && memchr(text.ptr, c, text.len);
}

/** libfcgi makes C strings NAME=VALUE of the pairs, so what those can't hold is refused. */
static enum fcgi_event end_params(struct fcgi_reader *reader)
{
	struct str rest = buf_str(&reader->params);
	struct pair pair;
	for (size_t count = 0; rest.len > 0 && !reader->params_too_large; count++) {
		if (!read_pair(&rest, &pair) || has(pair.name, '\0') || has(pair.name, '=') || has(pair.value, '\0'))
			return FCGI_BROKEN;
		reader->params_too_large = count == FCGI_PARAMS_MAX;
	}
	if (reader->params_too_large)
		buf_reset(&reader->params, 0);
	reader->phase = FCGI_IN_STDIN;
	return FCGI_MORE;
}

/** The record's content and padding are complete. */
static enum fcgi_event close_record(struct fcgi_reader *reader)
{
	unsigned type = record_type(reader);
	bool empty = !(reader->header[4] | reader->header[5]);
	reader->header_len = 0;
	if (type == FCGI_BEGIN_REQUEST)
		return begin_request(reader);
	if (record_id(reader) == FCGI_NULL_REQUEST_ID)
		return management(reader);
	if (type == FCGI_ABORT_REQUEST && reader->phase != FCGI_IDLE && record_id(reader) == reader->id)
		return abort_request(reader);
	if (reader->skip || !empty)
		return FCGI_MORE;
	if (type == FCGI_PARAMS)
		return end_params(reader);
	reader->phase = FCGI_COMPLETE;
	return FCGI_REQUEST;
}

static void keep_params(struct fcgi_reader *reader, const char *bytes, size_t len)
{
	if (reader->params.len + len > FCGI_PARAMS_BYTES_MAX)
		reader->params_too_large = true;
	else if (!reader->params_too_large)
		buf_add(&reader->params, bytes, len);
}

static void keep_body(struct fcgi_reader *reader, const char *bytes, size_t len)
{
	if (!reader->body_too_large && reader->body.len + len <= reader->body_max) {
		buf_add(&reader->body, bytes, len);
		return;
	}
	reader->body_too_large = true;
	buf_reset(&reader->body, 0);
}

static void take_content(struct fcgi_reader *reader, const char *bytes, size_t len)
{
	if (reader->skip)
		return;
	if (is_kept_whole(reader)) {
		memcpy(reader->content + reader->content_len, bytes, len);
		reader->content_len += len;
	} else if (record_type(reader) == FCGI_PARAMS) {
		keep_params(reader, bytes, len);
	} else {
		keep_body(reader, bytes, len);
	}
}

static size_t take_header(struct fcgi_reader *reader, struct str bytes)
{
	size_t missing = sizeof(reader->header) - reader->header_len;
	size_t part = bytes.len < missing ? bytes.len : missing;
	memcpy(reader->header + reader->header_len, bytes.ptr, part);
	reader->header_len += part;
	if (part == missing) {
		reader->content_left = (size_t)reader->header[4] << 8 | reader->header[5];
		reader->padding_left = reader->header[6];
	}
	return part;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/** One step: a part of a header, or of a record. */
static enum fcgi_event step(struct fcgi_reader *reader, struct str bytes, size_t *ret_taken)
{
	size_t taken = 0;
	if (reader->header_len < sizeof(reader->header)) {
		taken = take_header(reader, bytes);
		*ret_taken = taken;
		if (reader->header_len < sizeof(reader->header))
			return FCGI_MORE;
		if (open_record(reader) == FCGI_BROKEN)
			return FCGI_BROKEN;
	}
	size_t part = least(reader->content_left, bytes.len - taken);
	if (part > 0)
		take_content(reader, bytes.ptr + taken, part);
	reader->content_left -= part;
	taken += part;
	part = least(reader->padding_left, bytes.len - taken);
	reader->padding_left -= part;
	*ret_taken = taken + part;
	return reader->content_left || reader->padding_left ? FCGI_MORE : close_record(reader);
}

enum fcgi_event fcgi_reader_feed(struct fcgi_reader *reader, struct str bytes, size_t *ret_taken)
{
	enum fcgi_event event = FCGI_MORE;
	*ret_taken = 0;
	while (event == FCGI_MORE && *ret_taken < bytes.len && !reader->close) {
		size_t taken = 0;
		event = step(reader, (struct str){ bytes.ptr + *ret_taken, bytes.len - *ret_taken }, &taken);
		*ret_taken += taken;
	}
	return event;
}
