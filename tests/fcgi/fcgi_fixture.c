#include "fcgi_fixture.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/net.h"

#define BODY_MAX 100000

_Atomic unsigned fixture_ticks;

static void count_tick(void)
{
	atomic_fetch_add(&fixture_ticks, 1);
}

static void require(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "fixture: %s\n", what);
	abort();
}

static void hold(struct fixture *fixture)
{
	pthread_mutex_lock(&fixture->lock);
	fixture->holding++;
	pthread_cond_broadcast(&fixture->changed);
	while (!fixture->let_go)
		pthread_cond_wait(&fixture->changed, &fixture->lock);
	fixture->holding--;
	pthread_mutex_unlock(&fixture->lock);
}

static size_t number_behind(struct str path, const char *prefix)
{
	char text[32] = "";
	size_t len = strlen(prefix);
	if (path.len < len || path.len - len >= sizeof(text) || memcmp(path.ptr, prefix, len) != 0)
		return SIZE_MAX;
	memcpy(text, path.ptr + len, path.len - len);
	return (size_t)strtoull(text, NULL, 10);
}

static void stream(struct fixture *fixture, struct http_response *res, size_t count)
{
	char block[1000];
	memset(block, 's', sizeof(block));
	http_set(res, "Content-Type", STR("text/plain"));
	if (!http_stream_begin(res, 200))
		return;
	while (count > 0) {
		size_t part = count < sizeof(block) ? count : sizeof(block);
		if (!http_stream_write(res, (struct str){ block, part })) {
			atomic_fetch_add(&fixture->gone, 1);
			return;
		}
		count -= part;
	}
}

static void answer(void *context, struct http_request *req, struct http_response *res)
{
	struct fixture *fixture = context;
	size_t bytes = number_behind(req->path, "/bytes/");
	size_t streamed = number_behind(req->path, "/stream/");
	if (streamed != SIZE_MAX) {
		stream(fixture, res, streamed);
		return;
	}
	if (str_eq(req->path, STR("/hold")))
		hold(fixture);
	if (str_eq(req->path, STR("/abort"))) {
		stream(fixture, res, 2 * HTTP_CHUNK);
		http_stream_abort(res);
		return;
	}
	http_set(res, "Content-Type", STR("text/plain"));
	if (bytes != SIZE_MAX)
		for (size_t i = 0; i < bytes; i++)
			buf_add_char(&res->body, (char)('a' + i % 26));
	else if (str_eq(req->path, STR("/echo")))
		buf_add_str(&res->body, req->body);
	else if (str_eq(req->path, STR("/flags")))
		buf_printf(&res->body, "%s %s", req->body_too_large ? "large" : "-", req->body_broken ? "broken" : "-");
	else
		buf_add_cstr(&res->body, "ok");
}

static void *run(void *context)
{
	struct fixture *fixture = context;
	fcgi_server_run(fixture->server, fixture->stop_fd);
	atomic_store(&fixture->ended, true);
	return NULL;
}

static int listen_on(const char *text, struct fixture *fixture)
{
	struct net_address address;
	struct error error;
	int fd = -1;
	struct sockaddr_in bound = { 0 };
	socklen_t len = sizeof(bound);
	require(net_address_parse(text, &address, &error) == ITN_OK, "address");
	require(net_listen(&address, 64, 0600, &fd, &error) == ITN_OK, "listen");
	if (!address.is_unix && getsockname(fd, (struct sockaddr *)&bound, &len) == 0)
		fixture->port = ntohs(bound.sin_port);
	return fd;
}

void fixture_start(struct fixture *fixture, struct fixture_options options)
{
	struct error error = { 0 };
	char text[128];
	int fds[2];
	*fixture = (struct fixture){ .folder = "/tmp/itn-fcgi-XXXXXX" };
	pthread_mutex_init(&fixture->lock, NULL);
	pthread_cond_init(&fixture->changed, NULL);
	require(mkdtemp(fixture->folder) != NULL, "folder");
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/s", fixture->folder);
	(void)snprintf(text, sizeof(text), "unix:%s", fixture->path);
	fds[0] = listen_on(text, fixture);
	if (options.tcp_peers)
		fds[1] = listen_on("127.0.0.1:0", fixture);
	fixture->stop_fd = eventfd(0, EFD_CLOEXEC);
	struct fcgi_settings settings = {
		.listen_fds = fds,
		.listen_count = options.tcp_peers ? 2 : 1,
		.unlink_path = options.inherited ? NULL : fixture->path,
		.tcp_peers = options.tcp_peers,
		.threads = options.threads ? options.threads : 2,
		.connections = options.connections ? options.connections : 64,
		.body_max = BODY_MAX,
		.peer_timeout_ms = options.peer_timeout_ms ? options.peer_timeout_ms : 10000,
		.drain_ms = options.drain_ms,
		.tick = count_tick,
		.stuck_ms = options.stuck_ms,
		.answer = answer,
		.context = fixture,
	};
	require(fcgi_server_new(&settings, &fixture->server, &error) == ITN_OK, error.text);
	require(pthread_create(&fixture->thread, NULL, run, fixture) == 0, "thread");
}

void fixture_stop(struct fixture *fixture)
{
	uint64_t one = 1;
	require(write(fixture->stop_fd, &one, sizeof(one)) == sizeof(one), "stop");
}

void fixture_end(struct fixture *fixture)
{
	fixture_stop(fixture);
	pthread_join(fixture->thread, NULL);
	fcgi_server_free(fixture->server);
	require(access(fixture->path, F_OK) != 0, "the socket is still there");
	require(rmdir(fixture->folder) == 0, "folder not empty");
	close(fixture->stop_fd);
	pthread_mutex_destroy(&fixture->lock);
	pthread_cond_destroy(&fixture->changed);
}

void fixture_wait_holding(struct fixture *fixture, unsigned count)
{
	pthread_mutex_lock(&fixture->lock);
	while (fixture->holding < count)
		pthread_cond_wait(&fixture->changed, &fixture->lock);
	pthread_mutex_unlock(&fixture->lock);
}

void fixture_let_go(struct fixture *fixture)
{
	pthread_mutex_lock(&fixture->lock);
	fixture->let_go = true;
	pthread_cond_broadcast(&fixture->changed);
	pthread_mutex_unlock(&fixture->lock);
}

bool fixture_serves(struct fixture *fixture)
{
	struct client client = client_connect(fixture->path);
	struct client_answer answer;
	bool ok = client_request(&client, 1, false, "GET", "/", STR("")) && client_answer(&client, &answer);
	ok = ok && answer.status == 200 && strcmp(answer.body, "ok") == 0 && client_closed(&client);
	client_answer_free(&answer);
	client_close(&client);
	return ok;
}
