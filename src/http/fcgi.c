#include "http/fcgi.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/metrics.h"
#include "http/fcgi_conn.h"
#include "http/fcgi_pool.h"

#define EVENTS       (EPOLLIN | EPOLLRDHUP | EPOLLET)
#define STOP_TOKEN   UINT64_MAX
#define SWEEP_MS_MAX 250
/** How long nothing is accepted after accept() failed, for want of file descriptors mostly. */
#define PAUSE_MS     100
/** How long a peer may take an answer once the drain is over. */
#define END_PATIENCE_MS 2000
/** File descriptors that the process needs besides its connections. */
#define OTHER_FILES  256
#define ARENA_FIRST  ((size_t)16 * 1024)

struct thread {
	pthread_t id;
	struct fcgi_server *server;
	struct fcgi_worker worker;
};

struct fcgi_server {
	struct fcgi_settings settings;
	int listen_fds[FCGI_LISTEN_MAX];
	size_t listening; /**< the first so many of listen_fds are open */
	struct fcgi_pool pool;
	int epoll_fd;
	int notify_fd; /**< wakes the accepting thread: a connection or a thread ended */
	int end_fd;    /**< readable in every epoll_wait() once the threads are to end */
	_Atomic bool draining;
	struct fcgi_streams streams;
	_Atomic unsigned alive;
	unsigned started;
	struct thread *threads;
	int64_t pause_until;
	bool has_path;
	dev_t path_device;
	ino_t path_inode;
};

static void serve_event(struct thread *thread, const struct epoll_event *event)
{
	struct fcgi_server *server = thread->server;
	bool hung_up = event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
	struct fcgi_conn *conn = fcgi_pool_claim(&server->pool, event->data.u64);
	if (!conn)
		return;
	for (;;) {
		enum fcgi_verdict verdict = fcgi_conn_serve(&thread->worker, conn, hung_up);
		if (verdict == FCGI_CLOSE) {
			fcgi_pool_close(&server->pool, conn);
			return;
		}
		int fd = conn->fd;
		struct epoll_event again = { .events = EVENTS, .data.u64 = event->data.u64 };
		bool released = fcgi_conn_release(conn);
		if (released && verdict == FCGI_YIELD)
			(void)epoll_ctl(server->epoll_fd, EPOLL_CTL_MOD, fd, &again);
		if (released)
			return;
		hung_up = true;
	}
}

static void *thread_main(void *context)
{
	struct thread *thread = context;
	struct fcgi_server *server = thread->server;
	for (;;) {
		struct epoll_event event;
		int count = epoll_wait(server->epoll_fd, &event, 1, -1);
		if (count < 1)
			continue;
		if (event.data.u64 == STOP_TOKEN)
			break;
		fcgi_worker_progress(&thread->worker, clock_monotonic_ms());
		serve_event(thread, &event);
		fcgi_worker_progress(&thread->worker, 0);
	}
	uint64_t one = 1;
	atomic_fetch_sub(&server->alive, 1);
	(void)!write(server->notify_fd, &one, sizeof(one));
	return NULL;
}

static void free_worker(struct fcgi_worker *worker)
{
	fcgi_app_free(worker->app);
	arena_free(worker->arena);
	http_response_free(&worker->res);
	free(worker->scratch);
}

static enum itn_status start_thread(struct fcgi_server *server, struct thread *thread, struct error *error)
{
	struct fcgi_worker *worker = &thread->worker;
	thread->server = server;
	worker->settings = &server->settings;
	worker->draining = &server->draining;
	worker->streams = &server->streams;
	enum itn_status status = fcgi_app_new(&worker->app, error);
	if (status != ITN_OK)
		return status;
	worker->arena = arena_new(ARENA_FIRST);
	worker->scratch = memory_alloc(FCGI_READ_SIZE);
	atomic_fetch_add(&server->alive, 1);
	int code = pthread_create(&thread->id, NULL, thread_main, thread);
	if (code == 0)
		return ITN_OK;
	atomic_fetch_sub(&server->alive, 1);
	free_worker(worker);
	return error_set(error, ITN_FAILED, "can't start a thread: %s", strerror(code));
}

static enum itn_status start_threads(struct fcgi_server *server, struct error *error)
{
	unsigned count = server->settings.threads;
	enum itn_status status = fcgi_app_set_up(error);
	server->threads = memory_calloc(count, sizeof(*server->threads));
	server->streams.max = count > 1 ? count / 2 : 1;
	while (status == ITN_OK && server->started < count) {
		status = start_thread(server, &server->threads[server->started], error);
		server->started += status == ITN_OK;
	}
	return status;
}

static enum itn_status open_queues(struct fcgi_server *server, struct error *error)
{
	struct epoll_event stop = { .events = EPOLLIN, .data.u64 = STOP_TOKEN };
	server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	server->notify_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->epoll_fd < 0 || server->notify_fd < 0 || server->end_fd < 0 ||
	    epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, server->end_fd, &stop) < 0)
		return error_set(error, ITN_FAILED, "can't make an epoll: %s", strerror(errno));
	return ITN_OK;
}

/** Each thread has a pipe. */
static void raise_file_limit(const struct fcgi_settings *settings)
{
	struct rlimit limit;
	rlim_t wanted = (rlim_t)settings->connections + 2 * (rlim_t)settings->threads + OTHER_FILES;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

enum itn_status fcgi_server_new(const struct fcgi_settings *settings, struct fcgi_server **ret, struct error *error)
{
	struct fcgi_server *server = memory_calloc(1, sizeof(*server));
	struct stat path;
	server->settings = *settings;
	server->listening = settings->listen_count < FCGI_LISTEN_MAX ? settings->listen_count : FCGI_LISTEN_MAX;
	memcpy(server->listen_fds, settings->listen_fds, server->listening * sizeof(int));
	if (settings->unlink_path && stat(settings->unlink_path, &path) == 0) {
		server->has_path = true;
		server->path_device = path.st_dev;
		server->path_inode = path.st_ino;
	}
	raise_file_limit(settings);
	enum itn_status status = open_queues(server, error);
	fcgi_pool_init(&server->pool, settings->connections, settings->body_max, server->notify_fd);
	if (status == ITN_OK)
		status = start_threads(server, error);
	if (status != ITN_OK) {
		fcgi_server_free(server);
		return status;
	}
	*ret = server;
	return ITN_OK;
}

static bool listed(const char *list, const char *address)
{
	size_t len = strlen(address);
	for (const char *at = list; at && *at; at = strchr(at, ',')) {
		at += strspn(at, ", ");
		if (strncmp(at, address, len) == 0 && strchr(", ", at[len]))
			return true;
	}
	return false;
}

/** Unix peers are let in by the socket's permission bits, TCP peers by the list. */
static bool may_connect(const struct fcgi_server *server, const struct sockaddr_storage *peer)
{
	char text[INET6_ADDRSTRLEN] = "";
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)peer;
	if (peer->ss_family == AF_UNIX)
		return true;
	if (peer->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, text, sizeof(text));
	else if (peer->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
		inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], text, sizeof(text));
	else if (peer->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
	if (text[0] && listed(server->settings.tcp_peers, text))
		return true;
	log_warn("connection refused: the peer is not listed", LOG_CSTR("peer", text));
	return false;
}

static void add_connection(struct fcgi_server *server, int fd, int family)
{
	int on = 1;
	int64_t deadline = clock_monotonic_ms() + (int64_t)server->settings.peer_timeout_ms;
	if (family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	struct fcgi_conn *conn = fcgi_pool_open(&server->pool, fd, deadline);
	if (!conn) {
		close(fd);
		return;
	}
	uint64_t token = fcgi_conn_token(&server->pool, conn);
	struct epoll_event event = { .events = EVENTS, .data.u64 = token };
	if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return;
	log_error("can't watch a connection", LOG_INT("errno", errno));
	if (fcgi_pool_claim(&server->pool, token))
		fcgi_pool_close(&server->pool, conn);
}

static bool has_room(const struct fcgi_server *server)
{
	return atomic_load(&server->pool.open) < server->pool.max && clock_monotonic_ms() >= server->pause_until;
}

/** Takes what waits. True when nothing waits any more, false when there was no room for more. */
static bool accept_waiting(struct fcgi_server *server, int listen_fd)
{
	while (has_room(server)) {
		struct sockaddr_storage peer = { 0 };
		socklen_t len = sizeof(peer);
		int fd = accept4(listen_fd, (struct sockaddr *)&peer, &len, SOCK_CLOEXEC);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno == EAGAIN)
			return true;
		if (fd < 0) {
			log_error("can't accept a connection", LOG_INT("errno", errno));
			server->pause_until = clock_monotonic_ms() + PAUSE_MS;
		} else if (may_connect(server, &peer)) {
			add_connection(server, fd, peer.ss_family);
		} else {
			close(fd);
		}
	}
	return false;
}

/** Waits for connections, a closed one, or the next sweep. */
static void wait_and_accept(struct fcgi_server *server, int stop_fd, int timeout_ms)
{
	struct pollfd fds[FCGI_LISTEN_MAX + 2] = {
		{ .fd = server->notify_fd, .events = POLLIN },
		{ .fd = stop_fd, .events = POLLIN },
	};
	bool room = has_room(server);
	atomic_store(&server->pool.watched, !room || atomic_load(&server->draining));
	room = room || has_room(server);
	for (size_t i = 0; i < server->listening; i++)
		fds[i + 2] = (struct pollfd){ .fd = room ? server->listen_fds[i] : -1, .events = POLLIN };
	int count = poll(fds, 2 + server->listening, timeout_ms);
	uint64_t ignored;
	if (count > 0 && fds[0].revents)
		(void)!read(server->notify_fd, &ignored, sizeof(ignored));
	for (size_t i = 0; count > 0 && i < server->listening; i++)
		if (fds[i + 2].revents)
			(void)accept_waiting(server, server->listen_fds[i]);
}

static int sweep_interval(const struct fcgi_server *server)
{
	uint64_t interval = server->settings.peer_timeout_ms / 8 + 1;
	return interval > SWEEP_MS_MAX ? SWEEP_MS_MAX : (int)interval;
}

static bool is_stopping(int stop_fd)
{
	struct pollfd fd = { .fd = stop_fd, .events = POLLIN };
	return poll(&fd, 1, 0) > 0;
}

/** Whether a thread is free, or one of them got on lately. */
static bool makes_progress(const struct fcgi_server *server, int64_t now)
{
	for (unsigned i = 0; i < server->started; i++) {
		int64_t last = atomic_load_explicit(&server->threads[i].worker.progress, memory_order_relaxed);
		if (last == 0 || now - last <= (int64_t)server->settings.stuck_ms)
			return true;
	}
	return false;
}

static void tick(struct fcgi_server *server, int64_t now)
{
	metrics_set(METRIC_HTTP_CONNECTIONS, fcgi_server_connections(server));
	metrics_set(METRIC_HTTP_BUSY, fcgi_server_busy(server));
	if (server->settings.tick && makes_progress(server, now))
		server->settings.tick();
}

static void unlink_path(const struct fcgi_server *server)
{
	struct stat now;
	const char *path = server->settings.unlink_path;
	if (server->has_path && stat(path, &now) == 0 && now.st_dev == server->path_device &&
	    now.st_ino == server->path_inode)
		(void)unlink(path);
}

/** Closes each listening socket once its backlog is empty. */
static void stop_listening(struct fcgi_server *server)
{
	while (server->listening > 0 && accept_waiting(server, server->listen_fds[server->listening - 1]))
		close(server->listen_fds[--server->listening]);
}

static void drain(struct fcgi_server *server)
{
	int64_t end = clock_monotonic_ms() + (int64_t)server->settings.drain_ms;
	atomic_store(&server->draining, true);
	server->pool.late = true;
	unlink_path(server);
	for (;;) {
		if (server->has_path || atomic_load(&server->pool.open_early) == 0)
			stop_listening(server);
		int64_t now = clock_monotonic_ms();
		if (now >= end || (server->listening == 0 && atomic_load(&server->pool.open) == 0))
			break;
		int64_t left = end - now;
		int interval = sweep_interval(server);
		wait_and_accept(server, -1, left < interval ? (int)left : interval);
		fcgi_pool_sweep(&server->pool, clock_monotonic_ms(), false);
		tick(server, now);
	}
	while (server->listening > 0)
		close(server->listen_fds[--server->listening]);
}

/** Ends the threads; what they are answering is answered, if its peer takes it within END_PATIENCE_MS. */
static void end_threads(struct fcgi_server *server)
{
	uint64_t one = 1;
	int64_t patience_ends = clock_monotonic_ms() + END_PATIENCE_MS;
	(void)!write(server->end_fd, &one, sizeof(one));
	while (atomic_load(&server->alive) > 0) {
		int64_t now = clock_monotonic_ms();
		fcgi_pool_sweep(&server->pool, now < patience_ends ? now : INT64_MAX, true);
		wait_and_accept(server, -1, sweep_interval(server));
	}
	for (unsigned i = 0; i < server->started; i++) {
		pthread_join(server->threads[i].id, NULL);
		free_worker(&server->threads[i].worker);
	}
	server->started = 0;
}

void fcgi_server_run(struct fcgi_server *server, int stop_fd)
{
	int64_t sweep_at = 0;
	while (!is_stopping(stop_fd)) {
		wait_and_accept(server, stop_fd, sweep_interval(server));
		int64_t now = clock_monotonic_ms();
		if (now < sweep_at)
			continue;
		fcgi_pool_sweep(&server->pool, now, false);
		tick(server, now);
		sweep_at = now + sweep_interval(server);
	}
	drain(server);
	end_threads(server);
}

void fcgi_server_free(struct fcgi_server *server)
{
	if (!server)
		return;
	end_threads(server);
	while (server->listening > 0)
		close(server->listen_fds[--server->listening]);
	fcgi_pool_free(&server->pool);
	close(server->epoll_fd);
	close(server->notify_fd);
	close(server->end_fd);
	free(server->threads);
	free(server);
}

unsigned fcgi_server_connections(const struct fcgi_server *server)
{
	return atomic_load(&server->pool.open);
}

unsigned fcgi_server_busy(const struct fcgi_server *server)
{
	unsigned busy = 0;
	for (unsigned i = 0; i < server->started; i++)
		busy += atomic_load_explicit(&server->threads[i].worker.progress, memory_order_relaxed) != 0;
	return busy;
}
