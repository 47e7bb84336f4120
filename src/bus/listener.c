#include "bus/listener.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bus/link.h"
#include "core/clock.h"
#include "core/metrics.h"

struct bus_listener {
	struct bus_redis redis;
	const char *channel;
	pthread_t thread;
	int heard_fd;
	int stop_fd;
	atomic_bool connected;
	struct bus_backoff backoff; /**< the thread's, like what follows */
	redisContext *link;
	bool pinged;
	int64_t deadline_ms; /**< of the answer awaited, or of the next PING */
};

static void hear(struct bus_listener *listener)
{
	eventfd_write(listener->heard_fd, 1);
}

static void link_close(struct bus_listener *listener)
{
	redisFree(listener->link);
	listener->link = NULL;
	metrics_set(METRIC_REDIS_CONNECTED, false);
	if (atomic_exchange(&listener->connected, false))
		hear(listener);
}

/** Returns false when the end was asked for. */
static bool wait_until(struct bus_listener *listener, int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_monotonic_ms();
	struct pollfd fds[] = {
		{ .fd = listener->stop_fd, .events = POLLIN },
		{ .fd = listener->link ? listener->link->fd : -1, .events = POLLIN },
	};
	if (poll(fds, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
		return false;
	return !fds[0].revents;
}

static bool say(struct bus_listener *listener, const char *command, const char *argument)
{
	int done = 0;
	if (argument)
		redisAppendCommand(listener->link, "%s %s", command, argument);
	else
		redisAppendCommand(listener->link, command);
	while (!done) {
		if (redisBufferWrite(listener->link, &done) != REDIS_OK)
			return false;
	}
	listener->deadline_ms = clock_monotonic_ms() + BUS_COMMAND_MS;
	return true;
}

static bool take_reply(struct bus_listener *listener, const redisReply *reply)
{
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 || reply->element[0]->type != REDIS_REPLY_STRING)
		return false;
	const char *kind = reply->element[0]->str;
	if (strcmp(kind, "subscribe") == 0) {
		bus_backoff_reset(&listener->backoff);
		atomic_store(&listener->connected, true);
		metrics_set(METRIC_REDIS_CONNECTED, true);
		hear(listener);
	} else if (strcmp(kind, "message") == 0) {
		hear(listener);
	}
	if (atomic_load(&listener->connected)) {
		listener->pinged = false;
		listener->deadline_ms = clock_monotonic_ms() + BUS_PING_MS;
	}
	return true;
}

static bool take_replies(struct bus_listener *listener)
{
	if (redisBufferRead(listener->link) != REDIS_OK)
		return false;
	for (;;) {
		void *reply = NULL;
		if (redisGetReplyFromReader(listener->link, &reply) != REDIS_OK)
			return false;
		if (!reply)
			return true;
		bool taken = take_reply(listener, reply);
		freeReplyObject(reply);
		if (!taken)
			return false;
	}
}

static bool readable(const redisContext *link)
{
	struct pollfd pollfd = { .fd = link->fd, .events = POLLIN };
	return poll(&pollfd, 1, 0) > 0;
}

/** One step of a connection that is there. Returns false when it is of no more use. */
static bool attend(struct bus_listener *listener)
{
	if (readable(listener->link))
		return take_replies(listener);
	if (clock_monotonic_ms() < listener->deadline_ms)
		return true;
	if (listener->pinged || !atomic_load(&listener->connected))
		return false;
	listener->pinged = true;
	return say(listener, "PING", NULL);
}

static bool subscribe(struct bus_listener *listener)
{
	listener->link = bus_link_open(&listener->redis, NULL);
	if (!listener->link)
		return false;
	listener->pinged = false;
	return say(listener, "SUBSCRIBE", listener->channel);
}

static void *run(void *arg)
{
	struct bus_listener *listener = arg;
	bool running = true;
	while (running) {
		bool usable = listener->link ? attend(listener) : subscribe(listener);
		if (usable) {
			running = wait_until(listener, listener->deadline_ms);
			continue;
		}
		metrics_add(METRIC_REDIS_ERRORS, 1);
		if (listener->link)
			link_close(listener);
		running = wait_until(listener, clock_monotonic_ms() + bus_backoff_next(&listener->backoff));
	}
	redisFree(listener->link);
	return NULL;
}

static void listener_release(struct bus_listener *listener)
{
	if (listener->heard_fd >= 0)
		close(listener->heard_fd);
	if (listener->stop_fd >= 0)
		close(listener->stop_fd);
	free(listener);
}

enum itn_status bus_listener_new(const char *redis, const char *network, enum bus_channel channel,
				 struct bus_listener **ret, struct error *error)
{
	struct bus_redis parsed;
	enum itn_status status = bus_redis_parse(redis, network, &parsed, error);
	if (status != ITN_OK)
		return status;
	struct bus_listener *listener = calloc(1, sizeof(*listener));
	if (!listener)
		return error_set(error, ITN_FAILED, "no memory for the listener");
	listener->redis = parsed;
	listener->channel = channel == BUS_WAKE ? listener->redis.wake : listener->redis.feed;
	listener->backoff = BUS_BACKOFF;
	metrics_set(METRIC_REDIS_CONNECTED, false);
	listener->heard_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	listener->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (listener->heard_fd < 0 || listener->stop_fd < 0 ||
	    pthread_create(&listener->thread, NULL, run, listener) != 0) {
		listener_release(listener);
		return error_set(error, ITN_FAILED, "can't start the listener: %s", strerror(errno));
	}
	*ret = listener;
	return ITN_OK;
}

void bus_listener_free(struct bus_listener *listener)
{
	if (!listener)
		return;
	eventfd_write(listener->stop_fd, 1);
	pthread_join(listener->thread, NULL);
	listener_release(listener);
}

int bus_listener_fd(const struct bus_listener *listener)
{
	return listener->heard_fd;
}

bool bus_listener_take(struct bus_listener *listener)
{
	eventfd_t count;
	return eventfd_read(listener->heard_fd, &count) == 0;
}

bool bus_listener_connected(const struct bus_listener *listener)
{
	return atomic_load(&listener->connected);
}
