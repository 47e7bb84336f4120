#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

#define SMALLEST 256

void buf_free(struct buf *buf)
{
	free(buf->ptr);
	*buf = (struct buf){ 0 };
}

void buf_reset(struct buf *buf, size_t keep)
{
	if (buf->cap > keep)
		buf_free(buf);
	buf->len = 0;
}

void buf_grow(struct buf *buf, size_t more)
{
	size_t cap = buf->cap ? buf->cap : SMALLEST;
	size_t needed;

	if (__builtin_add_overflow(buf->len, more, &needed) || needed > SIZE_MAX / 2)
		memory_exhausted();
	while (cap < needed)
		cap *= 2;
	buf->ptr = memory_realloc(buf->ptr, cap);
	buf->cap = cap;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
	if (!len)
		return;
	memcpy(buf_reserve(buf, len), bytes, len);
	buf->len += len;
}

void buf_add_str(struct buf *buf, struct str s)
{
	buf_add(buf, s.ptr, s.len);
}

void buf_add_cstr(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void buf_add_char(struct buf *buf, char c)
{
	*buf_reserve(buf, 1) = c;
	buf->len++;
}

void buf_add_int(struct buf *buf, int64_t value)
{
	char digits[20];
	char *at = digits + sizeof(digits);
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		*--at = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		*--at = '-';
	buf_add(buf, at, (size_t)(digits + sizeof(digits) - at));
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	va_list again;
	size_t room;
	int len;

	buf_reserve(buf, SMALLEST);
	room = buf->cap - buf->len;
	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(buf->ptr + buf->len, room, fmt, args);
	va_end(args);
	if (len > 0 && (size_t)len >= room) {
		buf_reserve(buf, (size_t)len + 1);
		vsnprintf(buf->ptr + buf->len, (size_t)len + 1, fmt, again);
	}
	va_end(again);
	if (len > 0)
		buf->len += (size_t)len;
}
