/** A blocking connection to Redis with time limits, for a thread that may wait. Internal to the bus. */
#ifndef ITN_BUS_LINK_H
#define ITN_BUS_LINK_H

#include <hiredis/hiredis.h>

#include "bus/redis.h"

/** Connects within BUS_CONNECT_MS; each later read or write fails after BUS_COMMAND_MS.
 *  @return the connection, for redisFree(), or NULL (the error says why) */
redisContext *bus_link_open(const struct bus_redis *redis, struct error *error) must_check;
/** Whether an idle connection has been closed by the other end or has something unasked to say. */
bool bus_link_stale(const redisContext *link);
/** Why the last call failed, as one line. */
const char *bus_link_why(const redisContext *link);

#endif
