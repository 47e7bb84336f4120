#include "api/cursor.h"

#include <stdint.h>
#include <string.h>

#include "core/utf8.h"

#define HEAD_LEN     9 /* kind, time */
#define CHECKSUM_LEN 4
#define KEY_MAX      512
#define TIME_MAX     INT64_C(253402300799999) /* the last one of year 9999 */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static uint32_t checksum_of(const unsigned char *bytes, size_t len)
{
	uint32_t hash = 2166136261u ^ 0x69746eu;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}

static void write_number(unsigned char *at, uint64_t number, size_t len)
{
	for (size_t i = 0; i < len; i++)
		at[i] = (unsigned char)(number >> (8 * (len - 1 - i)));
}

static uint64_t read_number(const unsigned char *at, size_t len)
{
	uint64_t number = 0;

	for (size_t i = 0; i < len; i++)
		number = number << 8 | at[i];
	return number;
}

static void write_base64(struct buf *out, const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i += 3) {
		size_t count = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)bytes[i] << 16;

		if (count > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (count > 2)
			group |= bytes[i + 2];
		for (size_t k = 0; k <= count; k++)
			buf_add_char(out, digits[group >> (18 - 6 * k) & 63]);
	}
}

static bool read_base64(struct str text, unsigned char *bytes, size_t max, size_t *ret_len)
{
	uint32_t group = 0;
	unsigned bits = 0;
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *digit = text.ptr[i] ? strchr(digits, text.ptr[i]) : NULL;

		if (!digit)
			return false;
		group = group << 6 | (uint32_t)(digit - digits);
		bits += 6;
		if (bits < 8)
			continue;
		bits -= 8;
		if (len == max)
			return false;
		bytes[len++] = (unsigned char)(group >> bits);
		group &= (1u << bits) - 1;
	}
	*ret_len = len;
	return group == 0 && bits < 6;
}

void cursor_write(struct buf *out, enum store_list_kind kind, const struct store_cursor *cursor)
{
	unsigned char bytes[HEAD_LEN + KEY_MAX + CHECKSUM_LEN];
	size_t len = HEAD_LEN + cursor->key.len;

	bytes[0] = (unsigned char)kind;
	write_number(bytes + 1, (uint64_t)cursor->time, 8);
	memcpy(bytes + HEAD_LEN, cursor->key.ptr, cursor->key.len);
	write_number(bytes + len, checksum_of(bytes, len), CHECKSUM_LEN);
	write_base64(out, bytes, len + CHECKSUM_LEN);
}

bool cursor_read(struct arena *arena, struct str text, enum store_list_kind kind, struct store_cursor *ret_cursor)
{
	unsigned char bytes[HEAD_LEN + KEY_MAX + CHECKSUM_LEN];
	struct str key;
	uint64_t time;
	size_t len;

	if (!read_base64(text, bytes, sizeof(bytes), &len) || len < HEAD_LEN + 1 + CHECKSUM_LEN)
		return false;
	len -= CHECKSUM_LEN;
	if (read_number(bytes + len, CHECKSUM_LEN) != checksum_of(bytes, len) || bytes[0] != (unsigned char)kind)
		return false;
	key = (struct str){ (const char *)bytes + HEAD_LEN, len - HEAD_LEN };
	time = read_number(bytes + 1, 8);
	if (!utf8_valid(key, NULL) || utf8_has_control(key) || time > TIME_MAX)
		return false;
	ret_cursor->time = (int64_t)time;
	ret_cursor->key = arena_str(arena, key);
	return true;
}
