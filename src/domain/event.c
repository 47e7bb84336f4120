#include "domain/event.h"

#include "core/json_out.h"

static const char *const event_names[EVENT_KINDS] = {
	[EVENT_TRADE_CREATE] = "tradeCreate",
	[EVENT_TRADE_UPDATED] = "tradeUpdated",
	[EVENT_CARGO_UPDATED] = "cargoUpdated",
	[EVENT_INVENTORY_UPDATED] = "inventoryUpdated",
	[EVENT_CRITICAL] = "criticalEvent",
	[EVENT_ALERT_UPDATED] = "alertUpdated",
	[EVENT_STOCK_TAKEN] = "stockTaken",
};

static const char *const entity_names[ENTITY_KINDS] = {
	[ENTITY_TRADE] = "trade",
	[ENTITY_CARGO] = "cargo",
	[ENTITY_INVENTORY] = "inventory",
	[ENTITY_ALERT] = "alert",
};

static const char *const alert_kind_names[ALERT_KINDS] = {
	[ALERT_LATENESS] = "lateness",
	[ALERT_STOCK_SHORTAGE] = "stockShortage",
	[ALERT_LOW_STOCK] = "lowStock",
	[ALERT_OVERSIZE] = "oversize",
};

const char *event_name(enum event_kind kind)
{
	return event_names[kind];
}

const char *entity_name(enum entity_kind kind)
{
	return entity_names[kind];
}

const char *alert_kind_name(enum alert_kind kind)
{
	return alert_kind_names[kind];
}

bool alert_kind_parse(struct str name, enum alert_kind *ret_kind)
{
	for (unsigned i = ALERT_NONE + 1; i < ALERT_KINDS; i++) {
		if (!str_eq(name, str_from(alert_kind_names[i])))
			continue;
		*ret_kind = (enum alert_kind)i;
		return true;
	}
	return false;
}

void event_write_frame(struct buf *out, const struct event *event)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "event", str_from(event_name(event->kind)));
	json_out_member_str(&json, "id", event->id);
	json_out_member_int(&json, "seq", event->seq);
	json_out_member_time(&json, "time", event->time);
	json_out_member_str_if(&json, "causedBy", event->caused_by);
	if (event->alert)
		json_out_member_str(&json, "kind", str_from(alert_kind_name(event->alert)));
	json_out_member_str_if(&json, "message", event->message);
	json_out_key(&json, "data");
	json_out_raw(&json, event->data);
	json_out_object_end(&json);
}
