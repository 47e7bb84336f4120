#include "http/request.h"

#include <string.h>

#include "core/id.h"
#include "core/utf8.h"

/** More pairs in a query than this are not looked at. */
#define QUERY_PAIRS_MAX 64

struct http_query_pair {
	struct str name;
	struct str value;
	bool bad;
};

static const struct {
	const char *name;
	enum http_method method;
} methods[] = {
	{ "GET", HTTP_GET },     { "HEAD", HTTP_HEAD },     { "POST", HTTP_POST },       { "PUT", HTTP_PUT },
	{ "PATCH", HTTP_PATCH }, { "DELETE", HTTP_DELETE }, { "OPTIONS", HTTP_OPTIONS },
};

static enum http_method method_of(struct str name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (str_eq(name, str_from(methods[i].name)))
			return methods[i].method;
	return HTTP_OTHER;
}

static bool request_id_fits(struct str id)
{
	if (id.len < 1 || id.len > HTTP_REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++) {
		char c = id.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
		if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

static struct str request_id_new(struct arena *arena)
{
	char id[ID_LEN + 1];
	id_new(id);
	return arena_str(arena, (struct str){ id, ID_LEN });
}

static struct str or_empty(struct str s)
{
	return str_is_set(s) ? s : STR("");
}

static void split_uri(struct http_request *req, struct str uri)
{
	const char *mark = uri.len ? memchr(uri.ptr, '?', uri.len) : NULL;
	size_t path_len = mark ? (size_t)(mark - uri.ptr) : uri.len;
	req->path = (struct str){ uri.ptr, path_len };
	req->query = mark ? (struct str){ mark + 1, uri.len - path_len - 1 } : STR("");
}

static bool length_fits(struct str declared, size_t len)
{
	if (!str_is_set(declared) || declared.len == 0)
		return true;
	if (declared.len > 18)
		return false;
	uint64_t value = 0;
	for (size_t i = 0; i < declared.len; i++) {
		if (declared.ptr[i] < '0' || declared.ptr[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(declared.ptr[i] - '0');
	}
	return value == len;
}

void http_request_init(struct http_request *req, struct arena *arena, const struct http_variable *variables,
		       size_t count, struct str body)
{
	*req = (struct http_request){ .arena = arena, .variables = variables, .variable_count = count };
	req->method_name = or_empty(http_variable(req, "REQUEST_METHOD"));
	req->method = method_of(req->method_name);
	split_uri(req, or_empty(http_variable(req, "REQUEST_URI")));
	req->body = or_empty(body);
	struct str type = http_variable(req, "CONTENT_TYPE");
	req->content_type = type.len ? type : STR_NONE;
	req->remote = or_empty(http_variable(req, "REMOTE_ADDR"));
	struct str id = http_header(req, "X-Request-Id");
	req->request_id = request_id_fits(id) ? id : request_id_new(arena);
	req->body_broken = !length_fits(http_variable(req, "CONTENT_LENGTH"), req->body.len);
}

struct str http_variable(const struct http_request *req, const char *name)
{
	struct str wanted = str_from(name);
	for (size_t i = 0; i < req->variable_count; i++)
		if (str_eq(req->variables[i].name, wanted))
			return req->variables[i].value;
	return STR_NONE;
}

struct str http_header(const struct http_request *req, const char *name)
{
	char variable[64] = "HTTP_";
	size_t len = strlen(name);
	if (len >= sizeof(variable) - 5)
		return STR_NONE;
	for (size_t i = 0; i <= len; i++) {
		char c = name[i];
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		variable[5 + i] = c == '-' ? '_' : c;
	}
	return http_variable(req, variable);
}

bool http_is_loopback(const struct http_request *req)
{
	struct str a = req->remote;
	return (a.len > 4 && memcmp(a.ptr, "127.", 4) == 0) || str_eq(a, STR("::1")) || str_eq(a, STR("unix:"));
}

bool http_is_local(const struct http_request *req)
{
	return http_is_loopback(req) && !str_is_set(http_header(req, "X-Forwarded-For")) &&
	       !str_is_set(http_header(req, "Forwarded")) && !str_is_set(http_header(req, "Via"));
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool http_decode(struct arena *arena, struct str raw, bool plus, struct str *ret)
{
	char *out = arena_alloc(arena, raw.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < raw.len; i++) {
		char c = raw.ptr[i];
		if (c == '%') {
			if (raw.len - i < 3 || hex_value(raw.ptr[i + 1]) < 0 || hex_value(raw.ptr[i + 2]) < 0)
				return false;
			c = (char)(hex_value(raw.ptr[i + 1]) * 16 + hex_value(raw.ptr[i + 2]));
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[len++] = c;
	}
	out[len] = '\0';
	*ret = (struct str){ out, len };
	return true;
}

static bool decode_text(struct arena *arena, struct str raw, struct str *ret)
{
	return http_decode(arena, raw, true, ret) && utf8_valid(*ret, NULL);
}

static void read_pair(struct http_request *req, struct str text)
{
	const char *sign = memchr(text.ptr, '=', text.len);
	size_t name_len = sign ? (size_t)(sign - text.ptr) : text.len;
	struct str name = { text.ptr, name_len };
	struct str value = sign ? (struct str){ sign + 1, text.len - name_len - 1 } : STR("");
	struct http_query_pair *pair = &req->pairs[req->pair_count++];
	*pair = (struct http_query_pair){ .name = name };
	pair->bad = !decode_text(req->arena, name, &pair->name) || !decode_text(req->arena, value, &pair->value);
}

static void read_query(struct http_request *req)
{
	if (req->query_read)
		return;
	req->query_read = true;
	req->pairs = arena_calloc(req->arena, QUERY_PAIRS_MAX, sizeof(*req->pairs));
	struct str rest = req->query;
	while (rest.len > 0 && req->pair_count < QUERY_PAIRS_MAX) {
		const char *end = memchr(rest.ptr, '&', rest.len);
		size_t len = end ? (size_t)(end - rest.ptr) : rest.len;
		if (len > 0)
			read_pair(req, (struct str){ rest.ptr, len });
		size_t used = end ? len + 1 : len;
		rest = (struct str){ rest.ptr + used, rest.len - used };
	}
}

static size_t count_given(const struct http_request *req, struct str name, const struct http_query_pair **ret_pair)
{
	size_t given = 0;
	for (size_t i = 0; i < req->pair_count; i++) {
		if (req->pairs[i].bad || !str_eq(req->pairs[i].name, name))
			continue;
		*ret_pair = &req->pairs[i];
		given++;
	}
	return given;
}

bool http_query(struct http_request *req, const char *name, struct str *ret)
{
	const struct http_query_pair *pair = NULL;
	read_query(req);
	if (count_given(req, str_from(name), &pair) != 1)
		return false;
	*ret = pair->value;
	return true;
}

void http_query_check(struct http_request *req, const char *const known[], struct faults *faults)
{
	read_query(req);
	for (size_t i = 0; i < req->pair_count; i++) {
		if (!req->pairs[i].bad)
			continue;
		struct str name = utf8_valid(req->pairs[i].name, NULL) ? req->pairs[i].name : STR("");
		faults_add(faults, arena_printf(req->arena, "?%.*s", STR_ARG(name)),
			   "must be percent-encoded UTF-8");
	}
	for (size_t i = 0; known[i]; i++) {
		const struct http_query_pair *pair = NULL;
		if (count_given(req, str_from(known[i]), &pair) > 1)
			faults_add(faults, arena_printf(req->arena, "?%s", known[i]), "must be given only once");
	}
	if (req->pair_count == QUERY_PAIRS_MAX)
		faults_add(faults, STR("?"), "must have fewer than %d parameters", QUERY_PAIRS_MAX);
}
