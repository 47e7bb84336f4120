/** A map from texts to pointers in an arena: grows, never shrinks, goes with its arena. One thread. */
#ifndef ITN_CORE_MAP_H
#define ITN_CORE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/str.h"

struct map_slot {
	uint64_t hash;
	struct str key;
	void *value;
};

struct map {
	struct arena *arena;
	struct map_slot *slots;
	size_t capacity; /**< a power of two, 0 before the first entry */
	size_t count;
};

void map_init(struct map *map, struct arena *arena);
/** NULL: not there. */
void *map_get(const struct map *map, struct str key);
/** Puts or replaces; the key's bytes are not copied and must live as long as the map. `value` is not NULL. */
void map_put(struct map *map, struct str key, void *value);

#endif
