#include "api/idempotency.h"

#include <string.h>

#include "api/body.h"
#include "api/fingerprint.h"
#include "api/waiter.h"
#include "core/clock.h"
#include "http/negotiate.h"
#include "http/problem.h"

static bool is_visible(char c)
{
	return c > ' ' && c < 0x7f;
}

/* A string of structured fields (RFC 8941) without spaces; its escapes are taken off. */
static bool read_quoted(struct str text, char *key, size_t *len)
{
	for (size_t i = 1; i + 1 < text.len; i++) {
		char c = text.ptr[i];

		if (c == '\\' && i + 2 < text.len && (text.ptr[i + 1] == '"' || text.ptr[i + 1] == '\\'))
			c = text.ptr[++i];
		else if (c == '"' || c == '\\')
			return false;
		if (!is_visible(c) || *len == IDEMPOTENCY_KEY_MAX)
			return false;
		key[(*len)++] = c;
	}
	return *len > 0;
}

/* As many clients send it. Commas would join two headers, semicolons begin parameters. */
static bool read_bare(struct str text, char *key, size_t *len)
{
	if (text.len == 0 || text.len > IDEMPOTENCY_KEY_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!is_visible(text.ptr[i]) || strchr("\",;\\", text.ptr[i]))
			return false;
	memcpy(key, text.ptr, text.len);
	*len = text.len;
	return true;
}

static bool read_key(struct str text, char *key, size_t *len)
{
	bool quoted = text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"';

	*len = 0;
	return quoted ? read_quoted(text, key, len) : read_bare(text, key, len);
}

static void make_ids(struct idempotency *once)
{
	id_new(once->document);
	id_new(once->event);
	once->claim.document = (struct str){ once->document, ID_LEN };
	once->claim.event = (struct str){ once->event, ID_LEN };
	once->claim.at = clock_now_ms();
}

static int64_t busy_until(const struct idempotency *once)
{
	int seconds = http_prefer_wait(http_header(once->req, "Prefer"), WAIT_MAX_S);

	return clock_now_ms() + (int64_t)once->api->config->store_timeout_ms + (seconds > 0 ? seconds * 1000 : 0);
}

static void make_claim(struct idempotency *once, enum idempotency_kind kind, const char *key, size_t len)
{
	char print[FINGERPRINT_LEN + 1];

	fingerprint(once->req, print);
	once->keyed = true;
	once->claim.key = arena_str(once->req->arena, (struct str){ key, len });
	once->claim.print = arena_str(once->req->arena, str_from(print));
	once->claim.expires_at = once->claim.at + (int64_t)once->api->config->idempotency_s * 1000;
	once->claim.version = 1;
	if (kind == IDEMPOTENT_DECISION)
		once->claim.busy_until = busy_until(once);
}

static bool refuse(struct idempotency *once, enum problem problem, const char *detail)
{
	once->lost = true;
	http_response_restart(once->res);
	if (problem == PROBLEM_IDEMPOTENCY_PENDING)
		http_set(once->res, "Retry-After", STR("1"));
	problem_reply(once->res, problem, NULL, "%s", detail);
	return false;
}

static bool refuse_pending(struct idempotency *once)
{
	return refuse(once, PROBLEM_IDEMPOTENCY_PENDING,
		      "another try of this request is under way, its answer can be had in a moment");
}

/* Nothing but the claim was written yet by this try, if that: another one may begin at once. What an earlier one did is
 * not known. */
static bool fail(struct idempotency *once, enum itn_status status)
{
	once->lost = true;
	if (status != ITN_FAILED && once->again)
		status = ITN_UNKNOWN;
	else if (status != ITN_FAILED && status != ITN_NO_ROOM)
		status = ITN_UNAVAILABLE;
	store_failure_reply(once->res, status);
	return false;
}

static bool answer_again(struct idempotency *once, const struct claim *claim)
{
	once->lost = true;
	http_answer_again(once->res, (int)claim->status, claim->lines, claim->body);
	return false;
}

/* The answer is with another try: stored, or to come. */
static bool leave_to_other(struct idempotency *once, const struct claim *claim)
{
	return claim->status ? answer_again(once, claim) : refuse_pending(once);
}

static enum itn_status change(struct idempotency *once, struct claim to)
{
	enum itn_status status;

	to.version = once->claim.version + 1;
	status = store_claim_change(once->api->store, &to, once->claim.version);
	if (status == ITN_OK)
		once->claim = to;
	return status;
}

static bool take_over(struct idempotency *once)
{
	struct claim mine = once->claim;
	enum itn_status status;

	if (mine.busy_until > clock_now_ms())
		return refuse_pending(once);
	mine.busy_until = busy_until(once);
	status = change(once, mine);
	if (status == ITN_CONFLICT)
		return refuse_pending(once);
	return status == ITN_OK || fail(once, status);
}

/* The key was claimed before. A majority may not have seen the claim yet that stands in the way of ours. */
static bool go_on(struct idempotency *once, enum idempotency_kind kind)
{
	struct claim first;
	enum itn_status status = store_claim(once->api->store, once->req->arena, once->claim.key, &first);

	once->again = true;
	if (status != ITN_OK)
		return fail(once, status);
	if (!str_eq(first.print, once->claim.print))
		return refuse(once, PROBLEM_IDEMPOTENCY_REUSED,
			      "this Idempotency-Key was used with another method, path, condition or body");
	if (first.status)
		return answer_again(once, &first);
	once->claim = first;
	return kind == IDEMPOTENT_CREATION || first.asked || take_over(once);
}

bool idempotency_begin(struct idempotency *once, enum idempotency_kind kind, struct api *api, struct http_request *req,
		       struct http_response *res)
{
	struct str header = http_header(req, "Idempotency-Key");
	char key[IDEMPOTENCY_KEY_MAX];
	enum itn_status status;
	size_t len;

	*once = (struct idempotency){ .api = api, .req = req, .res = res };
	make_ids(once);
	if (!str_is_set(header))
		return true;
	if (!read_key(header, key, &len))
		return refuse(
			once, PROBLEM_BAD_REQUEST,
			"Idempotency-Key must be 1 to 255 visible ASCII characters, in quotes or without \" , ; \\");
	make_claim(once, kind, key, len);
	status = store_claim_add(api->store, &once->claim);
	if (status == ITN_EXISTS)
		return go_on(once, kind);
	return status == ITN_OK || fail(once, status);
}

/* What is there instead of what this try believed. */
static bool look_again(struct idempotency *once)
{
	struct claim claim;
	enum itn_status status = store_claim(once->api->store, once->req->arena, once->claim.key, &claim);

	if (status != ITN_OK)
		return fail(once, status);
	return (claim.version == once->claim.version && !claim.status) || leave_to_other(once, &claim);
}

bool idempotency_holds(struct idempotency *once)
{
	return !once->keyed || look_again(once);
}

/* Another try was faster. Whether it asked as well. */
static bool join(struct idempotency *once)
{
	struct claim claim;
	enum itn_status status = store_claim(once->api->store, once->req->arena, once->claim.key, &claim);

	if (status != ITN_OK)
		return fail(once, status);
	if (!claim.asked || claim.status)
		return leave_to_other(once, &claim);
	once->claim = claim;
	return true;
}

bool idempotency_ask(struct idempotency *once)
{
	struct claim asked = once->claim;
	enum itn_status status;

	if (!once->keyed || asked.asked)
		return true;
	asked.asked = true;
	asked.busy_until = 0;
	status = change(once, asked);
	if (status == ITN_CONFLICT)
		return join(once);
	return status == ITN_OK || fail(once, status);
}

/* The next try need not wait. */
static void let_others_try(struct idempotency *once)
{
	struct claim idle = once->claim;

	idle.busy_until = 0;
	if (once->claim.busy_until)
		(void)!change(once, idle);
}

static void store_answer(struct idempotency *once)
{
	struct claim answered = once->claim, first;
	enum itn_status status;

	answered.busy_until = 0;
	answered.status = once->res->status;
	answered.lines = http_own_lines(once->res);
	answered.body = buf_str(&once->res->body);
	status = change(once, answered);
	if (status == ITN_OK)
		return;
	if (status == ITN_CONFLICT)
		status = store_claim(once->api->store, once->req->arena, once->claim.key, &first);
	http_response_restart(once->res);
	if (status == ITN_OK && first.version != once->claim.version)
		(void)leave_to_other(once, &first);
	else
		store_failure_reply(once->res, ITN_UNKNOWN);
}

void idempotency_end(struct idempotency *once)
{
	if (!once->keyed || once->lost)
		return;
	if (once->res->status >= 500)
		let_others_try(once);
	else
		store_answer(once);
}
