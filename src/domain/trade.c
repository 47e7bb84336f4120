#include "domain/trade.h"

#include <stdio.h>

static const char *const status_names[TRADE_STATUSES] = {
	[TRADE_PENDING] = "pending",
	[TRADE_COMPLETED] = "completed",
	[TRADE_CANCELED] = "canceled",
	[TRADE_DELAYED] = "delayed",
};

/* The whole life of a trade. */
static const bool trade_may[TRADE_STATUSES][TRADE_STATUSES] = {
	[TRADE_PENDING] = { [TRADE_COMPLETED] = true, [TRADE_CANCELED] = true, [TRADE_DELAYED] = true },
	[TRADE_DELAYED] = { [TRADE_PENDING] = true, [TRADE_COMPLETED] = true, [TRADE_CANCELED] = true },
};

const char *trade_status_name(enum trade_status status)
{
	return status_names[status];
}

bool trade_status_parse(struct str name, enum trade_status *ret_status)
{
	for (unsigned i = 0; i < TRADE_STATUSES; i++) {
		if (!str_eq(name, str_from(status_names[i])))
			continue;
		*ret_status = (enum trade_status)i;
		return true;
	}
	return false;
}

bool trade_is_open(const struct trade *trade)
{
	return trade->status == TRADE_PENDING || trade->status == TRADE_DELAYED;
}

void trade_created(struct trade *trade, struct str id, int64_t now, uint64_t lines_limit)
{
	trade->id = id;
	trade->holds = trade->items.count > lines_limit ? HOLD_SIZE : 0;
	trade->status = trade->holds ? TRADE_DELAYED : TRADE_PENDING;
	trade->shipment = STR_NONE;
	trade->reason = STR_NONE;
	trade->version = 1;
	trade->created_at = now;
	trade->updated_at = now;
	trade->goods = GOODS_NEW;
	trade->unsequenced = 0;
}

/* A shortage ends when the goods are there, or with the trade; a client can't wish it away. */
static bool may_become(const struct trade *trade, enum trade_status status)
{
	if ((trade->holds & HOLD_SHORTAGE) && (status == TRADE_PENDING || status == TRADE_COMPLETED))
		return false;
	return trade_may[trade->status][status];
}

static void say_what_is_allowed(const struct trade *trade, struct error *why)
{
	char allowed[64] = "";
	size_t len = 0;

	for (unsigned i = 0; i < TRADE_STATUSES; i++)
		if (may_become(trade, (enum trade_status)i))
			len += (size_t)snprintf(allowed + len, sizeof(allowed) - len, "%s%s", len ? ", " : "",
						status_names[i]);
	if (!len)
		(void)error_set(why, ITN_CONFLICT, "a %s trade is final, its status can't change",
				status_names[trade->status]);
	else
		(void)error_set(why, ITN_CONFLICT, "a trade that is %s%s can only become: %s",
				status_names[trade->status], trade->holds & HOLD_SHORTAGE ? " for a shortage" : "",
				allowed);
}

static unsigned holds_after(unsigned holds, enum trade_status status)
{
	return status == TRADE_DELAYED ? holds | HOLD_MANUAL : 0;
}

enum verdict trade_change(struct trade *trade, const struct trade_change *change, int64_t now, struct error *why)
{
	if (change->status == trade->status)
		return VERDICT_SAME;
	if (!may_become(trade, change->status)) {
		say_what_is_allowed(trade, why);
		return VERDICT_ILLEGAL;
	}
	trade->holds = holds_after(trade->holds, change->status);
	trade->status = change->status;
	trade->reason = change->reason;
	trade->version++;
	trade->updated_at = now;
	return VERDICT_CHANGED;
}

void trade_complete(struct trade *trade, int64_t now)
{
	trade->status = TRADE_COMPLETED;
	trade->holds = 0;
	trade->reason = STR_NONE;
	trade->version++;
	trade->updated_at = now;
}

static bool enter(struct trade *trade, enum trade_status status, int64_t now)
{
	if (trade->status == status)
		return false;
	trade->status = status;
	trade->reason = STR_NONE;
	trade->version++;
	trade->updated_at = now;
	return true;
}

bool trade_fall_short(struct trade *trade, struct str item, int64_t now)
{
	trade->holds |= HOLD_SHORTAGE;
	trade->short_of = item;
	return enter(trade, TRADE_DELAYED, now);
}

bool trade_reserve(struct trade *trade, struct lines lines, int64_t now)
{
	trade->holds &= ~(unsigned)HOLD_SHORTAGE;
	trade->short_of = STR_NONE;
	trade->reserved = lines;
	if (trade->goods != GOODS_LOADED)
		trade->goods = GOODS_RESERVED;
	return enter(trade, trade->holds ? TRADE_DELAYED : TRADE_PENDING, now);
}

void trade_release(struct trade *trade)
{
	trade->reserved = (struct lines){ 0 };
	trade->short_of = STR_NONE;
	if (trade->goods == GOODS_RESERVED)
		trade->goods = GOODS_NONE;
}

bool trade_may_load(const struct trade *trade)
{
	return trade_is_open(trade) && (trade->goods == GOODS_NONE || trade->goods == GOODS_RESERVED) &&
	       !(trade->holds & HOLD_SHORTAGE);
}

bool trade_has_reserved(const struct trade *trade)
{
	return trade->reserved.count && (trade->goods == GOODS_RESERVED || trade->goods == GOODS_LOADED);
}
