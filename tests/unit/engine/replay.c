#include "replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/json_in.h"
#include "store/alerts.h"
#include "store/notifications.h"

void replay_init(struct replay *replay, struct world *world)
{
	*replay = (struct replay){ .world = world };
	map_init(&replay->ids, world->arena);
	map_init(&replay->documents, world->arena);
	map_init(&replay->items, world->arena);
	map_init(&replay->mails, world->arena);
	map_init(&replay->unresolved, world->arena);
}

static struct json_in *parse(struct replay *replay, struct str text)
{
	struct faults faults;
	struct json_in *doc;

	faults_init(&faults, replay->world->arena);
	if (json_in_parse(replay->world->arena, text, &faults, &doc) != ITN_OK)
		fail_msg("no JSON: %.*s", STR_ARG(text));
	return doc;
}

static int64_t integer(const json_value *object, const char *name)
{
	int64_t value;

	if (!json_in_integer(json_in_member(object, name), &value))
		fail_msg("no integer %s", name);
	return value;
}

static struct str text(struct replay *replay, const json_value *object, const char *name)
{
	const json_value *value = json_in_member(object, name);

	return value ? arena_str(replay->world->arena, json_in_str(value)) : STR_NONE;
}

static void note_id(struct replay *replay, struct str id)
{
	const char *dot = memchr(id.ptr, '.', id.len);

	if (map_get(&replay->ids, id))
		fail_msg("event %s is in the log twice", id.ptr);
	if (dot && !map_get(&replay->ids, (struct str){ id.ptr, (size_t)(dot - id.ptr) }))
		fail_msg("event %s comes before its cause", id.ptr);
	map_put(&replay->ids, id, replay);
}

static void check_trade_step(struct str from, struct str to)
{
	struct trade trade = { .version = 1 };
	struct trade_change wish = { .reason = STR_NONE };
	struct error why = { "" };

	assert_true(trade_status_parse(from, &trade.status) && trade_status_parse(to, &wish.status));
	if (trade_change(&trade, &wish, 1, &why) == VERDICT_ILLEGAL)
		fail_msg("%s", why.text);
}

static void check_cargo_step(struct str from, struct str to)
{
	struct cargo cargo = { .version = 1 };
	struct cargo_change wish = { .location = STR_NONE };
	struct error why = { "" };

	assert_true(cargo_status_parse(from, &cargo.status) && cargo_status_parse(to, &wish.status));
	if (cargo_change(&cargo, &wish, 1, &why) == VERDICT_ILLEGAL)
		fail_msg("%s", why.text);
}

static struct replay_document *document_of(struct replay *replay, enum entity_kind entity, struct str key)
{
	struct str name = arena_printf(replay->world->arena, "%s %.*s", entity_name(entity), STR_ARG(key));
	struct replay_document *document = map_get(&replay->documents, name);

	if (!document) {
		document = arena_calloc(replay->world->arena, 1, sizeof(*document));
		map_put(&replay->documents, name, document);
	}
	return document;
}

static int admins(const struct replay *replay)
{
	const char *admins = replay->world->config.mail_admins;
	int count = strcmp(admins, "none") != 0;

	for (; *admins; admins++)
		count += *admins == ',';
	return count;
}

/* Whether a derived event's cause is the creation of its document. */
static bool is_of_creation(const struct replay_document *document, struct str event)
{
	return event.len > document->created.len && event.ptr[document->created.len] == '.' &&
	       memcmp(event.ptr, document->created.ptr, document->created.len) == 0;
}

/* Rules 1, 6, 7 and 10. */
static int mails_due(const struct replay *replay, enum entity_kind entity, const struct replay_document *before,
		     struct str status, struct str event, bool is_warning)
{
	if (is_warning)
		return entity == ENTITY_TRADE || is_of_creation(before, event) ? 1 : admins(replay);
	if (!before->version || str_eq(status, before->status))
		return 0;
	return entity == ENTITY_TRADE || str_eq(status, STR("delivered")) ? 1 : 0;
}

static void note_mails(struct replay *replay, struct str event, int due)
{
	struct replay_mails *mails = arena_calloc(replay->world->arena, 1, sizeof(*mails));

	mails->due = due;
	map_put(&replay->mails, event, mails);
	replay->mails_due += due;
}

static void take_document(struct replay *replay, enum entity_kind entity, const json_value *data, struct str raw,
			  struct str event, bool is_warning)
{
	struct str key = text(replay, data, entity == ENTITY_TRADE ? "transactionId" : "shipmentId");
	struct replay_document *document = document_of(replay, entity, key);
	struct str status = text(replay, data, "status");
	int64_t version = integer(data, "version");

	if (version != document->version + (is_warning ? 0 : 1))
		fail_msg("seq %lld: %s %s has version %lld behind %lld", (long long)replay->seq, entity_name(entity), key.ptr,
			 (long long)version, (long long)document->version);
	if (is_warning && !str_eq(raw, document->data))
		fail_msg("seq %lld shows\n%.*s\nbut version %lld was told as\n%.*s", (long long)replay->seq, STR_ARG(raw),
			 (long long)version, STR_ARG(document->data));
	note_mails(replay, event, mails_due(replay, entity, document, status, event, is_warning));
	if (document->version)
		(entity == ENTITY_TRADE ? check_trade_step : check_cargo_step)(document->status, status);
	*document = (struct replay_document){ version, raw, status, version == 1 && !is_warning ? event : document->created };
}

static struct replay_item *item_of(struct replay *replay, struct str station, struct str item)
{
	struct str name = arena_printf(replay->world->arena, "%.*s\n%.*s", STR_ARG(station), STR_ARG(item));
	struct replay_item *found = map_get(&replay->items, name);

	if (!found) {
		found = arena_calloc(replay->world->arena, 1, sizeof(*found));
		map_put(&replay->items, name, found);
	}
	return found;
}

static struct replay_item item_read(const json_value *item)
{
	return (struct replay_item){ integer(item, "version"), integer(item, "quantity"), integer(item, "incoming") };
}

static void take_inventory(struct replay *replay, const json_value *data)
{
	struct str station = text(replay, data, "stationId");
	const json_value *items = json_in_member(data, "items");

	for (size_t i = 0; i < json_in_count(items); i++) {
		const json_value *item = json_in_at(items, i);
		struct str name = text(replay, item, "name");
		struct replay_item *known = item_of(replay, station, name), told = item_read(item);

		if (told.version != known->version + 1)
			fail_msg("seq %lld: %s at %s has version %lld behind %lld", (long long)replay->seq, name.ptr,
				 station.ptr, (long long)told.version, (long long)known->version);
		*known = told;
	}
}

static struct str about_of(struct replay *replay, const json_value *data, struct str kind)
{
	struct str key = text(replay, data, json_in_member(data, "transactionId") ? "transactionId" : "shipmentId");

	return arena_printf(replay->world->arena, "%.*s %.*s", STR_ARG(kind), STR_ARG(key));
}

/* A criticalEvent raises an alert unless one of its kind about the same is unresolved. */
static void raise_alert(struct replay *replay, const json_value *root, const json_value *data)
{
	struct str about = about_of(replay, data, text(replay, root, "kind"));
	struct replay_alert *known = map_get(&replay->unresolved, about), *alert;

	if (known && (!str_is_set(known->status) || !str_eq(known->status, STR("resolved"))))
		return;
	alert = arena_calloc(replay->world->arena, 1, sizeof(*alert));
	*alert = (struct replay_alert){ .id = text(replay, root, "id"), .about = about, .version = 1, .older = replay->alerts };
	replay->alerts = alert;
	map_put(&replay->unresolved, about, alert);
}

static void take_alert(struct replay *replay, const json_value *data, struct str raw)
{
	struct str id = text(replay, data, "id"), status = text(replay, data, "status");
	struct replay_alert *alert = replay->alerts;

	while (alert && !str_eq(alert->id, id))
		alert = alert->older;
	if (!alert)
		fail_msg("seq %lld changes alert %s, which nothing raised", (long long)replay->seq, id.ptr);
	assert_true(str_eq(about_of(replay, data, text(replay, data, "kind")), alert->about));
	if (integer(data, "version") != alert->version + 1)
		fail_msg("seq %lld: alert %s has version %lld behind %lld", (long long)replay->seq, id.ptr,
			 (long long)integer(data, "version"), (long long)alert->version);
	alert->version++;
	alert->data = raw;
	alert->status = status;
}

static void take_event(void *context, const struct store_event_row *row)
{
	struct replay *replay = context;
	struct str frame = arena_str(replay->world->arena, row->frame);
	const char *at = strstr(frame.ptr, ",\"data\":");
	struct json_in *doc = parse(replay, frame);
	const json_value *root = json_in_root(doc), *data = json_in_member(root, "data");
	struct str event = text(replay, root, "event"), raw;

	assert_non_null(at);
	raw = (struct str){ at + 8, frame.len - (size_t)(at + 8 - frame.ptr) - 1 };
	assert_int_equal(row->seq, ++replay->seq);
	assert_int_equal(integer(root, "seq"), row->seq);
	note_id(replay, text(replay, root, "id"));
	if (str_eq(event, STR("criticalEvent")))
		raise_alert(replay, root, data);
	if (str_eq(event, STR("inventoryUpdated")))
		take_inventory(replay, data);
	else if (str_eq(event, STR("alertUpdated")))
		take_alert(replay, data, raw);
	else
		take_document(replay, json_in_member(data, "transactionId") ? ENTITY_TRADE : ENTITY_CARGO, data, raw,
			      text(replay, root, "id"), str_eq(event, STR("criticalEvent")));
	replay->warnings += str_eq(event, STR("criticalEvent"));
	replay->trades += str_eq(event, STR("tradeCreate"));
	json_in_free(doc);
}

void replay_read(struct replay *replay)
{
	int64_t before;

	do {
		before = replay->seq;
		assert_int_equal(store_events(replay->world->store, before, 1000, take_event, replay), ITN_OK);
	} while (replay->seq > before);
}

void replay_check_document(struct replay *replay, enum entity_kind entity, struct str key)
{
	struct replay_document *document = document_of(replay, entity, key);
	struct buf json = { 0 };
	int64_t version;

	assert_int_equal((entity == ENTITY_TRADE ? store_trade_json : store_cargo_json)(replay->world->store, key, &json,
										       &version),
			 ITN_OK);
	if (version != document->version || !str_eq(buf_str(&json), document->data))
		fail_msg("%s %s is\n%.*s\nbut was told last as\n%.*s", entity_name(entity), key.ptr,
			 STR_ARG(buf_str(&json)), STR_ARG(document->data));
	buf_free(&json);
}

static void count_row(void *context, const struct store_row *row unused_arg)
{
	++*(int64_t *)context;
}

static void check_alert(struct replay *replay, const struct replay_alert *alert)
{
	struct buf json = { 0 };
	int64_t version;

	assert_int_equal(store_alert_json(replay->world->store, alert->id, &json, &version), ITN_OK);
	if (version != alert->version || (str_is_set(alert->data) && !str_eq(buf_str(&json), alert->data)))
		fail_msg("alert %s is\n%.*s\nbut was told last as\n%.*s", alert->id.ptr, STR_ARG(buf_str(&json)),
			 STR_ARG(alert->data));
	buf_free(&json);
}

void replay_check_alerts(struct replay *replay)
{
	struct store_list list = { .kind = LIST_ALERTS, .status = -1, .max = 1000 };
	int64_t raised = 0, stored = 0;

	for (const struct replay_alert *alert = replay->alerts; alert; alert = alert->older, raised++)
		check_alert(replay, alert);
	assert_int_equal(store_list(replay->world->store, &list, count_row, &stored), ITN_OK);
	assert_int_equal(stored, raised);
}

void replay_check_station(struct replay *replay, const char *station)
{
	struct buf json = { 0 };
	int64_t version;
	struct json_in *doc;
	const json_value *items;
	enum itn_status status = store_inventory_json(replay->world->store, str_from(station), &json, &version);

	if (status == ITN_NOT_FOUND)
		return;
	assert_int_equal(status, ITN_OK);
	doc = parse(replay, buf_str(&json));
	items = json_in_member(json_in_root(doc), "items");
	for (size_t i = 0; i < json_in_count(items); i++) {
		struct str name = text(replay, json_in_at(items, i), "name");
		struct replay_item stored = item_read(json_in_at(items, i)),
				   *told = item_of(replay, str_from(station), name);

		if (memcmp(&stored, told, sizeof(stored)) != 0)
			fail_msg("%s at %s was told otherwise", name.ptr, station);
	}
	json_in_free(doc);
	buf_free(&json);
}

static void take_mail(void *context, const struct notification *notification)
{
	struct replay *replay = context;
	struct replay_mails *mails = map_get(&replay->mails, notification->event);
	struct str id;

	if (!mails)
		fail_msg("%.*s is about an event that is not in the log", STR_ARG(notification->id));
	id = arena_printf(replay->world->arena, "%.*s-%d", STR_ARG(notification->event), ++mails->found);
	if (!str_eq(notification->id, id) || mails->found > mails->due)
		fail_msg("%.*s: %d mails are due about this event", STR_ARG(notification->id), mails->due);
	replay->mails_due--;
	replay->last_mail = (struct store_cursor){ notification->queued_at,
						   arena_str(replay->world->arena, notification->id) };
}

void replay_check_mails(struct replay *replay)
{
	int64_t before;

	replay->last_mail = (struct store_cursor){ 0 };
	do {
		before = replay->mails_due;
		assert_int_equal(store_notifications(replay->world->store, NOTIFICATION_UNSENT, &replay->last_mail, 100,
						     take_mail, replay),
				 ITN_OK);
	} while (replay->mails_due < before);
	if (replay->mails_due)
		fail_msg("%lld mails are missing", (long long)replay->mails_due);
}
