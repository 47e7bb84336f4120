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
};

const char *event_name(enum event_kind kind)
{
	return event_names[kind];
}

const char *entity_name(enum entity_kind kind)
{
	return entity_names[kind];
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
	json_out_member_str_if(&json, "message", event->message);
	json_out_key(&json, "data");
	json_out_raw(&json, event->data);
	json_out_object_end(&json);
}
