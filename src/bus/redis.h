/** What every part of the bus agrees on: names in Redis, time limits, and how long to wait before trying again.
 *
 *  Redis is never the only copy of anything and may be away, slow, stopped or emptied at any time. With P the name
 *  of the network:
 *
 *  - `P:wake`   channel; any payload; "there is work for the engine".
 *  - `P:stream` stream of the latest events: entry id `SEQ-0`, one field `f` with the frame, one line of JSON.
 *  - `P:log`    string: identity of the log whose events the stream holds.
 *  - `P:feed`   channel: `LOG FIRST COUNT\n` and COUNT frames, one a line, numbered FIRST, FIRST + 1, …
 *               or `LOG reset LAST\n`: the stream was made anew and now ends at LAST.
 */
#ifndef ITN_BUS_REDIS_H
#define ITN_BUS_REDIS_H

#include <stdint.h>

#include "core/error.h"
#include "core/net.h"
#include "core/status.h"

/** Connecting takes at most this long, in ms. */
#define BUS_CONNECT_MS 500
/** Redis answers a command within this time, or counts as away, in ms. */
#define BUS_COMMAND_MS 1000
/** A quiet subscription is tried with a PING this often, in ms. */
#define BUS_PING_MS 1000
/** A network's name has 1..32 characters of a-z, 0-9, '-', '_'. */
#define BUS_NETWORK_MAX 32
/** An identity of a log has 1..64 characters without white space. */
#define BUS_LOG_MAX 64

/** One Redis server and the names that a network has on it. */
struct bus_redis {
	struct net_address address;
	char wake[BUS_NETWORK_MAX + 8];
	char feed[BUS_NETWORK_MAX + 8];
	char stream[BUS_NETWORK_MAX + 8];
	char log[BUS_NETWORK_MAX + 8];
};

/** From the settings `redis` ("HOST:PORT" or "unix:PATH") and `network`. Connects to nothing.
 *  @return ITN_OK, ITN_INVALID (the error names the setting) */
enum itn_status bus_redis_parse(const char *redis, const char *network, struct bus_redis *ret, struct error *error)
	must_check;

/** Waiting times that double from `first_ms` to `most_ms`; each is then varied by up to a quarter either way, so that
 *  many processes do not come back at the same instant. */
struct bus_backoff {
	unsigned first_ms;
	unsigned most_ms;
	unsigned next_ms; /**< 0: start at first_ms */
	uint64_t random;  /**< 0: seeded on first use */
};

/** 50 ms to 1 s: what the bus itself uses. */
#define BUS_BACKOFF ((struct bus_backoff){ .first_ms = 50, .most_ms = 1000 })

/** How long to wait before the next attempt, in ms. */
unsigned bus_backoff_next(struct bus_backoff *backoff);
/** It worked: the next waiting time is the shortest again. */
void bus_backoff_reset(struct bus_backoff *backoff);

#endif
