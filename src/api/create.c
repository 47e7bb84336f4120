#include "api/body.h"
#include "api/document.h"
#include "api/written.h"
#include "core/clock.h"
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

static void create(const struct document_kind *kind, struct api *api, struct http_request *req,
		   struct http_response *res, struct document *document)
{
	char id[ID_LEN + 1], event[ID_LEN + 1];
	int64_t now = clock_now_ms();
	struct entry entry = { .id = { event, ID_LEN }, .kind = ENTRY_CREATE, .entity = kind->entity, .time = now };
	struct buf change = { 0 };
	enum itn_status status;

	id_new(id);
	id_new(event);
	kind->begin(document, arena_str(req->arena, str_from(id)), now, api->config, &change);
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

void create_answer(const struct document_kind *kind, struct api *api, struct http_request *req,
		   struct http_response *res)
{
	struct document document = { .key = STR_NONE };
	struct faults faults;
	struct json_in *body;

	if (!body_read(req, res, &faults, &body))
		return;
	if (kind->parse(body, req->arena, &faults, &document) == ITN_OK)
		create(kind, api, req, res, &document);
	else
		problem_reply(res, PROBLEM_INVALID, &faults, NULL);
	json_in_free(body);
}
