/** The store's notifications: what itn-engine sends and itn-admin looks at.
 *
 *  Any thread, any process, also while the engine runs: each change is compare and set on the notification's version,
 * so that two who change the same one do not undo each other's. They are made by batches only (batch.h). A store of a
 * schema before STORE_NOTIFICATIONS_SCHEMA has none: reads find nothing.
 */
#ifndef ITN_STORE_NOTIFICATIONS_H
#define ITN_STORE_NOTIFICATIONS_H

#include "domain/notification.h"
#include "store/store.h"

#define STORE_NOTIFICATIONS_SCHEMA 2

/** One of them, in the arena. ITN_NOT_FOUND: there is none with this id (it may have been forgotten for its age). */
enum itn_status store_notification(struct store *store, struct arena *arena, struct str id,
				   struct notification *ret_notification) must_check;

/** Valid during the call. */
typedef void store_notification_fn(void *context, const struct notification *notification);
/** Up to `max` (1..1000) of this status, those queued first come first, by (queuedAt, id), read by an index. `after` is
 * the last one's {queued_at, id}, or NULL for the first page; fewer than `max`: that was the last page. */
enum itn_status store_notifications(struct store *store, enum notification_status status,
				    const struct store_cursor *after, size_t max, store_notification_fn *row,
				    void *context) must_check;
/** Queues a notification that is unsent, sent or dead again: with no attempts yet, due now; the engine sends it within
 * a second or so when it has a mail server. Its Message-ID stays the same. ITN_NOT_FOUND; ITN_CONFLICT: it is queued
 *  already; ITN_UNKNOWN, ITN_UNAVAILABLE: look at it, or do it again. */
enum itn_status store_notification_resend(struct store *store, struct str id, int64_t now) must_check;

/* The engine's. */

/** Up to `max` that are queued and due at `now`, the one due for longest first. */
enum itn_status store_notifications_due(struct store *store, struct arena *arena, int64_t now, size_t max,
					struct notification **ret_notifications, size_t *ret_count) must_check;
/** Writes what became of one (status, attempts, queuedAt, nextAt, lastError, version), if the store still has it at
 *  `from_version`. ITN_CONFLICT: it is not there, or has another version: somebody else changed it, or this very call
 * did when it was made before with an unknown outcome. */
enum itn_status store_notification_change(struct store *store, const struct notification *changed,
					  int64_t from_version) must_check;
/** Deletes up to `max` of this status that were queued before `before`. */
enum itn_status store_notifications_forget(struct store *store, enum notification_status status, int64_t before,
					   size_t max, size_t *ret_count) must_check;

#endif
