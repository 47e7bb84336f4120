#include "gateway/gateway.h"

#include <ev.h>
#include <sys/resource.h>
#include <sysexits.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/service.h"
#include "gateway/accept.h"
#include "gateway/follow.h"
#include "gateway/hub.h"
#include "gateway/session.h"
#include "gateway/ws.h"

/** Descriptors beside those of clients: Redis, itn-api, refused clients on their way out. */
enum { SPARE_DESCRIPTORS = 256 };

struct gateway {
	const struct config *config;
	struct ev_loop *loop;
	struct hub hub;
	struct ws *ws;
	struct accept *accept;
	struct follow *follow;
	ev_io stop;
	ev_timer tick;
	int64_t drained_by_ms; /**< 0: not draining */
};

static void on_ready(void *user)
{
	const struct gateway *gateway = user;
	log_info("listening", LOG_CSTR("at", gateway->config->gateway_listen));
	service_ready("serving");
}

static void on_stop(struct ev_loop *loop, ev_io *watcher, int revents unused_arg)
{
	struct gateway *gateway = watcher->data;
	ev_io_stop(loop, watcher);
	accept_free(gateway->accept);
	gateway->accept = NULL;
	hub_close_all(&gateway->hub, CLOSE_GOING_AWAY);
	gateway->drained_by_ms = clock_monotonic_ms() + (int64_t)gateway->config->drain_ms;
	ev_timer_stop(loop, &gateway->tick);
	ev_timer_set(&gateway->tick, 0, 0.02);
	ev_timer_start(loop, &gateway->tick);
}

static void on_tick(struct ev_loop *loop, ev_timer *timer, int revents unused_arg)
{
	struct gateway *gateway = timer->data;
	int64_t now = clock_monotonic_ms();
	hub_tick(&gateway->hub, now);
	ws_tick(gateway->ws);
	service_alive();
	if (gateway->drained_by_ms && (gateway->hub.connections == 0 || now >= gateway->drained_by_ms))
		ev_break(loop, EVBREAK_ALL);
}

/** libwebsockets sizes its tables by the limit of descriptors. */
static void limit_descriptors(uint64_t clients_max)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)clients_max + SPARE_DESCRIPTORS;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	if (limit.rlim_cur < wanted)
		log_warn("fewer descriptors than clients_max asks for", LOG_INT("descriptors", limit.rlim_cur));
	setrlimit(RLIMIT_NOFILE, &limit);
}

static enum itn_status start(struct gateway *gateway, struct error *error)
{
	const struct config *config = gateway->config;
	int64_t hub_ms = hub_tick_ms(&gateway->hub), alive_ms = service_alive_ms();
	double tick = (double)(hub_ms < alive_ms ? hub_ms : alive_ms) / 1000;
	enum itn_status status = ws_new(gateway->loop, &gateway->hub, &gateway->ws, error);
	if (status == ITN_OK)
		status = follow_new(gateway->loop, ws_context(gateway->ws), config, &gateway->hub, on_ready, gateway,
				    &gateway->follow, error);
	if (status == ITN_OK)
		status = accept_new(gateway->loop, config->gateway_listen, (unsigned)config->socket_mode, gateway->ws,
				    &gateway->accept, error);
	if (status != ITN_OK)
		return status;
	ev_io_init(&gateway->stop, on_stop, service_stop_fd(), EV_READ);
	ev_timer_init(&gateway->tick, on_tick, tick, tick);
	gateway->stop.data = gateway->tick.data = gateway;
	ev_io_start(gateway->loop, &gateway->stop);
	ev_timer_start(gateway->loop, &gateway->tick);
	return ITN_OK;
}

static void finish(struct gateway *gateway)
{
	ev_io_stop(gateway->loop, &gateway->stop);
	ev_timer_stop(gateway->loop, &gateway->tick);
	accept_free(gateway->accept);
	follow_free(gateway->follow);
	ws_free(gateway->ws);
	hub_release(&gateway->hub);
	ev_loop_destroy(gateway->loop);
}

void gateway_labels(void)
{
	session_labels();
}

int gateway_run(const struct config *config)
{
	struct gateway gateway = { .config = config };
	struct error error = { "" };
	limit_descriptors(config->clients_max);
	gateway.loop = ev_loop_new(EVFLAG_AUTO);
	if (!gateway.loop) {
		log_error("no event loop");
		return EX_OSERR;
	}
	hub_init(&gateway.hub, config);
	enum itn_status status = start(&gateway, &error);
	if (status == ITN_OK)
		ev_run(gateway.loop, 0);
	else
		log_error("can't start", LOG_CSTR("why", error.text));
	finish(&gateway);
	if (status == ITN_OK)
		return EX_OK;
	return status == ITN_INVALID ? EX_CONFIG : EX_UNAVAILABLE;
}
