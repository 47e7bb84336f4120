#include "api/document.h"


#include "api/body.h"
#include "api/condition.h"
#include "api/idempotency.h"
#include "api/request.h"
#include "api/waiter.h"
#include "api/written.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "http/problem.h"

/* After so many lost races, or so long, the engine decides. */
#define LOSSES_MAX 3
#define RACE_MS    100

#define LOOK_FIRST_MS 2
#define LOOK_MOST_MS  20

/* What a try came to. */
enum outcome {
	ANSWERED,
	OVERTAKEN, /* another was faster */
	TOO_EARLY, /* of the document's creation more is to come than the worker can know */
};

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

/* Decides on the document as it was read, and writes what it becomes. */
static enum outcome decide(struct attempt *a)
{
	struct entry entry = {
		.id = a->once.claim.event,
		.kind = ENTRY_CHANGE,
		.entity = a->kind->entity,
		.key = a->document.key,
		.time = clock_now_ms(),
	};
	int64_t from_version = a->kind->version(&a->document);
	struct buf text = { 0 };
	struct error why = { 0 };
	enum itn_status status = ITN_OK;
	enum verdict verdict = a->kind->decide(&a->document, entry.time, &text, &why);

	if (verdict == VERDICT_CHANGED) {
		entry.version = a->kind->version(&a->document);
		entry.change = arena_str(a->req->arena, buf_str(&text));
	}
	buf_free(&text);
	if (verdict == VERDICT_CHANGED && !idempotency_holds(&a->once))
		return ANSWERED;
	if (verdict == VERDICT_CHANGED)
		status = write_change(a, from_version, &entry);
	if (verdict == VERDICT_ILLEGAL)
		problem_reply(a->res, PROBLEM_ILLEGAL_CHANGE, NULL, "%s", why.text);
	else if (status == ITN_OK)
		reply_document(a, verdict == VERDICT_CHANGED);
	else if (status != ITN_CONFLICT)
		store_failure_reply(a->res, status);
	return status == ITN_CONFLICT ? OVERTAKEN : ANSWERED;
}

/* One read, decision and write. */
static enum outcome try_once(struct attempt *a)
{
	enum itn_status status = a->kind->read(a->api->store, a->req->arena, &a->document);

	if (status == ITN_NOT_FOUND)
		reply_not_found(a);
	else if (status != ITN_OK)
		store_failure_reply(a->res, status);
	if (status != ITN_OK || was_done_before(a) ||
	    !condition_met(a->req, a->res, a->kind->version(&a->document), NULL))
		return ANSWERED;
	return a->kind->too_early(&a->document) ? TOO_EARLY : decide(a);
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
	struct request_verdict verdict;

	if (request_decide(&a->once, a->kind->entity, a->document.key, a->req->body, &verdict))
		reply_verdict(a, &verdict);
}

/* Looks at the document until it is too early no more, or can't be read; false when that takes too long. */
static bool look_until_settled(struct attempt *a)
{
	int64_t deadline = clock_monotonic_ms() + REQUEST_WAIT_S * 1000;
	struct arena *arena = arena_new(0);
	bool too_early = true;

	for (int64_t pause = LOOK_FIRST_MS; too_early && clock_monotonic_ms() < deadline;
	     pause = pause * 2 > LOOK_MOST_MS ? LOOK_MOST_MS : pause * 2) {
		struct document document = { .key = a->document.key };

		clock_sleep_ms(pause);
		arena_reset(arena);
		too_early = a->kind->read(a->api->store, arena, &document) == ITN_OK && a->kind->too_early(&document);
	}
	arena_free(arena);
	return !too_early;
}

/* Whether another try may come to something; an answer is made when not. */
static bool await_settled(struct attempt *a)
{
	bool settled;

	if (!waiter_enter(a->api->waiter)) {
		store_failure_reply(a->res, ITN_FULL);
		return false;
	}
	settled = look_until_settled(a);
	waiter_leave(a->api->waiter);
	if (!settled)
		problem_reply(a->res, PROBLEM_UNAVAILABLE, NULL,
			      "what follows from its creation is not done yet, nothing was done");
	return settled;
}

/* The engine would not look at it; "*" every version meets. */
static bool names_versions(const struct http_request *req)
{
	struct str match = http_header(req, "If-Match");

	return (str_is_set(match) && !str_eq(match, STR("*"))) || str_is_set(http_header(req, "If-None-Match"));
}

static bool lost_enough(struct attempt *a)
{
	metrics_add(METRIC_CHANGE_CONFLICTS, 1);
	return ++a->losses >= LOSSES_MAX || clock_monotonic_ms() - a->since >= RACE_MS;
}

/* Whether the worker goes on after a try without an answer; one is made when not, mostly by the engine. */
static bool may_try_again(struct attempt *a, enum outcome outcome, bool conditional)
{
	bool enough = outcome == TOO_EARLY || lost_enough(a);

	if (conditional)
		return outcome == OVERTAKEN || await_settled(a);
	if (enough)
		let_engine_decide(a);
	return !enough;
}

static void compete(struct attempt *a)
{
	bool conditional = names_versions(a->req);
	enum outcome outcome;

	if (a->once.claim.asked) {
		let_engine_decide(a);
		return;
	}
	do
		outcome = try_once(a);
	while (outcome != ANSWERED && may_try_again(a, outcome, conditional));
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
