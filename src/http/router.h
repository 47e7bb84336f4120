/** From a path to its handler, by one table.
 *
 *  A pattern's segments are literals or names (":transactionId"), which match one segment of any content but the
 *  empty one; ":name{id}" matches 24 lower-case hex digits only. The first pattern of the table that matches counts,
 *  whatever its methods, together with all further rows of the same pattern. Segments are compared after
 *  percent-decoding; %2F stays part of its segment. One trailing slash is accepted.
 *
 *  What the router answers itself: a path that can't be decoded or is no UTF-8 400, an unknown path 404, a wrong method
 *  405 with Allow, OPTIONS 204 with Allow (and the CORS preflight), a body beyond the limit 413, a body that is not
 *  application/json 415 for routes that take one. HEAD goes to the handler of GET.
 */
#ifndef ITN_HTTP_ROUTER_H
#define ITN_HTTP_ROUTER_H

#include <stddef.h>

#include "core/str.h"
#include "http/request.h"
#include "http/response.h"

/** The daemon's state: handed to the handlers, not looked into here. */
struct api;

typedef void http_handler(struct api *api, struct http_request *req, struct http_response *res);

/** Who may call a route. Set down for each route, not yet enforced. */
enum role { ROLE_NONE, ROLE_READER, ROLE_TRADER, ROLE_OPERATOR };

struct route {
	unsigned methods;    /**< bits of enum http_method; HEAD and OPTIONS come by themselves */
	const char *pattern; /**< "/api/trades/:transactionId" */
	http_handler *handler;
	enum role role;
};

struct router {
	const struct route *routes;
	size_t count;
	struct api *api;
	uint64_t body_max;        /**< for the text of a 413 */
	const char *cors_origins; /**< allowed origins separated by commas, "*" for any; "" for no CORS */
};

/** Answers one request. */
void router_answer(const struct router *router, struct http_request *req, struct http_response *res);

#endif
