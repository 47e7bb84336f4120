#include "engine/alert.h"

#include "store/alerts.h"

static void count(struct draft *draft, enum alert_status status, int64_t delta)
{
	draft_count(draft, arena_printf(draft->arena, "alerts.status.%s", alert_status_name(status)), delta);
}

static struct str about_key(struct draft *draft, enum alert_kind kind, const struct alert_about *about)
{
	return arena_printf(draft->arena, "%d\n%d\n%.*s\n%.*s", kind, about->entity, STR_ARG(about->key),
			    STR_ARG(about->item));
}

/* The last one of its kind about its thing; of those that are resolved only such as were resolved in this draft. */
static struct draft_alert *put(struct draft *draft, const struct alert *alert, int64_t from_version)
{
	struct draft_alert *document = arena_calloc(draft->arena, 1, sizeof(*document));

	document->alert = *alert;
	document->from_version = from_version;
	map_put(&draft->alerts_by_id, document->alert.id, document);
	if (!alert->resolved_at)
		map_put(&draft->alerts_by_about, about_key(draft, alert->kind, &alert->about), document);
	draft_list_add(&draft->alerts, draft->arena, document);
	draft->documents++;
	return document;
}

/* NULL: there is none. */
static enum itn_status unresolved(struct draft *draft, enum alert_kind kind, const struct alert_about *about,
				  struct draft_alert **ret)
{
	struct draft_alert *document = map_get(&draft->alerts_by_about, about_key(draft, kind, about));
	struct alert alert;
	enum itn_status status;

	if (document) {
		*ret = document->alert.resolved_at ? NULL : document;
		return ITN_OK;
	}
	status = store_batch_unresolved(draft->store, draft->arena, kind, about, &alert);
	if (status != ITN_OK && status != ITN_NOT_FOUND)
		return status;
	*ret = status == ITN_OK ? put(draft, &alert, alert.version) : NULL;
	return ITN_OK;
}

static void tell(struct draft *draft, struct draft_alert *document, struct event event)
{
	buf_reset(&draft->json, SIZE_MAX);
	alert_write_json(&draft->json, &document->alert);
	event.kind = EVENT_ALERT_UPDATED;
	event.entity = ENTITY_ALERT;
	event.key = document->alert.id;
	event.entity_version = document->alert.version;
	event.data = draft_json(draft);
	draft_log(draft, event);
}

enum itn_status alert_raise(struct draft *draft, enum alert_kind kind, const struct alert_about *about,
			    const char *message, struct str event)
{
	struct draft_alert *known;
	struct alert alert = {
		.id = event,
		.kind = kind,
		.about = *about,
		.message = str_from(message),
		.raised_at = draft->now,
		.version = 1,
	};
	enum itn_status status = unresolved(draft, kind, about, &known);

	if (status != ITN_OK || known)
		return status;
	put(draft, &alert, 0);
	count(draft, ALERT_OPEN, 1);
	return ITN_OK;
}

enum itn_status alert_resolve(struct draft *draft, enum alert_kind kind, const struct alert_about *about,
			      struct job *cause)
{
	struct draft_alert *document;
	enum itn_status status = unresolved(draft, kind, about, &document);

	if (status != ITN_OK || !document)
		return status;
	count(draft, alert_status_of(&document->alert), -1);
	count(draft, ALERT_RESOLVED, 1);
	alert_become_resolved(&document->alert, draft->now);
	tell(draft, document,
	     (struct event){ .id = draft_derived_id(draft, cause), .time = draft->now, .caused_by = cause->cause });
	return ITN_OK;
}

enum itn_status alert_trade(struct draft *draft, struct draft_trade *document, enum alert_kind kind,
			    const char *message, struct job *cause, struct str *ret_event)
{
	struct alert_about about = { .entity = ENTITY_TRADE, .key = document->trade.id };

	*ret_event = draft_warn_trade(draft, document, kind, message, cause);
	return alert_raise(draft, kind, &about, message, *ret_event);
}

enum itn_status alert_cargo(struct draft *draft, struct draft_cargo *document, enum alert_kind kind,
			    const char *message, struct job *cause, struct str *ret_event)
{
	struct alert_about about = { .entity = ENTITY_CARGO, .key = document->cargo.id };

	*ret_event = draft_warn_cargo(draft, document, kind, message, cause);
	return alert_raise(draft, kind, &about, message, *ret_event);
}

enum itn_status alert_acknowledge(struct draft *draft, const struct entry *request, enum verdict *ret_verdict)
{
	struct draft_alert *document = map_get(&draft->alerts_by_id, request->key);
	enum alert_status from;
	struct alert alert;
	enum itn_status status;

	if (!document) {
		status = store_batch_alert(draft->store, draft->arena, request->key, &alert);
		if (status != ITN_OK)
			return status;
		document = put(draft, &alert, alert.version);
	}
	from = alert_status_of(&document->alert);
	*ret_verdict = VERDICT_SAME;
	if (!alert_become_acknowledged(&document->alert, draft->now))
		return ITN_OK;
	*ret_verdict = VERDICT_CHANGED;
	count(draft, from, -1);
	count(draft, alert_status_of(&document->alert), 1);
	tell(draft, document, (struct event){ .id = request->id, .time = request->time });
	return ITN_OK;
}

void alert_writes(struct draft *draft, struct store_writes *writes)
{
	struct alert_write *alerts = arena_calloc(draft->arena, draft->alerts.count + 1, sizeof(*alerts));

	for (size_t i = 0; i < draft->alerts.count; i++) {
		const struct draft_alert *document = draft->alerts.at[i];

		if (document->alert.version != document->from_version)
			alerts[writes->alert_count++] =
				(struct alert_write){ &document->alert, document->from_version };
	}
	writes->alerts = alerts;
}
