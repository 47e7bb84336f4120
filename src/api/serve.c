#include "api/serve.h"

#include <fcntl.h>
#include <string.h>
#include <sysexits.h>

#include "core/log.h"
#include "core/net.h"
#include "core/service.h"
#include "http/fcgi.h"

#define FIRST_INHERITED_FD 3
#define BACKLOG            1024
/** A request that changes something reads, writes, and reads back what became of it; each call may take the store's whole
 *  timeout. What waits longer on purpose never holds more than a part of the threads (waiter.h). */
#define STORE_CALLS 3

struct listening {
	int fds[FCGI_LISTEN_MAX];
	size_t count;
	struct net_address address;
};

static enum itn_status inherit_sockets(struct listening *listening, struct error *error)
{
	int count = service_inherited_sockets();
	if (count < 1 || count > FCGI_LISTEN_MAX)
		return error_set(error, ITN_INVALID, "1 to %d sockets must be passed, not %d", FCGI_LISTEN_MAX, count);
	for (int i = 0; i < count; i++) {
		int fd = FIRST_INHERITED_FD + i;
		int flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
			return error_set(error, ITN_FAILED, "the passed socket %d can't be used", fd);
		listening->fds[listening->count++] = fd;
	}
	return ITN_OK;
}

static enum itn_status open_sockets(const struct config *config, struct listening *listening, struct error *error)
{
	if (strcmp(config->api_listen, "inherited") == 0)
		return inherit_sockets(listening, error);
	enum itn_status status = net_address_parse(config->api_listen, &listening->address, error);
	if (status == ITN_OK)
		status = net_listen(&listening->address, BACKLOG, (unsigned)config->socket_mode,
				    &listening->fds[0], error);
	if (status == ITN_OK)
		listening->count = 1;
	return status;
}

static void answer(void *context, struct http_request *req, struct http_response *res)
{
	router_answer(context, req, res);
}

static struct fcgi_settings settings_of(const struct config *config, const struct listening *listening)
{
	return (struct fcgi_settings){
		.listen_fds = listening->fds,
		.listen_count = listening->count,
		.unlink_path = listening->address.is_unix ? listening->address.host : NULL,
		.tcp_peers = config->api_peers,
		.threads = (unsigned)config->threads,
		.connections = (unsigned)config->connections,
		.body_max = config->body_max,
		.peer_timeout_ms = config->peer_timeout_ms,
		.drain_ms = config->drain_ms,
		.tick = service_alive,
		.stuck_ms = STORE_CALLS * config->store_timeout_ms,
		.answer = answer,
	};
}

int api_serve(struct api *api)
{
	const struct config *config = api->config;
	bool no_cors = strcmp(config->cors_origins, "none") == 0;
	struct router router = { api_routes, api_route_count, api, config->body_max, no_cors ? "" : config->cors_origins };
	struct listening listening = { 0 };
	struct fcgi_server *server;
	struct error error = { 0 };
	if (open_sockets(config, &listening, &error) != ITN_OK) {
		log_error("can't listen", LOG_CSTR("address", config->api_listen), LOG_CSTR("error", error.text));
		return EX_UNAVAILABLE;
	}
	struct fcgi_settings settings = settings_of(config, &listening);
	settings.context = &router;
	if (fcgi_server_new(&settings, &server, &error) != ITN_OK) {
		log_error("can't serve", LOG_CSTR("error", error.text));
		return EX_OSERR;
	}
	service_ready(config->api_listen);
	fcgi_server_run(server, service_stop_fd());
	fcgi_server_free(server);
	return EX_OK;
}
