#include <stddef.h>
#include <string.h>

#include "store/mongo_engine.h"
#include "store/notifications.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
static const char *const statuses[] = { "unsent", "queued", "sent", "dead" };
static const char *const channels[] = { "mail" };
static const struct member_names status_names = { statuses, COUNT_OF(statuses), false },
	channel_names = { channels, COUNT_OF(channels), false };

#define FIELD(member) offsetof(struct notification, member), NULL
static const struct member members[] = {
	{ "_id",       MEMBER_STR,  OWNER_NOBODY, FIELD(id) },
	{ "eventId",   MEMBER_STR,  OWNER_NOBODY, FIELD(event) },
	{ "channel",   MEMBER_NAME, OWNER_NOBODY, offsetof(struct notification, channel), &channel_names },
	{ "to",        MEMBER_STR,  OWNER_NOBODY, FIELD(to) },
	{ "subject",   MEMBER_STR,  OWNER_NOBODY, FIELD(subject) },
	{ "body",      MEMBER_STR,  OWNER_NOBODY, FIELD(body) },
	{ "status",    MEMBER_NAME, OWNER_ENGINE, offsetof(struct notification, status), &status_names },
	{ "attempts",  MEMBER_INT,  OWNER_ENGINE, FIELD(attempts) },
	{ "queuedAt",  MEMBER_TIME, OWNER_ENGINE, FIELD(queued_at) },
	{ "nextAt",    MEMBER_TIME, OWNER_ENGINE, FIELD(next_at) },
	{ "lastError", MEMBER_STR,  OWNER_ENGINE, FIELD(last_error) },
	{ "version",   MEMBER_INT,  OWNER_ENGINE, FIELD(version) },
};
/* clang-format on */

_Static_assert(COUNT_OF(statuses) == NOTIFICATION_STATUSES, "a name for each status of notifications");
_Static_assert(COUNT_OF(channels) == CHANNELS, "a name for each channel");

void notification_bson(const struct notification *notification, bson_t *doc)
{
	members_write(members, COUNT_OF(members), notification, OWNERS_ALL, doc, NULL);
}

static bool from_bson(const bson_t *doc, struct arena *arena, bool copy, struct notification *ret_notification)
{
	memset(ret_notification, 0, sizeof(*ret_notification));
	return members_read(members, COUNT_OF(members), doc, arena, copy, ret_notification);
}

/* Where documents go: into an array of the arena, or to the caller's function. */
struct rows {
	struct arena *arena;
	struct notification *at;
	size_t count, max;
	store_notification_fn *row;
	void *context;
	bool corrupt;
};

static bool take_row(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	if (rows->count == rows->max)
		return false;
	rows->corrupt |= !from_bson(doc, rows->arena, true, &rows->at[rows->count++]);
	return !rows->corrupt;
}

static bool pass_row(void *context, const bson_t *doc)
{
	struct rows *rows = context;
	struct notification notification;
	rows->count++;
	if (!from_bson(doc, rows->arena, false, &notification))
		rows->corrupt = true;
	else
		rows->row(rows->context, &notification);
	return !rows->corrupt;
}

/* Destroys filter and opts. */
static enum itn_status find(struct mongo_store *store, bson_t *filter, bson_t *opts, doc_fn *row, struct rows *rows)
{
	enum itn_status status = store_find(store, IN_NOTIFICATIONS, filter, opts, row, rows);
	bson_destroy(filter);
	if (opts)
		bson_destroy(opts);
	return !status && rows->corrupt ? ITN_FAILED : status;
}

enum itn_status mongo_notification(struct store *base, struct arena *arena, struct str id,
				   struct notification *ret_notification)
{
	struct rows rows = { .arena = arena, .at = arena_calloc(arena, 1, sizeof(*rows.at)), .max = 1 };
	bson_t filter;
	filter_id(&filter, id);
	enum itn_status status = find(mongo_store_of(base), &filter, NULL, take_row, &rows);
	if (status || !rows.count)
		return status ? status : ITN_NOT_FOUND;
	*ret_notification = rows.at[0];
	return ITN_OK;
}

/* {member: {operator: at}} */
static void put_range(bson_t *filter, const char *member, const char *operator, int64_t at)
{
	bson_t range;
	bson_append_document_begin(filter, member, -1, &range);
	bson_append_date_time(&range, operator, - 1, at);
	bson_append_document_end(filter, &range);
}

enum itn_status mongo_notifications(struct store *base, enum notification_status of, const struct store_cursor *after,
				    size_t max, store_notification_fn *row, void *context)
{
	struct rows rows = { .arena = arena_new(1024), .row = row, .context = context };
	bson_t filter = BSON_INITIALIZER, opts, larger;
	bson_put_str(&filter, "status", str_from(statuses[of]));
	bson_append_date_time(&filter, "queuedAt", -1, after->time);
	bson_append_document_begin(&filter, "_id", -1, &larger);
	bson_put_str(&larger, "$gt", str_is_set(after->key) ? after->key : STR(""));
	bson_append_document_end(&filter, &larger);
	opts_sorted(&opts, "queuedAt", "_id", max);
	enum itn_status status = find(mongo_store_of(base), &filter, &opts, pass_row, &rows);
	if (!status && rows.count < max) {
		bson_init(&filter);
		bson_put_str(&filter, "status", str_from(statuses[of]));
		put_range(&filter, "queuedAt", "$gt", after->time);
		opts_sorted(&opts, "queuedAt", "_id", max - rows.count);
		status = find(mongo_store_of(base), &filter, &opts, pass_row, &rows);
	}
	arena_free(rows.arena);
	return status;
}

enum itn_status mongo_notifications_of(struct store *base, const struct str *events, size_t count,
				       store_notification_fn *row, void *context)
{
	struct rows rows = { .arena = arena_new(1024), .row = row, .context = context };
	bson_t filter = BSON_INITIALIZER, either, ids;
	char room[16];
	const char *index;
	bson_append_document_begin(&filter, "eventId", -1, &either);
	bson_append_array_begin(&either, "$in", -1, &ids);
	for (size_t i = 0; i < count; i++) {
		bson_uint32_to_string((uint32_t)i, &index, room, sizeof(room));
		bson_put_str(&ids, index, events[i]);
	}
	bson_append_array_end(&either, &ids);
	bson_append_document_end(&filter, &either);
	enum itn_status status = find(mongo_store_of(base), &filter, NULL, pass_row, &rows);
	arena_free(rows.arena);
	return status;
}

enum itn_status mongo_notifications_due(struct store *base, struct arena *arena, int64_t now, size_t max,
					struct notification **ret_notifications, size_t *ret_count)
{
	struct rows rows = { .arena = arena, .at = arena_calloc(arena, max, sizeof(*rows.at)), .max = max };
	bson_t filter = BSON_INITIALIZER, opts;
	put_range(&filter, "nextAt", "$lte", now);
	opts_sorted(&opts, "nextAt", NULL, max);
	enum itn_status status = find(mongo_store_of(base), &filter, &opts, take_row, &rows);
	if (status)
		return status;
	*ret_notifications = rows.at;
	*ret_count = rows.count;
	return ITN_OK;
}

/* Gives the client back. */
static enum itn_status ended(struct mongo_store *store, struct via *via, enum itn_status status)
{
	link_give(store->link, via->client);
	if (status != ITN_UNAVAILABLE)
		return status;
	link_suspect(store->link, via->error.message);
	return via->handed_over ? ITN_UNKNOWN : ITN_UNAVAILABLE;
}

enum itn_status mongo_notification_change(struct store *base, const struct notification *changed, int64_t from_version)
{
	struct mongo_store *store = mongo_store_of(base);
	struct via via = { .database = link_database(store->link) };
	bson_t filter, update = BSON_INITIALIZER, set, unset, doc;
	enum itn_status status = link_take(store->link, &via.client);
	if (status)
		return status;
	filter_id(&filter, changed->id);
	bson_put_int(&filter, "version", from_version);
	bson_init(&set);
	bson_init(&unset);
	members_write(members, COUNT_OF(members), changed, OWNER_ENGINE, &set, &unset);
	bson_append_document(&update, "$set", -1, &set);
	if (!bson_empty(&unset))
		bson_append_document(&update, "$unset", -1, &unset);
	status = via_modify(&via, IN_NOTIFICATIONS, &filter, &update, &doc);
	if (!status)
		bson_destroy(&doc);
	bson_destroy(&filter);
	bson_destroy(&update);
	bson_destroy(&set);
	bson_destroy(&unset);
	return ended(store, &via, status == ITN_NOT_FOUND ? ITN_CONFLICT : status);
}

static void filter_old(bson_t *ret_filter, enum notification_status of, int64_t before)
{
	bson_init(ret_filter);
	bson_put_str(ret_filter, "status", str_from(statuses[of]));
	put_range(ret_filter, "queuedAt", "$lt", before);
}

struct ids {
	bson_t list;
	uint32_t count;
};

static bool id_row(void *context, const bson_t *doc)
{
	struct ids *ids = context;
	char buf[16];
	const char *at;
	bson_uint32_to_string(ids->count++, &at, buf, sizeof(buf));
	bson_put_str(&ids->list, at, bson_take_str(doc, "_id"));
	return true;
}

/* Also by what made them old: they may have been queued again meanwhile. */
static enum itn_status old_remove(struct mongo_store *store, const struct ids *ids, enum notification_status of,
				  int64_t before)
{
	struct via via = { .database = link_database(store->link) };
	bson_t filter, either;
	enum itn_status status = link_take(store->link, &via.client);
	if (status)
		return status;
	filter_old(&filter, of, before);
	bson_append_document_begin(&filter, "_id", -1, &either);
	bson_append_array(&either, "$in", -1, &ids->list);
	bson_append_document_end(&filter, &either);
	mongoc_bulk_operation_t *bulk = via_bulk(&via, IN_NOTIFICATIONS, true);
	mongoc_bulk_operation_remove(bulk, &filter);
	status = via_bulk_run(&via, bulk, 0);
	bson_destroy(&filter);
	return ended(store, &via, status);
}

enum itn_status mongo_notifications_forget(struct store *base, enum notification_status of, int64_t before, size_t max,
					   size_t *ret_count)
{
	struct mongo_store *store = mongo_store_of(base);
	struct ids ids = { .list = BSON_INITIALIZER };
	bson_t filter, opts, only;
	filter_old(&filter, of, before);
	opts_sorted(&opts, "queuedAt", "_id", max);
	bson_append_document_begin(&opts, "projection", -1, &only);
	bson_append_int32(&only, "_id", -1, 1);
	bson_append_document_end(&opts, &only);
	enum itn_status status = store_find(store, IN_NOTIFICATIONS, &filter, &opts, id_row, &ids);
	bson_destroy(&filter);
	bson_destroy(&opts);
	if (!status && ids.count)
		status = old_remove(store, &ids, of, before);
	if (!status)
		*ret_count = ids.count;
	bson_destroy(&ids.list);
	return status;
}
