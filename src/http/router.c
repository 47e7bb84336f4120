#include "http/router.h"

#include <string.h>

#include "core/id.h"
#include "core/utf8.h"
#include "http/negotiate.h"
#include "http/problem.h"

/** Longer paths match nothing that exists. */
#define SEGMENTS_MAX 8

#define TAKES_BODY (HTTP_POST | HTTP_PUT | HTTP_PATCH)

static const struct {
	enum http_method method;
	const char *name;
} method_names[] = {
	{ HTTP_GET, "GET" }, { HTTP_HEAD, "HEAD" },   { HTTP_POST, "POST" },
	{ HTTP_PUT, "PUT" }, { HTTP_PATCH, "PATCH" }, { HTTP_DELETE, "DELETE" },
};

struct segments {
	struct str at[SEGMENTS_MAX];
	size_t count;
};

static struct str next_segment(struct str *rest)
{
	const char *slash = rest->len ? memchr(rest->ptr, '/', rest->len) : NULL;
	size_t len = slash ? (size_t)(slash - rest->ptr) : rest->len;
	struct str segment = { rest->ptr, len };
	size_t used = slash ? len + 1 : len;
	*rest = (struct str){ rest->ptr + used, rest->len - used };
	return segment;
}

/** Splits and decodes the path. False, with an answer made, when it can't be read. */
static bool read_path(struct http_request *req, struct http_response *res, struct segments *ret)
{
	struct str rest = req->path;
	ret->count = 0;
	if (rest.len > 0 && rest.ptr[0] == '/')
		rest = (struct str){ rest.ptr + 1, rest.len - 1 };
	while (rest.len > 0) {
		struct str raw = next_segment(&rest);
		struct str segment;
		if (!http_decode(req->arena, raw, false, &segment)) {
			problem_reply(res, PROBLEM_BAD_PATH, NULL, "bad percent-encoding in the path segment '%.*s'",
				      STR_ARG(raw));
			return false;
		}
		if (!utf8_valid(segment, NULL)) {
			problem_reply(res, PROBLEM_BAD_PATH, NULL, "the path segment '%.*s' is not UTF-8",
				      STR_ARG(raw));
			return false;
		}
		if (ret->count < SEGMENTS_MAX)
			ret->at[ret->count] = segment;
		ret->count++;
	}
	return true;
}

/** Whether a name's constraint ("{id}" at its end) lets the segment pass. */
static bool name_takes(struct str name, struct str segment)
{
	if (segment.len == 0)
		return false;
	bool only_id = name.len > 4 && memcmp(name.ptr + name.len - 4, "{id}", 4) == 0;
	return !only_id || id_valid(segment);
}

static bool match(const char *pattern, const struct segments *path, struct str params[HTTP_PARAMS_MAX])
{
	struct str rest = str_from(pattern + 1);
	size_t segment = 0, param = 0;
	while (rest.len > 0) {
		struct str part = next_segment(&rest);
		if (segment >= path->count || segment >= SEGMENTS_MAX)
			return false;
		struct str given = path->at[segment++];
		if (part.ptr[0] != ':') {
			if (!str_eq(part, given))
				return false;
			continue;
		}
		if (param == HTTP_PARAMS_MAX || !name_takes(part, given))
			return false;
		params[param++] = given;
	}
	return segment == path->count;
}

/** The first row whose pattern matches, and all methods that rows of this pattern have. */
static const struct route *find_path(const struct router *router, const struct segments *path, struct http_request *req,
				     unsigned *ret_methods)
{
	const struct route *found = NULL;
	*ret_methods = 0;
	for (size_t i = 0; i < router->count; i++) {
		const struct route *route = &router->routes[i];
		if (found ? strcmp(route->pattern, found->pattern) == 0 : match(route->pattern, path, req->params)) {
			found = found ? found : route;
			*ret_methods |= route->methods;
		}
	}
	return found;
}

static const struct route *find_method(const struct router *router, const struct route *from, unsigned method)
{
	const struct route *end = router->routes + router->count;
	for (const struct route *route = from; route < end; route++)
		if ((route->methods & method) && strcmp(route->pattern, from->pattern) == 0)
			return route;
	return NULL;
}

static const char *allow_list(struct http_request *req, unsigned methods)
{
	struct str list = STR("");
	if (methods & HTTP_GET)
		methods |= HTTP_HEAD;
	for (size_t i = 0; i < sizeof(method_names) / sizeof(method_names[0]); i++)
		if (methods & method_names[i].method)
			list = arena_printf(req->arena, "%.*s%s, ", STR_ARG(list), method_names[i].name);
	return arena_printf(req->arena, "%.*sOPTIONS", STR_ARG(list)).ptr;
}

static bool origin_allowed(const char *origins, struct str origin)
{
	struct str rest = str_from(origins);
	while (rest.len > 0) {
		const char *comma = memchr(rest.ptr, ',', rest.len);
		size_t len = comma ? (size_t)(comma - rest.ptr) : rest.len;
		struct str one = { rest.ptr, len };
		while (one.len && one.ptr[0] == ' ')
			one = (struct str){ one.ptr + 1, one.len - 1 };
		if (str_eq(one, STR("*")) || str_eq(one, origin))
			return true;
		size_t used = comma ? len + 1 : len;
		rest = (struct str){ rest.ptr + used, rest.len - used };
	}
	return false;
}

/** Adds the CORS headers of the Fetch standard when the origin may read the answer. */
static bool allow_origin(const struct router *router, struct http_request *req, struct http_response *res)
{
	if (!router->cors_origins || !router->cors_origins[0])
		return false;
	http_set(res, "Vary", STR("Origin"));
	struct str origin = http_header(req, "Origin");
	if (!str_is_set(origin) || !origin_allowed(router->cors_origins, origin))
		return false;
	http_set(res, "Access-Control-Allow-Origin", origin);
	http_set(res, "Access-Control-Expose-Headers", STR("ETag, Link, Location, ITN-Seq, ITN-Log, X-Request-Id"));
	return true;
}

static void answer_options(struct http_request *req, struct http_response *res, const char *allow, bool cors)
{
	http_empty(res, 204);
	http_set(res, "Allow", str_from(allow));
	if (!cors || !str_is_set(http_header(req, "Access-Control-Request-Method")))
		return;
	http_set(res, "Access-Control-Allow-Methods", str_from(allow));
	http_set(res, "Access-Control-Allow-Headers",
		 STR("Accept, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, X-Request-Id, traceparent"));
	http_set(res, "Access-Control-Max-Age", STR("600"));
}

/** Whether the body may be handed to the handler; an answer is made when not. */
static bool check_body(const struct router *router, struct http_request *req, struct http_response *res)
{
	if (req->body_too_large) {
		problem_reply(res, PROBLEM_BODY_TOO_LARGE, NULL, "the body must have at most %llu bytes",
			      (unsigned long long)router->body_max);
		return false;
	}
	if (req->body_broken) {
		problem_reply(res, PROBLEM_BAD_REQUEST, NULL, "the body does not have the length that Content-Length says");
		return false;
	}
	if (!(req->method & TAKES_BODY) || (req->body.len == 0 && !str_is_set(req->content_type)))
		return true;
	if (http_type_is_json(req->content_type))
		return true;
	problem_reply(res, PROBLEM_UNSUPPORTED_TYPE, NULL, NULL);
	return false;
}

void router_answer(const struct router *router, struct http_request *req, struct http_response *res)
{
	struct segments path;
	unsigned methods;
	bool cors = allow_origin(router, req, res);
	http_response_keep(res);
	if (!read_path(req, res, &path))
		return;
	const struct route *route = find_path(router, &path, req, &methods);
	if (!route) {
		problem_reply(res, PROBLEM_NOT_FOUND, NULL, "nothing is at %.*s", STR_ARG(req->path));
		return;
	}
	req->route = str_from(route->pattern);
	req->route_position = (size_t)(route - router->routes) + 1;
	const char *allow = allow_list(req, methods);
	if (req->method == HTTP_OPTIONS) {
		answer_options(req, res, allow, cors);
		return;
	}
	route = find_method(router, route, req->method == HTTP_HEAD ? HTTP_GET : req->method);
	if (!route) {
		http_set(res, "Allow", str_from(allow));
		problem_reply(res, PROBLEM_METHOD_NOT_ALLOWED, NULL, "%.*s is not possible here, only %s",
			      STR_ARG(req->method_name), allow);
		return;
	}
	if (check_body(router, req, res))
		route->handler(router->api, req, res);
}
