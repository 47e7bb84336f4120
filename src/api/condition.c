#include "api/condition.h"

#include <inttypes.h>

#include "http/negotiate.h"
#include "http/problem.h"

bool condition_met(struct http_request *req, struct http_response *res, int64_t version, const char *nothing)
{
	struct str etag = version ? arena_printf(req->arena, "\"%" PRId64 "\"", version) : STR_NONE;

	if (http_condition(req, etag) == HTTP_PROCEED)
		return true;
	if (!version) {
		problem_reply(res, PROBLEM_PRECONDITION_FAILED, NULL, "%s", nothing);
		return false;
	}
	http_set_version(res, version);
	problem_reply(res, PROBLEM_PRECONDITION_FAILED, NULL, "version %" PRId64 " is current", version);
	return false;
}
