/** A notification: what somebody is told outside of the feed (by mail), and its life from queued to sent or dead. Pure.
 *
 *  It is made with the event that it tells of, in the same transaction; then only the functions below change it.
 */
#ifndef ITN_DOMAIN_NOTIFICATION_H
#define ITN_DOMAIN_NOTIFICATION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/str.h"

enum notification_status {
	NOTIFICATION_UNSENT, /**< there was no mail server to send it by; nobody tries, until it is queued by hand */
	NOTIFICATION_QUEUED, /**< to be sent at nextAt, or as soon as possible after it */
	NOTIFICATION_SENT,   /**< the mail server took it */
	NOTIFICATION_DEAD,   /**< given up: refused for good, or not taken in time; lastError says which */
	NOTIFICATION_STATUSES
};

enum notification_channel { CHANNEL_MAIL, CHANNELS };

struct notification {
	struct str id;    /**< its event's id, "-", n: the same whenever the event's batch is computed again */
	struct str event; /**< id of the event that it tells of */
	enum notification_channel channel;
	struct str to;            /**< an e-mail address */
	struct str subject, body; /**< valid UTF-8; the body has lines that end with "\n" */
	enum notification_status status;
	int64_t attempts;      /**< since it was queued */
	int64_t queued_at;     /**< when it was made, or queued again by hand */
	int64_t next_at;       /**< when to send it; 0 unless it is queued */
	struct str last_error; /**< of the last attempt, absent when none failed since it was queued */
	int64_t version;       /**< 1 when it is made, + 1 with each change */
};

const char *notification_status_name(enum notification_status status); /**< "unsent", "queued", "sent", "dead" */
bool notification_status_parse(struct str name, enum notification_status *ret_status);
const char *notification_channel_name(enum notification_channel channel); /**< "mail" */

/** How often and how long a notification is tried. */
struct notification_patience {
	int64_t first_ms;   /**< pause after the first attempt; it doubles with each */
	int64_t longest_ms; /**< pauses get no longer */
	int64_t give_up_ms; /**< the last attempt is this long after it was queued */
};

/** Makes it unsent or, when it `can_be_sent`, queued. The texts and `to` are set already. */
void notification_made(struct notification *notification, bool can_be_sent, int64_t now);
/** The server took a queued one. */
void notification_sent(struct notification *notification);
/** An attempt on a queued one failed. It is dead when that is `final` or patience has ended, else it is due again after
 * a pause, of which `random` (any number) takes away up to a half, so that many do not come at once. */
void notification_failed(struct notification *notification, struct str why, bool final,
			 const struct notification_patience *patience, int64_t now, uint32_t random);
/** Queues it again, whatever became of it. False: it is queued already; nothing is changed. */
bool notification_resend(struct notification *notification, int64_t now);

/** {id, eventId, channel, to, subject, body, status, attempts, queuedAt, nextAt?, lastError?} on one line. */
void notification_write_json(struct buf *out, const struct notification *notification);

#endif
