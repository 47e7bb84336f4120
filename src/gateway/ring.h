/** Ready WebSocket frames that all clients share, each reading from a position of its own.
 *
 *  A frame is stored once, head and payload (RFC 6455 section 5.2, text, final, unmasked), and stays until the last
 *  client that has to get it is past it. What is ready for a client comes in runs of whole frames, for one write
 *  each. One thread.
 */
#ifndef ITN_GATEWAY_RING_H
#define ITN_GATEWAY_RING_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "core/str.h"

/** Bytes of a run, unless a single frame is longer. */
#define RING_RUN 65536

struct ring;
struct ring_chunk;

/** Zero-initialised: not in the ring. */
struct ring_position {
	struct ring_chunk *chunk;
	size_t at;
};

struct ring *ring_new(void);
/** All positions have left. NULL is allowed. */
void ring_free(struct ring *ring);

/** Appends one text message. */
void ring_add(struct ring *ring, struct str message);
/** Bytes that were ever added, with heads. */
uint64_t ring_end(const struct ring *ring);

/** Puts a position behind the last frame. */
void ring_enter(struct ring *ring, struct ring_position *position);
/** Takes it out; allowed for one that is not in. */
void ring_leave(struct ring *ring, struct ring_position *position);
/** The run of frames after the position, empty at the end; valid until the ring is next changed. */
struct str ring_next(struct ring *ring, struct ring_position *position);
/** Moves the position past the run that ring_next() gave. */
void ring_advance(struct ring *ring, struct ring_position *position, size_t run);
/** Bytes after the position. */
uint64_t ring_waiting(const struct ring *ring, const struct ring_position *position);

#endif
