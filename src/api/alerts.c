#include "store/alerts.h"


#include "api/api.h"
#include "api/body.h"
#include "api/condition.h"
#include "api/list.h"
#include "api/request.h"
#include "api/show.h"
#include "api/written.h"
#include "http/problem.h"

#define NOT_FOUND "Alert not found"
#define MESSAGE	  "Alert acknowledged"

static enum itn_status read_alert(const struct idempotency *once, struct alert *ret_alert)
{
	return store_alert(once->api->store, once->req->arena, once->req->params[0], ret_alert);
}

static void reply_failure(const struct idempotency *once, enum itn_status status)
{
	if (status == ITN_NOT_FOUND)
		problem_reply(once->res, PROBLEM_NOT_FOUND, NULL, "%s", NOT_FOUND);
	else
		store_failure_reply(once->res, status);
}

static void reply(const struct idempotency *once, const struct alert *alert, bool changed)
{
	struct buf json = { 0 };

	alert_write_json(&json, alert);
	written_reply(once->api, once->req, once->res,
		      (struct written){
			      .entity = ENTITY_ALERT,
			      .key = alert->id,
			      .event = changed ? once->claim.event : STR_NONE,
			      .json = buf_str(&json),
			      .version = alert->version,
			      .status = 200,
			      .message = MESSAGE,
		      });
	buf_free(&json);
}

/* Only the engine writes alerts. */
static void ask(struct idempotency *once)
{
	struct request_verdict verdict;
	struct alert alert;
	enum itn_status status;

	if (!request_decide(once, ENTITY_ALERT, once->req->params[0], STR("{}"), &verdict))
		return;
	status = verdict.state == REQUEST_NO_SUCH ? ITN_NOT_FOUND : read_alert(once, &alert);
	if (status == ITN_OK)
		reply(once, &alert, verdict.state == REQUEST_CHANGED);
	else
		reply_failure(once, verdict.state == REQUEST_NO_SUCH ? status : ITN_UNKNOWN);
}

static void answer(struct idempotency *once)
{
	struct alert alert;
	enum itn_status status;

	/* A try that asked has met the condition: what it changed does not count. */
	if (once->claim.asked) {
		ask(once);
		return;
	}
	status = read_alert(once, &alert);
	if (status != ITN_OK)
		reply_failure(once, status);
	else if (!condition_met(once->req, once->res, alert.version, NULL))
		return; /* the engine would not look at it: it holds for the alert as it is when the request is accepted */
	else if (alert.acknowledged_at)
		reply(once, &alert, false);
	else
		ask(once);
}

/* Whoever tries it, in any number at once, it is one request. */
void alert_set_acknowledged(struct api *api, struct http_request *req, struct http_response *res)
{
	struct idempotency once;

	if (idempotency_begin(&once, IDEMPOTENT_CREATION, api, req, res))
		answer(&once);
	idempotency_end(&once);
}

void alert_show(struct api *api, struct http_request *req, struct http_response *res)
{
	show_answer(store_alert_json, NOT_FOUND, api, req, res);
}

void alert_list(struct api *api, struct http_request *req, struct http_response *res)
{
	list_answer(LIST_ALERTS, api, req, res);
}
