#include "domain/posting.h"

#include <stdio.h>
#include <string.h>

#include "core/json_out.h"
#include "domain/line.h"

struct str account_name(struct arena *arena, struct account account)
{
	switch (account.kind) {
	case ACCOUNT_STATION:
		return arena_printf(arena, "station:%.*s", STR_ARG(account.id));
	case ACCOUNT_TRANSIT:
		return arena_printf(arena, "transit:%.*s", STR_ARG(account.id));
	case ACCOUNT_EXTERNAL:
		break;
	}
	return STR("external");
}

int64_t account_can_give(enum account_kind kind, int64_t balance)
{
	int64_t most = kind == ACCOUNT_EXTERNAL ? SUM_MAX + balance : balance;

	return most > 0 ? most : 0;
}

void posting_key(int64_t number, char ret[POSTING_KEY_LEN + 1])
{
	snprintf(ret, POSTING_KEY_LEN + 1, "%016llx", (unsigned long long)number);
}

int64_t posting_key_number(struct str key)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t number = 0;

	if (!str_is_set(key) || key.len != POSTING_KEY_LEN)
		return 0;
	for (size_t i = 0; i < key.len; i++) {
		const char *digit = key.ptr[i] ? strchr(digits, key.ptr[i]) : NULL;

		if (!digit)
			return 0;
		number = number << 4 | (uint64_t)(digit - digits);
	}
	return number > INT64_MAX ? 0 : (int64_t)number;
}

int64_t posting_seq(const struct posting *posting)
{
	return posting->number >> POSTING_NUMBER_BITS;
}

static void write_account(struct json_out *out, const char *member, enum account_kind kind,
			  const struct posting *posting)
{
	static const char *const prefixes[] = { "external", "station:", "transit:" };
	char name[sizeof("station:") + 4 * 64];
	struct str id = kind == ACCOUNT_STATION ? posting->station : posting->shipment;

	if (kind == ACCOUNT_EXTERNAL)
		snprintf(name, sizeof(name), "%s", prefixes[kind]);
	else
		snprintf(name, sizeof(name), "%s%.*s", prefixes[kind], STR_ARG(id));
	json_out_member_str(out, member, str_from(name));
}

void posting_write_json(struct buf *out, const struct posting *posting)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str_if(&json, "eventId", posting->event);
	json_out_member_int(&json, "seq", posting_seq(posting));
	json_out_member_str(&json, "item", posting->item);
	json_out_member_int(&json, "quantity", posting->quantity);
	write_account(&json, "from", posting->from, posting);
	write_account(&json, "to", posting->to, posting);
	json_out_member_str_if(&json, "transactionId", posting->trade);
	json_out_member_str_if(&json, "shipmentId", posting->shipment);
	json_out_member_time(&json, "at", posting->at);
	json_out_member_int(&json, "fromBalance", posting->from_balance);
	json_out_member_int(&json, "toBalance", posting->to_balance);
	json_out_object_end(&json);
}
