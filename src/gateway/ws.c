#include "gateway/ws.h"

#include <ev.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "gateway/front.h"
#include "gateway/hub.h"
#include "gateway/session.h"

enum { HANDSHAKE_SECONDS = 10, RX_SIZE = 512, TX_SIZE = 1024 * 1024, LOOPS_TO_END = 16 };

struct ws {
	struct ev_loop *loop;
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct hub *hub;
	char subprotocol[FRONT_SUBPROTOCOL_MAX]; /**< name of protocols[0]: see front_upgrade() */
	struct lws_protocols protocols[2];
};

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in unused_arg, size_t len)
{
	struct ws *ws = lws_context_user(lws_get_context(wsi));
	struct session *session = user;
	switch (reason) {
	case LWS_CALLBACK_HTTP:
		return front_request(wsi);
	case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
		return front_upgrade(wsi, ws->subprotocol);
	case LWS_CALLBACK_ESTABLISHED:
		session_open(session, ws->hub, wsi);
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return session_writable(session) ? 0 : -1;
	case LWS_CALLBACK_RECEIVE:
		session_receive(session, len, lws_remaining_packet_payload(wsi), lws_is_final_fragment(wsi) != 0);
		return 0;
	case LWS_CALLBACK_RECEIVE_PONG:
		session_heard(session);
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		hub_leave(ws->hub, session);
		return 0;
	case LWS_CALLBACK_CLOSED:
		session_closed(session);
		return 0;
	default:
		return 0;
	}
}

static void log_line(int level unused_arg, const char *line)
{
	size_t len = strcspn(line, "\n");
	log_debug("libwebsockets", LOG_STR("says", ((struct str){ line, len })));
}

static struct lws_context *context_new(struct ws *ws)
{
	static const lws_retry_bo_t no_pings_of_its_own = { 0 };
	void *loops[] = { ws->loop };
	const struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_VALIDATE_UTF8 |
			   LWS_SERVER_OPTION_EXPLICIT_VHOSTS,
		.foreign_loops = loops,
		.gid = -1,
		.uid = -1,
		.timeout_secs = HANDSHAKE_SECONDS,
		.retry_and_idle_policy = &no_pings_of_its_own,
		.user = ws,
	};
	return lws_create_context(&info);
}

static struct lws_vhost *vhost_new(struct ws *ws)
{
	ws->protocols[0] = (struct lws_protocols){
		.name = ws->subprotocol,
		.callback = on_event,
		.per_session_data_size = sizeof(struct session),
		.rx_buffer_size = RX_SIZE,
		.tx_packet_size = TX_SIZE,
	};
	const struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = ws->protocols,
		.vhost_name = "feed",
		.timeout_secs = HANDSHAKE_SECONDS,
		.keepalive_timeout = HANDSHAKE_SECONDS,
	};
	return lws_create_vhost(ws->context, &info);
}

enum itn_status ws_new(struct ev_loop *loop, struct hub *hub, struct ws **ret, struct error *error)
{
	struct ws *ws = calloc(1, sizeof(*ws));
	if (!ws)
		return error_set(error, ITN_FAILED, "no memory for libwebsockets");
	lws_set_log_level(LLL_ERR | LLL_WARN, log_line);
	*ws = (struct ws){ .loop = loop, .hub = hub, .subprotocol = "itn" };
	ws->context = context_new(ws);
	ws->vhost = ws->context ? vhost_new(ws) : NULL;
	if (!ws->vhost) {
		ws_free(ws);
		return error_set(error, ITN_FAILED,
				 "libwebsockets can't be set up; its plugin for libev is in libwebsockets-evlib-ev");
	}
	*ret = ws;
	return ITN_OK;
}

void ws_free(struct ws *ws)
{
	if (!ws)
		return;
	if (ws->context)
		lws_context_destroy(ws->context);
	for (int i = 0; i < LOOPS_TO_END; i++)
		ev_run(ws->loop, EVRUN_NOWAIT);
	free(ws);
}

struct lws_context *ws_context(struct ws *ws)
{
	return ws->context;
}

void ws_adopt(struct ws *ws, int fd)
{
	lws_adopt_socket_vhost(ws->vhost, fd);
}

void ws_tick(struct ws *ws)
{
	lws_cancel_service(ws->context);
}
