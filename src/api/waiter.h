/** Waits until events are in the log with all their effects, for requests that said Prefer: wait (RFC 7240).
 *
 *  One thread asks the store about all of them together, more rarely the longer nothing happens (2 to 20 ms), and not
 *  at all while nobody waits. Any thread may call; no more than `limit` wait at once, so that waiting can't use up the
 *  threads that answer.
 */
#ifndef ITN_API_WAITER_H
#define ITN_API_WAITER_H

#include <stdbool.h>

#include "core/error.h"
#include "core/status.h"
#include "core/str.h"
#include "store/store.h"

/** Nobody waits longer, in seconds. */
#define WAIT_MAX_S 10

struct waiter;

/** Starts the thread.
 *  @param limit  1 or more
 *  @return ITN_OK, ITN_FAILED (no thread) */
enum itn_status waiter_new(struct store *store, unsigned limit, struct waiter **ret, struct error *error) must_check;
/** Nobody may wait any more. NULL is allowed. */
void waiter_free(struct waiter *waiter);

/** Waits until the event is done, at most `seconds`.
 *  @return whether it is done; false at once when `limit` others wait or the service stops */
bool waiter_wait(struct waiter *waiter, struct str event_id, int seconds);

/** Takes one of the places of those that wait, for a caller that waits in its own way. False: all are taken. */
bool waiter_enter(struct waiter *waiter);
void waiter_leave(struct waiter *waiter);

#endif
