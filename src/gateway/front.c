#include "gateway/front.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"

enum { HEADERS_MAX = 512, BODY_MAX = 512, KEY_LEN = 24, KEY_DIGITS = 22 };

struct problem {
	unsigned status;
	const char *title;
	const char *detail;
	const char *name;  /**< of one more header; NULL: none */
	const char *value;
};

static const struct problem not_found = { 404, "Not Found", "There is nothing at this path.", NULL, NULL };
static const struct problem not_allowed = { 405, "Method Not Allowed", "Only GET opens the live feed.", "allow:",
					    "GET, HEAD" };
static const struct problem no_upgrade = { 426, "Upgrade Required", "The live feed is a WebSocket (RFC 6455).",
					   "upgrade:", "websocket" };
static const struct problem wrong_version = { 426, "Upgrade Required", "Sec-WebSocket-Version must be 13.",
					      "sec-websocket-version:", "13" };
static const struct problem no_host = { 400, "Bad Request", "The Host header is missing.", NULL, NULL };
static const struct problem no_connection = { 400, "Bad Request", "Connection must name upgrade.", NULL, NULL };
static const struct problem bad_key = { 400, "Bad Request", "Sec-WebSocket-Key must be 16 bytes in base64.", NULL,
					NULL };
static const struct problem bad_subprotocol = { 400, "Bad Request",
						"Sec-WebSocket-Protocol must be a list of short tokens.", NULL, NULL };

static int write_body(const struct problem *problem, char *body)
{
	static const char form[] = "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%u,"
				   "\"detail\":\"%s\",\"error\":\"%s\"%s%s%s}\n";
	bool missing = problem->status == HTTP_STATUS_NOT_FOUND;
	return snprintf(body, BODY_MAX, form, problem->title, problem->status, problem->detail, problem->detail,
			missing ? ",\"message\":\"" : "", missing ? problem->detail : "", missing ? "\"" : "");
}

static bool add_headers(struct lws *wsi, const struct problem *problem, lws_filepos_t len, unsigned char **p,
			unsigned char *end)
{
	if (lws_add_http_common_headers(wsi, problem->status, "application/problem+json", len, p, end) ||
	    lws_add_http_header_by_token(wsi, WSI_TOKEN_CONNECTION, (const unsigned char *)"close", 5, p, end))
		return false;
	return !problem->name ||
	       !lws_add_http_header_by_name(wsi, (const unsigned char *)problem->name,
					    (const unsigned char *)problem->value, (int)strlen(problem->value), p, end);
}

static bool answer(struct lws *wsi, const struct problem *problem, bool with_body)
{
	unsigned char head[LWS_PRE + HEADERS_MAX];
	unsigned char *start = head + LWS_PRE;
	unsigned char *p = start;
	unsigned char *end = head + sizeof(head) - 1;
	char body[LWS_PRE + BODY_MAX];
	int len = write_body(problem, body + LWS_PRE);
	if (!add_headers(wsi, problem, (lws_filepos_t)len, &p, end) ||
	    lws_finalize_write_http_header(wsi, start, &p, end))
		return false;
	return !with_body || lws_write(wsi, (unsigned char *)body + LWS_PRE, (size_t)len, LWS_WRITE_HTTP_FINAL) >= 0;
}

static int method_of(struct lws *wsi, struct str *ret_path)
{
	char *path = NULL;
	int len = 0;
	int method = lws_http_get_uri_and_method(wsi, &path, &len);
	*ret_path = (struct str){ path, (size_t)(len > 0 ? len : 0) };
	return method;
}

static const struct problem *judge_target(int method, struct str path)
{
	if (!str_eq(path, STR(FRONT_PATH)))
		return &not_found;
	return method == LWSHUMETH_GET || method == LWSHUMETH_HEAD ? NULL : &not_allowed;
}

int front_request(struct lws *wsi)
{
	struct str path;
	int method = method_of(wsi, &path);
	if (method >= 0) {
		const struct problem *problem = judge_target(method, path);
		answer(wsi, problem ? problem : &no_upgrade, method != LWSHUMETH_HEAD);
	}
	return -1;
}

/** The header's text, or "" when it is absent or too long. */
static const char *header(struct lws *wsi, enum lws_token_indexes token, char *text, int room)
{
	if (lws_hdr_copy(wsi, text, room, token) < 0)
		text[0] = '\0';
	return text;
}

static bool names_upgrade(const char *list)
{
	while (*list) {
		list += strspn(list, " \t,");
		size_t len = strcspn(list, " \t,");
		if (str_eq_nocase((struct str){ list, len }, STR("upgrade")))
			return true;
		list += len;
	}
	return false;
}

static bool key_valid(const char *key)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	return strlen(key) == KEY_LEN && strspn(key, base64) == KEY_DIGITS && strcmp(key + KEY_DIGITS, "==") == 0;
}

static bool choose_subprotocol(struct lws *wsi, char *subprotocol)
{
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
	char offered[2 * FRONT_SUBPROTOCOL_MAX + 1];
	if (lws_hdr_total_length(wsi, WSI_TOKEN_PROTOCOL) == 0)
		return true;
	const char *first = header(wsi, WSI_TOKEN_PROTOCOL, offered, sizeof(offered));
	first += strspn(first, " \t,");
	size_t len = strspn(first, token);
	const char *behind = first + len + strspn(first + len, " \t");
	if (len == 0 || len >= FRONT_SUBPROTOCOL_MAX || (*behind != ',' && *behind != '\0'))
		return false;
	memcpy(subprotocol, first, len);
	subprotocol[len] = '\0';
	return true;
}

static const struct problem *judge_upgrade(struct lws *wsi, int method, struct str path, char *subprotocol)
{
	char text[128];
	const struct problem *problem = judge_target(method, path);
	if (problem)
		return problem;
	if (method != LWSHUMETH_GET)
		return &not_allowed;
	if (strcasecmp(header(wsi, WSI_TOKEN_UPGRADE, text, sizeof(text)), "websocket") != 0)
		return &no_upgrade;
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HOST) == 0)
		return &no_host;
	if (!names_upgrade(header(wsi, WSI_TOKEN_CONNECTION, text, sizeof(text))))
		return &no_connection;
	if (strcmp(header(wsi, WSI_TOKEN_VERSION, text, sizeof(text)), "13") != 0)
		return &wrong_version;
	if (!key_valid(header(wsi, WSI_TOKEN_KEY, text, sizeof(text))))
		return &bad_key;
	return choose_subprotocol(wsi, subprotocol) ? NULL : &bad_subprotocol;
}

int front_upgrade(struct lws *wsi, char *subprotocol)
{
	struct str path;
	int method = method_of(wsi, &path);
	if (method < 0)
		return -1;
	const struct problem *problem = judge_upgrade(wsi, method, path, subprotocol);
	if (!problem)
		return 0;
	answer(wsi, problem, method != LWSHUMETH_HEAD);
	return -1;
}
