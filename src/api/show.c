#include "api/show.h"

#include <inttypes.h>

#include "api/body.h"
#include "http/negotiate.h"
#include "http/problem.h"

static void reply(struct http_request *req, struct http_response *res, struct str json, int64_t version)
{
	struct str etag = arena_printf(req->arena, "\"%" PRId64 "\"", version);
	enum http_condition condition = http_condition(req, etag);
	struct json_out out;

	http_set_version(res, version);
	if (condition == HTTP_NOT_MODIFIED) {
		http_empty(res, 304);
		return;
	}
	if (condition == HTTP_PRECONDITION_FAILED) {
		problem_reply(res, PROBLEM_PRECONDITION_FAILED, NULL, "version %" PRId64 " is current", version);
		return;
	}
	out = http_json(res, 200);
	json_out_raw(&out, json);
}

void show_answer(show_read_fn *read, const char *not_found, struct api *api, struct http_request *req,
		 struct http_response *res)
{
	struct buf json = { 0 };
	int64_t version;
	enum itn_status status = read(api->store, req->params[0], &json, &version);

	if (status == ITN_OK)
		reply(req, res, buf_str(&json), version);
	else if (status == ITN_NOT_FOUND)
		problem_reply(res, PROBLEM_NOT_FOUND, NULL, "%s", not_found);
	else
		store_failure_reply(res, status);
	buf_free(&json);
}
