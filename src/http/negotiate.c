#include "http/negotiate.h"

#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct str trim(struct str s)
{
	while (s.len && is_space(s.ptr[0]))
		s = (struct str){ s.ptr + 1, s.len - 1 };
	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

/** Cuts the text before the next `separator` outside of quotes off `rest`; false at its end. */
static bool next_part(struct str *rest, char separator, struct str *ret)
{
	if (!rest->ptr)
		return false;
	bool quoted = false;
	for (size_t i = 0; i < rest->len; i++) {
		char c = rest->ptr[i];
		if (c == '\\' && quoted && i + 1 < rest->len)
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == separator && !quoted) {
			*ret = trim((struct str){ rest->ptr, i });
			*rest = (struct str){ rest->ptr + i + 1, rest->len - i - 1 };
			return true;
		}
	}
	*ret = trim(*rest);
	*rest = STR_NONE;
	return true;
}

/** "name=value" or "name"; quotes around the value are taken off. */
static void split_parameter(struct str text, struct str *ret_name, struct str *ret_value)
{
	const char *sign = text.len ? memchr(text.ptr, '=', text.len) : NULL;
	size_t len = sign ? (size_t)(sign - text.ptr) : text.len;
	*ret_name = trim((struct str){ text.ptr, len });
	struct str value = sign ? trim((struct str){ sign + 1, text.len - len - 1 }) : STR("");
	if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
		value = (struct str){ value.ptr + 1, value.len - 2 };
	*ret_value = value;
}

/** A q-value in thousandths; -1 for a malformed one. */
static int parse_q(struct str s)
{
	if (s.len < 1 || s.len > 5 || (s.ptr[0] != '0' && s.ptr[0] != '1') || (s.len > 1 && s.ptr[1] != '.'))
		return -1;
	int q = (s.ptr[0] - '0') * 1000;
	int unit = 100;
	for (size_t i = 2; i < s.len; i++, unit /= 10) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return -1;
		q += (s.ptr[i] - '0') * unit;
	}
	return q > 1000 ? -1 : q;
}

/** How specific `range` names `offer`: 3 exactly, 2 by its type, 1 as anything, 0 not at all. */
static int range_rank(struct str range, struct str offer)
{
	if (str_eq_nocase(range, offer))
		return 3;
	if (str_eq(range, STR("*/*")))
		return 1;
	const char *slash = memchr(offer.ptr, '/', offer.len);
	size_t type_len = slash ? (size_t)(slash - offer.ptr) + 1 : offer.len;
	bool whole_type = range.len == type_len + 1 && range.ptr[type_len] == '*';
	return whole_type && str_eq_nocase((struct str){ range.ptr, type_len }, (struct str){ offer.ptr, type_len }) ? 2
														     : 0;
}

/** Media range and q of one element; false for a malformed one. */
static bool parse_range(struct str element, struct str *ret_range, int *ret_q)
{
	struct str part;
	if (!next_part(&element, ';', ret_range) || !ret_range->len || !memchr(ret_range->ptr, '/', ret_range->len))
		return false;
	*ret_q = 1000;
	while (next_part(&element, ';', &part)) {
		struct str name, value;
		split_parameter(part, &name, &value);
		if (str_eq_nocase(name, STR("q")))
			*ret_q = parse_q(value);
	}
	return *ret_q >= 0;
}

static int liking(struct str accept, struct str offer)
{
	int best_rank = 0, best_q = 0;
	struct str element;
	while (next_part(&accept, ',', &element)) {
		struct str range;
		int q;
		if (!parse_range(element, &range, &q))
			continue;
		int rank = range_rank(range, offer);
		if (rank > best_rank || (rank && rank == best_rank && q > best_q)) {
			best_rank = rank;
			best_q = q;
		}
	}
	return best_q;
}

int http_accept(struct str accept, const char *const offers[])
{
	if (trim(accept).len == 0)
		return 0;
	int best = -1, best_q = 0;
	for (int i = 0; offers[i]; i++) {
		int q = liking(accept, str_from(offers[i]));
		if (q > best_q) {
			best = i;
			best_q = q;
		}
	}
	return best;
}

bool http_type_is_json(struct str content_type)
{
	struct str part;
	if (!next_part(&content_type, ';', &part) || !str_eq_nocase(part, STR("application/json")))
		return false;
	while (next_part(&content_type, ';', &part)) {
		struct str name, value;
		split_parameter(part, &name, &value);
		if (str_eq_nocase(name, STR("charset")) && !str_eq_nocase(value, STR("utf-8")))
			return false;
	}
	return true;
}

int http_prefer_wait(struct str prefer, int max)
{
	struct str element;
	while (next_part(&prefer, ',', &element)) {
		struct str preference, name, value;
		if (!next_part(&element, ';', &preference))
			continue;
		split_parameter(preference, &name, &value);
		if (!str_eq_nocase(name, STR("wait")))
			continue;
		int seconds = 0;
		if (value.len == 0)
			return -1;
		for (size_t i = 0; i < value.len; i++) {
			if (value.ptr[i] < '0' || value.ptr[i] > '9')
				return -1;
			seconds = seconds * 10 + (value.ptr[i] - '0');
			seconds = seconds > max ? max : seconds;
		}
		return seconds;
	}
	return -1;
}

static bool is_weak(struct str etag)
{
	return etag.len >= 2 && etag.ptr[0] == 'W' && etag.ptr[1] == '/';
}

static struct str opaque(struct str etag)
{
	return is_weak(etag) ? (struct str){ etag.ptr + 2, etag.len - 2 } : etag;
}

bool http_etag_listed(struct str list, struct str etag, bool weak)
{
	struct str element;
	if (str_eq(trim(list), STR("*")))
		return str_is_set(etag);
	if (!str_is_set(etag))
		return false;
	while (next_part(&list, ',', &element)) {
		if (!weak && (is_weak(element) || is_weak(etag)))
			continue;
		if (str_eq(opaque(element), opaque(etag)))
			return true;
	}
	return false;
}

enum http_condition http_condition(const struct http_request *req, struct str etag)
{
	struct str match = http_header(req, "If-Match");
	struct str none = http_header(req, "If-None-Match");
	if (str_is_set(match) && !http_etag_listed(match, etag, false))
		return HTTP_PRECONDITION_FAILED;
	if (!str_is_set(none) || !http_etag_listed(none, etag, true))
		return HTTP_PROCEED;
	return req->method & (HTTP_GET | HTTP_HEAD) ? HTTP_NOT_MODIFIED : HTTP_PRECONDITION_FAILED;
}
