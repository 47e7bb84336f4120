#include "core/map.h"

#include <assert.h>

static uint64_t hash_of(struct str key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < key.len; i++) {
		hash ^= (unsigned char)key.ptr[i];
		hash *= UINT64_C(0x100000001b3);
	}
	return hash ^ (hash >> 29);
}

static struct map_slot *slot_of(struct map_slot *slots, size_t capacity, uint64_t hash, struct str key)
{
	for (size_t i = (size_t)hash & (capacity - 1);; i = (i + 1) & (capacity - 1)) {
		struct map_slot *slot = &slots[i];

		if (!slot->value || (slot->hash == hash && str_eq(slot->key, key)))
			return slot;
	}
}

static void grow(struct map *map)
{
	size_t capacity = map->capacity ? map->capacity * 2 : 64;
	struct map_slot *slots = arena_calloc(map->arena, capacity, sizeof(*slots));

	for (size_t i = 0; i < map->capacity; i++) {
		if (map->slots[i].value)
			*slot_of(slots, capacity, map->slots[i].hash, map->slots[i].key) = map->slots[i];
	}
	map->slots = slots;
	map->capacity = capacity;
}

void map_init(struct map *map, struct arena *arena)
{
	*map = (struct map){ .arena = arena };
}

void *map_get(const struct map *map, struct str key)
{
	return map->capacity ? slot_of(map->slots, map->capacity, hash_of(key), key)->value : NULL;
}

void map_put(struct map *map, struct str key, void *value)
{
	uint64_t hash = hash_of(key);
	struct map_slot *slot;

	assert(value);
	if (map->count * 4 >= map->capacity * 3)
		grow(map);
	slot = slot_of(map->slots, map->capacity, hash, key);
	if (!slot->value)
		map->count++;
	*slot = (struct map_slot){ hash, key, value };
}
