#include "core/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(ptr, size)   ((void)(ptr), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(ptr, size) ((void)(ptr), (void)(size))
#endif

#define ALIGNMENT   _Alignof(max_align_t)
#define FIRST_BLOCK 4096
#define BLOCK_MAX   (256 * 1024)

struct block {
	struct block *next;
	size_t size;
	size_t used;
	_Alignas(max_align_t) char bytes[];
};

struct arena {
	struct block *first;
	struct block *last;
	size_t first_size;
};

static size_t aligned(size_t size)
{
	if (size > SIZE_MAX - sizeof(struct block) - ALIGNMENT)
		memory_exhausted();
	return (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
}

static struct block *block_new(size_t size)
{
	struct block *block = memory_alloc(sizeof(*block) + size);

	block->next = NULL;
	block->size = size;
	block->used = 0;
	ASAN_POISON_MEMORY_REGION(block->bytes, size);
	return block;
}

static void blocks_free(struct block *block)
{
	while (block) {
		struct block *next = block->next;

		ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
		free(block);
		block = next;
	}
}

struct arena *arena_new(size_t first_block)
{
	struct arena *arena = memory_calloc(1, sizeof(*arena));

	arena->first_size = aligned(first_block ? first_block : FIRST_BLOCK);
	return arena;
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	blocks_free(arena->first);
	free(arena);
}

void arena_reset(struct arena *arena)
{
	struct block *first = arena->first;

	if (!first)
		return;
	blocks_free(first->next);
	first->next = NULL;
	first->used = 0;
	arena->last = first;
	ASAN_POISON_MEMORY_REGION(first->bytes, first->size);
}

static size_t next_size(const struct block *last, size_t wanted)
{
	size_t doubled = last->size < BLOCK_MAX / 2 ? last->size * 2 : BLOCK_MAX;

	return wanted > doubled ? wanted : doubled;
}

static struct block *block_with_room(struct arena *arena, size_t size)
{
	if (!arena->first)
		arena->first = arena->last = block_new(arena->first_size);
	if (size > arena->last->size - arena->last->used) {
		arena->last->next = block_new(next_size(arena->last, size));
		arena->last = arena->last->next;
	}
	return arena->last;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t taken = aligned(size ? size : 1);
	struct block *block = block_with_room(arena, taken);
	char *ptr = block->bytes + block->used;

	block->used += taken;
	ASAN_UNPOISON_MEMORY_REGION(ptr, size);
	return ptr;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		memory_exhausted();
	return memset(arena_alloc(arena, total), 0, total);
}

char *arena_cstr(struct arena *arena, struct str s)
{
	char *copy = arena_alloc(arena, s.len + 1);

	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

struct str arena_str(struct arena *arena, struct str s)
{
	if (!str_is_set(s))
		return STR_NONE;
	return (struct str){ arena_cstr(arena, s), s.len };
}

struct str arena_printf(struct arena *arena, const char *fmt, ...)
{
	char text[256];
	va_list args;
	va_list again;
	int len;
	char *copy;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (len < 0)
		len = 0;
	copy = arena_alloc(arena, (size_t)len + 1);
	if ((size_t)len < sizeof(text))
		memcpy(copy, text, (size_t)len + 1);
	else
		vsnprintf(copy, (size_t)len + 1, fmt, again);
	va_end(again);
	return (struct str){ copy, (size_t)len };
}
