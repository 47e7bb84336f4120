#include "bus/wake.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "bus/link.h"
#include "core/metrics.h"

struct bus_wake {
	struct bus_redis redis;
	pthread_t thread;
	int asked_fd;
	int stop_fd;
	atomic_bool asked; /**< set by senders, who write asked_fd only when it was not; cleared before sending */
	atomic_bool connected;
	redisContext *link; /**< the thread's */
	struct bus_backoff backoff;
};

static void set_connected(struct bus_wake *wake, bool connected)
{
	atomic_store(&wake->connected, connected);
	metrics_set(METRIC_REDIS_CONNECTED, connected);
}

static void link_close(struct bus_wake *wake)
{
	redisFree(wake->link);
	wake->link = NULL;
	set_connected(wake, false);
}

static void link_lose(struct bus_wake *wake)
{
	if (wake->link)
		link_close(wake);
	metrics_add(METRIC_REDIS_ERRORS, 1);
}

static bool publish(struct bus_wake *wake)
{
	atomic_store(&wake->asked, false);
	redisReply *reply = redisCommand(wake->link, "PUBLISH %s 1", wake->redis.wake);
	bool sent = reply && reply->type == REDIS_REPLY_INTEGER;
	freeReplyObject(reply);
	if (!sent)
		bus_wake_send(wake);
	return sent;
}

/** Waits for something to do; with `ms` only for the end. Returns false at the end. */
static bool wait_for_work(struct bus_wake *wake, bool backing_off, int ms)
{
	struct pollfd fds[] = {
		{ .fd = wake->stop_fd, .events = POLLIN },
		{ .fd = backing_off ? -1 : wake->asked_fd, .events = POLLIN },
		{ .fd = wake->link ? wake->link->fd : -1, .events = POLLIN | POLLRDHUP },
	};
	if (poll(fds, 3, ms) < 0 && errno != EINTR)
		return false;
	eventfd_t count;
	if (fds[1].revents)
		eventfd_read(wake->asked_fd, &count);
	if (fds[2].revents)
		link_lose(wake);
	return !fds[0].revents;
}

static bool connect_or_wait(struct bus_wake *wake)
{
	wake->link = bus_link_open(&wake->redis, NULL);
	if (wake->link) {
		redisReply *reply = redisCommand(wake->link, "PING");
		bool answers = reply && reply->type == REDIS_REPLY_STATUS;
		freeReplyObject(reply);
		if (answers) {
			bus_backoff_reset(&wake->backoff);
			set_connected(wake, true);
			return true;
		}
	}
	link_lose(wake);
	return wait_for_work(wake, true, (int)bus_backoff_next(&wake->backoff));
}

static void *run(void *arg)
{
	struct bus_wake *wake = arg;
	bool running = true;
	while (running) {
		if (!wake->link)
			running = connect_or_wait(wake);
		else
			running = wait_for_work(wake, false, -1);
		if (wake->link && atomic_load(&wake->asked) && !publish(wake))
			link_lose(wake);
	}
	if (wake->link)
		link_close(wake);
	return NULL;
}

static void wake_release(struct bus_wake *wake)
{
	if (wake->asked_fd >= 0)
		close(wake->asked_fd);
	if (wake->stop_fd >= 0)
		close(wake->stop_fd);
	free(wake);
}

enum itn_status bus_wake_new(const char *redis, const char *network, struct bus_wake **ret, struct error *error)
{
	struct bus_redis parsed;
	enum itn_status status = bus_redis_parse(redis, network, &parsed, error);
	if (status != ITN_OK)
		return status;
	struct bus_wake *wake = calloc(1, sizeof(*wake));
	if (!wake)
		return error_set(error, ITN_FAILED, "no memory for the wake-up sender");
	wake->redis = parsed;
	wake->backoff = BUS_BACKOFF;
	metrics_set(METRIC_REDIS_CONNECTED, false);
	wake->asked_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	wake->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wake->asked_fd < 0 || wake->stop_fd < 0 || pthread_create(&wake->thread, NULL, run, wake) != 0) {
		wake_release(wake);
		return error_set(error, ITN_FAILED, "can't start the wake-up sender: %s", strerror(errno));
	}
	*ret = wake;
	return ITN_OK;
}

void bus_wake_free(struct bus_wake *wake)
{
	if (!wake)
		return;
	eventfd_write(wake->stop_fd, 1);
	pthread_join(wake->thread, NULL);
	wake_release(wake);
}

void bus_wake_send(struct bus_wake *wake)
{
	if (!atomic_exchange(&wake->asked, true))
		eventfd_write(wake->asked_fd, 1);
}

bool bus_wake_connected(const struct bus_wake *wake)
{
	return atomic_load(&wake->connected);
}
