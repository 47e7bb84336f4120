#include "audit/tally.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "core/memory.h"

#define BUCKETS 65536

/* A key of a bucket that did not fit. */
struct name {
	struct str a, b;
	uint64_t value;
	int64_t kept, told;
	struct name *next;
};

struct tally {
	uint64_t buckets[BUCKETS];
	bool watched[BUCKETS];
	bool closer;
	struct arena *arena; /* of the names */
	struct map names;
	struct buf key; /* scratch */
	struct name *first, **last;
};

struct tally *tally_new(void)
{
	struct tally *tally = memory_calloc(1, sizeof(*tally));

	tally->arena = arena_new(0);
	map_init(&tally->names, tally->arena);
	tally->last = &tally->first;
	return tally;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	arena_free(tally->arena);
	buf_free(&tally->key);
	free(tally);
}

uint64_t tally_spread(uint64_t number)
{
	number += UINT64_C(0x9e3779b97f4a7c15);
	number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
	return number ^ (number >> 31);
}

static uint64_t hash_part(uint64_t hash, struct str part)
{
	for (size_t i = 0; i < part.len; i++)
		hash = (hash ^ (unsigned char)part.ptr[i]) * UINT64_C(0x100000001b3);
	return (hash ^ 0xff) * UINT64_C(0x100000001b3);
}

static struct name *name_of(struct tally *tally, struct str a, struct str b)
{
	struct name *name;
	struct str key;

	buf_reset(&tally->key, SIZE_MAX);
	buf_add_str(&tally->key, a);
	buf_add_char(&tally->key, '\n');
	buf_add_str(&tally->key, b);
	name = map_get(&tally->names, buf_str(&tally->key));
	if (name || tally->names.count == TALLY_NAMES_MAX)
		return name;
	key = arena_str(tally->arena, buf_str(&tally->key));
	name = arena_calloc(tally->arena, 1, sizeof(*name));
	name->a = (struct str){ key.ptr, a.len };
	name->b = (struct str){ key.ptr + a.len + 1, b.len };
	map_put(&tally->names, key, name);
	*tally->last = name;
	tally->last = &name->next;
	return name;
}

static void name_add(struct tally *tally, enum tally_side side, struct str a, struct str b, uint64_t value,
		     int64_t shown)
{
	struct name *name = name_of(tally, a, b);

	if (!name)
		return;
	name->value += value;
	if (side == TALLY_KEPT)
		name->kept += shown;
	else
		name->told += shown;
}

void tally_add(struct tally *tally, enum tally_side side, struct str a, struct str b, uint64_t value, int64_t shown)
{
	uint64_t hash = tally_spread(hash_part(hash_part(UINT64_C(0xcbf29ce484222325), a), b));
	size_t bucket = hash % BUCKETS;

	if (side == TALLY_TOLD)
		value = 0 - value;
	tally->buckets[bucket] += value * (hash >> 16 | 1);
	if (tally->closer && tally->watched[bucket])
		name_add(tally, side, a, b, value, shown);
}

bool tally_fits(const struct tally *tally)
{
	for (size_t i = 0; i < BUCKETS; i++)
		if (tally->buckets[i])
			return false;
	return true;
}

void tally_look_closer(struct tally *tally)
{
	for (size_t i = 0; i < BUCKETS; i++)
		tally->watched[i] = tally->buckets[i] != 0;
	memset(tally->buckets, 0, sizeof(tally->buckets));
	tally->closer = true;
}

void tally_each_off(const struct tally *tally, tally_off_fn *off, void *context)
{
	for (const struct name *name = tally->first; name; name = name->next)
		if (name->value)
			off(context, name->a, name->b, name->kept, name->told);
}
