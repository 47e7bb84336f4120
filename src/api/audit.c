#include "audit/audit.h"

#include "api/api.h"
#include "core/clock.h"
#include "core/service.h"
#include "http/problem.h"

/* nginx waits for an answer no longer than 30 s. */
#define AUDIT_MS 20000

static bool goes_on(void *context)
{
	return !service_stopping() && clock_monotonic_ms() < *(const int64_t *)context;
}

static void reply(struct http_response *res, const struct audit_report *report)
{
	res->status = 200;
	http_set(res, "Content-Type", STR("application/json"));
	http_set(res, "Cache-Control", STR("no-store"));
	audit_write_json(&res->body, report);
}

static void run(struct api *api, struct http_request *req, struct http_response *res)
{
	int64_t end = clock_monotonic_ms() + AUDIT_MS;
	struct audit_patience patience = { goes_on, &end };
	struct audit_report *report = arena_calloc(req->arena, 1, sizeof(*report));
	struct error error = { "" };
	enum itn_status status = audit_run(api->store, &patience, req->arena, report, &error);

	if (status == ITN_OK)
		reply(res, report);
	else if (status == ITN_CONFLICT)
		problem_reply(res, PROBLEM_UNAVAILABLE, NULL,
			      "an audit takes longer than a request may: itn-admin audit has all the time");
	else
		problem_reply(res, PROBLEM_UNAVAILABLE, NULL, "no audit: %s", error.text);
}

/** For clients on this host only; to others there is nothing here. One at a time: whoever comes meanwhile is sent away,
 *  so that no more than one thread of a worker is at it, and never its only one. */
void audit_show(struct api *api, struct http_request *req, struct http_response *res)
{
	if (!http_is_local(req)) {
		problem_reply(res, PROBLEM_NOT_FOUND, NULL, "nothing is at %.*s", STR_ARG(req->path));
		return;
	}
	if (api->config->threads < 2) {
		problem_reply(res, PROBLEM_UNAVAILABLE, NULL, "this worker has one thread: itn-admin audit needs none");
		return;
	}
	if (atomic_exchange(&api->auditing, true)) {
		problem_reply(res, PROBLEM_UNAVAILABLE, NULL, "this worker is at an audit already");
		return;
	}
	run(api, req, res);
	atomic_store(&api->auditing, false);
}
