#include "domain/stock_take.h"


#include "api/api.h"
#include "api/body.h"
#include "api/condition.h"
#include "api/request.h"
#include "api/written.h"
#include "domain/field.h"
#include "http/problem.h"

#define MESSAGE "Stock-take recorded"

/* Of the inventory as clients see it; 0 while there is none. */
static enum itn_status read_version(const struct idempotency *once, struct str station, int64_t *ret_version)
{
	struct buf json = { 0 };
	enum itn_status status = store_inventory_json(once->api->store, station, &json, ret_version);

	buf_free(&json);
	if (status != ITN_NOT_FOUND)
		return status;
	*ret_version = 0;
	return ITN_OK;
}

/* The engine would not look at it: it holds for the inventory as it is when the stock-take is accepted. An answer is
 * made when it does not. */
static bool meets_condition(const struct idempotency *once, struct str station)
{
	struct http_request *req = once->req;
	enum itn_status status;
	int64_t version;

	if (!str_is_set(http_header(req, "If-Match")) && !str_is_set(http_header(req, "If-None-Match")))
		return true;
	status = read_version(once, station, &version);
	if (status != ITN_OK) {
		store_failure_reply(once->res, status);
		return false;
	}
	return condition_met(req, once->res, version, "the station has no inventory yet");
}

static void record(struct idempotency *once, struct str station, const struct stock_take *take)
{
	struct request_verdict verdict;
	struct buf wish = { 0 };
	bool decided;

	/* A try that asked has met it: what it changed does not count. */
	if (!once->claim.asked && !meets_condition(once, station))
		return;
	stock_take_write_body(&wish, take);
	decided = request_decide(once, ENTITY_INVENTORY, station, buf_str(&wish), &verdict);
	buf_free(&wish);
	if (decided && verdict.state == REQUEST_CHANGED)
		written_reply(once->api, once->req, once->res,
			      (struct written){
				      .entity = ENTITY_INVENTORY,
				      .key = station,
				      .event = once->claim.event,
				      .status = 200,
				      .message = MESSAGE,
				      .wait_s = REQUEST_WAIT_S,
			      });
	else if (decided)
		store_failure_reply(once->res, ITN_FAILED);
}

/* Every fault at once, the path's first. */
static void answer(struct idempotency *once)
{
	struct str station = once->req->params[0], fault;
	struct stock_take take;
	struct faults faults;
	struct json_in *body;

	if (!body_read(once->req, once->res, &faults, &body))
		return;
	fault = text_fault(once->req->arena, &text_key, station);
	if (str_is_set(fault))
		faults_add(&faults, STR(":stationId"), "%.*s", STR_ARG(fault));
	if (stock_take_from_request(body, once->req->arena, &faults, &take) == ITN_OK)
		record(once, station, &take);
	else
		problem_reply(once->res, PROBLEM_INVALID, &faults, NULL);
	json_in_free(body);
}

/* Whoever tries it, in any number at once, it is one request. */
void inventory_count(struct api *api, struct http_request *req, struct http_response *res)
{
	struct idempotency once;

	if (idempotency_begin(&once, IDEMPOTENT_CREATION, api, req, res))
		answer(&once);
	idempotency_end(&once);
}
