#include "api/body.h"
#include "api/change.h"
#include "api/list.h"
#include "api/show.h"
#include "api/written.h"
#include "core/clock.h"
#include "http/problem.h"

static enum itn_status store_new(struct api *api, struct arena *arena, const struct trade *trade, struct str event)
{
	struct entry entry = {
		.id = event,
		.kind = ENTRY_CREATE,
		.entity = ENTITY_TRADE,
		.key = trade->id,
		.version = trade->version,
		.time = trade->created_at,
	};
	struct buf change = { 0 };

	trade_write_change(&change, trade, trade->status);
	entry.change = arena_str(arena, buf_str(&change));
	buf_free(&change);
	return store_trade_create(api->store, trade, &entry);
}

static void create(struct api *api, struct http_request *req, struct http_response *res, struct trade *trade)
{
	char id[ID_LEN + 1], event[ID_LEN + 1];
	struct buf json = { 0 };
	enum itn_status status;

	id_new(id);
	id_new(event);
	trade_created(trade, str_from(id), clock_now_ms(), api->config->trade_lines_limit);
	status = store_new(api, req->arena, trade, str_from(event));
	if (status != ITN_OK) {
		store_failure_reply(res, status);
		return;
	}
	trade_write_json(&json, trade);
	written_reply(api, req, res,
		      (struct written){
			      .entity = ENTITY_TRADE,
			      .key = trade->id,
			      .event = str_from(event),
			      .json = buf_str(&json),
			      .version = trade->version,
			      .status = 201,
		      });
	buf_free(&json);
}

void trade_create(struct api *api, struct http_request *req, struct http_response *res)
{
	struct faults faults;
	struct json_in *doc;
	struct trade trade;

	if (!body_read(req, res, &faults, &doc))
		return;
	if (trade_from_request(doc, req->arena, &faults, &trade) == ITN_OK)
		create(api, req, res, &trade);
	else
		problem_reply(res, PROBLEM_INVALID, &faults, NULL);
	json_in_free(doc);
}

void trade_show(struct api *api, struct http_request *req, struct http_response *res)
{
	show_answer(store_trade_json, "Trade not found", api, req, res);
}

static enum itn_status parse(const struct json_in *doc, struct arena *arena, struct faults *faults,
			     struct change *change)
{
	return trade_change_from_request(doc, arena, faults, &change->wish.trade);
}

static enum itn_status read(struct store *store, struct arena *arena, struct change *change)
{
	return store_trade(store, arena, change->key, &change->doc.trade);
}

static int64_t version(const struct change *change)
{
	return change->doc.trade.version;
}

static enum verdict decide(struct change *change, int64_t now, struct buf *entry, struct error *why)
{
	enum trade_status from = change->doc.trade.status;
	enum verdict verdict = trade_change(&change->doc.trade, &change->wish.trade, now, why);

	if (verdict == VERDICT_CHANGED)
		trade_write_change(entry, &change->doc.trade, from);
	return verdict;
}

static enum itn_status write(struct store *store, const struct change *change, int64_t from_version,
			     const struct entry *entry)
{
	return store_trade_change(store, &change->doc.trade, from_version, entry);
}

static void show(struct buf *out, const struct change *change)
{
	trade_write_json(out, &change->doc.trade);
}

void trade_set_status(struct api *api, struct http_request *req, struct http_response *res)
{
	static const struct change_kind kind = {
		.entity = ENTITY_TRADE,
		.not_found = "Trade not found",
		.message = "Trade status updated",
		.parse = parse,
		.read = read,
		.version = version,
		.decide = decide,
		.write = write,
		.show = show,
	};

	change_answer(&kind, api, req, res);
}

void trade_list(struct api *api, struct http_request *req, struct http_response *res)
{
	list_answer(LIST_TRADES, api, req, res);
}
