/** Publishes the log to Redis, in order, each event once, whoever else publishes at the same time.
 *
 *  One script per batch looks where the stream ends and appends and announces the batch only if it fits there
 *  exactly. So two publishers, a stale one or one that repeats itself do no harm: at most one of them appends an
 *  event.
 *
 *  The caller's loop, with `end` the last seq of the log in the store:
 *
 *      bus_publish(p, log, next, …)
 *        ITN_OK           next += count
 *        ITN_CONFLICT     next = last + 1; when last > end, read from the store AFTER this answer, then the stream is
 *                         of a log that a restore took back: bus_publish_drop(p, log, last)
 *        ITN_NOT_FOUND    Redis has lost the stream or has that of another log: seed it with the last `stream_max`
 *                         events (bus_publish_seed, one or many calls), then bus_publish_reset; next = last seeded + 1
 *        ITN_UNKNOWN      bus_publish_position says what became of it
 *        ITN_UNAVAILABLE  wait (bus_backoff in bus/redis.h), then the same again
 *
 *  At start: bus_publish_position. A seeding that was cut short is nothing special: what is missing comes by
 *  bus_publish.
 *
 *  Synchronous: a call takes at most BUS_CONNECT_MS + BUS_COMMAND_MS (a batch over BUS_PIECE_BYTES goes in pieces, each
 *  with a time limit of its own). It connects when there is no connection. One thread at a time.
 */
#ifndef ITN_BUS_PUBLISHER_H
#define ITN_BUS_PUBLISHER_H

#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/status.h"
#include "core/str.h"

/** Frames of one message together, unless a single frame is longer: far below the 8 MB that Redis lets wait for a
 *  subscriber. */
#define BUS_PIECE_BYTES (1024 * 1024)

struct bus_publisher;

/** @param redis, network  the settings of these names; not kept
 *  @param stream_max      events that the stream keeps; Redis may keep up to some hundred more
 *  @return ITN_OK, ITN_INVALID (a setting) */
enum itn_status bus_publisher_new(const char *redis, const char *network, uint64_t stream_max,
				  struct bus_publisher **ret, struct error *error) must_check;
/** NULL is allowed. */
void bus_publisher_free(struct bus_publisher *publisher);

/** Appends frames to the stream and announces them on the feed.
 *
 *  An empty stream takes a batch that begins with seq 1 and no other.
 *
 *  @param log        identity of the caller's log, 1..BUS_LOG_MAX characters without white space; the stream of any
 *                    other log is deleted by this call
 *  @param first_seq  seq of frames[0], 1 or more; the others follow without gaps
 *  @param frames     finished frames, each one line without newline; not kept
 *  @param count      0 is ITN_OK and nothing is done
 *  @param ret_last   written on ITN_OK and on ITN_CONFLICT: the seq that the stream ends with now
 *  @return ITN_OK           all of them are in the stream and were announced
 *          ITN_CONFLICT     the stream ends elsewhere (a batch in pieces may have been taken in part)
 *          ITN_NOT_FOUND    there is no stream of this log: seed it
 *          ITN_UNAVAILABLE  Redis is away or refused (the error says why); nothing was done
 *          ITN_UNKNOWN      handed over, no answer */
enum itn_status bus_publish(struct bus_publisher *publisher, struct str log, int64_t first_seq,
			    const struct str *frames, size_t count, int64_t *ret_last, struct error *error) must_check;

/** The same without announcing; an empty stream takes any first_seq. For making a lost stream anew. */
enum itn_status bus_publish_seed(struct bus_publisher *publisher, struct str log, int64_t first_seq,
				 const struct str *frames, size_t count, int64_t *ret_last, struct error *error)
	must_check;

/** Tells readers where the stream ends, so that they fetch what they have not seen; if it still is this log's and does.
 *  @param last  the last seq that the stream has now
 *  @return ITN_OK, ITN_CONFLICT (it has changed: nothing was told), ITN_UNAVAILABLE, ITN_UNKNOWN (send it again, a second
 *          one does no harm) */
enum itn_status bus_publish_reset(struct bus_publisher *publisher, struct str log, int64_t last, struct error *error)
	must_check;

/** Deletes the stream if it still is this log's and ends with `last`.
 *  @return ITN_OK (deleted: the next bus_publish says ITN_NOT_FOUND), ITN_CONFLICT (it has changed: nothing was done),
 *          ITN_UNAVAILABLE, ITN_UNKNOWN */
enum itn_status bus_publish_drop(struct bus_publisher *publisher, struct str log, int64_t last, struct error *error)
	must_check;

/** Where the stream ends. Changes nothing.
 *  @return ITN_OK (ret_last), ITN_NOT_FOUND (no stream of this log), ITN_UNAVAILABLE */
enum itn_status bus_publish_position(struct bus_publisher *publisher, struct str log, int64_t *ret_last,
				     struct error *error) must_check;

#endif
