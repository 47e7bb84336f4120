#include "domain/position.h"

/* A whole number, or -1. */
static int64_t read_seq(struct str text)
{
	int64_t seq = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9' || seq > INT64_MAX / 10 - 9)
			return -1;
		seq = seq * 10 + (text.ptr[i] - '0');
	}
	return text.len ? seq : -1;
}

enum itn_status position_parse(struct str text, struct str log, int64_t last_seq, int64_t *ret_after)
{
	const char *colon = text.len ? memchr(text.ptr, ':', text.len) : NULL;
	struct str named = STR_NONE;
	int64_t after;

	if (colon) {
		named = (struct str){ text.ptr, (size_t)(colon - text.ptr) };
		text = (struct str){ colon + 1, text.len - named.len - 1 };
	}
	after = read_seq(text);
	if (after < 0 || (colon && named.len == 0))
		return ITN_INVALID;
	if (after > last_seq || (colon && !str_eq(named, log)))
		return ITN_GAP;
	*ret_after = after;
	return ITN_OK;
}
