/** Wakes the engine: a worker says that it stored something (PUBLISH P:wake).
 *
 *  A wake-up is a hint, never needed for correctness: an engine that hears nothing polls. Whatever Redis does, a
 *  request pays one write to an eventfd.
 */
#ifndef ITN_BUS_WAKE_H
#define ITN_BUS_WAKE_H

#include <stdbool.h>

#include "core/error.h"
#include "core/status.h"

struct bus_wake;

/** Starts the sender with a thread of its own, which connects and, whenever Redis goes away, connects again
 *  (bus_backoff). Redis need not be there.
 *  @param redis, network  the settings of these names; not kept
 *  @return ITN_OK, ITN_INVALID (a setting), ITN_FAILED (no thread or eventfd) */
enum itn_status bus_wake_new(const char *redis, const char *network, struct bus_wake **ret, struct error *error)
	must_check;
/** Sends what is asked for if Redis answers, then ends the thread; waits BUS_CONNECT_MS + BUS_COMMAND_MS at most.
 *  NULL is allowed. No other thread may be using it. */
void bus_wake_free(struct bus_wake *wake);

/** Asks for one wake-up sent after this call. Any thread; never blocks, never fails. Calls that come while one is under
 *  way are answered by one more. One asked for while Redis is away is sent when it is back. */
void bus_wake_send(struct bus_wake *wake);
/** Whether the last attempt to reach Redis worked. Any thread; for /readyz?verbose. */
bool bus_wake_connected(const struct bus_wake *wake);

#endif
