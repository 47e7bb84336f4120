/** The answer to one request: buffered (one body with Content-Length) or streamed at constant memory.
 *
 *  A handler either sets a status and fills the body (http_json() and friends), or calls http_stream_begin() and
 *  writes; it returns, and the server sends what is left. X-Request-Id goes out with each answer, traceparent is
 *  passed on. One thread at a time.
 */
#ifndef ITN_HTTP_RESPONSE_H
#define ITN_HTTP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/json_out.h"
#include "core/str.h"
#include "http/request.h"

/** A stream sends whenever this much has gathered: eight records of libfcgi. */
#define HTTP_CHUNK 65472

/** Where an answer goes: the FastCGI connection, or a test. */
struct http_sink {
	/** The next bytes of the answer (`head` is empty after the first call); `last` ends it.
	 *  @return false when the peer is gone: nothing more is to be written */
	bool (*send)(struct http_sink *sink, struct str head, struct str body, bool last);
	/** Asked before a stream's first bytes: false when no more streams are to go on at once. NULL: always true. */
	bool (*stream)(struct http_sink *sink);
};

enum http_response_state {
	HTTP_BUFFERED,
	HTTP_GATHERING, /**< a stream of which nothing was sent yet */
	HTTP_STREAMING,
	HTTP_SENT,
	HTTP_ABORTED,
};

struct http_response {
	int status;      /**< 200 at first */
	struct buf head; /**< room for the status line, then header lines; written by http_set() and friends */
	size_t kept;     /**< bytes of the head that any answer to the request has */
	struct buf body;
	enum http_response_state state;
	bool gone;       /**< the peer took no more: writing is pointless */
	struct http_request *req;
	struct http_sink *sink;
};

/** Empties it for a new request; keeps its memory up to 256 KiB. Zero-initialised is valid before the first. */
void http_response_init(struct http_response *res, struct http_request *req, struct http_sink *sink);
void http_response_free(struct http_response *res);
/** Sends what a handler left unsent; the server calls it after the router. False when the peer is gone or the stream
 *  was aborted: the connection must be closed. */
bool http_response_finish(struct http_response *res);
/** Forgets status, headers and body, so that another answer can be made; only before anything was sent. */
void http_response_restart(struct http_response *res);
/** The headers set so far go with any answer to this request: http_response_restart() leaves them. */
void http_response_keep(struct http_response *res);

/** The header lines of the answer itself, without those that any answer to the request has: a view. */
struct str http_own_lines(const struct http_response *res);
/** Makes the answer one that was made before, perhaps for another request, from its status, own lines and body. */
void http_answer_again(struct http_response *res, int status, struct str lines, struct str body);

/** Adds a header line. A value with control characters is refused (false; nothing is added): an answer can't be
 *  split. `name` is a literal. */
bool http_set(struct http_response *res, const char *name, struct str value);
bool http_setf(struct http_response *res, const char *name, const char *fmt, ...) printf_like(3, 4);

/** A JSON answer: sets status and Content-Type: application/json; write one value to what it returns. */
struct json_out http_json(struct http_response *res, int status);
/** The reason phrase of a status that we use (RFC 9110), "" for any other. */
const char *http_reason(int status);
/** The statuses that we use as texts, the first of them "other", and a status's place among them. */
const char *const *http_statuses(size_t *ret_count);
size_t http_status_position(int status);
/** An answer without a body, such as 204 and 304. */
void http_empty(struct http_response *res, int status);
/** ETag: "VERSION". */
void http_set_version(struct http_response *res, int64_t version);
/** Location: PREFIX/SEGMENT/…, each segment of the NULL-terminated list percent-encoded (RFC 3986 unreserved stay):
 *  http_set_location(res, "/api/cargo", (struct str[]){ id, STR_NONE }). */
void http_set_location(struct http_response *res, const char *prefix, const struct str segments[]);
/** Percent-encodes one path segment or query value. */
void http_encode(struct buf *out, struct str text);

/** Begins an answer whose length is not known; Content-Type must be set. The head goes out with the first chunk; a body
 *  that stays below one is sent like any other, with Content-Length. When as many streams go on as may (fcgi.h), the
 *  first chunk makes a 503 of the answer instead: http_stream_write() returns false then, too.
 *  @return false when nothing is to be written after it (HEAD): return then */
bool http_stream_begin(struct http_response *res, int status);
/** The body's next bytes; sent in chunks of HTTP_CHUNK, in between kept in res->body.
 *  @return false when the peer is gone or the stream may not go on: stop reading the store and return */
bool http_stream_write(struct http_response *res, struct str bytes);
/** Like http_stream_write() for what a caller has put into res->body itself (by a json_out_to(&res->body)): sends
 *  it when enough has gathered. */
bool http_stream_flush(struct http_response *res);
/** The source failed in the middle: nothing more is sent and the connection is closed, so that the client sees a
 *  broken answer and not a short list. */
void http_stream_abort(struct http_response *res);

#endif
