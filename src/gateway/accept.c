#include "gateway/accept.h"

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "core/net.h"
#include "gateway/ws.h"

enum { BACKLOG = 1024, BATCH = 64 };

struct accept {
	struct ev_loop *loop;
	struct ws *ws;
	struct net_address address;
	int fd;
	ev_io ready;
	ev_timer pause;
};

static void on_pause_over(struct ev_loop *loop, ev_timer *timer, int revents unused_arg)
{
	struct accept *accept = timer->data;
	ev_io_start(loop, &accept->ready);
}

static void take_a_break(struct accept *accept)
{
	log_warn("no connection can be taken", LOG_CSTR("why", strerror(errno)));
	ev_io_stop(accept->loop, &accept->ready);
	ev_timer_set(&accept->pause, ACCEPT_PAUSE_MS / 1000.0, 0);
	ev_timer_start(accept->loop, &accept->pause);
}

static void on_ready(struct ev_loop *loop unused_arg, ev_io *watcher, int revents unused_arg)
{
	struct accept *accept = watcher->data;
	const int on = 1;
	for (int i = 0; i < BATCH; i++) {
		int fd = accept4(accept->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
				take_a_break(accept);
			return;
		}
		if (!accept->address.is_unix)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		ws_adopt(accept->ws, fd);
	}
}

enum itn_status accept_new(struct ev_loop *loop, const char *address, unsigned mode, struct ws *ws,
			   struct accept **ret, struct error *error)
{
	struct accept *accept = calloc(1, sizeof(*accept));
	if (!accept)
		return error_set(error, ITN_FAILED, "no memory for listening");
	accept->loop = loop;
	accept->ws = ws;
	enum itn_status status = net_address_parse(address, &accept->address, error);
	if (status == ITN_OK)
		status = net_listen(&accept->address, BACKLOG, mode, &accept->fd, error);
	if (status != ITN_OK) {
		free(accept);
		return status;
	}
	ev_io_init(&accept->ready, on_ready, accept->fd, EV_READ);
	ev_timer_init(&accept->pause, on_pause_over, 0, 0);
	accept->ready.data = accept->pause.data = accept;
	ev_io_start(loop, &accept->ready);
	*ret = accept;
	return ITN_OK;
}

void accept_free(struct accept *accept)
{
	if (!accept)
		return;
	ev_io_stop(accept->loop, &accept->ready);
	ev_timer_stop(accept->loop, &accept->pause);
	close(accept->fd);
	if (accept->address.is_unix)
		unlink(accept->address.host);
	free(accept);
}
