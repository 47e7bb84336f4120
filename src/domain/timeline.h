/** A timeline: what happened to one trade or shipment and what came of it, entry by entry in the order of the log.
 * Pure.
 *
 *  Entries are made with the log, at its end, and stay where they are; only notifications are forgotten one day.
 */
#ifndef ITN_DOMAIN_TIMELINE_H
#define ITN_DOMAIN_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/status.h"
#include "domain/alert.h"
#include "domain/event.h"
#include "domain/notification.h"

/** In the order in which entries of one seq come. */
enum timeline_kind { TIMELINE_EVENT, TIMELINE_POSTING, TIMELINE_ALERT, TIMELINE_NOTIFICATION, TIMELINE_KINDS };

/** Where an entry stands: no two have the same place. */
struct timeline_place {
	int64_t seq; /**< the event's; a posting's; of an alert or a notification that of its event */
	enum timeline_kind kind;
	int64_t n; /**< among those of its kind: a posting's place, the n of a notification's id; else 0 */
};

int timeline_compare(const struct timeline_place *a, const struct timeline_place *b); /**< as memcmp() */

/** The place as a key: hex digits, which sort as places do. */
#define TIMELINE_KEY_LEN 32
void timeline_key(const struct timeline_place *place, char ret[TIMELINE_KEY_LEN + 1]);
/** The inverse; a place before all for what is no key. */
struct timeline_place timeline_key_place(struct str key);
/** The place of the posting with this number, and back: the number behind which the postings are that stand behind
 * `place`. */
struct timeline_place timeline_posting_place(int64_t number);
int64_t timeline_postings_after(const struct timeline_place *place);
/** The place of a notification about the event of this seq. */
struct timeline_place timeline_notification_place(int64_t seq, const struct notification *notification);

/* Entries, each on one line: {"kind":…,"seq":…,"at":…, and its own members}. `at` is when its seq was logged. */

/** An event: id, event, time, causedBy?, alert? (what a criticalEvent warns of), message?, data: the new state without
 * its lines of goods, so that a large manifest is not repeated with each step. ITN_FAILED: its frame is none. */
enum itn_status timeline_write_event(struct buf *out, struct arena *arena, const struct event *event) must_check;
/** A posting, from what posting_write_json() wrote. */
void timeline_write_posting(struct buf *out, struct str json);
/** An alert, as it is now: id (its criticalEvent's), alert (its kind), message, status, acknowledgedAt?, resolvedAt?.
 */
void timeline_write_alert(struct buf *out, const struct alert *alert, int64_t seq, int64_t at);
/** A notification: id, eventId, channel, subject, status, attempts. To whom it goes, its text, and what a mail server
 *  said, are not everybody's. */
void timeline_write_notification(struct buf *out, const struct notification *notification, int64_t seq, int64_t at);

#endif
