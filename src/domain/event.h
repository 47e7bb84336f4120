/** An event: what happened, with its place in the one order. */
#ifndef ITN_DOMAIN_EVENT_H
#define ITN_DOMAIN_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/str.h"

enum event_kind {
	EVENT_TRADE_CREATE,
	EVENT_TRADE_UPDATED,
	EVENT_CARGO_UPDATED,
	EVENT_INVENTORY_UPDATED,
	EVENT_CRITICAL,
	EVENT_ALERT_UPDATED,
	EVENT_STOCK_TAKEN,
	EVENT_KINDS
};
enum entity_kind { ENTITY_TRADE, ENTITY_CARGO, ENTITY_INVENTORY, ENTITY_ALERT, ENTITY_KINDS };

/** What a criticalEvent warns of, and the alert that it raises (domain/alert.h). */
enum alert_kind {
	ALERT_NONE, /**< not a criticalEvent */
	ALERT_LATENESS,
	ALERT_STOCK_SHORTAGE,
	ALERT_LOW_STOCK,
	ALERT_OVERSIZE,
	ALERT_KINDS
};

/** Rules 1 and 6 of the cascade: exactly this text. */
#define MESSAGE_DELAYED "Delayed shipment detected!"
/** Rules 4 and 9. */
#define MESSAGE_SHORTAGE  "Stock shortage detected!"
#define MESSAGE_LOW_STOCK "Low stock detected!"

struct event {
	struct str id; /**< 24 hex; a derived event's is its cause's id (which may be derived itself), ".", n */
	int64_t seq;
	struct str batch; /**< the engine transaction that logged it */
	enum event_kind kind;
	enum entity_kind entity;
	struct str key; /**< transactionId, shipmentId, stationId or an alert's id */
	int64_t entity_version;
	int64_t time;      /**< when it was accepted */
	int64_t logged_at; /**< never goes backwards along seq */
	struct str caused_by; /**< absent: a client's */
	struct str message;   /**< of a criticalEvent, else absent */
	enum alert_kind alert; /**< of a criticalEvent, else ALERT_NONE */
	struct str data;      /**< JSON: the full new state */
	struct str frame;     /**< what watchers get: event_write_frame() */
};

const char *event_name(enum event_kind kind);   /**< "tradeCreate", … */
const char *entity_name(enum entity_kind kind); /**< "trade", "cargo", "inventory", "alert" */
const char *alert_kind_name(enum alert_kind kind);   /**< "lateness", "stockShortage", "lowStock", "oversize" */
bool alert_kind_parse(struct str name, enum alert_kind *ret_kind);
/** {"event":…,"id":…,"seq":…,"time":…,"causedBy"?:…,"kind"?:…,"message"?:…,"data":…} on one line, without newline. */
void event_write_frame(struct buf *out, const struct event *event);

#endif
