#include "api/body.h"

#include "core/log.h"
#include "http/problem.h"

bool body_read(struct http_request *req, struct http_response *res, struct faults *faults, struct json_in **ret_doc)
{
	faults_init(faults, req->arena);
	if (json_in_parse(req->arena, req->body, faults, ret_doc) == ITN_OK)
		return true;
	problem_reply(res, PROBLEM_BAD_JSON, faults, NULL);
	return false;
}

void store_failure_reply(struct http_response *res, enum itn_status status)
{
	switch (status) {
	case ITN_FULL:
		problem_reply(res, PROBLEM_UNAVAILABLE, NULL, "too much is waiting to be stored, nothing was done");
		return;
	case ITN_NO_ROOM:
		problem_reply(res, PROBLEM_INSUFFICIENT_STORAGE, NULL, "the disk of the store is full, nothing was done");
		return;
	case ITN_UNAVAILABLE:
		problem_reply(res, PROBLEM_UNAVAILABLE, NULL, "the store does not answer, nothing was done");
		return;
	case ITN_UNKNOWN:
		problem_reply(res, PROBLEM_OUTCOME_UNKNOWN, NULL,
			      "the store did not confirm it; look whether it took effect before sending it again");
		return;
	default:
		log_error("the store failed", LOG_CSTR("status", itn_status_name(status)));
		problem_reply(res, PROBLEM_INTERNAL, NULL, NULL);
	}
}
