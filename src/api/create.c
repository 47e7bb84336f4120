#include "api/body.h"
#include "api/document.h"
#include "api/idempotency.h"
#include "api/written.h"
#include "http/problem.h"

static void reply_created(const struct document_kind *kind, struct api *api, struct http_request *req,
			  struct http_response *res, const struct document *document, struct str event)
{
	struct buf json = { 0 };

	kind->show(&json, document);
	written_reply(api, req, res,
		      (struct written){
			      .entity = kind->entity,
			      .key = document->key,
			      .event = event,
			      .json = buf_str(&json),
			      .version = kind->version(document),
			      .status = 201,
		      });
	buf_free(&json);
}

/* Whatever try of a request this is, it makes the same document: its answer shows it as it was created. */
static void create(const struct document_kind *kind, struct api *api, struct http_request *req,
		   struct http_response *res, const struct claim *claim, struct document *document)
{
	struct entry entry = {
		.id = claim->event,
		.kind = ENTRY_CREATE,
		.entity = kind->entity,
		.time = claim->at,
	};
	struct buf change = { 0 };
	enum itn_status status;

	kind->begin(document, claim->document, claim->at, api->config, &change);
	entry.key = document->key;
	entry.version = kind->version(document);
	entry.change = buf_str(&change);
	status = kind->create(api->store, document, &entry);
	buf_free(&change);
	if (status == ITN_OK)
		reply_created(kind, api, req, res, document, entry.id);
	else if (status == ITN_EXISTS && kind->same_key)
		problem_reply(res, PROBLEM_EXISTS, NULL, "%s \"%.*s\" exists already", kind->same_key,
			      STR_ARG(document->key));
	else
		store_failure_reply(res, status);
}

static void answer(const struct document_kind *kind, struct api *api, struct http_request *req,
		   struct http_response *res, const struct claim *claim)
{
	struct document document = { .key = STR_NONE };
	struct faults faults;
	struct json_in *body;

	if (!body_read(req, res, &faults, &body))
		return;
	if (kind->parse(body, req->arena, &faults, &document) == ITN_OK)
		create(kind, api, req, res, claim, &document);
	else
		problem_reply(res, PROBLEM_INVALID, &faults, NULL);
	json_in_free(body);
}

void create_answer(const struct document_kind *kind, struct api *api, struct http_request *req,
		   struct http_response *res)
{
	struct idempotency once;

	if (idempotency_begin(&once, IDEMPOTENT_CREATION, api, req, res))
		answer(kind, api, req, res, &once.claim);
	idempotency_end(&once);
}
