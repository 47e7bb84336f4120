#include "domain/alert.h"

#include "core/json_out.h"
#include "domain/stored.h"

static const char *const status_names[ALERT_STATUSES] = {
	[ALERT_OPEN] = "open",
	[ALERT_ACKNOWLEDGED] = "acknowledged",
	[ALERT_RESOLVED] = "resolved",
};

/* The member that names what an alert is about. */
static const char *const key_names[ENTITY_KINDS] = {
	[ENTITY_TRADE] = "transactionId",
	[ENTITY_CARGO] = "shipmentId",
	[ENTITY_INVENTORY] = "stationId",
};

const char *alert_status_name(enum alert_status status)
{
	return status_names[status];
}

bool alert_status_parse(struct str name, enum alert_status *ret_status)
{
	for (unsigned i = 0; i < ALERT_STATUSES; i++) {
		if (!str_eq(name, str_from(status_names[i])))
			continue;
		*ret_status = (enum alert_status)i;
		return true;
	}
	return false;
}

enum alert_status alert_status_of(const struct alert *alert)
{
	return alert->resolved_at ? ALERT_RESOLVED : alert->acknowledged_at ? ALERT_ACKNOWLEDGED : ALERT_OPEN;
}

static bool note(struct alert *alert, int64_t *at, int64_t now)
{
	if (*at)
		return false;
	*at = now;
	alert->version++;
	return true;
}

bool alert_become_acknowledged(struct alert *alert, int64_t now)
{
	return note(alert, &alert->acknowledged_at, now);
}

bool alert_become_resolved(struct alert *alert, int64_t now)
{
	return note(alert, &alert->resolved_at, now);
}

void alert_write_json(struct buf *out, const struct alert *alert)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "_id", alert->id);
	json_out_member_str(&json, "id", alert->id);
	json_out_member_str(&json, "kind", str_from(alert_kind_name(alert->kind)));
	json_out_member_str(&json, "entity", str_from(entity_name(alert->about.entity)));
	json_out_member_str(&json, key_names[alert->about.entity], alert->about.key);
	json_out_member_str_if(&json, "item", alert->about.item);
	json_out_member_str(&json, "message", alert->message);
	json_out_member_str(&json, "status", str_from(alert_status_name(alert_status_of(alert))));
	json_out_member_time(&json, "raisedAt", alert->raised_at);
	json_out_member_time_if(&json, "acknowledgedAt", alert->acknowledged_at);
	json_out_member_time_if(&json, "resolvedAt", alert->resolved_at);
	json_out_member_int(&json, "version", alert->version);
	json_out_object_end(&json);
}

static void read_about(struct stored *json, struct alert_about *about)
{
	struct str entity = stored_text(json, "entity");

	for (unsigned i = 0; i < ENTITY_KINDS; i++) {
		if (json->broken || !key_names[i] || !str_eq(entity, str_from(entity_name((enum entity_kind)i))))
			continue;
		about->entity = (enum entity_kind)i;
		about->key = stored_text(json, key_names[i]);
		about->item = stored_text_if(json, "item");
		return;
	}
	json->broken = true;
}

enum itn_status alert_read_json(struct arena *arena, struct str text, struct alert *ret_alert)
{
	struct stored json;
	struct alert alert = { .kind = ALERT_NONE };
	enum itn_status status;

	stored_open(&json, arena, text);
	alert = (struct alert){
		.id = stored_text(&json, "id"),
		.message = stored_text(&json, "message"),
		.raised_at = stored_time(&json, "raisedAt"),
		.acknowledged_at = stored_time_if(&json, "acknowledgedAt"),
		.resolved_at = stored_time_if(&json, "resolvedAt"),
		.version = stored_integer(&json, "version"),
	};
	json.broken |= !alert_kind_parse(stored_text(&json, "kind"), &alert.kind);
	read_about(&json, &alert.about);
	status = stored_close(&json);
	if (status == ITN_OK)
		*ret_alert = alert;
	return status;
}
