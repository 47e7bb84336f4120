/** What a feed message or a piece of the stream says. Internal to the bus. */
#ifndef ITN_BUS_FEED_MESSAGE_H
#define ITN_BUS_FEED_MESSAGE_H

#include <hiredis/hiredis.h>

#include "bus/feed.h"

/** Zero-initialised is empty. What it says is valid as long as what it was read from, and until the next reading. */
struct feed_message {
	bool is_reset;
	int64_t last; /**< of a reset */
	struct bus_frames frames;
	struct str *room; /**< for frames.frames */
	size_t room_count;
};

void feed_message_free(struct feed_message *message);
/** Reads a message of `P:feed` (bus/redis.h). Returns false for anything else, which nobody should have sent. */
bool feed_message_parse(struct feed_message *message, struct str text) must_check;
/** Reads what EXEC answers to GET log, XREVRANGE with COUNT 1, XRANGE; frames up to the first gap.
 *  @param ret_last  seq at the end of the stream, 0 when it is empty */
bool feed_message_from_stream(struct feed_message *message, const redisReply *reply, int64_t *ret_last) must_check;

#endif
