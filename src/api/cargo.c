#include "api/body.h"
#include "api/change.h"
#include "api/list.h"
#include "api/show.h"
#include "api/written.h"
#include "core/clock.h"
#include "http/problem.h"

static enum itn_status store_new(struct api *api, struct arena *arena, const struct cargo *cargo, struct str event)
{
	struct entry entry = {
		.id = event,
		.kind = ENTRY_CREATE,
		.entity = ENTITY_CARGO,
		.key = cargo->id,
		.version = cargo->version,
		.time = cargo->created_at,
	};
	struct buf change = { 0 };

	cargo_write_change(&change, cargo, cargo->status);
	entry.change = arena_str(arena, buf_str(&change));
	buf_free(&change);
	return store_cargo_create(api->store, cargo, &entry);
}

static void create(struct api *api, struct http_request *req, struct http_response *res, struct cargo *cargo)
{
	char event[ID_LEN + 1];
	struct buf json = { 0 };
	enum itn_status status;

	id_new(event);
	cargo_created(cargo, clock_now_ms(), api->config->cargo_lines_limit);
	status = store_new(api, req->arena, cargo, str_from(event));
	if (status == ITN_EXISTS) {
		problem_reply(res, PROBLEM_EXISTS, NULL, "Cargo with the shipmentId \"%.*s\" exists already",
			      STR_ARG(cargo->id));
		return;
	}
	if (status != ITN_OK) {
		store_failure_reply(res, status);
		return;
	}
	cargo_write_json(&json, cargo);
	written_reply(api, req, res,
		      (struct written){
			      .entity = ENTITY_CARGO,
			      .key = cargo->id,
			      .event = str_from(event),
			      .json = buf_str(&json),
			      .version = cargo->version,
			      .status = 201,
		      });
	buf_free(&json);
}

void cargo_create(struct api *api, struct http_request *req, struct http_response *res)
{
	struct faults faults;
	struct json_in *doc;
	struct cargo cargo;

	if (!body_read(req, res, &faults, &doc))
		return;
	if (cargo_from_request(doc, req->arena, &faults, &cargo) == ITN_OK)
		create(api, req, res, &cargo);
	else
		problem_reply(res, PROBLEM_INVALID, &faults, NULL);
	json_in_free(doc);
}

void cargo_show(struct api *api, struct http_request *req, struct http_response *res)
{
	show_answer(store_cargo_json, "Cargo not found", api, req, res);
}

static enum itn_status parse(const struct json_in *doc, struct arena *arena, struct faults *faults,
			     struct change *change)
{
	return cargo_change_from_request(doc, arena, faults, &change->wish.cargo);
}

static enum itn_status read(struct store *store, struct arena *arena, struct change *change)
{
	return store_cargo(store, arena, change->key, &change->doc.cargo);
}

static int64_t version(const struct change *change)
{
	return change->doc.cargo.version;
}

static enum verdict decide(struct change *change, int64_t now, struct buf *entry, struct error *why)
{
	enum cargo_status from = change->doc.cargo.status;
	enum verdict verdict = cargo_change(&change->doc.cargo, &change->wish.cargo, now, why);

	if (verdict == VERDICT_CHANGED)
		cargo_write_change(entry, &change->doc.cargo, from);
	return verdict;
}

static enum itn_status write(struct store *store, const struct change *change, int64_t from_version,
			     const struct entry *entry)
{
	return store_cargo_change(store, &change->doc.cargo, from_version, entry);
}

static void show(struct buf *out, const struct change *change)
{
	cargo_write_json(out, &change->doc.cargo);
}

void cargo_set_status(struct api *api, struct http_request *req, struct http_response *res)
{
	static const struct change_kind kind = {
		.entity = ENTITY_CARGO,
		.not_found = "Cargo not found",
		.message = "Cargo status updated",
		.parse = parse,
		.read = read,
		.version = version,
		.decide = decide,
		.write = write,
		.show = show,
	};

	change_answer(&kind, api, req, res);
}

void cargo_list(struct api *api, struct http_request *req, struct http_response *res)
{
	list_answer(LIST_CARGO, api, req, res);
}
