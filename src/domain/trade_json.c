#include "core/json_out.h"
#include "domain/line_json.h"
#include "domain/stored.h"
#include "domain/trade.h"

static const struct {
	enum trade_hold hold;
	const char *name;
} holds[] = {
	{ HOLD_SIZE, "size" },
	{ HOLD_SHORTAGE, "shortage" },
	{ HOLD_MANUAL, "manual" },
};

#define HOLDS (sizeof(holds) / sizeof(holds[0]))

static void write_holds_if(struct json_out *out, unsigned set)
{
	if (!set)
		return;
	json_out_key(out, "holds");
	json_out_array(out);
	for (size_t i = 0; i < HOLDS; i++)
		if (set & holds[i].hold)
			json_out_str(out, str_from(holds[i].name));
	json_out_array_end(out);
}

static unsigned hold_read(struct stored *stored, struct str name)
{
	for (size_t i = 0; i < HOLDS; i++)
		if (str_eq(name, str_from(holds[i].name)))
			return holds[i].hold;
	stored->broken = true;
	return 0;
}

static unsigned holds_read(struct stored *stored)
{
	struct stored_array array;
	struct str value;
	unsigned set = 0;

	if (stored_array(stored, "holds", &array))
		while (stored_next(&array, &value))
			set |= hold_read(stored, stored_text_of(stored, value));
	return set;
}

static enum trade_status status_read(struct stored *stored, const char *member)
{
	enum trade_status status = TRADE_PENDING;

	stored->broken |= !trade_status_parse(stored_text(stored, member), &status);
	return status;
}

static void write_status(struct json_out *out, const struct trade *trade)
{
	json_out_member_str(out, "status", str_from(trade_status_name(trade->status)));
	write_holds_if(out, trade->holds);
}

void trade_write_json(struct buf *out, const struct trade *trade)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "_id", trade->id);
	json_out_member_str(&json, "transactionId", trade->id);
	json_out_member_str_if(&json, "stationId", trade->station);
	json_out_member_str(&json, "buyer", trade->buyer);
	json_out_member_str(&json, "buyerEmail", trade->buyer_email);
	json_out_member_str(&json, "seller", trade->seller);
	json_out_member_str(&json, "sellerEmail", trade->seller_email);
	lines_write_member(&json, "items", &trade->items);
	json_out_member_str(&json, "destination", trade->destination);
	write_status(&json, trade);
	if (trade->reserved.count)
		lines_write_member(&json, "reservedLines", &trade->reserved);
	json_out_member_str_if(&json, "shipmentId", trade->shipment);
	json_out_member_str_if(&json, "reason", trade->reason);
	json_out_member_int(&json, "version", trade->version);
	json_out_member_time(&json, "createdAt", trade->created_at);
	json_out_member_time(&json, "updatedAt", trade->updated_at);
	json_out_object_end(&json);
}

enum itn_status trade_read_json(struct arena *arena, struct str text, struct trade *ret_trade)
{
	struct stored json;
	struct trade trade;
	enum itn_status status;

	stored_open(&json, arena, text);
	trade = (struct trade){
		.id = stored_text(&json, "transactionId"),
		.station = stored_text_if(&json, "stationId"),
		.buyer = stored_text(&json, "buyer"),
		.buyer_email = stored_text(&json, "buyerEmail"),
		.seller = stored_text(&json, "seller"),
		.seller_email = stored_text(&json, "sellerEmail"),
		.destination = stored_text(&json, "destination"),
		.status = status_read(&json, "status"),
		.holds = holds_read(&json),
		.shipment = stored_text_if(&json, "shipmentId"),
		.reason = stored_text_if(&json, "reason"),
		.version = stored_integer(&json, "version"),
		.created_at = stored_time(&json, "createdAt"),
		.updated_at = stored_time(&json, "updatedAt"),
	};
	lines_read_member(&json, "items", &trade.items);
	lines_read_member_if(&json, "reservedLines", &trade.reserved);
	status = stored_close(&json);
	if (status == ITN_OK)
		*ret_trade = trade;
	return status;
}

void trade_write_change(struct buf *out, const struct trade *trade, enum trade_status from)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "from", str_from(trade_status_name(from)));
	write_status(&json, trade);
	json_out_member_str_if(&json, "reason", trade->reason);
	json_out_member_int(&json, "version", trade->version);
	json_out_member_time(&json, "updatedAt", trade->updated_at);
	json_out_object_end(&json);
}

enum itn_status trade_apply_change(struct arena *arena, struct str change, struct trade *trade,
				   enum trade_status *ret_from)
{
	struct stored json;
	struct trade changed = *trade;
	enum trade_status from;
	enum itn_status status;

	stored_open(&json, arena, change);
	from = status_read(&json, "from");
	changed.status = status_read(&json, "status");
	changed.holds = holds_read(&json);
	changed.reason = stored_text_if(&json, "reason");
	changed.version = stored_integer(&json, "version");
	changed.updated_at = stored_time(&json, "updatedAt");
	status = stored_close(&json);
	if (status != ITN_OK)
		return status;
	*trade = changed;
	*ret_from = from;
	return ITN_OK;
}
