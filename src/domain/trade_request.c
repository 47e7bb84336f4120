#include "domain/field.h"
#include "domain/trade.h"

enum itn_status trade_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
				   struct trade *ret_trade)
{
	struct field_reader body;
	struct trade trade;

	if (!field_reader_open(doc, arena, faults, &body))
		return ITN_INVALID;
	trade = (struct trade){
		.station = field_text(&body, "stationId", FIELD_OPTIONAL, &text_key),
		.buyer = field_text(&body, "buyer", FIELD_REQUIRED, &text_name),
		.buyer_email = field_text(&body, "buyerEmail", FIELD_REQUIRED, &text_email),
		.seller = field_text(&body, "seller", FIELD_REQUIRED, &text_name),
		.seller_email = field_text(&body, "sellerEmail", FIELD_REQUIRED, &text_email),
		.destination = field_text(&body, "destination", FIELD_REQUIRED, &text_key),
		.items = field_lines(&body, "items", FIELD_REQUIRED),
	};
	if (faults_any(faults))
		return ITN_INVALID;
	*ret_trade = trade;
	return ITN_OK;
}

enum itn_status trade_change_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
					  struct trade_change *ret_change)
{
	const char *names[TRADE_STATUSES];
	struct field_reader body;
	struct str reason;
	int status;

	for (unsigned i = 0; i < TRADE_STATUSES; i++)
		names[i] = trade_status_name((enum trade_status)i);
	if (!field_reader_open(doc, arena, faults, &body))
		return ITN_INVALID;
	status = field_choice(&body, "status", names, TRADE_STATUSES);
	reason = field_text(&body, "reason", FIELD_OPTIONAL, &text_reason);
	if (faults_any(faults))
		return ITN_INVALID;
	*ret_change = (struct trade_change){ (enum trade_status)status, reason };
	return ITN_OK;
}
