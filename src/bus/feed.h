/** Reads the log from Redis as it is published, on the caller's libev loop: what is new by the feed's channel, what was
 *  missed by the stream.
 *
 *  All calls and all callbacks on the loop's thread. Callbacks may call bus_feed_read(), nothing may free the feed
 *  inside one. A server that stops answering is noticed within BUS_PING_MS + BUS_COMMAND_MS (one that only does not
 *  answer a read, within 5 * BUS_COMMAND_MS) and tried again with bus_backoff.
 */
#ifndef ITN_BUS_FEED_H
#define ITN_BUS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/status.h"
#include "core/str.h"

struct ev_loop;
struct bus_feed;

/** Consecutive events; everything belongs to the feed and is valid during the callback. */
struct bus_frames {
	struct str log;
	int64_t first_seq;
	const struct str *frames; /**< seq first_seq + index */
	size_t count;
};

struct bus_feed_events {
	/** The subscription stands: everything announced from now on will be reported. What was announced before may
	 *  have been missed: read the stream. */
	void (*connected)(void *user);
	/** The connection is gone after it stood, and with it a read that was under way; `why` is for a log. */
	void (*lost)(void *user, const char *why);
	/** Announced events. */
	void (*frames)(void *user, const struct bus_frames *frames);
	/** The stream was made anew and ends with `last`. */
	void (*reset)(void *user, struct str log, int64_t last);
};

/** The answer to bus_feed_read().
 *  @param log     identity of the stream's log; absent: there is no stream
 *  @param last    the seq that the stream ends with; 0 when it is empty
 *  @param frames  those that follow `after` as far as they are without gaps from their first one on, which is above
 *                 after + 1 when the stream no longer has it; count 0 when there is nothing after it */
typedef void bus_feed_read_done(void *user, struct str log, int64_t last, const struct bus_frames *frames);

/** Begins to connect; returns at once.
 *  @param redis, network  the settings of these names; not kept
 *  @param events, user    kept; callbacks come from the loop only, never from inside this call
 *  @return ITN_OK, ITN_INVALID (a setting) */
enum itn_status bus_feed_new(struct ev_loop *loop, const char *redis, const char *network,
			     const struct bus_feed_events *events, void *user, struct bus_feed **ret,
			     struct error *error) must_check;
/** Closes the connection without a callback. NULL is allowed. */
void bus_feed_free(struct bus_feed *feed);

bool bus_feed_connected(const struct bus_feed *feed);

/** Reads up to `max` (1..1000) events after seq `after` (0 or more) from the stream, its log and its end at one
 *  instant. One read at a time; `done` comes once, unless the connection is lost before (`lost` is reported then).
 *  @return ITN_OK (it was sent), ITN_UNAVAILABLE (not connected), ITN_FULL (one is under way) */
enum itn_status bus_feed_read(struct bus_feed *feed, int64_t after, unsigned max, bus_feed_read_done *done)
	must_check;

#endif
