/** Hears that something was published on a channel, not what: the engine listens for wake-ups, and a worker whose
 *  requests wait for their effects may listen to the feed.
 *
 *  A thread of its own keeps one subscription. A server that stops answering is noticed within BUS_PING_MS +
 *  BUS_COMMAND_MS, and is tried again with bus_backoff.
 */
#ifndef ITN_BUS_LISTENER_H
#define ITN_BUS_LISTENER_H

#include <stdbool.h>

#include "core/error.h"
#include "core/status.h"

enum bus_channel { BUS_WAKE, BUS_FEED };

struct bus_listener;

/** Starts listening; Redis need not be there.
 *  @param redis, network  the settings of these names; not kept
 *  @return ITN_OK, ITN_INVALID (a setting), ITN_FAILED (no thread or eventfd) */
enum itn_status bus_listener_new(const char *redis, const char *network, enum bus_channel channel,
				 struct bus_listener **ret, struct error *error) must_check;
/** Ends the thread, at once or within BUS_CONNECT_MS. NULL is allowed. */
void bus_listener_free(struct bus_listener *listener);

/** An eventfd for poll and epoll: readable when something was published, when the subscription begins (something may
 *  have been missed before) and when it is lost (poll from now on). Valid as long as the listener. */
int bus_listener_fd(const struct bus_listener *listener);
/** Makes the eventfd unreadable again; call it before looking for work. Any thread.
 *  @return whether anything had happened since the last call */
bool bus_listener_take(struct bus_listener *listener);
/** Whether the subscription stands; while it does not, the caller polls. Any thread. */
bool bus_listener_connected(const struct bus_listener *listener);

#endif
