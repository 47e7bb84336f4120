#include <string.h>

#include "store/sqlite_engine.h"
#include "store/sqlite_write.h"

/* Texts of the row, valid until the next step. */
static void notification_columns(sqlite3_stmt *stmt, struct notification *ret_notification)
{
	*ret_notification = (struct notification){
		.id = column_str(stmt, 0),
		.event = column_str(stmt, 1),
		.channel = (enum notification_channel)column_int(stmt, 2),
		.status = (enum notification_status)column_int(stmt, 3),
		.attempts = column_int(stmt, 4),
		.queued_at = column_int(stmt, 5),
		.next_at = column_int(stmt, 6),
		.version = column_int(stmt, 7),
		.to = column_str(stmt, 8),
		.subject = column_str(stmt, 9),
		.last_error = column_str(stmt, 10),
		.body = column_str(stmt, 11),
	};
}

static struct notification copy_of(const struct notification *notification, struct arena *arena)
{
	struct notification copy = *notification;
	copy.id = arena_str(arena, copy.id);
	copy.event = arena_str(arena, copy.event);
	copy.to = arena_str(arena, copy.to);
	copy.subject = arena_str(arena, copy.subject);
	copy.last_error = arena_str(arena, copy.last_error);
	copy.body = arena_str(arena, copy.body);
	return copy;
}

/* A connection to a store that has notifications; ITN_NOT_FOUND: its schema is of before. */
static enum itn_status notifications_open(struct sqlite_store *store, struct conn **ret_conn)
{
	struct conn *conn;
	int64_t schema = 0;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	status = sqlite_schema_now(conn, &schema);
	if (!status && schema < STORE_NOTIFICATIONS_SCHEMA)
		status = ITN_NOT_FOUND;
	if (status)
		reader_give(store, conn);
	else
		*ret_conn = conn;
	return status;
}

enum itn_status sqlite_notification(struct store *base, struct arena *arena, struct str id,
				    struct notification *ret_notification)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	bool found = false;
	enum itn_status status = notifications_open(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_NOTIFICATION);
	bind_str(stmt, 1, id);
	while (conn_row(conn, stmt, &status)) {
		struct notification row;
		notification_columns(stmt, &row);
		*ret_notification = copy_of(&row, arena);
		found = true;
	}
	reader_give(store, conn);
	return !status && !found ? ITN_NOT_FOUND : status;
}

enum itn_status sqlite_notifications(struct store *base, enum notification_status of, const struct store_cursor *after,
				     size_t max, store_notification_fn *row, void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = notifications_open(store, &conn);
	if (status)
		return status == ITN_NOT_FOUND ? ITN_OK : status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_NOTIFICATIONS);
	bind_int(stmt, 1, of);
	bind_int(stmt, 2, after->time);
	bind_str(stmt, 3, str_is_set(after->key) ? after->key : STR(""));
	bind_int(stmt, 4, (int64_t)max);
	while (conn_row(conn, stmt, &status)) {
		struct notification notification;
		notification_columns(stmt, &notification);
		row(context, &notification);
	}
	reader_give(store, conn);
	return status;
}

enum itn_status sqlite_notifications_of(struct store *base, const struct str *events, size_t count,
					store_notification_fn *row, void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct notification notification;
	struct conn *conn;
	enum itn_status status = notifications_open(store, &conn);
	if (status)
		return status == ITN_NOT_FOUND ? ITN_OK : status;
	for (size_t i = 0; !status && i < count; i++) {
		sqlite3_stmt *stmt = conn_sql(conn, SQL_NOTIFICATIONS_OF);
		bind_str(stmt, 1, events[i]);
		while (conn_row(conn, stmt, &status)) {
			notification_columns(stmt, &notification);
			row(context, &notification);
		}
	}
	reader_give(store, conn);
	return status;
}

enum itn_status sqlite_notifications_due(struct store *base, struct arena *arena, int64_t now, size_t max,
					 struct notification **ret_notifications, size_t *ret_count)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct notification *due = arena_calloc(arena, max, sizeof(*due));
	struct conn *conn;
	size_t count = 0;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_NOTIFICATIONS_DUE);
	bind_int(stmt, 1, now);
	bind_int(stmt, 2, (int64_t)max);
	while (conn_row(conn, stmt, &status)) {
		struct notification row;
		notification_columns(stmt, &row);
		due[count++] = copy_of(&row, arena);
	}
	reader_give(store, conn);
	if (status)
		return status;
	*ret_notifications = due;
	*ret_count = count;
	return ITN_OK;
}

enum itn_status sqlite_notification_insert(struct conn *conn, const struct notification *notification)
{
	sqlite3_stmt *stmt = conn_sql(conn, SQL_NOTIFICATION_INSERT);
	bind_str(stmt, 1, notification->id);
	bind_str(stmt, 2, notification->event);
	bind_int(stmt, 3, notification->channel);
	bind_int(stmt, 4, notification->status);
	bind_int(stmt, 5, notification->attempts);
	bind_int(stmt, 6, notification->queued_at);
	bind_int(stmt, 7, notification->next_at);
	bind_int(stmt, 8, notification->version);
	bind_str(stmt, 9, notification->to);
	bind_str(stmt, 10, notification->subject);
	bind_str(stmt, 11, notification->last_error);
	bind_str(stmt, 12, notification->body);
	return conn_run(conn, stmt);
}

struct change {
	struct sqlite_write base;
	struct notification to;
	int64_t from_version;
};

static enum itn_status run_change(struct conn *conn, const struct sqlite_write *write)
{
	const struct change *change = (const struct change *)write;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_NOTIFICATION_CHANGE);
	bind_str(stmt, 1, change->to.id);
	bind_int(stmt, 2, change->from_version);
	bind_int(stmt, 3, change->to.status);
	bind_int(stmt, 4, change->to.attempts);
	bind_int(stmt, 5, change->to.queued_at);
	bind_int(stmt, 6, change->to.next_at);
	bind_str(stmt, 7, change->to.last_error);
	bind_int(stmt, 8, change->to.version);
	enum itn_status status = conn_run(conn, stmt);
	return !status && conn_changes(conn) == 0 ? ITN_CONFLICT : status;
}

enum itn_status sqlite_notification_change(struct store *store, const struct notification *changed,
					   int64_t from_version)
{
	struct change *change = sqlite_write_new(sizeof(*change), run_change);
	change->to = *changed;
	change->to.id = arena_str(change->base.arena, changed->id);
	change->to.last_error = arena_str(change->base.arena, changed->last_error);
	change->from_version = from_version;
	return sqlite_write_submit(sqlite_store_of(store), &change->base);
}

struct forget {
	struct sqlite_write base;
	enum notification_status status;
	int64_t before;
	size_t max;
};

static sqlite3_stmt *forget_sql(struct conn *conn, enum sqlite_sql which, const struct forget *forget)
{
	sqlite3_stmt *stmt = conn_sql(conn, which);
	bind_int(stmt, 1, forget->status);
	bind_int(stmt, 2, forget->before);
	bind_int(stmt, 3, (int64_t)forget->max);
	return stmt;
}

static enum itn_status run_forget(struct conn *conn, const struct sqlite_write *write)
{
	return conn_run(conn, forget_sql(conn, SQL_NOTIFICATIONS_FORGET, (const struct forget *)write));
}

/* A write that has nothing to do would still wait for the lock. */
static enum itn_status old_count(struct sqlite_store *store, const struct forget *forget, size_t *ret_count)
{
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = forget_sql(conn, SQL_NOTIFICATIONS_OLD, forget);
	while (conn_row(conn, stmt, &status))
		*ret_count = (size_t)column_int(stmt, 0);
	reader_give(store, conn);
	return status;
}

enum itn_status sqlite_notifications_forget(struct store *base, enum notification_status of, int64_t before, size_t max,
					    size_t *ret_count)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct forget what = { .status = of, .before = before, .max = max };
	size_t count = 0;
	enum itn_status status = old_count(store, &what, &count);
	if (!status && count) {
		struct forget *forget = sqlite_write_new(sizeof(*forget), run_forget);
		forget->status = of;
		forget->before = before;
		forget->max = max;
		status = sqlite_write_submit(store, &forget->base);
	}
	if (!status)
		*ret_count = count;
	return status;
}
