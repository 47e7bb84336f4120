/** Looks once a second at what waits in the store, for GET /metrics: on a thread of its own, so that a slow answer
 * delays no batch, and never for more than a tenth of the time.
 */
#ifndef ITN_ENGINE_OBSERVER_H
#define ITN_ENGINE_OBSERVER_H

#include <stdbool.h>

#include "store/store.h"

struct observer;

/** Starts the thread; it looks at nothing before observer_watch(). */
enum itn_status observer_new(struct store *store, struct observer **ret, struct error *error) must_check;
/** Ends the thread, after a look that is under way. NULL is allowed. */
void observer_free(struct observer *observer);
/** Begins or ends to look: only the engine that works shows the outbox. Any thread. */
void observer_watch(struct observer *observer, bool watching);

#endif
