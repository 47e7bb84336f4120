/** Memory of one request or one batch: allocated piece by piece, released as a whole.
 *
 *  Not thread-safe: an arena belongs to one thread at a time. Out of memory ends the process
 *  (EX_OSERR, one line on stderr): callers never see NULL.
 */
#ifndef ITN_CORE_ARENA_H
#define ITN_CORE_ARENA_H

#include <stddef.h>

#include "core/status.h"
#include "core/str.h"

struct arena;

/** A new arena whose first block has `first_block` bytes (rounded up; 0: 4 KiB), allocated on first use. */
struct arena *arena_new(size_t first_block);
/** Releases everything. NULL is allowed. */
void arena_free(struct arena *arena);
/** Forgets everything allocated, keeps the first block for reuse, gives the others back. */
void arena_reset(struct arena *arena);

/** `size` bytes aligned for any type, not zeroed. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);
/** `count` zeroed elements of `size` bytes; overflow ends the process. */
void *arena_calloc(struct arena *arena, size_t count, size_t size);
/** A NUL-terminated copy; absent stays absent. */
struct str arena_str(struct arena *arena, struct str s);
/** A NUL-terminated copy as a C string. */
char *arena_cstr(struct arena *arena, struct str s);
/** printf into the arena; NUL-terminated. */
struct str arena_printf(struct arena *arena, const char *fmt, ...) printf_like(2, 3);

#endif
