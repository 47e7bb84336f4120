/** An alert: something that somebody should look at, from the fact that raised it until the fact that ends it. Pure.
 *
 *  Of one kind about one thing there is at most one that is not resolved. Acknowledging says that somebody has seen it; it
 *  ends nothing.
 */
#ifndef ITN_DOMAIN_ALERT_H
#define ITN_DOMAIN_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/status.h"
#include "domain/event.h"

enum alert_status {
	ALERT_OPEN,
	ALERT_ACKNOWLEDGED,
	ALERT_RESOLVED, /**< also when it was acknowledged before, or is afterwards */
	ALERT_STATUSES
};

/** What an alert is about. */
struct alert_about {
	enum entity_kind entity; /**< trade, cargo or inventory */
	struct str key;          /**< transactionId, shipmentId or stationId */
	struct str item;         /**< of inventory: the item's name, else absent */
};

struct alert {
	struct str id; /**< of the criticalEvent that raised it */
	enum alert_kind kind;
	struct alert_about about;
	struct str message; /**< the criticalEvent's */
	int64_t raised_at;
	int64_t acknowledged_at, resolved_at; /**< 0: not (yet) */
	int64_t version;                      /**< 1 when it is raised, + 1 with each change */
};

const char *alert_status_name(enum alert_status status); /**< "open", "acknowledged", "resolved" */
bool alert_status_parse(struct str name, enum alert_status *ret_status);
enum alert_status alert_status_of(const struct alert *alert);

/** Marks it as seen, resolved or not. False: it was already; nothing is changed. */
bool alert_become_acknowledged(struct alert *alert, int64_t now);
/** What it is about has ended. False: it is resolved already; nothing is changed. */
bool alert_become_resolved(struct alert *alert, int64_t now);

/** The public document: {_id, id, kind, entity, transactionId | shipmentId | stationId and item, message, status,
 *  raisedAt, acknowledgedAt?, resolvedAt?, version} on one line. */
void alert_write_json(struct buf *out, const struct alert *alert);
/** Reads what alert_write_json() wrote. ITN_FAILED when it is something else. */
enum itn_status alert_read_json(struct arena *arena, struct str json, struct alert *ret_alert) must_check;

#endif
