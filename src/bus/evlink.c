#include "bus/evlink.h"

#include <fcntl.h>
#include <stdarg.h>

static void fail(struct evlink *link)
{
	struct error why = { "" };
	error_set(&why, ITN_UNAVAILABLE, "%s", link->context->errstr);
	link->events->failed(link->user, why.text);
}

static void take_replies(struct evlink *link)
{
	for (;;) {
		void *reply = NULL;
		redisContext *context = link->context;
		if (redisGetReplyFromReader(context, &reply) != REDIS_OK) {
			fail(link);
			return;
		}
		if (!reply)
			return;
		bool useful = link->events->reply(link->user, reply);
		freeReplyObject(reply);
		if (link->context != context)
			return;
		if (!useful) {
			link->events->failed(link->user, "an answer that was not expected");
			return;
		}
	}
}

static void on_readable(struct ev_loop *loop unused_arg, ev_io *watcher, int revents unused_arg)
{
	struct evlink *link = watcher->data;
	if (redisBufferRead(link->context) != REDIS_OK)
		fail(link);
	else
		take_replies(link);
}

static void on_writable(struct ev_loop *loop unused_arg, ev_io *watcher, int revents unused_arg)
{
	struct evlink *link = watcher->data;
	int done = 0;
	if (redisBufferWrite(link->context, &done) != REDIS_OK)
		fail(link);
	else if (done)
		ev_io_stop(link->loop, &link->writing);
}

void evlink_init(struct evlink *link, struct ev_loop *loop, const struct evlink_events *events, void *user)
{
	*link = (struct evlink){ .loop = loop, .events = events, .user = user };
	ev_init(&link->reading, on_readable);
	ev_init(&link->writing, on_writable);
	link->reading.data = link;
	link->writing.data = link;
}

bool evlink_open(struct evlink *link, const struct bus_redis *redis, struct error *error)
{
	const struct net_address *to = &redis->address;
	redisContext *context =
		to->is_unix ? redisConnectUnixNonBlock(to->host) : redisConnectNonBlock(to->host, to->port);
	if (!context || context->err) {
		error_set(error, ITN_UNAVAILABLE, "can't connect: %s", context ? context->errstr : "no memory");
		redisFree(context);
		return false;
	}
	fcntl(context->fd, F_SETFD, FD_CLOEXEC);
	link->context = context;
	ev_io_set(&link->reading, context->fd, EV_READ);
	ev_io_set(&link->writing, context->fd, EV_WRITE);
	ev_io_start(link->loop, &link->reading);
	return true;
}

void evlink_close(struct evlink *link)
{
	ev_io_stop(link->loop, &link->reading);
	ev_io_stop(link->loop, &link->writing);
	redisFree(link->context);
	link->context = NULL;
}

void evlink_send(struct evlink *link, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	redisvAppendCommand(link->context, format, args);
	va_end(args);
	ev_io_start(link->loop, &link->writing);
}
