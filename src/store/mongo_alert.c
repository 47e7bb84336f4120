#include <stddef.h>
#include <stdlib.h>

#include "store/mongo_engine.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
static const char *const kinds[] = { "none", "lateness", "stockShortage", "lowStock", "oversize" };
static const char *const entities[] = { "trade", "cargo", "inventory", "alert" };
static const struct member_names kind_names = { kinds, COUNT_OF(kinds), false },
	entity_names = { entities, COUNT_OF(entities), false };

#define FIELD(member) offsetof(struct alert, member), NULL
static const struct member members[] = {
	{ "_id",            MEMBER_STR,  OWNER_NOBODY, FIELD(id) },
	{ "kind",           MEMBER_NAME, OWNER_NOBODY, offsetof(struct alert, kind), &kind_names },
	{ "entity",         MEMBER_NAME, OWNER_NOBODY, offsetof(struct alert, about.entity), &entity_names },
	{ "key",            MEMBER_STR,  OWNER_NOBODY, FIELD(about.key) },
	{ "item",           MEMBER_STR,  OWNER_NOBODY, FIELD(about.item) },
	{ "message",        MEMBER_STR,  OWNER_NOBODY, FIELD(message) },
	{ "raisedAt",       MEMBER_TIME, OWNER_NOBODY, FIELD(raised_at) },
	{ "acknowledgedAt", MEMBER_TIME, OWNER_ENGINE, FIELD(acknowledged_at) },
	{ "resolvedAt",     MEMBER_TIME, OWNER_ENGINE, FIELD(resolved_at) },
	{ "version",        MEMBER_INT,  OWNER_ENGINE, FIELD(version) },
};
/* clang-format on */

_Static_assert(COUNT_OF(kinds) == ALERT_KINDS, "a name for each kind of alerts");
_Static_assert(COUNT_OF(entities) == ENTITY_KINDS, "a name for each entity");

/* What of all alerts at most one has that is not resolved: a unique index is over it. No key has a line feed. */
static struct str unresolved_text(struct arena *arena, enum alert_kind kind, const struct alert_about *about)
{
	return arena_printf(arena, "%s\n%s\n%.*s\n%.*s", kinds[kind], entities[about->entity], STR_ARG(about->key),
			    STR_ARG(about->item));
}

static void status_bson(struct arena *arena, const struct alert *alert, bson_t *set, bson_t *unset)
{
	bson_put_str(set, "status", str_from(alert_status_name(alert_status_of(alert))));
	if (!alert->resolved_at)
		bson_put_str(set, "unresolved", unresolved_text(arena, alert->kind, &alert->about));
	else if (unset)
		bson_append_bool(unset, "unresolved", -1, true);
}

static void add_alert(struct mongo_engine *engine, mongoc_bulk_operation_t *bulk, const struct alert *alert)
{
	bson_t doc = BSON_INITIALIZER;
	members_write(members, COUNT_OF(members), alert, OWNERS_ALL, &doc, NULL);
	status_bson(engine->arena, alert, &doc, NULL);
	mongoc_bulk_operation_insert(bulk, &doc);
	bson_destroy(&doc);
}

static void add_change(struct mongo_engine *engine, mongoc_bulk_operation_t *bulk, const struct alert *alert,
		       int64_t from_version)
{
	bson_t filter, update = BSON_INITIALIZER, set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	bson_error_t error;
	filter_id(&filter, alert->id);
	bson_put_int(&filter, "version", from_version);
	members_write(members, COUNT_OF(members), alert, OWNER_ENGINE, &set, &unset);
	status_bson(engine->arena, alert, &set, &unset);
	bson_append_document(&update, "$set", -1, &set);
	if (!bson_empty(&unset))
		bson_append_document(&update, "$unset", -1, &unset);
	if (!mongoc_bulk_operation_update_one_with_opts(bulk, &filter, &update, NULL, &error))
		abort();
	bson_destroy(&filter);
	bson_destroy(&update);
	bson_destroy(&set);
	bson_destroy(&unset);
}

enum itn_status alerts_write(struct mongo_engine *engine, const struct store_writes *writes)
{
	if (!writes->alert_count)
		return ITN_OK;
	mongoc_bulk_operation_t *bulk = via_bulk(&engine->via, IN_ALERTS, true);
	int64_t changes = 0;
	for (size_t i = 0; i < writes->alert_count; i++) {
		const struct alert_write *write = &writes->alerts[i];
		if (write->from_version)
			add_change(engine, bulk, write->alert, write->from_version);
		else
			add_alert(engine, bulk, write->alert);
		changes += write->from_version != 0;
	}
	return via_bulk_run(&engine->via, bulk, changes);
}

bool alert_from_bson(const bson_t *doc, struct arena *arena, bool copy, struct alert *ret_alert)
{
	*ret_alert = (struct alert){ 0 };
	return members_read(members, COUNT_OF(members), doc, arena, copy, ret_alert);
}

/* Where one document goes. */
struct target {
	struct arena *arena;
	struct alert *alert;
	bool found, corrupt;
};

static bool take_alert(void *context, const bson_t *doc)
{
	struct target *target = context;
	target->found = true;
	target->corrupt = !alert_from_bson(doc, target->arena, true, target->alert);
	return false;
}

static enum itn_status found(const struct target *target, enum itn_status status)
{
	if (status)
		return status;
	return !target->found ? ITN_NOT_FOUND : target->corrupt ? ITN_FAILED : ITN_OK;
}

enum itn_status mongo_alert(struct store *base, struct arena *arena, struct str id, struct alert *ret_alert)
{
	struct target target = { .arena = arena, .alert = ret_alert };
	bson_t filter;
	filter_id(&filter, id);
	enum itn_status status = store_find(mongo_store_of(base), IN_ALERTS, &filter, NULL, take_alert, &target);
	bson_destroy(&filter);
	return found(&target, status);
}

/* Destroys the filter. */
static enum itn_status batch_find(struct mongo_engine *engine, bson_t *filter, struct arena *arena,
				  struct alert *ret_alert)
{
	struct target target = { .arena = arena, .alert = ret_alert };
	enum itn_status status = found(&target, via_find(&engine->via, IN_ALERTS, filter, NULL, take_alert, &target));
	bson_destroy(filter);
	if (status == ITN_FAILED && target.corrupt)
		bson_set_error(&engine->via.error, 0, 0, "an alert can't be read");
	return status && status != ITN_NOT_FOUND ? engine_fail(engine, status) : status;
}

enum itn_status mongo_batch_alert(struct store_engine *base, struct arena *arena, struct str id, struct alert *ret_alert)
{
	bson_t filter;
	filter_id(&filter, id);
	return batch_find(mongo_engine_of(base), &filter, arena, ret_alert);
}

enum itn_status mongo_batch_unresolved(struct store_engine *base, struct arena *arena, enum alert_kind kind,
				       const struct alert_about *about, struct alert *ret_alert)
{
	bson_t filter = BSON_INITIALIZER;
	bson_put_str(&filter, "unresolved", unresolved_text(arena, kind, about));
	return batch_find(mongo_engine_of(base), &filter, arena, ret_alert);
}

struct rows {
	struct arena *arena;
	struct buf json;
	store_row_fn *row;
	void *context;
	size_t count;
	bool corrupt;
};

static bool show_alert(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	struct alert alert;
	if ((rows->corrupt = !alert_from_bson(doc, rows->arena, false, &alert)))
		return false;
	buf_reset(&rows->json, 65536);
	alert_write_json(&rows->json, &alert);
	rows->count++;
	rows->row(rows->context, &(struct store_row){ alert.id, alert.raised_at, buf_str(&rows->json) });
	return true;
}

static void put_about(const struct store_list *list, bson_t *filter)
{
	const struct str keys[] = { list->trade, list->shipment, list->station };
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		if (!str_is_set(keys[i]))
			continue;
		bson_append_utf8(filter, "entity", -1, entities[i], -1);
		bson_put_str(filter, "key", keys[i]);
	}
}

static void list_filter(const struct store_list *list, bson_t *ret_filter)
{
	bson_init(ret_filter);
	put_about(list, ret_filter);
	if (list->alert)
		bson_append_utf8(ret_filter, "kind", -1, kinds[list->alert], -1);
	if (list->status >= 0)
		bson_append_utf8(ret_filter, "status", -1, alert_status_name((enum alert_status)list->status), -1);
}

/* Destroys the filter. */
static enum itn_status find_alerts(struct mongo_store *store, bson_t *filter, size_t max, struct rows *rows)
{
	bson_t opts;
	opts_sorted(&opts, "raisedAt", "_id", max);
	enum itn_status status = store_find(store, IN_ALERTS, filter, &opts, show_alert, rows);
	bson_destroy(filter);
	bson_destroy(&opts);
	return status;
}

static enum itn_status find_same_time(struct mongo_store *store, const struct store_list *list, struct rows *rows)
{
	bson_t filter, range;
	list_filter(list, &filter);
	bson_append_date_time(&filter, "raisedAt", -1, list->after.time);
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_str(&range, "$gt", str_is_set(list->after.key) ? list->after.key : STR(""));
	bson_append_document_end(&filter, &range);
	return find_alerts(store, &filter, list->max, rows);
}

static enum itn_status find_later(struct mongo_store *store, const struct store_list *list, int64_t from,
				  struct rows *rows)
{
	bson_t filter, range;
	list_filter(list, &filter);
	bson_append_document_begin(&filter, "raisedAt", -1, &range);
	bson_append_date_time(&range, "$gte", -1, from);
	if (list->until)
		bson_append_date_time(&range, "$lt", -1, list->until);
	bson_append_document_end(&filter, &range);
	return find_alerts(store, &filter, list->max - rows->count, rows);
}

enum itn_status mongo_alerts(struct mongo_store *store, const struct store_list *list, store_row_fn *row, void *context)
{
	struct rows rows = { .arena = arena_new(0), .row = row, .context = context };
	bool behind = list->after.time && list->since <= list->after.time;
	int64_t from = behind ? list->after.time + 1 : list->since;
	enum itn_status status = ITN_OK;
	if (behind && (!list->until || list->after.time < list->until))
		status = find_same_time(store, list, &rows);
	if (!status && rows.count < list->max && (!list->until || from < list->until))
		status = find_later(store, list, from, &rows);
	arena_free(rows.arena);
	buf_free(&rows.json);
	return !status && rows.corrupt ? ITN_FAILED : status;
}
