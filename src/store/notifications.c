#include "store/notifications.h"

#include "store/engine_ops.h"

/* Somebody who keeps changing the one that is to be queued again does not last. */
#define RESEND_TRIES 8

enum itn_status store_notification(struct store *store, struct arena *arena, struct str id,
				   struct notification *ret_notification)
{
	return store->ops->notification(store, arena, id, ret_notification);
}

enum itn_status store_notifications(struct store *store, enum notification_status status,
				    const struct store_cursor *after, size_t max, store_notification_fn *row,
				    void *context)
{
	static const struct store_cursor first = { 0, { "", 0 } };
	return store->ops->notifications(store, status, after ? after : &first, max, row, context);
}

enum itn_status store_notifications_due(struct store *store, struct arena *arena, int64_t now, size_t max,
					struct notification **ret_notifications, size_t *ret_count)
{
	return store->ops->notifications_due(store, arena, now, max, ret_notifications, ret_count);
}

enum itn_status store_notification_change(struct store *store, const struct notification *changed, int64_t from_version)
{
	return store->ops->notification_change(store, changed, from_version);
}

enum itn_status store_notifications_forget(struct store *store, enum notification_status status, int64_t before,
					   size_t max, size_t *ret_count)
{
	return store->ops->notifications_forget(store, status, before, max, ret_count);
}

enum itn_status store_notification_resend(struct store *store, struct str id, int64_t now)
{
	struct arena *arena = arena_new(4096);
	struct notification notification;
	enum itn_status status = ITN_CONFLICT;
	for (int i = 0; status == ITN_CONFLICT && i < RESEND_TRIES; i++) {
		arena_reset(arena);
		if ((status = store_notification(store, arena, id, &notification)))
			break;
		int64_t version = notification.version;
		if (!notification_resend(&notification, now)) {
			status = ITN_CONFLICT;
			break;
		}
		status = store_notification_change(store, &notification, version);
	}
	arena_free(arena);
	return status;
}
