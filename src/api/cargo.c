#include "api/document.h"
#include "api/list.h"
#include "api/show.h"

static enum itn_status parse(const struct json_in *body, struct arena *arena, struct faults *faults,
			     struct document *ret)
{
	return cargo_from_request(body, arena, faults, &ret->is.cargo);
}

static void begin(struct document *document, struct str id unused_arg, int64_t now, const struct config *config,
		  struct buf *entry)
{
	cargo_created(&document->is.cargo, now, config->cargo_lines_limit);
	document->key = document->is.cargo.id;
	cargo_write_change(entry, &document->is.cargo, document->is.cargo.status);
}

static enum itn_status create(struct store *store, const struct document *document, const struct entry *entry)
{
	return store_cargo_create(store, &document->is.cargo, entry);
}

static enum itn_status parse_wish(const struct json_in *body, struct arena *arena, struct faults *faults,
				  struct document *ret)
{
	return cargo_change_from_request(body, arena, faults, &ret->wish.cargo);
}

static enum itn_status read(struct store *store, struct arena *arena, struct document *document)
{
	return store_cargo(store, arena, document->key, &document->is.cargo);
}

static bool too_early(const struct document *document unused_arg)
{
	return false;
}

static enum verdict decide(struct document *document, int64_t now, struct buf *entry, struct error *why)
{
	enum cargo_status from = document->is.cargo.status;
	enum verdict verdict = cargo_change(&document->is.cargo, &document->wish.cargo, now, why);

	if (verdict == VERDICT_CHANGED)
		cargo_write_change(entry, &document->is.cargo, from);
	return verdict;
}

static enum itn_status change(struct store *store, const struct document *document, int64_t from_version,
			      const struct entry *entry)
{
	return store_cargo_change(store, &document->is.cargo, from_version, entry);
}

static int64_t version(const struct document *document)
{
	return document->is.cargo.version;
}

static void show(struct buf *out, const struct document *document)
{
	cargo_write_json(out, &document->is.cargo);
}

static const struct document_kind shipments = {
	.entity = ENTITY_CARGO,
	.not_found = "Cargo not found",
	.message = "Cargo status updated",
	.same_key = "Cargo with the shipmentId",
	.parse = parse,
	.begin = begin,
	.create = create,
	.parse_wish = parse_wish,
	.read = read,
	.too_early = too_early,
	.decide = decide,
	.change = change,
	.version = version,
	.show = show,
};

void cargo_create(struct api *api, struct http_request *req, struct http_response *res)
{
	create_answer(&shipments, api, req, res);
}

void cargo_set_status(struct api *api, struct http_request *req, struct http_response *res)
{
	change_answer(&shipments, api, req, res);
}

void cargo_show(struct api *api, struct http_request *req, struct http_response *res)
{
	show_answer(store_cargo_json, shipments.not_found, api, req, res);
}

void cargo_list(struct api *api, struct http_request *req, struct http_response *res)
{
	list_answer(LIST_CARGO, api, req, res);
}

void cargo_timeline(struct api *api, struct http_request *req, struct http_response *res)
{
	struct cargo cargo;

	list_answer_of(LIST_CARGO_TIMELINE, store_cargo(api->store, req->arena, req->params[0], &cargo),
		       shipments.not_found, api, req, res);
}
