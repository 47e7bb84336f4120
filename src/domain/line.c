#include "domain/line.h"

#include <assert.h>

#define SLOTS 2048 /* a power of two, at least twice LINES_MAX */

/* Where each name of a list is: position + 1, or 0 for a free slot. */
struct line_index {
	uint16_t slots[SLOTS];
};

static size_t name_hash(struct str name)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ (unsigned char)name.ptr[i]) * UINT64_C(1099511628211);
	return (size_t)(hash ^ hash >> 32);
}

/* The slot that the name has or would get. */
static uint16_t *index_slot(struct line_index *index, const struct lines *lines, struct str name)
{
	size_t at = name_hash(name) % SLOTS;

	while (index->slots[at] && !str_eq(lines->at[index->slots[at] - 1].name, name))
		at = (at + 1) % SLOTS;
	return &index->slots[at];
}

static void index_fill(struct line_index *index, const struct lines *lines)
{
	assert(lines->count <= LINES_MAX);
	memset(index, 0, sizeof(*index));
	for (size_t i = 0; i < lines->count; i++)
		*index_slot(index, lines, lines->at[i].name) = (uint16_t)(i + 1);
}

/* `into` has room for LINES_MAX lines, or for all of both lists. */
static bool merge(struct lines *into, const struct lines *more)
{
	struct line_index index;

	index_fill(&index, into);
	for (size_t i = 0; i < more->count; i++) {
		const struct line *line = &more->at[i];
		uint16_t *slot = index_slot(&index, into, line->name);

		if (!*slot) {
			if (into->count == LINES_MAX)
				return false;
			into->at[into->count++] = *line;
			*slot = (uint16_t)into->count;
			continue;
		}
		if (line->quantity > SUM_MAX - into->at[*slot - 1].quantity)
			return false;
		into->at[*slot - 1].quantity += line->quantity;
	}
	return true;
}

static void copy(struct line *to, const struct lines *lines)
{
	if (lines->count)
		memcpy(to, lines->at, lines->count * sizeof(*to));
}

void lines_append(struct lines *lines, struct arena *arena, size_t *room, struct line line)
{
	struct line *larger;

	if (lines->count == *room) {
		*room = *room ? *room * 2 : 16;
		larger = arena_calloc(arena, *room, sizeof(*larger));
		copy(larger, lines);
		lines->at = larger;
	}
	lines->at[lines->count++] = line;
}

void lines_merge(struct lines *manifest, struct arena *arena, const struct lines *more)
{
	struct lines merged = { arena_calloc(arena, manifest->count + more->count, sizeof(struct line)),
				manifest->count };
	bool fits;

	copy(merged.at, manifest);
	fits = merge(&merged, more);
	assert(fits);
	(void)fits;
	*manifest = merged;
}

bool lines_can_merge(const struct lines *manifest, const struct lines *more)
{
	struct line room[LINES_MAX];
	struct lines trial = { room, manifest->count };

	copy(room, manifest);
	return merge(&trial, more);
}

void lines_subtract(struct lines *manifest, const struct lines *less)
{
	struct line_index index;
	size_t kept = 0;

	index_fill(&index, manifest);
	for (size_t i = 0; i < less->count; i++) {
		uint16_t position = *index_slot(&index, manifest, less->at[i].name);

		assert(position && manifest->at[position - 1].quantity >= less->at[i].quantity);
		manifest->at[position - 1].quantity -= less->at[i].quantity;
	}
	for (size_t i = 0; i < manifest->count; i++)
		if (manifest->at[i].quantity)
			manifest->at[kept++] = manifest->at[i];
	manifest->count = kept;
}

int64_t lines_total(const struct lines *lines)
{
	int64_t total = 0;

	for (size_t i = 0; i < lines->count; i++) {
		if (lines->at[i].quantity > SUM_MAX - total)
			return SUM_MAX + 1;
		total += lines->at[i].quantity;
	}
	return total;
}
