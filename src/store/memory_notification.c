#include <stdlib.h>

#include "core/memory.h"
#include "store/memory_engine.h"
#include "store/notifications.h"

static enum itn_status read_begin(struct memory_database *database, const char *call)
{
	enum itn_status status = database_at(database, call, MEMORY_BEFORE);
	if (!status)
		database_lock(database);
	return status;
}

enum itn_status memory_notification(struct store *store, struct arena *arena, struct str id,
				    struct notification *ret_notification)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "notification");
	if (status)
		return status;
	const struct notification *found = row_seen(row_find(&database->tables[IN_NOTIFICATIONS], id), NULL);
	if (found)
		*ret_notification = notification_copy(arena, found);
	database_unlock(database);
	return found ? ITN_OK : ITN_NOT_FOUND;
}

static int by_queued_at(const void *a, const void *b)
{
	const struct notification *x = *(const struct notification *const *)a,
				  *y = *(const struct notification *const *)b;
	return x->queued_at != y->queued_at ? (x->queued_at < y->queued_at ? -1 : 1) : str_cmp(x->id, y->id);
}

static int by_next_at(const void *a, const void *b)
{
	const struct notification *x = *(const struct notification *const *)a,
				  *y = *(const struct notification *const *)b;
	return x->next_at != y->next_at ? (x->next_at < y->next_at ? -1 : 1) : str_cmp(x->id, y->id);
}

/* All of one status, sorted; free() it. */
static const struct notification **of_status(struct memory_database *database, enum notification_status status,
					     int (*order)(const void *a, const void *b), size_t *ret_count)
{
	const struct row_table *table = &database->tables[IN_NOTIFICATIONS];
	const struct notification **found = memory_calloc(table->count + 1, sizeof(*found));
	size_t count = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct notification *one = row_seen(table->at[i], NULL);
		if (one && one->status == status)
			found[count++] = one;
	}
	qsort(found, count, sizeof(*found), order);
	*ret_count = count;
	return found;
}

static bool is_behind(const struct notification *one, const struct store_cursor *after)
{
	if (one->queued_at != after->time)
		return one->queued_at > after->time;
	return !str_is_set(after->key) || str_cmp(one->id, after->key) > 0;
}

enum itn_status memory_notifications(struct store *store, enum notification_status of, const struct store_cursor *after,
				     size_t max, store_notification_fn *row, void *context)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "notifications");
	size_t count, given = 0;
	if (status)
		return status;
	const struct notification **found = of_status(database, of, by_queued_at, &count);
	for (size_t i = 0; i < count && given < max; i++) {
		if (!is_behind(found[i], after))
			continue;
		row(context, found[i]);
		given++;
	}
	free(found);
	database_unlock(database);
	return ITN_OK;
}

static bool is_about(const struct notification *notification, const struct str *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(notification->event, events[i]))
			return true;
	return false;
}

enum itn_status memory_notifications_of(struct store *store, const struct str *events, size_t count,
					store_notification_fn *row, void *context)
{
	struct memory_database *database = database_of(store);
	const struct row_table *table = &database->tables[IN_NOTIFICATIONS];
	enum itn_status status = read_begin(database, "notifications_of");
	if (status)
		return status;
	for (size_t i = 0; i < table->count; i++) {
		const struct notification *one = row_seen(table->at[i], NULL);
		if (one && is_about(one, events, count))
			row(context, one);
	}
	database_unlock(database);
	return ITN_OK;
}

enum itn_status memory_notifications_due(struct store *store, struct arena *arena, int64_t now, size_t max,
					 struct notification **ret_notifications, size_t *ret_count)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "notifications_due");
	size_t queued, count = 0;
	if (status)
		return status;
	const struct notification **found = of_status(database, NOTIFICATION_QUEUED, by_next_at, &queued);
	*ret_notifications = arena_calloc(arena, max, sizeof(**ret_notifications));
	while (count < queued && count < max && found[count]->next_at <= now) {
		(*ret_notifications)[count] = notification_copy(arena, found[count]);
		count++;
	}
	free(found);
	database_unlock(database);
	*ret_count = count;
	return ITN_OK;
}

/* What a change owns; the rest is as it stands. */
static void put_changed(struct memory_database *database, struct row *row, const struct notification *seen,
			const struct notification *changed)
{
	struct arena *arena = arena_new(1024);
	struct notification *copy = arena_alloc(arena, sizeof(*copy));
	*copy = notification_copy(arena, seen);
	copy->status = changed->status;
	copy->attempts = changed->attempts;
	copy->queued_at = changed->queued_at;
	copy->next_at = changed->next_at;
	copy->last_error = arena_str(arena, changed->last_error);
	copy->version = changed->version;
	row_put(&database->clock, row, arena, copy);
}

enum itn_status memory_notification_change(struct store *store, const struct notification *changed,
					   int64_t from_version)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "notification_change");
	if (status)
		return status;
	struct row *row = row_find(&database->tables[IN_NOTIFICATIONS], changed->id);
	const struct notification *seen = row_seen(row, NULL);
	bool done = seen && seen->version == from_version && !row_holder(row);
	if (done)
		put_changed(database, row, seen, changed);
	database_unlock(database);
	if (!done)
		return ITN_CONFLICT;
	return database_at(database, "notification_change", MEMORY_AFTER);
}

enum itn_status memory_notifications_forget(struct store *store, enum notification_status of, int64_t before,
					    size_t max, size_t *ret_count)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = read_begin(database, "notifications_forget");
	size_t found_count, count = 0;
	if (status)
		return status;
	const struct notification **found = of_status(database, of, by_queued_at, &found_count);
	for (size_t i = 0; i < found_count && count < max && found[i]->queued_at < before; i++, count++)
		row_put(&database->clock, row_find(&database->tables[IN_NOTIFICATIONS], found[i]->id), arena_new(0),
			NULL);
	free(found);
	database_unlock(database);
	*ret_count = count;
	return ITN_OK;
}

enum itn_status memory_notifications_put(struct memory_engine *engine, const struct store_writes *writes)
{
	const struct row_table *table = &engine_database(engine)->tables[IN_NOTIFICATIONS];
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->notification_count; i++) {
		const struct notification *made = &writes->notifications[i];
		if (row_seen(row_find(table, made->id), &engine->session->rows))
			return memory_refuse(engine, ITN_EXISTS, "this notification is there already", made->id);
		struct arena *arena = arena_new(1024);
		struct notification *copy = arena_alloc(arena, sizeof(*copy));
		*copy = notification_copy(arena, made);
		status = memory_put(engine, IN_NOTIFICATIONS, made->id, arena, copy);
	}
	return status;
}
