#include "api/csv.h"

#include "core/json_in.h"
#include "core/json_out.h"
#include "domain/line_json.h"

static const char *const trade_columns[] = { "transactionId", "stationId",  "buyer",   "buyerEmail", "seller",
					     "sellerEmail",   "items",      "destination", "status", "shipmentId",
					     "reason",        "version",    "createdAt",   "updatedAt", "holds",
					     NULL };
static const char *const cargo_columns[] = { "shipmentId", "emailId",    "origin",     "destination", "items",
					     "ownItems",   "capacity",   "tradeCount", "status",      "departedAt",
					     "deliveredAt", "eta",       "location",   "version",     "createdAt",
					     "updatedAt",  NULL };
static const char *const item_columns[] = { "name",     "quantity",     "reserved", "available",
					    "incoming", "reorderLevel", "version",  NULL };

static const char *const movement_columns[] = { "eventId",       "seq",        "item", "quantity",    "from",      "to",
						"transactionId", "shipmentId", "at",   "fromBalance", "toBalance", NULL };

static const char *const *columns_of(enum store_list_kind kind)
{
	switch (kind) {
	case LIST_TRADES:
		return trade_columns;
	case LIST_CARGO:
		return cargo_columns;
	case LIST_MOVEMENTS:
		return movement_columns;
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

static bool write_lines(struct buf *out, struct arena *arena, const json_value *object, const char *name)
{
	struct buf json = { 0 };
	struct json_out writer = json_out_to(&json);
	struct lines lines;
	struct str text;

	if (!lines_read_member(arena, object, name, &lines))
		return false;
	json_out_object(&writer);
	lines_write_member(&writer, name, &lines);
	json_out_object_end(&writer);
	text = buf_str(&json);
	/* What stands between {"name": and } */
	text.ptr += strlen(name) + 4;
	text.len -= strlen(name) + 5;
	write_cell(out, text);
	buf_free(&json);
	return true;
}

static void write_texts(struct buf *out, const json_value *array)
{
	struct buf json = { 0 };
	struct json_out writer = json_out_to(&json);

	json_out_array(&writer);
	for (size_t i = 0; i < json_in_count(array); i++)
		json_out_str(&writer, json_in_str(json_in_at(array, i)));
	json_out_array_end(&writer);
	write_cell(out, buf_str(&json));
	buf_free(&json);
}

static bool is_of_texts(const json_value *array)
{
	for (size_t i = 0; i < json_in_count(array); i++)
		if (json_in_type(json_in_at(array, i)) != JSON_STRING)
			return false;
	return json_in_count(array) > 0;
}

static bool write_member(struct buf *out, struct arena *arena, const json_value *object, const char *name)
{
	const json_value *value = json_in_member(object, name);
	int64_t number;

	if (!value)
		return true;
	switch (json_in_type(value)) {
	case JSON_STRING:
		write_cell(out, json_in_str(value));
		return true;
	case JSON_NUMBER:
		if (json_in_integer(value, &number))
			buf_add_int(out, number);
		return true;
	case JSON_ARRAY:
		if (!is_of_texts(value))
			return write_lines(out, arena, object, name);
		write_texts(out, value);
		return true;
	default:
		return false;
	}
}

static bool write_row(struct buf *out, struct arena *arena, const json_value *object, const char *const *columns)
{
	for (const char *const *column = columns; *column; column++) {
		if (column != columns)
			buf_add_char(out, ',');
		if (!write_member(out, arena, object, *column))
			return false;
	}
	buf_add_cstr(out, "\r\n");
	return true;
}

static bool write_station(struct buf *out, struct arena *arena, const json_value *station)
{
	const json_value *items = json_in_member(station, "items");

	for (size_t i = 0; i < json_in_count(items); i++) {
		write_cell(out, json_in_str(json_in_member(station, "stationId")));
		buf_add_char(out, ',');
		if (!write_row(out, arena, json_in_at(items, i), item_columns))
			return false;
	}
	return true;
}

bool csv_row(struct buf *out, struct arena *arena, enum store_list_kind kind, struct str json)
{
	struct json_in *doc;
	struct faults faults;
	bool ok;

	faults_init(&faults, arena);
	if (json_in_parse(arena, json, &faults, &doc) != ITN_OK)
		return false;
	if (kind == LIST_INVENTORY)
		ok = write_station(out, arena, json_in_root(doc));
	else
		ok = write_row(out, arena, json_in_root(doc), columns_of(kind));
	json_in_free(doc);
	return ok;
}
