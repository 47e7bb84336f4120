#include "api/csv.h"

#include "domain/stored.h"

static const char *const trade_columns[] = { "transactionId", "stationId", "buyer",       "buyerEmail", "seller",
					     "sellerEmail",   "items",     "destination", "status",     "shipmentId",
					     "reason",        "version",   "createdAt",   "updatedAt",  "holds",
					     "reservedLines", NULL };
static const char *const cargo_columns[] = { "shipmentId",  "emailId",  "origin",     "destination", "items",
					     "ownItems",    "capacity", "tradeCount", "status",      "departedAt",
					     "deliveredAt", "eta",      "location",   "version",     "createdAt",
					     "updatedAt",   NULL };
static const char *const item_columns[] = { "name",     "quantity",     "reserved", "available",
					    "incoming", "reorderLevel", "version",  NULL };

static const char *const movement_columns[] = {
	"eventId",       "seq",        "item", "quantity",    "from",      "to",
	"transactionId", "shipmentId", "at",   "fromBalance", "toBalance", NULL
};

static const char *const alert_columns[] = { "id",     "kind",     "entity",         "transactionId", "shipmentId",
					     "stationId", "item",     "message",        "status",        "raisedAt",
					     "acknowledgedAt", "resolvedAt", "version", NULL };
static const char *const timeline_columns[] = { "kind",       "seq",     "at",       "id",            "event",
						"time",       "causedBy", "message", "data",          "eventId",
						"item",       "quantity", "from",    "to",            "transactionId",
						"shipmentId", "fromBalance", "toBalance", "alert", "acknowledgedAt",
						"resolvedAt", "channel", "subject",
						"status",     "attempts", NULL };

static const char *const *columns_of(enum store_list_kind kind)
{
	switch (kind) {
	case LIST_TRADES:
		return trade_columns;
	case LIST_CARGO:
		return cargo_columns;
	case LIST_MOVEMENTS:
		return movement_columns;
	case LIST_ALERTS:
		return alert_columns;
	case LIST_TRADE_TIMELINE:
	case LIST_CARGO_TIMELINE:
		return timeline_columns;
	case LIST_INVENTORY:
		break;
	}
	return item_columns;
}

static void write_cell(struct buf *out, struct str text)
{
	bool formula = text.len && strchr("=+-@\t\r", text.ptr[0]);

	buf_add_char(out, '"');
	if (formula)
		buf_add_char(out, '\'');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, text.ptr[i]);
	}
	buf_add_char(out, '"');
}

void csv_header(struct buf *out, enum store_list_kind kind)
{
	if (kind == LIST_INVENTORY)
		buf_add_cstr(out, "stationId,");
	for (const char *const *column = columns_of(kind); *column; column++) {
		if (column != columns_of(kind))
			buf_add_char(out, ',');
		buf_add_cstr(out, *column);
	}
	buf_add_cstr(out, "\r\n");
}

/* A number, an array or an object goes out as it stands in the document. */
static void write_member(struct buf *out, struct stored *object, const char *name)
{
	struct str value = stored_raw(object, name);

	if (!str_is_set(value))
		return;
	if (value.ptr[0] == '"')
		write_cell(out, stored_text_of(object, value));
	else if (value.ptr[0] == '[' || value.ptr[0] == '{')
		write_cell(out, value);
	else
		buf_add_int(out, stored_integer(object, name));
}

static void write_row(struct buf *out, struct stored *object, const char *const *columns)
{
	for (const char *const *column = columns; *column; column++) {
		if (column != columns)
			buf_add_char(out, ',');
		write_member(out, object, *column);
	}
	buf_add_cstr(out, "\r\n");
}

static void write_station(struct buf *out, struct stored *station)
{
	struct str id = stored_text(station, "stationId"), value;
	struct stored_array items;
	struct stored item;

	if (!stored_array(station, "items", &items))
		return;
	while (stored_next(&items, &value)) {
		write_cell(out, id);
		buf_add_char(out, ',');
		stored_open(&item, station->arena, value);
		write_row(out, &item, item_columns);
		station->broken |= item.broken;
	}
}

bool csv_row(struct buf *out, struct arena *arena, enum store_list_kind kind, struct str json)
{
	struct stored document;

	stored_open(&document, arena, json);
	if (kind == LIST_INVENTORY)
		write_station(out, &document);
	else
		write_row(out, &document, columns_of(kind));
	return stored_close(&document) == ITN_OK;
}
