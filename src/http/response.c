#include "http/response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "http/problem.h"

#define KEEP_BYTES ((size_t)256 * 1024)
/** Room for the status line at the start of the head; the line ends where the room does. */
#define STATUS_ROOM 64

/* Each is a bucket of a counter too: http_status_position(). */
#define STATUSES(X) \
	X(200, "OK") \
	X(201, "Created") \
	X(202, "Accepted") \
	X(204, "No Content") \
	X(304, "Not Modified") \
	X(400, "Bad Request") \
	X(404, "Not Found") \
	X(405, "Method Not Allowed") \
	X(406, "Not Acceptable") \
	X(409, "Conflict") \
	X(410, "Gone") \
	X(412, "Precondition Failed") \
	X(413, "Content Too Large") \
	X(415, "Unsupported Media Type") \
	X(422, "Unprocessable Content") \
	X(426, "Upgrade Required") \
	X(431, "Request Header Fields Too Large") \
	X(500, "Internal Server Error") \
	X(503, "Service Unavailable") \
	X(507, "Insufficient Storage")

#define PHRASE(status, phrase) { status, phrase },
static const struct {
	int status;
	const char *phrase;
} reasons[] = { STATUSES(PHRASE) };

#define TEXT(status, phrase) #status,
static const char *const texts[] = { "other", STATUSES(TEXT) };

size_t http_status_position(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return i + 1;
	return 0;
}

const char *const *http_statuses(size_t *ret_count)
{
	*ret_count = sizeof(texts) / sizeof(texts[0]);
	return texts;
}

const char *http_reason(int status)
{
	size_t position = http_status_position(status);

	return position ? reasons[position - 1].phrase : "";
}

static void add_line(struct http_response *res, const char *name, struct str value)
{
	buf_add_cstr(&res->head, name);
	buf_add(&res->head, ": ", 2);
	buf_add_str(&res->head, value);
	buf_add(&res->head, "\r\n", 2);
}

void http_response_init(struct http_response *res, struct http_request *req, struct http_sink *sink)
{
	res->req = req;
	res->sink = sink;
	res->state = HTTP_BUFFERED;
	res->gone = false;
	buf_reset(&res->head, KEEP_BYTES);
	buf_reserve(&res->head, STATUS_ROOM);
	res->head.len = STATUS_ROOM;
	add_line(res, "X-Request-Id", req->request_id);
	struct str trace = http_header(req, "traceparent");
	if (str_is_set(trace) && trace.len <= 128)
		http_set(res, "traceparent", trace);
	http_response_keep(res);
	http_response_restart(res);
}

void http_response_keep(struct http_response *res)
{
	res->kept = res->head.len;
}

void http_response_restart(struct http_response *res)
{
	res->status = 200;
	res->head.len = res->kept;
	buf_reset(&res->body, KEEP_BYTES);
}

struct str http_own_lines(const struct http_response *res)
{
	return (struct str){ res->head.ptr + res->kept, res->head.len - res->kept };
}

void http_answer_again(struct http_response *res, int status, struct str lines, struct str body)
{
	http_response_restart(res);
	res->status = status;
	buf_add_str(&res->head, lines);
	buf_add_str(&res->body, body);
}

void http_response_free(struct http_response *res)
{
	buf_free(&res->head);
	buf_free(&res->body);
}

bool http_set(struct http_response *res, const char *name, struct str value)
{
	for (size_t i = 0; i < value.len; i++)
		if ((unsigned char)value.ptr[i] < 0x20 || value.ptr[i] == 0x7f)
			return false;
	add_line(res, name, value);
	return true;
}

bool http_setf(struct http_response *res, const char *name, const char *fmt, ...)
{
	char value[2048];
	va_list args;
	va_start(args, fmt);
	int len = vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(value))
		return false;
	return http_set(res, name, (struct str){ value, (size_t)len });
}

struct json_out http_json(struct http_response *res, int status)
{
	res->status = status;
	http_set(res, "Content-Type", STR("application/json"));
	return json_out_to(&res->body);
}

void http_empty(struct http_response *res, int status)
{
	res->status = status;
	buf_reset(&res->body, KEEP_BYTES);
}

void http_set_version(struct http_response *res, int64_t version)
{
	http_setf(res, "ETag", "\"%lld\"", (long long)version);
}

void http_encode(struct buf *out, struct str text)
{
	static const char hex[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
			     (c && strchr("-._~", c));
		if (plain) {
			buf_add_char(out, (char)c);
			continue;
		}
		buf_add_char(out, '%');
		buf_add_char(out, hex[c >> 4]);
		buf_add_char(out, hex[c & 15]);
	}
}

void http_set_location(struct http_response *res, const char *prefix, const struct str segments[])
{
	buf_add_cstr(&res->head, "Location: ");
	buf_add_cstr(&res->head, prefix);
	for (size_t i = 0; str_is_set(segments[i]); i++) {
		buf_add_char(&res->head, '/');
		http_encode(&res->head, segments[i]);
	}
	buf_add(&res->head, "\r\n", 2);
}

static bool has_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static bool send_head(struct http_response *res, struct str body, bool last)
{
	char line[STATUS_ROOM];
	const char *reason = http_reason(res->status);
	int len = snprintf(line, sizeof(line), "Status: %d%s%s\r\n", res->status, *reason ? " " : "", reason);
	size_t unused = STATUS_ROOM - (size_t)len;
	memcpy(res->head.ptr + unused, line, (size_t)len);
	buf_add(&res->head, "\r\n", 2);
	struct str head = { res->head.ptr + unused, res->head.len - unused };
	bool sent = res->sink->send(res->sink, head, body, last);
	res->gone = !sent;
	return sent;
}

bool http_response_finish(struct http_response *res)
{
	if (res->state == HTTP_SENT)
		return !res->gone;
	if (res->state == HTTP_ABORTED || res->gone)
		return false;
	struct str body = buf_str(&res->body);
	bool streaming = res->state == HTTP_STREAMING;
	res->state = HTTP_SENT;
	if (streaming) {
		res->gone = !res->sink->send(res->sink, STR(""), body, true);
		return !res->gone;
	}
	if (has_body(res->status))
		http_setf(res, "Content-Length", "%zu", body.len);
	if (!has_body(res->status) || res->req->method == HTTP_HEAD)
		body = STR("");
	return send_head(res, body, true);
}

bool http_stream_begin(struct http_response *res, int status)
{
	res->status = status;
	if (res->req->method != HTTP_HEAD) {
		res->state = HTTP_GATHERING;
		return true;
	}
	res->state = HTTP_SENT;
	(void)send_head(res, STR(""), true);
	return false;
}

static bool is_stream(const struct http_response *res)
{
	return !res->gone && (res->state == HTTP_GATHERING || res->state == HTTP_STREAMING);
}

static bool refuse_stream(struct http_response *res)
{
	http_response_restart(res);
	res->state = HTTP_BUFFERED;
	problem_reply(res, PROBLEM_UNAVAILABLE, NULL, "too many long answers are under way");
	return false;
}

bool http_stream_flush(struct http_response *res)
{
	if (!is_stream(res))
		return false;
	if (res->body.len < HTTP_CHUNK)
		return true;
	if (res->state == HTTP_GATHERING) {
		if (res->sink->stream && !res->sink->stream(res->sink))
			return refuse_stream(res);
		res->state = HTTP_STREAMING;
		(void)send_head(res, buf_str(&res->body), false);
	} else {
		res->gone = !res->sink->send(res->sink, STR(""), buf_str(&res->body), false);
	}
	buf_reset(&res->body, KEEP_BYTES);
	return !res->gone;
}

bool http_stream_write(struct http_response *res, struct str bytes)
{
	if (!is_stream(res))
		return false;
	while (bytes.len > 0) {
		size_t room = HTTP_CHUNK - res->body.len % HTTP_CHUNK;
		size_t part = bytes.len < room ? bytes.len : room;
		buf_add(&res->body, bytes.ptr, part);
		bytes = (struct str){ bytes.ptr + part, bytes.len - part };
		if (!http_stream_flush(res))
			return false;
	}
	return true;
}

void http_stream_abort(struct http_response *res)
{
	res->state = HTTP_ABORTED;
}
