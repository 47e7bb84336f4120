#include "api/document.h"
#include "api/list.h"
#include "api/show.h"

static enum itn_status parse(const struct json_in *body, struct arena *arena, struct faults *faults,
			     struct document *ret)
{
	return trade_from_request(body, arena, faults, &ret->is.trade);
}

static void begin(struct document *document, struct str id, int64_t now, const struct config *config, struct buf *entry)
{
	trade_created(&document->is.trade, id, now, config->trade_lines_limit);
	document->key = document->is.trade.id;
	trade_write_change(entry, &document->is.trade, document->is.trade.status);
}

static enum itn_status create(struct store *store, const struct document *document, const struct entry *entry)
{
	return store_trade_create(store, &document->is.trade, entry);
}

static enum itn_status parse_wish(const struct json_in *body, struct arena *arena, struct faults *faults,
				  struct document *ret)
{
	return trade_change_from_request(body, arena, faults, &ret->wish.trade);
}

static enum itn_status read(struct store *store, struct arena *arena, struct document *document)
{
	return store_trade(store, arena, document->key, &document->is.trade);
}

/* Its station may have too little for it. */
static bool too_early(const struct document *document)
{
	return str_is_set(document->is.trade.station) && document->is.trade.goods == GOODS_NEW;
}

static enum verdict decide(struct document *document, int64_t now, struct buf *entry, struct error *why)
{
	enum trade_status from = document->is.trade.status;
	enum verdict verdict = trade_change(&document->is.trade, &document->wish.trade, now, why);

	if (verdict == VERDICT_CHANGED)
		trade_write_change(entry, &document->is.trade, from);
	return verdict;
}

static enum itn_status change(struct store *store, const struct document *document, int64_t from_version,
			      const struct entry *entry)
{
	return store_trade_change(store, &document->is.trade, from_version, entry);
}

static int64_t version(const struct document *document)
{
	return document->is.trade.version;
}

static void show(struct buf *out, const struct document *document)
{
	trade_write_json(out, &document->is.trade);
}

static const struct document_kind trades = {
	.entity = ENTITY_TRADE,
	.not_found = "Trade not found",
	.message = "Trade status updated",
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

void trade_create(struct api *api, struct http_request *req, struct http_response *res)
{
	create_answer(&trades, api, req, res);
}

void trade_set_status(struct api *api, struct http_request *req, struct http_response *res)
{
	change_answer(&trades, api, req, res);
}

void trade_show(struct api *api, struct http_request *req, struct http_response *res)
{
	show_answer(store_trade_json, trades.not_found, api, req, res);
}

void trade_list(struct api *api, struct http_request *req, struct http_response *res)
{
	list_answer(LIST_TRADES, api, req, res);
}

void trade_timeline(struct api *api, struct http_request *req, struct http_response *res)
{
	struct trade trade;

	list_answer_of(LIST_TRADE_TIMELINE, store_trade(api->store, req->arena, req->params[0], &trade), trades.not_found,
		       api, req, res);
}
