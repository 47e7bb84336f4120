#include "core/metrics.h"

#include "api/api.h"
#include "http/problem.h"

/** For clients on this host only; to others there is nothing here. */
void metrics_show(struct api *api unused_arg, struct http_request *req, struct http_response *res)
{
	struct metrics_reading *reading;

	if (!http_is_local(req)) {
		problem_reply(res, PROBLEM_NOT_FOUND, NULL, "nothing is at %.*s", STR_ARG(req->path));
		return;
	}
	reading = metrics_read();
	res->status = 200;
	http_set(res, "Content-Type", STR(METRICS_CONTENT_TYPE));
	http_set(res, "Cache-Control", STR("no-store"));
	metrics_write(reading, &res->body);
	metrics_reading_free(reading);
}
