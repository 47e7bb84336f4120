#include "gateway/front.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

#include "core/id.h"
#include "core/status.h"
#include "core/str.h"

enum { HTTP_UPGRADE_REQUIRED = 426 };
enum { HEADERS_MAX = 512, BODY_MAX = 1024, REQUEST_ID_MAX = 128, KEY_LEN = 24, KEY_DIGITS = 22 };

struct problem {
	unsigned status;
	const char *code; /**< of problem.def */
	const char *title;
	const char *detail;
	const char *name;  /**< of one more header; NULL: none */
	const char *value;
};

/* What problem.def says of the problems that this front has. */
#define PROBLEM(name, code_, status_, title_) \
	static const struct problem problem_##name unused_arg = { status_, code_, title_, "", NULL, NULL };
#include "http/problem.def"
#undef PROBLEM

static struct problem make(const struct problem *kind, const char *detail, const char *name, const char *value)
{
	return (struct problem){ kind->status, kind->code, kind->title, detail, name, value };
}

#define NOT_FOUND   make(&problem_NOT_FOUND, "nothing is at this path", NULL, NULL)
#define NOT_ALLOWED make(&problem_METHOD_NOT_ALLOWED, "only GET opens the live feed", "allow:", "GET, HEAD")
#define NO_UPGRADE  make(&problem_UPGRADE_REQUIRED, "the live feed is a WebSocket (RFC 6455)", NULL, NULL)
#define WRONG_VERSION \
	make(&problem_UPGRADE_REQUIRED, "Sec-WebSocket-Version must be 13", "sec-websocket-version:", "13")

static struct problem bad_request(const char *detail)
{
	return make(&problem_BAD_REQUEST, detail, NULL, NULL);
}

/** The id that nginx gave the request, else a new one. */
static void request_id(struct lws *wsi, char id[REQUEST_ID_MAX + 1])
{
	static const char name[] = "x-request-id:";
	static const char token[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
	int len = lws_hdr_custom_copy(wsi, id, REQUEST_ID_MAX + 1, name, sizeof(name) - 1);
	if (len <= 0 || id[strspn(id, token)] != '\0')
		id_random_hex(id, 32);
}

static int write_body(struct lws *wsi, const struct problem *problem, char *body)
{
	static const char form[] = "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%u,"
				   "\"detail\":\"%s\",%s\"requestId\":\"%s\",\"error\":\"%s\"%s%s%s}\n";
	bool missing = problem->status == HTTP_STATUS_NOT_FOUND;
	char id[REQUEST_ID_MAX + 1];
	request_id(wsi, id);
	return snprintf(body, BODY_MAX, form, problem->code, problem->title, problem->status, problem->detail,
			missing ? "" : "\"instance\":\"" FRONT_PATH "\",", id, problem->detail,
			missing ? ",\"message\":\"" : "", missing ? problem->detail : "", missing ? "\"" : "");
}

static bool add_header(struct lws *wsi, const char *name, const char *value, unsigned char **p, unsigned char *end)
{
	return !lws_add_http_header_by_name(wsi, (const unsigned char *)name, (const unsigned char *)value,
					    (int)strlen(value), p, end);
}

static bool add_headers(struct lws *wsi, const struct problem *problem, lws_filepos_t len, unsigned char **p,
			unsigned char *end)
{
	if (lws_add_http_common_headers(wsi, problem->status, "application/problem+json", len, p, end) ||
	    !add_header(wsi, "connection:", "close", p, end))
		return false;
	if (problem->status == HTTP_UPGRADE_REQUIRED && !add_header(wsi, "upgrade:", "websocket", p, end))
		return false;
	return !problem->name || add_header(wsi, problem->name, problem->value, p, end);
}

static bool answer(struct lws *wsi, const struct problem *problem, bool with_body)
{
	unsigned char head[LWS_PRE + HEADERS_MAX];
	unsigned char *start = head + LWS_PRE;
	unsigned char *p = start;
	unsigned char *end = head + sizeof(head) - 1;
	char body[LWS_PRE + BODY_MAX];
	int len = write_body(wsi, problem, body + LWS_PRE);
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

/** Whether there is nothing to complain about; else `ret` is what to answer. */
static bool judge_target(int method, struct str path, struct problem *ret)
{
	if (!str_eq(path, STR(FRONT_PATH))) {
		*ret = NOT_FOUND;
		return false;
	}
	*ret = NOT_ALLOWED;
	return method == LWSHUMETH_GET || method == LWSHUMETH_HEAD;
}

int front_request(struct lws *wsi)
{
	struct problem problem;
	struct str path;
	int method = method_of(wsi, &path);
	if (method >= 0) {
		if (judge_target(method, path, &problem))
			problem = NO_UPGRADE;
		answer(wsi, &problem, method != LWSHUMETH_HEAD);
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

static bool refuse(struct problem *ret, struct problem problem)
{
	*ret = problem;
	return false;
}

static bool judge_upgrade(struct lws *wsi, int method, struct str path, char *subprotocol, struct problem *ret)
{
	char text[128];
	if (!judge_target(method, path, ret))
		return false;
	if (method != LWSHUMETH_GET)
		return refuse(ret, NOT_ALLOWED);
	if (strcasecmp(header(wsi, WSI_TOKEN_UPGRADE, text, sizeof(text)), "websocket") != 0)
		return refuse(ret, NO_UPGRADE);
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HOST) == 0)
		return refuse(ret, bad_request("the Host header is missing"));
	if (!names_upgrade(header(wsi, WSI_TOKEN_CONNECTION, text, sizeof(text))))
		return refuse(ret, bad_request("Connection must name upgrade"));
	if (strcmp(header(wsi, WSI_TOKEN_VERSION, text, sizeof(text)), "13") != 0)
		return refuse(ret, WRONG_VERSION);
	if (!key_valid(header(wsi, WSI_TOKEN_KEY, text, sizeof(text))))
		return refuse(ret, bad_request("Sec-WebSocket-Key must be 16 bytes in base64"));
	return choose_subprotocol(wsi, subprotocol) ||
	       refuse(ret, bad_request("Sec-WebSocket-Protocol must be a list of short tokens"));
}

int front_upgrade(struct lws *wsi, char *subprotocol)
{
	struct problem problem;
	struct str path;
	int method = method_of(wsi, &path);
	if (method < 0)
		return -1;
	if (judge_upgrade(wsi, method, path, subprotocol, &problem))
		return 0;
	answer(wsi, &problem, method != LWSHUMETH_HEAD);
	return -1;
}
