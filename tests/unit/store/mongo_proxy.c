#include "mongo_proxy.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/memory.h"

#define HEADER      16
#define MESSAGE_MAX (64 << 20)
#define OP_MSG      2013
/* An OP_MSG's body begins behind flags, section kind, and the document's length and first type. */
#define COMMAND_AT (HEADER + 4 + 1 + 4 + 1)

struct link {
	struct mongo_proxy *proxy;
	int client, server;
	enum proxy_fault fault; /* of the reply that comes next */
	bool late;              /* the server has yet to answer a command that hung */
	int ends;               /* of its two threads */
	LIST_ENTRY(link) entry;
};

struct mongo_proxy {
	int listener;
	char uri[64];
	struct sockaddr_in server;
	pthread_t thread;

	pthread_mutex_t mutex; /* of all that follows */
	pthread_cond_t changed;
	LIST_HEAD(, link) links;
	int threads;
	bool stop;
	enum proxy_mode mode;
	char command[32];
	enum proxy_fault fault;
	int times, spoiled, late;
	struct proxy_seen seen;
};

static bool read_all(int fd, char *to, size_t len)
{
	for (size_t got = 0; got < len;) {
		ssize_t n = recv(fd, to + got, len - got, 0);
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

static bool write_all(int fd, const char *from, size_t len)
{
	for (size_t put = 0; put < len;) {
		ssize_t n = send(fd, from + put, len - put, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		put += (size_t)n;
	}
	return true;
}

static uint32_t number_at(const char *bytes)
{
	uint32_t n;
	memcpy(&n, bytes, sizeof(n));
	return le32toh(n);
}

/* A whole message, or NULL at the end of the connection. */
static char *message_read(int fd, size_t *ret_len)
{
	char header[HEADER];
	if (!read_all(fd, header, sizeof(header)))
		return NULL;
	size_t len = number_at(header);
	if (len < HEADER || len > MESSAGE_MAX)
		return NULL;
	char *message = memory_alloc(len + 1);
	memcpy(message, header, HEADER);
	message[len] = '\0';
	if (!read_all(fd, message + HEADER, len - HEADER)) {
		free(message);
		return NULL;
	}
	*ret_len = len;
	return message;
}

static const char *command_of(const char *message, size_t len)
{
	return number_at(message + 12) == OP_MSG && len > COMMAND_AT ? message + COMMAND_AT : "";
}

static bool has(const char *message, size_t len, const char *name, size_t name_len)
{
	return memmem(message, len, name, name_len) != NULL;
}

/* Literals with their NUL: names of members and values of texts end with it. */
#define HAS(message, len, literal) has(message, len, literal, sizeof(literal))

static bool is_one_of(const char *command, const char *const *names)
{
	for (; *names; names++)
		if (!strcmp(command, *names))
			return true;
	return false;
}

static void watch(struct mongo_proxy *proxy, const char *message, size_t len)
{
	static const char *const writes[] = { "insert", "update", "delete", "findAndModify", NULL };
	static const char *const reads[] = { "find", "aggregate", NULL };
	const char *command = command_of(message, len);
	bool inside = HAS(message, len, "autocommit"), careful;
	if (!strcmp(command, "commitTransaction") || (!inside && is_one_of(command, writes))) {
		*(inside ? &proxy->seen.commits : &proxy->seen.writes) += 1;
		careful = HAS(message, len, "writeConcern") && HAS(message, len, "majority") &&
			  has(message, len, "\x08j\0\x01", 4) && HAS(message, len, "wtimeout");
	} else if (!inside && is_one_of(command, reads)) {
		proxy->seen.reads++;
		careful = HAS(message, len, "readConcern") && HAS(message, len, "majority");
	} else {
		return;
	}
	if (careful)
		return;
	proxy->seen.careless++;
	snprintf(proxy->seen.careless_command, sizeof(proxy->seen.careless_command), "%s", command);
}

static void link_cut(struct link *link)
{
	shutdown(link->client, SHUT_RDWR);
	shutdown(link->server, SHUT_RDWR);
}

/* Waits while `hang` or the mode want it; false when the link is to end. With the mutex held. */
static bool link_may_go_on(struct link *link, bool hang)
{
	struct mongo_proxy *proxy = link->proxy;
	while (!proxy->stop && (proxy->mode == PROXY_FROZEN || (hang && proxy->fault != FAULT_NONE)))
		pthread_cond_wait(&proxy->changed, &proxy->mutex);
	return !proxy->stop && proxy->mode == PROXY_PASS;
}

/* What shall become of a command. */
static bool command_passes(struct link *link, const char *message, size_t len)
{
	struct mongo_proxy *proxy = link->proxy;
	pthread_mutex_lock(&proxy->mutex);
	watch(proxy, message, len);
	enum proxy_fault fault = FAULT_NONE;
	if (proxy->times > 0 && !strcmp(command_of(message, len), proxy->command)) {
		proxy->times--;
		proxy->spoiled++;
		fault = proxy->fault;
		pthread_cond_broadcast(&proxy->changed);
	}
	if (fault == HANG_BEFORE) {
		link->late = true;
		proxy->late++;
	}
	bool pass = fault != CUT_BEFORE && link_may_go_on(link, fault == HANG_BEFORE);
	if (fault == CUT_AFTER || fault == HANG_AFTER)
		link->fault = fault;
	pthread_mutex_unlock(&proxy->mutex);
	return pass;
}

/* With the mutex held. */
static void late_no_more(struct link *link)
{
	link->proxy->late -= link->late;
	link->late = false;
	pthread_cond_broadcast(&link->proxy->changed);
}

static bool reply_passes(struct link *link)
{
	pthread_mutex_lock(&link->proxy->mutex);
	late_no_more(link);
	bool pass = link->fault != CUT_AFTER && link_may_go_on(link, link->fault == HANG_AFTER);
	link->fault = FAULT_NONE;
	pthread_mutex_unlock(&link->proxy->mutex);
	return pass;
}

static void link_leave(struct link *link)
{
	struct mongo_proxy *proxy = link->proxy;
	link_cut(link);
	pthread_mutex_lock(&proxy->mutex);
	if (--link->ends == 0) {
		late_no_more(link);
		LIST_REMOVE(link, entry);
		close(link->client);
		close(link->server);
		free(link);
	}
	proxy->threads--;
	pthread_cond_broadcast(&proxy->changed);
	pthread_mutex_unlock(&proxy->mutex);
}

static void *commands_main(void *arg)
{
	struct link *link = arg;
	size_t len;
	for (char *message; (message = message_read(link->client, &len));) {
		bool well = command_passes(link, message, len) && write_all(link->server, message, len);
		free(message);
		if (!well)
			break;
	}
	link_leave(link);
	return NULL;
}

static void *replies_main(void *arg)
{
	struct link *link = arg;
	size_t len;
	for (char *message; (message = message_read(link->server, &len));) {
		bool well = reply_passes(link) && write_all(link->client, message, len);
		free(message);
		if (!well)
			break;
	}
	link_leave(link);
	return NULL;
}

static void thread_start(void *(*run)(void *), struct link *link)
{
	pthread_t thread;
	if (pthread_create(&thread, NULL, run, link))
		abort();
	pthread_detach(thread);
}

static void link_start(struct mongo_proxy *proxy, int client)
{
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_mutex_lock(&proxy->mutex);
	bool away = proxy->stop || proxy->mode == PROXY_AWAY;
	if (away || connect(server, (struct sockaddr *)&proxy->server, sizeof(proxy->server))) {
		close(server);
		close(client);
	} else {
		struct link *link = memory_calloc(1, sizeof(*link));
		*link = (struct link){ .proxy = proxy, .client = client, .server = server, .ends = 2 };
		LIST_INSERT_HEAD(&proxy->links, link, entry);
		proxy->threads += 2;
		thread_start(commands_main, link);
		thread_start(replies_main, link);
	}
	pthread_mutex_unlock(&proxy->mutex);
}

static void *proxy_main(void *arg)
{
	struct mongo_proxy *proxy = arg;
	for (int client; (client = accept4(proxy->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0;)
		link_start(proxy, client);
	return NULL;
}

static void server_find(struct mongo_proxy *proxy, const char *uri)
{
	char host[128], port[8];
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_STREAM }, *found;
	if (sscanf(uri, "mongodb://%127[^:/]:%7[0-9]", host, port) != 2 || getaddrinfo(host, port, &hints, &found)) {
		fprintf(stderr, "the proxy needs mongodb://HOST:PORT, not %s\n", uri);
		abort();
	}
	memcpy(&proxy->server, found->ai_addr, sizeof(proxy->server));
	freeaddrinfo(found);
}

struct mongo_proxy *proxy_start(const char *server_uri)
{
	struct mongo_proxy *proxy = memory_calloc(1, sizeof(*proxy));
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(own);
	server_find(proxy, server_uri);
	pthread_mutex_init(&proxy->mutex, NULL);
	pthread_cond_init(&proxy->changed, NULL);
	LIST_INIT(&proxy->links);
	proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(proxy->listener, (struct sockaddr *)&own, len) || listen(proxy->listener, 256) ||
	    getsockname(proxy->listener, (struct sockaddr *)&own, &len) ||
	    pthread_create(&proxy->thread, NULL, proxy_main, proxy))
		abort();
	snprintf(proxy->uri, sizeof(proxy->uri), "mongodb://127.0.0.1:%u/", ntohs(own.sin_port));
	return proxy;
}

static void links_cut(struct mongo_proxy *proxy)
{
	struct link *link;
	LIST_FOREACH(link, &proxy->links, entry)
	link_cut(link);
}

void proxy_stop(struct mongo_proxy *proxy)
{
	shutdown(proxy->listener, SHUT_RDWR);
	pthread_join(proxy->thread, NULL);
	close(proxy->listener);
	pthread_mutex_lock(&proxy->mutex);
	proxy->stop = true;
	links_cut(proxy);
	pthread_cond_broadcast(&proxy->changed);
	while (proxy->threads)
		pthread_cond_wait(&proxy->changed, &proxy->mutex);
	pthread_mutex_unlock(&proxy->mutex);
	pthread_cond_destroy(&proxy->changed);
	pthread_mutex_destroy(&proxy->mutex);
	free(proxy);
}

const char *proxy_uri(const struct mongo_proxy *proxy)
{
	return proxy->uri;
}

void proxy_spoil(struct mongo_proxy *proxy, const char *command, enum proxy_fault fault, int times)
{
	pthread_mutex_lock(&proxy->mutex);
	snprintf(proxy->command, sizeof(proxy->command), "%s", command);
	proxy->fault = fault;
	proxy->times = times;
	proxy->spoiled = 0;
	pthread_cond_broadcast(&proxy->changed);
	pthread_mutex_unlock(&proxy->mutex);
}

int proxy_spoiled(struct mongo_proxy *proxy)
{
	pthread_mutex_lock(&proxy->mutex);
	int spoiled = proxy->spoiled;
	pthread_mutex_unlock(&proxy->mutex);
	return spoiled;
}

void proxy_release(struct mongo_proxy *proxy)
{
	proxy_spoil(proxy, "", FAULT_NONE, 0);
	pthread_mutex_lock(&proxy->mutex);
	while (proxy->late)
		pthread_cond_wait(&proxy->changed, &proxy->mutex);
	pthread_mutex_unlock(&proxy->mutex);
}

void proxy_set_mode(struct mongo_proxy *proxy, enum proxy_mode mode)
{
	pthread_mutex_lock(&proxy->mutex);
	proxy->mode = mode;
	if (mode == PROXY_AWAY)
		links_cut(proxy);
	pthread_cond_broadcast(&proxy->changed);
	pthread_mutex_unlock(&proxy->mutex);
}

struct proxy_seen proxy_seen(struct mongo_proxy *proxy)
{
	pthread_mutex_lock(&proxy->mutex);
	struct proxy_seen seen = proxy->seen;
	pthread_mutex_unlock(&proxy->mutex);
	return seen;
}
