#include "domain/cargo.h"

#include <assert.h>
#include <stdio.h>

static const char *const status_names[CARGO_STATUSES] = {
	[CARGO_PENDING] = "pending",
	[CARGO_IN_TRANSIT] = "in transit",
	[CARGO_DELAYED] = "delayed",
	[CARGO_DELIVERED] = "delivered",
};

/* The whole life of a shipment. */
static const bool cargo_may[CARGO_STATUSES][CARGO_STATUSES] = {
	[CARGO_PENDING] = { [CARGO_IN_TRANSIT] = true, [CARGO_DELAYED] = true, [CARGO_DELIVERED] = true },
	[CARGO_IN_TRANSIT] = { [CARGO_DELAYED] = true, [CARGO_DELIVERED] = true },
	[CARGO_DELAYED] = { [CARGO_IN_TRANSIT] = true, [CARGO_DELIVERED] = true },
};

const char *cargo_status_name(enum cargo_status status)
{
	return status_names[status];
}

bool cargo_status_parse(struct str name, enum cargo_status *ret_status)
{
	for (unsigned i = 0; i < CARGO_STATUSES; i++) {
		if (!str_eq(name, str_from(status_names[i])))
			continue;
		*ret_status = (enum cargo_status)i;
		return true;
	}
	return false;
}

void cargo_created(struct cargo *cargo, int64_t now, uint64_t lines_limit)
{
	bool too_many = cargo->items.count > lines_limit;

	assert(cargo->own_items.count <= cargo->items.count);
	cargo->items.count = cargo->own_items.count;
	if (cargo->own_items.count)
		memcpy(cargo->items.at, cargo->own_items.at, cargo->own_items.count * sizeof(*cargo->items.at));
	cargo->trade_count = 0;
	cargo->status = too_many ? CARGO_DELAYED : CARGO_PENDING;
	cargo->departed_at = 0;
	cargo->delivered_at = 0;
	cargo->version = 1;
	cargo->created_at = now;
	cargo->updated_at = now;
	cargo->open = false;
	cargo->late_eta = 0;
	cargo->unsequenced = 0;
}

static void say_what_is_allowed(enum cargo_status from, struct error *why)
{
	char allowed[64] = "";
	size_t len = 0;

	for (unsigned i = 0; i < CARGO_STATUSES; i++)
		if (cargo_may[from][i])
			len += (size_t)snprintf(allowed + len, sizeof(allowed) - len, "%s%s", len ? ", " : "",
						status_names[i]);
	if (!len)
		(void)error_set(why, ITN_CONFLICT, "%s cargo is final, its status can't change", status_names[from]);
	else
		(void)error_set(why, ITN_CONFLICT, "cargo that is %s can only become: %s", status_names[from], allowed);
}

static bool says_something_new(const struct cargo *cargo, const struct cargo_change *change)
{
	bool location = str_is_set(change->location) &&
			!(str_is_set(cargo->location) && str_eq(change->location, cargo->location));

	return change->status != cargo->status || location || (change->eta && change->eta != cargo->eta);
}

static void enter(struct cargo *cargo, enum cargo_status status, int64_t now)
{
	if (status == cargo->status)
		return;
	cargo->status = status;
	if ((status == CARGO_IN_TRANSIT || status == CARGO_DELIVERED) && !cargo->departed_at)
		cargo->departed_at = now;
	if (status == CARGO_DELIVERED)
		cargo->delivered_at = now;
}

enum verdict cargo_change(struct cargo *cargo, const struct cargo_change *change, int64_t now, struct error *why)
{
	if (!says_something_new(cargo, change))
		return VERDICT_SAME;
	if (change->status != cargo->status && !cargo_may[cargo->status][change->status]) {
		say_what_is_allowed(cargo->status, why);
		return VERDICT_ILLEGAL;
	}
	enter(cargo, change->status, now);
	if (str_is_set(change->location))
		cargo->location = change->location;
	if (change->eta)
		cargo->eta = change->eta;
	cargo->version++;
	cargo->updated_at = now;
	return VERDICT_CHANGED;
}

int64_t cargo_due(const struct cargo *cargo)
{
	if (!cargo->eta || cargo->eta == cargo->late_eta || cargo->status == CARGO_DELIVERED)
		return 0;
	return cargo->eta > 0 ? cargo->eta : 1;
}

bool cargo_be_late(struct cargo *cargo, int64_t now)
{
	assert(cargo_due(cargo));
	cargo->late_eta = cargo->eta;
	if (cargo->status == CARGO_DELAYED)
		return false;
	assert(cargo_may[cargo->status][CARGO_DELAYED]);
	cargo->status = CARGO_DELAYED;
	cargo->version++;
	cargo->updated_at = now;
	return true;
}

bool cargo_has_room(const struct cargo *cargo, const struct trade *trade)
{
	if (cargo->capacity && lines_total(&cargo->items) + lines_total(&trade->items) > cargo->capacity)
		return false;
	return lines_can_merge(&cargo->items, &trade->items);
}

void cargo_load(struct cargo *cargo, struct arena *arena, struct trade *trade)
{
	lines_merge(&cargo->items, arena, &trade->items);
	cargo->trade_count++;
	cargo->reserved_trades += trade_has_reserved(trade);
	trade->shipment = cargo->id;
	trade->goods = GOODS_LOADED;
}

void cargo_unload(struct cargo *cargo, struct trade *trade)
{
	assert(cargo->trade_count > 0);
	lines_subtract(&cargo->items, &trade->items);
	cargo->trade_count--;
	cargo->reserved_trades -= trade_has_reserved(trade);
	trade->shipment = STR_NONE;
	trade->goods = trade->reserved.count ? GOODS_RESERVED : GOODS_NONE;
}
