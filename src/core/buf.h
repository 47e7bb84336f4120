/** A growable run of bytes, the target of everything that is written out: JSON, CSV, frames.
 *
 *  Owned by one thread at a time. Out of memory ends the process. Zero-initialised is empty and valid.
 */
#ifndef ITN_CORE_BUF_H
#define ITN_CORE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "core/str.h"

struct buf {
	char *ptr;
	size_t len;
	size_t cap;
};

void buf_free(struct buf *buf);
/** Empties it; keeps the memory up to `keep` bytes, else gives it back. */
void buf_reset(struct buf *buf, size_t keep);
/** The slow half of buf_reserve(). */
void buf_grow(struct buf *buf, size_t more);
/** Room for `more` bytes behind the content; returns the place to write them (then add to len). */
static inline char *buf_reserve(struct buf *buf, size_t more)
{
	if (more > buf->cap - buf->len || !buf->ptr)
		buf_grow(buf, more);
	return buf->ptr + buf->len;
}
void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_add_str(struct buf *buf, struct str s);
void buf_add_cstr(struct buf *buf, const char *text);
void buf_add_char(struct buf *buf, char c);
void buf_add_int(struct buf *buf, int64_t value);
void buf_printf(struct buf *buf, const char *fmt, ...) printf_like(2, 3);
/** The content as a view, valid until the next change. */
static inline struct str buf_str(const struct buf *buf)
{
	return (struct str){ buf->ptr ? buf->ptr : "", buf->len };
}

#endif
