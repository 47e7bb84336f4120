#include "api/document.h"

#include <inttypes.h>

#include "api/body.h"
#include "api/idempotency.h"
#include "api/waiter.h"
#include "api/written.h"
#include "bus/wake.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "http/negotiate.h"
#include "http/problem.h"

/* After so many lost races, or so long, the engine decides. */
#define LOSSES_MAX  3
#define RACE_MS     100
#define VERDICT_MS  5000
#define ASK_MOST_MS 20

struct attempt {
	const struct document_kind *kind;
	struct api *api;
	struct http_request *req;
	struct http_response *res;
	struct document document;
	struct idempotency once;
	int64_t since;
	unsigned losses;
};

static void reply_not_found(struct attempt *a)
{
	problem_reply(a->res, PROBLEM_NOT_FOUND, NULL, "%s", a->kind->not_found);
}

static void reply_document(struct attempt *a, bool changed)
{
	struct buf json = { 0 };
	struct written written = {
		.entity = a->kind->entity,
		.key = a->document.key,
		.event = changed ? a->once.claim.event : STR_NONE,
		.version = a->kind->version(&a->document),
		.status = 200,
		.message = a->kind->message,
	};

	a->kind->show(&json, &a->document);
	written.json = buf_str(&json);
	written_reply(a->api, a->req, a->res, written);
	buf_free(&json);
}

/* Whether the current version is one that the client wants to change; an answer is made when not. */
static bool meets_condition(struct attempt *a)
{
	int64_t version = a->kind->version(&a->document);
	struct str etag = arena_printf(a->req->arena, "\"%" PRId64 "\"", version);

	if (http_condition(a->req, etag) == HTTP_PROCEED)
		return true;
	http_set_version(a->res, version);
	problem_reply(a->res, PROBLEM_PRECONDITION_FAILED, NULL, "version %" PRId64 " is current", version);
	return false;
}

static struct entry entry_of(const struct attempt *a, enum entry_kind kind, int64_t now)
{
	return (struct entry){
		.id = a->once.claim.event,
		.kind = kind,
		.entity = a->kind->entity,
		.key = a->document.key,
		.time = now,
	};
}

/* An earlier try may have made the change since the document was read. */
static enum itn_status read_again(struct attempt *a)
{
	return a->kind->read(a->api->store, a->req->arena, &a->document) == ITN_OK ? ITN_OK : ITN_UNKNOWN;
}

/* Whether an earlier try of the request has changed the document already; an answer is made then, or when it can't be
 * known: the document as it is now. */
static bool was_done_before(struct attempt *a)
{
	bool known = false;
	enum itn_status status;

	if (!a->once.again)
		return false;
	status = store_entry_known(a->api->store, a->kind->entity, a->document.key, a->once.claim.event, &known);
	if (status == ITN_OK && known)
		status = read_again(a);
	if (status != ITN_OK)
		store_failure_reply(a->res, ITN_UNKNOWN);
	else if (known)
		reply_document(a, true);
	return status != ITN_OK || known;
}

/* ITN_OK also when the write of an earlier try is there by now: then the document is as that one made it. */
static enum itn_status write_change(struct attempt *a, int64_t from_version, const struct entry *entry)
{
	enum itn_status status = a->kind->change(a->api->store, &a->document, from_version, entry);

	return status == ITN_OK && a->once.again ? read_again(a) : status;
}

/* One read, decision and write. False: another was faster, nothing is answered yet. */
static bool try_once(struct attempt *a)
{
	int64_t now = clock_now_ms(), from_version;
	struct entry entry = entry_of(a, ENTRY_CHANGE, now);
	struct buf text = { 0 };
	struct error why = { 0 };
	enum itn_status status = a->kind->read(a->api->store, a->req->arena, &a->document);
	enum verdict verdict;

	if (status == ITN_NOT_FOUND) {
		reply_not_found(a);
		return true;
	}
	if (status != ITN_OK) {
		store_failure_reply(a->res, status);
		return true;
	}
	if (was_done_before(a) || !meets_condition(a))
		return true;
	from_version = a->kind->version(&a->document);
	verdict = a->kind->decide(&a->document, now, &text, &why);
	if (verdict == VERDICT_CHANGED) {
		entry.version = a->kind->version(&a->document);
		entry.change = arena_str(a->req->arena, buf_str(&text));
	}
	buf_free(&text);
	if (verdict == VERDICT_CHANGED && !idempotency_holds(&a->once))
		return true;
	if (verdict == VERDICT_CHANGED)
		status = write_change(a, from_version, &entry);
	if (verdict == VERDICT_ILLEGAL)
		problem_reply(a->res, PROBLEM_ILLEGAL_CHANGE, NULL, "%s", why.text);
	else if (status == ITN_OK)
		reply_document(a, verdict == VERDICT_CHANGED);
	else if (status != ITN_CONFLICT)
		store_failure_reply(a->res, status);
	return status != ITN_CONFLICT;
}

static enum itn_status await_verdict(struct attempt *a, struct request_verdict *ret_verdict)
{
	struct request_verdict verdict = { .state = REQUEST_WAITING };
	int64_t deadline = clock_monotonic_ms() + VERDICT_MS;
	int64_t pause = 2;

	while (clock_monotonic_ms() < deadline) {
		enum itn_status status =
			store_request_verdict(a->api->store, a->req->arena, a->once.claim.event, &verdict);

		if (status == ITN_OK && verdict.state != REQUEST_WAITING) {
			*ret_verdict = verdict;
			return ITN_OK;
		}
		clock_sleep_ms(pause);
		pause = pause * 2 > ASK_MOST_MS ? ASK_MOST_MS : pause * 2;
	}
	return ITN_UNKNOWN;
}

static void reply_verdict(struct attempt *a, const struct request_verdict *verdict)
{
	enum itn_status status;

	if (verdict->state == REQUEST_NO_SUCH) {
		reply_not_found(a);
		return;
	}
	if (verdict->state == REQUEST_ILLEGAL) {
		problem_reply(a->res, PROBLEM_ILLEGAL_CHANGE, NULL, "%.*s", STR_ARG(verdict->detail));
		return;
	}
	status = a->kind->read(a->api->store, a->req->arena, &a->document);
	if (status == ITN_OK)
		reply_document(a, verdict->state == REQUEST_CHANGED);
	else
		store_failure_reply(a->res, ITN_UNKNOWN);
}

static void let_engine_decide(struct attempt *a)
{
	struct entry entry = entry_of(a, ENTRY_REQUEST, clock_now_ms());
	struct request_verdict verdict;
	enum itn_status status;

	if (!waiter_enter(a->api->waiter)) {
		store_failure_reply(a->res, ITN_FULL);
		return;
	}
	if (!idempotency_ask(&a->once)) {
		waiter_leave(a->api->waiter);
		return;
	}
	metrics_add(METRIC_CHANGE_REQUESTS, 1);
	entry.change = a->req->body;
	status = store_request_add(a->api->store, &entry);
	if (status == ITN_OK) {
		bus_wake_send(a->api->wake);
		status = await_verdict(a, &verdict);
	}
	waiter_leave(a->api->waiter);
	if (status == ITN_OK)
		reply_verdict(a, &verdict);
	else
		store_failure_reply(a->res, status);
}

/* The engine would not look at it; "*" every version meets. */
static bool names_versions(const struct http_request *req)
{
	struct str match = http_header(req, "If-Match");

	return (str_is_set(match) && !str_eq(match, STR("*"))) || str_is_set(http_header(req, "If-None-Match"));
}

static void compete(struct attempt *a)
{
	bool conditional = names_versions(a->req);

	if (a->once.claim.asked) {
		let_engine_decide(a);
		return;
	}
	while (!try_once(a)) {
		bool enough = ++a->losses >= LOSSES_MAX || clock_monotonic_ms() - a->since >= RACE_MS;

		metrics_add(METRIC_CHANGE_CONFLICTS, 1);
		if (!enough || conditional)
			continue;
		let_engine_decide(a);
		return;
	}
}

static void answer(struct attempt *a)
{
	struct faults faults;
	struct json_in *body;

	if (!body_read(a->req, a->res, &faults, &body))
		return;
	a->document.key = a->req->params[0];
	if (a->kind->parse_wish(body, a->req->arena, &faults, &a->document) == ITN_OK)
		compete(a);
	else
		problem_reply(a->res, PROBLEM_INVALID, &faults, NULL);
	json_in_free(body);
}

void change_answer(const struct document_kind *kind, struct api *api, struct http_request *req,
		   struct http_response *res)
{
	struct attempt a = { .kind = kind, .api = api, .req = req, .res = res, .since = clock_monotonic_ms() };

	if (idempotency_begin(&a.once, IDEMPOTENT_DECISION, api, req, res))
		answer(&a);
	idempotency_end(&a.once);
}
