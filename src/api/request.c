#include "api/request.h"

#include "api/body.h"
#include "api/waiter.h"
#include "bus/wake.h"
#include "core/clock.h"
#include "core/metrics.h"

#define ASK_FIRST_MS 2
#define ASK_MOST_MS  20

static enum itn_status await_verdict(const struct idempotency *once, struct request_verdict *ret_verdict)
{
	struct request_verdict verdict = { .state = REQUEST_WAITING };
	int64_t deadline = clock_monotonic_ms() + REQUEST_WAIT_S * 1000;
	int64_t pause = ASK_FIRST_MS;

	while (clock_monotonic_ms() < deadline) {
		enum itn_status status =
			store_request_verdict(once->api->store, once->req->arena, once->claim.event, &verdict);

		if (status == ITN_OK && verdict.state != REQUEST_WAITING) {
			*ret_verdict = verdict;
			return ITN_OK;
		}
		clock_sleep_ms(pause);
		pause = pause * 2 > ASK_MOST_MS ? ASK_MOST_MS : pause * 2;
	}
	return ITN_UNKNOWN;
}

static enum itn_status ask_engine(struct idempotency *once, const struct entry *request,
				  struct request_verdict *ret_verdict)
{
	enum itn_status status = store_request_add(once->api->store, request);

	if (status != ITN_OK)
		return status;
	metrics_add(METRIC_CHANGE_REQUESTS, 1);
	bus_wake_send(once->api->wake);
	return await_verdict(once, ret_verdict);
}

bool request_decide(struct idempotency *once, enum entity_kind entity, struct str key, struct str wish,
		    struct request_verdict *ret_verdict)
{
	struct waiter *waiter = once->api->waiter;
	struct entry request = {
		.id = once->claim.event,
		.kind = ENTRY_REQUEST,
		.entity = entity,
		.key = key,
		.time = clock_now_ms(),
		.change = wish,
	};
	enum itn_status status;

	if (!waiter_enter(waiter)) {
		store_failure_reply(once->res, ITN_FULL);
		return false;
	}
	if (!idempotency_ask(once)) {
		waiter_leave(waiter);
		return false;
	}
	status = ask_engine(once, &request, ret_verdict);
	waiter_leave(waiter);
	if (status != ITN_OK)
		store_failure_reply(once->res, status);
	return status == ITN_OK;
}
