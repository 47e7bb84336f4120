#include "gateway/fill.h"

#include <ev.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

enum { READ_SIZE = 4096, LINE_KEEP = 65536 };

struct fill {
	struct ev_loop *loop;
	struct lws_context *context;
	struct lws_vhost *vhost;
	const struct fill_events *events;
	void *user;
	char host[256];
	char prefix[256];
	char path[512];
	uint16_t port;
	ev_timer timer; /**< the end to report, or the time limit */
	struct lws *wsi; /**< of the request under way */
	bool finished;
	enum itn_status verdict; /**< once finished */
	unsigned status;
	char log[80];
	int64_t end;
	struct buf line;
};

static void timer_in(struct fill *fill, int ms)
{
	ev_timer_stop(fill->loop, &fill->timer);
	ev_timer_set(&fill->timer, ms / 1000.0, 0);
	ev_timer_start(fill->loop, &fill->timer);
}

/** The end is reported from the loop: libwebsockets can fail inside a call of ours. */
static void finish(struct fill *fill, enum itn_status status)
{
	if (fill->finished)
		return;
	fill->finished = true;
	fill->verdict = status;
	fill->wsi = NULL;
	timer_in(fill, 0);
}

static void on_timer(struct ev_loop *loop unused_arg, ev_timer *timer, int revents unused_arg)
{
	struct fill *fill = timer->data;
	enum itn_status status = fill->finished ? fill->verdict : ITN_UNAVAILABLE;
	fill_cancel(fill);
	fill->events->done(fill->user, status, fill->log[0] ? str_from(fill->log) : STR_NONE, fill->end);
}

static bool take_line(struct fill *fill)
{
	struct str line = buf_str(&fill->line);
	while (line.len > 0 && line.ptr[line.len - 1] == '\r')
		line.len--;
	bool wanted = line.len == 0 || fill->events->frame(fill->user, line);
	buf_reset(&fill->line, LINE_KEEP);
	return wanted;
}

static bool take_body(struct fill *fill, const char *bytes, size_t len)
{
	timer_in(fill, FILL_TIMEOUT_MS);
	if (fill->status != HTTP_STATUS_OK)
		return true;
	while (len > 0) {
		const char *newline = memchr(bytes, '\n', len);
		size_t piece = newline ? (size_t)(newline - bytes) : len;
		if (fill->line.len + piece > FILL_LINE_MAX)
			return false;
		buf_add(&fill->line, bytes, piece);
		if (!newline)
			return true;
		if (!take_line(fill))
			return false;
		bytes += piece + 1;
		len -= piece + 1;
	}
	return true;
}

static void take_head(struct fill *fill, struct lws *wsi)
{
	char end[24];
	timer_in(fill, FILL_TIMEOUT_MS);
	fill->status = lws_http_client_http_response(wsi);
	if (lws_hdr_custom_copy(wsi, fill->log, sizeof(fill->log), "itn-log:", 8) < 0)
		fill->log[0] = '\0';
	if (lws_hdr_custom_copy(wsi, end, sizeof(end), "itn-seq:", 8) > 0)
		fill->end = strtoll(end, NULL, 10);
}

static enum itn_status verdict_of(const struct fill *fill)
{
	if (fill->status == HTTP_STATUS_OK)
		return ITN_OK;
	return fill->status == HTTP_STATUS_GONE ? ITN_GAP : ITN_UNAVAILABLE;
}

static int read_body(struct lws *wsi)
{
	char buffer[LWS_PRE + READ_SIZE];
	char *bytes = buffer + LWS_PRE;
	int len = READ_SIZE;
	return lws_http_client_read(wsi, &bytes, &len) < 0 ? -1 : 0;
}

static int add_accept(struct lws *wsi, void *in, size_t len)
{
	static const char value[] = "application/x-ndjson";
	unsigned char **p = in;
	return lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_ACCEPT, (const unsigned char *)value,
					    sizeof(value) - 1, p, *p + len);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *session unused_arg, void *in, size_t len)
{
	struct fill *fill = lws_get_opaque_user_data(wsi);
	if (!fill)
		return reason == LWS_CALLBACK_RECEIVE_CLIENT_HTTP ? -1 : 0;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
		return add_accept(wsi, in, len);
	case LWS_CALLBACK_ESTABLISHED_CLIENT_HTTP:
		take_head(fill, wsi);
		return 0;
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP:
		return read_body(wsi);
	case LWS_CALLBACK_RECEIVE_CLIENT_HTTP_READ:
		return take_body(fill, in, len) ? 0 : -1;
	case LWS_CALLBACK_COMPLETED_CLIENT_HTTP:
		lws_set_opaque_user_data(wsi, NULL);
		finish(fill, fill->line.len > 0 ? ITN_UNAVAILABLE : verdict_of(fill));
		return -1;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
	case LWS_CALLBACK_CLOSED_CLIENT_HTTP:
		lws_set_opaque_user_data(wsi, NULL);
		finish(fill, ITN_UNAVAILABLE);
		return 0;
	default:
		return 0;
	}
}

static const struct lws_protocols protocols[] = {
	{ .name = "itn-fill", .callback = callback, .rx_buffer_size = READ_SIZE },
	{ .name = NULL },
};

static bool parse_url(struct fill *fill, const char *url)
{
	char port[8] = "80";
	if (strncmp(url, "http://", 7) != 0)
		return false;
	url += 7;
	size_t authority = strcspn(url, "/?#");
	size_t host = authority;
	const char *colon = memrchr(url, ':', authority);
	if (colon && !memchr(colon, ']', authority - (size_t)(colon - url))) {
		host = (size_t)(colon - url);
		snprintf(port, sizeof(port), "%.*s", (int)(authority - host - 1), colon + 1);
	}
	if (url[0] == '[' && host > 2 && url[host - 1] == ']')
		snprintf(fill->host, sizeof(fill->host), "%.*s", (int)(host - 2), url + 1);
	else
		snprintf(fill->host, sizeof(fill->host), "%.*s", (int)host, url);
	size_t prefix = strcspn(url + authority, "?#");
	if (prefix > 0 && url[authority + prefix - 1] == '/')
		prefix--;
	snprintf(fill->prefix, sizeof(fill->prefix), "%.*s", (int)prefix, url + authority);
	char *rest;
	unsigned long number = strtoul(port, &rest, 10);
	fill->port = (uint16_t)number;
	return fill->host[0] && prefix < sizeof(fill->prefix) && *rest == '\0' && number >= 1 && number <= UINT16_MAX;
}

enum itn_status fill_new(struct ev_loop *loop, struct lws_context *context, const char *url,
			 const struct fill_events *events, void *user, struct fill **ret, struct error *error)
{
	struct fill *fill = calloc(1, sizeof(*fill));
	if (!fill)
		return error_set(error, ITN_FAILED, "no memory for the reader of /api/events");
	*fill = (struct fill){ .loop = loop, .context = context, .events = events, .user = user };
	if (!parse_url(fill, url)) {
		free(fill);
		return error_set(error, ITN_INVALID, "api_url: must be http://HOST[:PORT][/PREFIX]");
	}
	const struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.vhost_name = "fill",
	};
	fill->vhost = lws_create_vhost(context, &info);
	if (!fill->vhost) {
		free(fill);
		return error_set(error, ITN_FAILED, "libwebsockets can't be set up as a client");
	}
	ev_init(&fill->timer, on_timer);
	fill->timer.data = fill;
	*ret = fill;
	return ITN_OK;
}

void fill_free(struct fill *fill)
{
	if (!fill)
		return;
	fill_cancel(fill);
	buf_free(&fill->line);
	free(fill);
}

static void write_path(struct fill *fill, struct str log, int64_t after, unsigned limit)
{
	if (str_is_set(log))
		snprintf(fill->path, sizeof(fill->path), "%s/api/events?after=%.*s:%lld&limit=%u", fill->prefix,
			 STR_ARG(log), (long long)after, limit);
	else
		snprintf(fill->path, sizeof(fill->path), "%s/api/events?limit=%u", fill->prefix, limit);
}

void fill_ask(struct fill *fill, struct str log, int64_t after, unsigned limit)
{
	write_path(fill, log, after, limit);
	fill->finished = false;
	fill->status = 0;
	fill->log[0] = '\0';
	fill->end = -1;
	timer_in(fill, FILL_TIMEOUT_MS);
	const struct lws_client_connect_info info = {
		.context = fill->context,
		.vhost = fill->vhost,
		.address = fill->host,
		.host = fill->host,
		.origin = fill->host,
		.port = fill->port,
		.path = fill->path,
		.method = "GET",
		.local_protocol_name = protocols[0].name,
		.opaque_user_data = fill,
		.pwsi = &fill->wsi,
	};
	if (!lws_client_connect_via_info(&info))
		finish(fill, ITN_UNAVAILABLE);
}

void fill_cancel(struct fill *fill)
{
	struct lws *wsi = fill->wsi;
	ev_timer_stop(fill->loop, &fill->timer);
	buf_reset(&fill->line, LINE_KEEP);
	fill->finished = true;
	fill->wsi = NULL;
	if (wsi) {
		lws_set_opaque_user_data(wsi, NULL);
		lws_set_timeout(wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
	}
}
