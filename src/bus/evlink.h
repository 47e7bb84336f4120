/** A connection to Redis on a libev loop that never blocks it. Internal to the bus.
 *
 *  hiredis' own asynchronous layer is not used: it takes the answer to a PING inside a subscription for a message.
 */
#ifndef ITN_BUS_EVLINK_H
#define ITN_BUS_EVLINK_H

#include <ev.h>
#include <hiredis/hiredis.h>

#include "bus/redis.h"

struct evlink;

struct evlink_events {
	/** A reply, valid during the call. Returns false when it makes the connection useless. */
	bool (*reply)(void *user, const redisReply *reply);
	/** The connection is of no more use; the callee closes it. */
	void (*failed)(void *user, const char *why);
};

struct evlink {
	struct ev_loop *loop;
	redisContext *context; /**< NULL: closed */
	ev_io reading;
	ev_io writing;
	const struct evlink_events *events;
	void *user;
};

void evlink_init(struct evlink *link, struct ev_loop *loop, const struct evlink_events *events, void *user);
/** Begins to connect. Returns false (the error says why) when it can't even begin. */
bool evlink_open(struct evlink *link, const struct bus_redis *redis, struct error *error) must_check;
/** Also when it is closed already; also inside a callback. */
void evlink_close(struct evlink *link);
/** Queues a command (printf-like as hiredis has it) and sends it as soon as the socket takes it. */
void evlink_send(struct evlink *link, const char *format, ...);

#endif
