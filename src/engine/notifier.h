/** Sends the mails of the active engine on a thread of its own, so that a slow mail server delays nothing, and forgets
 * the notifications of long ago. */
#ifndef ITN_ENGINE_NOTIFIER_H
#define ITN_ENGINE_NOTIFIER_H

#include "core/config.h"
#include "store/store.h"

struct notifier;

/** Starts the thread; the mail server need not be there, nor set. ITN_INVALID: a setting can't be used. */
enum itn_status notifier_new(const struct config *config, struct store *store, struct notifier **ret,
			     struct error *error) must_check;
/** What this engine may do is over: gives a mail on its way at most `ms` to end, then breaks it off. Before the lease
 * is given back, so that nobody sends it meanwhile. NULL is allowed. */
void notifier_stop(struct notifier *notifier, int64_t ms);
/** NULL is allowed. */
void notifier_free(struct notifier *notifier);

/* Any thread. */

/** This engine holds the lease of `epoch`, and the data have this program's schema. */
void notifier_begin(struct notifier *notifier, int64_t epoch);
/** The lease is another's: nothing is sent until notifier_begin(). */
void notifier_pause(struct notifier *notifier);
/** A batch made so many notifications. */
void notifier_made(struct notifier *notifier, size_t count);

#endif
