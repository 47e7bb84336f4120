/** One HTTP request as a handler sees it: method, path, query, headers, body.
 *
 *  Everything that it points to lives until the answer is out (its arena or its connection). One thread at a time.
 */
#ifndef ITN_HTTP_REQUEST_H
#define ITN_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/fault.h"
#include "core/str.h"

/** Bits, so that a route can have several. */
enum http_method {
	HTTP_GET = 1 << 0,
	HTTP_HEAD = 1 << 1,
	HTTP_POST = 1 << 2,
	HTTP_PUT = 1 << 3,
	HTTP_PATCH = 1 << 4,
	HTTP_DELETE = 1 << 5,
	HTTP_OPTIONS = 1 << 6,
	HTTP_OTHER = 1 << 7, /**< any other token; no route has it */
};

/** Path segments that a route can take out of the path. */
#define HTTP_PARAMS_MAX 4
/** A client's X-Request-Id is kept up to this length. */
#define HTTP_REQUEST_ID_MAX 128

/** A parameter of the web server (RFC 3875 names, such as HTTP_IF_MATCH). */
struct http_variable {
	struct str name;
	struct str value;
};

struct http_request {
	enum http_method method;
	struct str method_name;  /**< as sent */
	struct str path;         /**< raw, percent-encoded, without the query */
	struct str query;        /**< raw, without '?'; empty when there is none */
	struct str body;         /**< empty when there is none; not checked beyond its size */
	struct str content_type; /**< as sent; absent when there is none */
	struct str remote;       /**< address of the client as the web server saw it; "" for unknown */
	struct str request_id;   /**< the client's when it has 1..128 of A-Za-z0-9._-, else a new one */
	struct str route;        /**< pattern of the matched route ("/api/trades/:transactionId"); absent before that */
	size_t route_position;   /**< its first row in the table, counted from 1; 0 while there is none */
	struct str params[HTTP_PARAMS_MAX]; /**< decoded segments, valid UTF-8, in the order of the pattern's names */
	bool body_too_large;     /**< the body went beyond the limit and was dropped */
	bool body_broken;        /**< the body's length is not what Content-Length says */
	struct arena *arena;

	const struct http_variable *variables;
	size_t variable_count;
	struct http_query_pair *pairs; /**< of the query, decoded at the first question; private */
	size_t pair_count;
	bool query_read;
};

/** Fills a request from the web server's parameters and the body; the server does it for each request, and tests.
 *  Never fails: what is wrong with path or query comes out when they are used. */
void http_request_init(struct http_request *req, struct arena *arena, const struct http_variable *variables,
		       size_t count, struct str body);

/** A header by its name ("If-Match", any case; from HTTP_IF_MATCH and so on); absent when it was not sent. */
struct str http_header(const struct http_request *req, const char *name);
/** A parameter of the web server by its exact name ("SERVER_PROTOCOL"); absent when it was not sent. */
struct str http_variable(const struct http_request *req, const char *name);
/** Whether the client is on this host (127.0.0.0/8, ::1, or a unix socket). */
bool http_is_loopback(const struct http_request *req);
/** Whether the request was made on this host: from loopback, and not on behalf of another client (a proxy says so by
 *  X-Forwarded-For, Forwarded or Via). */
bool http_is_local(const struct http_request *req);

/** A query parameter, decoded (percent-encoding, '+' is a space); valid UTF-8. False when it is not given.
 *  One that http_query_check() would refuse counts as not given. */
bool http_query(struct http_request *req, const char *name, struct str *ret);
/** Checks the query against the NULL-terminated list of names that a handler knows: bad percent-encoding, invalid
 *  UTF-8, and a known name given twice are faults ("?limit"). Unknown names are ignored. */
void http_query_check(struct http_request *req, const char *const known[], struct faults *faults);
/** Decodes percent-encoding; `plus` makes '+' a space. False for a '%' without two hex digits. The result may have
 *  any bytes, NUL too. */
bool http_decode(struct arena *arena, struct str raw, bool plus, struct str *ret);

#endif
