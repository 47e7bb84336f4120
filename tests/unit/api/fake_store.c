#include "fake_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bus/wake.h"

struct fake_store fake;

enum itn_status store_head(struct store *store unused_arg, struct store_head *ret_head)
{
	*ret_head = (struct store_head){ .log = "0123456789abcdef", .last_seq = 42 };
	return fake.head;
}

static size_t row_number(struct str key)
{
	return key.len ? (size_t)strtoul(key.ptr + 1, NULL, 10) + 1 : 0;
}

/* Overwrites nothing that the caller may still need: the key is read once. */
enum itn_status store_list(struct store *store unused_arg, const struct store_list *list, store_row_fn *row,
			   void *context)
{
	size_t first = row_number(list->after.key), given = 0;

	if (list->max > fake.widest_slice)
		fake.widest_slice = list->max;
	if (++fake.list_calls == fake.list_fails_at)
		return fake.list_failure;
	for (size_t n = first; n < fake.rows && given < list->max; n++, given++) {
		char key[80], json[120];

		snprintf(key, sizeof(key), "k%zu%.*s", n, (int)(n * 7 % 50),
			 "------------------------------------------------");
		snprintf(json, sizeof(json), "{\"n\":%zu}", n);
		row(context, &(struct store_row){ str_from(key), (int64_t)n + 1, str_from(json) });
	}
	return ITN_OK;
}

enum itn_status store_trade(struct store *store unused_arg, struct arena *arena unused_arg, struct str id unused_arg,
			    struct trade *ret_trade)
{
	*ret_trade = fake.trade;
	if (fake.too_early > 0)
		ret_trade->station = STR("Luna");
	ret_trade->goods = fake.too_early-- > 0 ? GOODS_NEW : GOODS_NONE;
	if (fake.overtaken_by.version)
		fake.claim = fake.overtaken_by;
	return fake.read;
}

enum itn_status store_trade_change(struct store *store unused_arg, const struct trade *changed, int64_t from_version,
				   const struct entry *entry)
{
	fake.writes++;
	if (fake.lost_races-- > 0) {
		fake.trade.version++;
		return ITN_CONFLICT;
	}
	if (fake.arrived.version)
		fake.trade = fake.arrived;
	else if (fake.write == ITN_OK && from_version == fake.trade.version)
		fake.trade = *changed;
	fake.last_entry = *entry;
	memcpy(fake.last_entry_id, entry->id.ptr, ID_LEN);
	return fake.write;
}

enum itn_status store_request_add(struct store *store unused_arg, const struct entry *request)
{
	fake.requests++;
	fake.last_entry = *request;
	memcpy(fake.last_entry_id, request->id.ptr, ID_LEN);
	snprintf(fake.last_wish, sizeof(fake.last_wish), "%.*s", STR_ARG(request->change));
	return fake.request_add;
}

enum itn_status store_request_verdict(struct store *store unused_arg, struct arena *arena unused_arg,
				      struct str id unused_arg, struct request_verdict *ret_verdict)
{
	*ret_verdict = fake.verdict;
	if (fake.questions_before_verdict-- > 0)
		ret_verdict->state = REQUEST_WAITING;
	return ITN_OK;
}

enum itn_status store_trade_json(struct store *store unused_arg, struct str id unused_arg, struct buf *out,
				 int64_t *ret_version)
{
	if (fake.read == ITN_OK)
		trade_write_json(out, &fake.trade);
	*ret_version = fake.trade.version;
	return fake.read;
}

enum itn_status store_progress(struct store *store unused_arg, const struct str *ids unused_arg, size_t count,
			       enum store_progress *ret_progress)
{
	for (size_t i = 0; i < count; i++)
		ret_progress[i] = fake.progress;
	return ITN_OK;
}

void bus_wake_send(struct bus_wake *wake unused_arg)
{
	fake.wakes++;
}

enum itn_status store_trade_create(struct store *store unused_arg, const struct trade *trade, const struct entry *entry)
{
	fake.writes++;
	fake.trade = *trade;
	fake.last_entry = *entry;
	return fake.write;
}

enum itn_status store_cargo_create(struct store *store unused_arg, const struct cargo *cargo unused_arg,
				   const struct entry *entry unused_arg)
{
	return ITN_FAILED;
}

enum itn_status store_cargo_change(struct store *store unused_arg, const struct cargo *changed unused_arg,
				   int64_t from_version unused_arg, const struct entry *entry unused_arg)
{
	return ITN_FAILED;
}

enum itn_status store_cargo(struct store *store unused_arg, struct arena *arena unused_arg, struct str id unused_arg,
			    struct cargo *ret_cargo unused_arg)
{
	return ITN_FAILED;
}

enum itn_status store_cargo_json(struct store *store unused_arg, struct str id unused_arg, struct buf *out unused_arg,
				 int64_t *ret_version unused_arg)
{
	return ITN_FAILED;
}

enum itn_status store_inventory_json(struct store *store unused_arg, struct str station unused_arg, struct buf *out,
				     int64_t *ret_version)
{
	if (fake.inventory == ITN_OK)
		buf_add_cstr(out, "{}");
	if (fake.overtaken_by.version) {
		fake.claim = fake.overtaken_by;
		fake.overtaken_by.version = 0;
	}
	*ret_version = fake.inventory_version;
	return fake.inventory;
}

enum itn_status store_alert(struct store *store unused_arg, struct arena *arena unused_arg, struct str id unused_arg,
			    struct alert *ret_alert)
{
	*ret_alert = fake.alert;
	return fake.read;
}

enum itn_status store_alert_json(struct store *store unused_arg, struct str id unused_arg, struct buf *out,
				 int64_t *ret_version)
{
	if (fake.read == ITN_OK)
		alert_write_json(out, &fake.alert);
	*ret_version = fake.alert.version;
	return fake.read;
}

enum itn_status store_claim_add(struct store *store unused_arg, const struct claim *claim)
{
	if (fake.claim_add == ITN_OK)
		fake.claim = *claim;
	return fake.claim_add;
}

enum itn_status store_claim(struct store *store unused_arg, struct arena *arena unused_arg, struct str key unused_arg,
			    struct claim *ret_claim)
{
	*ret_claim = fake.claim;
	return fake.claim_read;
}

enum itn_status store_claim_change(struct store *store unused_arg, const struct claim *changed, int64_t from_version)
{
	if (fake.claim_change != ITN_OK)
		return fake.claim_change;
	if (from_version != fake.claim.version)
		return ITN_CONFLICT;
	fake.claim = *changed;
	return ITN_OK;
}

enum itn_status store_entry_known(struct store *store unused_arg, enum entity_kind entity unused_arg,
				  struct str key unused_arg, struct str id unused_arg, bool *ret_known)
{
	*ret_known = fake.entry_known;
	if (fake.entry_known && fake.arrived.version)
		fake.trade = fake.arrived;
	return fake.known;
}
