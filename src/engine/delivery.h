/** What is sent next, and what becomes of it: notifications that are due, one after the other, each outcome written
 * before the next is begun. So an engine that is killed leaves one at most that was sent and will be sent again. No
 * thread, no waiting but for the store and the mail server. */
#ifndef ITN_ENGINE_DELIVERY_H
#define ITN_ENGINE_DELIVERY_H

#include "core/config.h"
#include "store/notifications.h"

struct delivery;

/** ITN_INVALID: a setting, or the password's file, can't be used. With no mail server set, `*ret` is NULL. */
enum itn_status delivery_new(const struct config *config, struct store *store, struct delivery **ret,
			     struct error *error) must_check;
/** NULL is allowed. */
void delivery_free(struct delivery *delivery);
/** A mail on its way is broken off, none is begun. Any thread. */
void delivery_stop(struct delivery *delivery);

enum delivery_state {
	DELIVERY_GOES_ON,     /**< one was dealt with: there may be more */
	DELIVERY_RESTS,       /**< nothing is due */
	DELIVERY_STORE_AWAY,  /**< try again later; what was sent is not forgotten */
	DELIVERY_SERVER_AWAY, /**< the mail server takes none now */
	DELIVERY_LOST_LEASE,  /**< another engine is active: stop */
};

/** Deals with one notification, if the engine of `epoch` still holds the lease. The error says why something is away.
 */
enum delivery_state delivery_step(struct delivery *delivery, int64_t epoch, struct error *error) must_check;

#endif
