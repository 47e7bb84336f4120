#include "gateway/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_MAX = 10, TEXT_FINAL = 0x81 };

struct ring_chunk {
	struct ring_chunk *next;
	uint64_t start; /**< of its first byte, counted from the beginning of the ring */
	size_t len;
	size_t room;
	size_t readers;
	char bytes[];
};

struct ring {
	struct ring_chunk *oldest;
	struct ring_chunk *newest;
};

static struct ring_chunk *chunk_new(size_t room, uint64_t start)
{
	struct ring_chunk *chunk = malloc(sizeof(*chunk) + room);
	if (!chunk)
		abort();
	*chunk = (struct ring_chunk){ .start = start, .room = room };
	return chunk;
}

struct ring *ring_new(void)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	if (!ring)
		abort();
	ring->oldest = ring->newest = chunk_new(RING_RUN, 0);
	return ring;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	while (ring->oldest) {
		struct ring_chunk *next = ring->oldest->next;
		assert(ring->oldest->readers == 0);
		free(ring->oldest);
		ring->oldest = next;
	}
	free(ring);
}

static void drop_unread(struct ring *ring)
{
	while (ring->oldest->readers == 0 && ring->oldest != ring->newest) {
		struct ring_chunk *next = ring->oldest->next;
		free(ring->oldest);
		ring->oldest = next;
	}
}

static size_t write_head(char *to, size_t len)
{
	unsigned char head[HEAD_MAX] = { TEXT_FINAL };
	size_t extra = len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8;
	head[1] = (unsigned char)(extra == 0 ? len : extra == 2 ? 126 : 127);
	for (size_t i = 0; i < extra; i++)
		head[2 + i] = (unsigned char)(len >> 8 * (extra - 1 - i));
	memcpy(to, head, 2 + extra);
	return 2 + extra;
}

void ring_add(struct ring *ring, struct str message)
{
	size_t most = HEAD_MAX + message.len;
	struct ring_chunk *chunk = ring->newest;
	if (chunk->room - chunk->len < most) {
		chunk->next = chunk_new(most > RING_RUN ? most : RING_RUN, ring_end(ring));
		chunk = ring->newest = chunk->next;
		drop_unread(ring);
	}
	chunk->len += write_head(chunk->bytes + chunk->len, message.len);
	memcpy(chunk->bytes + chunk->len, message.ptr, message.len);
	chunk->len += message.len;
}

uint64_t ring_end(const struct ring *ring)
{
	return ring->newest->start + ring->newest->len;
}

void ring_enter(struct ring *ring, struct ring_position *position)
{
	*position = (struct ring_position){ ring->newest, ring->newest->len };
	ring->newest->readers++;
}

void ring_leave(struct ring *ring, struct ring_position *position)
{
	if (!position->chunk)
		return;
	position->chunk->readers--;
	*position = (struct ring_position){ 0 };
	drop_unread(ring);
}

struct str ring_next(struct ring *ring, struct ring_position *position)
{
	while (position->at == position->chunk->len && position->chunk->next) {
		position->chunk->readers--;
		*position = (struct ring_position){ position->chunk->next, 0 };
		position->chunk->readers++;
	}
	drop_unread(ring);
	return (struct str){ position->chunk->bytes + position->at, position->chunk->len - position->at };
}

void ring_advance(struct ring *ring unused_arg, struct ring_position *position, size_t run)
{
	position->at += run;
	assert(position->at <= position->chunk->len);
}

uint64_t ring_waiting(const struct ring *ring, const struct ring_position *position)
{
	return ring_end(ring) - position->chunk->start - position->at;
}
