/** What a request's headers ask for: media type, waiting, conditions. Pure functions of header values. */
#ifndef ITN_HTTP_NEGOTIATE_H
#define ITN_HTTP_NEGOTIATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/str.h"
#include "http/request.h"

/** Picks from `offers` (NULL-terminated media types, the first is the default) what the Accept header likes best
 *  (RFC 9110 12.5.1: q-values, the more specific range counts; parameters other than q are ignored). Equal liking:
 *  the earlier offer. No header: 0. A malformed element is skipped.
 *  @return its index, or -1 when the client accepts none of them (answer with PROBLEM_NOT_ACCEPTABLE) */
int http_accept(struct str accept, const char *const offers[]);

/** Whether a Content-Type is application/json, with no charset or charset=utf-8 (RFC 8259, RFC 9110 8.3). */
bool http_type_is_json(struct str content_type);

/** Prefer: wait=SECONDS (RFC 7240); also among other preferences and in several header lines joined by commas. The
 *  first `wait` counts; a malformed one is ignored, as the RFC says.
 *  @return seconds, capped at `max`; -1 when it is not asked for */
int http_prefer_wait(struct str prefer, int max);

enum http_condition {
	HTTP_PROCEED,
	HTTP_NOT_MODIFIED,        /**< 304: GET and HEAD only */
	HTTP_PRECONDITION_FAILED, /**< 412 */
};

/** If-Match (strong comparison) and If-None-Match (weak comparison) against the current entity tag of what exists
 *  (RFC 9110 13). `etag` is with quotes (`"7"`, `W/"7"`), or absent when there is nothing yet. A malformed list
 *  matches nothing. */
enum http_condition http_condition(const struct http_request *req, struct str etag);
/** Whether an If-Match or If-None-Match header value names `etag`; `*` does. */
bool http_etag_listed(struct str list, struct str etag, bool weak);

#endif
