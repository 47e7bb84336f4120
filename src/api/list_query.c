#include "api/list_query.h"

#include "api/cursor.h"
#include "core/clock.h"
#include "domain/alert.h"
#include "domain/field.h"

#define LIMIT_MAX 1000

static const char *const trade_parameters[] = { "status",     "destination", "buyer", "seller", "stationId",
						"shipmentId", "since",       "until", "limit",  "after",
						NULL };
static const char *const cargo_parameters[] = { "status", "destination", "shipmentId", "since",
						"until",  "limit",       "after",      NULL };
static const char *const movement_parameters[] = { "item",  "transactionId", "shipmentId", "since",
						   "until", "limit",         "after",      NULL };
static const char *const alert_parameters[] = { "status", "kind",  "transactionId", "shipmentId", "stationId",
						"since",  "until", "limit",	  "after",	NULL };
static const char *const timeline_parameters[] = { "limit", "after", NULL };
static const char *const inventory_parameters[] = { "stationId", "limit", "after", NULL };

const char *const *list_parameters(enum store_list_kind kind)
{
	switch (kind) {
	case LIST_TRADES:
		return trade_parameters;
	case LIST_CARGO:
		return cargo_parameters;
	case LIST_MOVEMENTS:
		return movement_parameters;
	case LIST_ALERTS:
		return alert_parameters;
	case LIST_TRADE_TIMELINE:
	case LIST_CARGO_TIMELINE:
		return timeline_parameters;
	case LIST_INVENTORY:
		break;
	}
	return inventory_parameters;
}

static bool has_parameter(enum store_list_kind kind, const char *name)
{
	for (const char *const *at = list_parameters(kind); *at; at++) {
		if (strcmp(*at, name) == 0)
			return true;
	}
	return false;
}

int64_t query_integer(struct http_request *req, const char *name, int64_t min, int64_t max, int64_t absent,
		      struct faults *faults)
{
	struct str text;
	int64_t value = 0;

	if (!http_query(req, name, &text))
		return absent;
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || value > (max - (text.ptr[i] - '0')) / 10) {
			value = -1;
			break;
		}
		value = value * 10 + (text.ptr[i] - '0');
	}
	if (text.len > 0 && value >= min && value <= max)
		return value;
	faults_add(faults, arena_printf(req->arena, "?%s", name), "must be an integer from %lld to %lld",
		   (long long)min, (long long)max);
	return absent;
}

int64_t query_time(struct http_request *req, const char *name, struct faults *faults)
{
	struct str text;
	int64_t ms;

	if (!http_query(req, name, &text))
		return 0;
	if (time_parse(text, &ms))
		return ms > 0 ? ms : 1;
	faults_add(faults, arena_printf(req->arena, "?%s", name),
		   "must be an RFC 3339 time, such as 2026-11-22T20:44:13Z");
	return 0;
}

static int query_status(struct http_request *req, enum store_list_kind kind, struct faults *faults)
{
	enum trade_status trade;
	enum cargo_status cargo;
	enum alert_status alert;
	struct str text;

	if (!has_parameter(kind, "status") || !http_query(req, "status", &text))
		return -1;
	if (kind == LIST_TRADES && trade_status_parse(text, &trade))
		return (int)trade;
	if (kind == LIST_CARGO && cargo_status_parse(text, &cargo))
		return (int)cargo;
	if (kind == LIST_ALERTS && alert_status_parse(text, &alert))
		return (int)alert;
	faults_add(faults, STR("?status"), "must be one of %s",
		   kind == LIST_TRADES   ? "pending, completed, canceled, delayed"
		   : kind == LIST_ALERTS ? "open, acknowledged, resolved"
					 : "pending, in transit, delayed, delivered");
	return -1;
}

static enum alert_kind query_alert_kind(struct http_request *req, enum store_list_kind kind, struct faults *faults)
{
	enum alert_kind alert = ALERT_NONE;
	struct str text;

	if (!has_parameter(kind, "kind") || !http_query(req, "kind", &text) || alert_kind_parse(text, &alert))
		return alert;
	faults_add(faults, STR("?kind"), "must be one of lateness, stockShortage, lowStock, oversize");
	return ALERT_NONE;
}

static struct str query_text(struct http_request *req, enum store_list_kind kind, const char *name,
			     const struct text_rule *rule, struct faults *faults)
{
	struct str text, wrong;

	if (!has_parameter(kind, name) || !http_query(req, name, &text))
		return STR_NONE;
	wrong = text_fault(req->arena, rule, text);
	if (!str_is_set(wrong))
		return text;
	faults_add(faults, arena_printf(req->arena, "?%s", name), "%.*s", STR_ARG(wrong));
	return STR_NONE;
}

static void query_cursor(struct http_request *req, enum store_list_kind kind, struct store_cursor *ret,
			 struct faults *faults)
{
	struct str text;

	if (http_query(req, "after", &text) && !cursor_read(req->arena, text, kind, ret))
		faults_add(faults, STR("?after"), "must be the `after` of a Link that this server gave");
}

struct list_query list_query_read(struct http_request *req, enum store_list_kind kind, struct faults *faults)
{
	struct list_query query = {
		.list = {
			.kind = kind,
			.status = query_status(req, kind, faults),
			.alert = query_alert_kind(req, kind, faults),
			.destination = query_text(req, kind, "destination", &text_key, faults),
			.buyer = query_text(req, kind, "buyer", &text_name, faults),
			.seller = query_text(req, kind, "seller", &text_name, faults),
			.station = kind == LIST_MOVEMENTS ? req->params[0]
							  : query_text(req, kind, "stationId", &text_key, faults),
			.shipment = kind == LIST_CARGO_TIMELINE ? req->params[0]
								: query_text(req, kind, "shipmentId", &text_key, faults),
			.item = query_text(req, kind, "item", &text_name, faults),
			.trade = kind == LIST_TRADE_TIMELINE ? req->params[0]
							     : query_text(req, kind, "transactionId", &text_key, faults),
		},
		.limit = (size_t)query_integer(req, "limit", 1, LIMIT_MAX, 0, faults),
	};

	if (has_parameter(kind, "since")) {
		query.list.since = query_time(req, "since", faults);
		query.list.until = query_time(req, "until", faults);
	}
	query_cursor(req, kind, &query.list.after, faults);
	return query;
}
