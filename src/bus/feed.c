#include "bus/feed.h"

#include <stdlib.h>
#include <string.h>

#include "bus/evlink.h"
#include "bus/feed_message.h"
#include "core/metrics.h"

/** A read brings more than an answer to a PING: it may take longer. */
enum { READ_REPLIES = 5, READ_MS = 5 * BUS_COMMAND_MS };

struct bus_feed {
	struct ev_loop *loop;
	struct bus_redis redis;
	const struct bus_feed_events *events;
	void *user;
	struct evlink subscription;
	struct evlink reader;
	ev_timer timer; /**< closed: until the next attempt; else the deadline of an answer, or the next PING */
	ev_timer read_limit;
	struct bus_backoff backoff;
	bool connected;
	bool pinged;
	bus_feed_read_done *read_done; /**< of the read that is under way */
	unsigned read_replies;
	struct feed_message message; /**< reused by every message and read */
};

static void again_in(struct bus_feed *feed, unsigned ms)
{
	ev_timer_stop(feed->loop, &feed->timer);
	ev_timer_set(&feed->timer, (double)ms / 1000, 0);
	ev_timer_start(feed->loop, &feed->timer);
}

static void disconnect(struct bus_feed *feed)
{
	evlink_close(&feed->subscription);
	evlink_close(&feed->reader);
	feed->connected = false;
	metrics_set(METRIC_REDIS_CONNECTED, false);
	feed->pinged = false;
	feed->read_done = NULL;
	ev_timer_stop(feed->loop, &feed->read_limit);
}

static void lose(void *user, const char *why)
{
	struct bus_feed *feed = user;
	bool stood = feed->connected;
	metrics_add(METRIC_REDIS_ERRORS, 1);
	disconnect(feed);
	again_in(feed, bus_backoff_next(&feed->backoff));
	if (stood)
		feed->events->lost(feed->user, why);
}

static void open_both(struct bus_feed *feed)
{
	struct error why = { "" };
	if (!evlink_open(&feed->subscription, &feed->redis, &why) ||
	    !evlink_open(&feed->reader, &feed->redis, &why)) {
		lose(feed, why.text);
		return;
	}
	evlink_send(&feed->subscription, "SUBSCRIBE %s", feed->redis.feed);
	again_in(feed, BUS_CONNECT_MS + BUS_COMMAND_MS);
}

static void on_timer(struct ev_loop *loop unused_arg, ev_timer *timer, int revents unused_arg)
{
	struct bus_feed *feed = timer->data;
	if (!feed->subscription.context) {
		open_both(feed);
	} else if (feed->pinged || !feed->connected) {
		lose(feed, "no answer in time");
	} else {
		feed->pinged = true;
		evlink_send(&feed->subscription, "PING");
		again_in(feed, BUS_COMMAND_MS);
	}
}

static void on_read_limit(struct ev_loop *loop unused_arg, ev_timer *timer, int revents unused_arg)
{
	lose(timer->data, "a read was not answered in time");
}

static void report(struct bus_feed *feed, const redisReply *payload)
{
	struct feed_message *message = &feed->message;
	if (!feed_message_parse(message, (struct str){ payload->str, (size_t)payload->len }))
		return;
	if (message->is_reset)
		feed->events->reset(feed->user, message->frames.log, message->last);
	else
		feed->events->frames(feed->user, &message->frames);
}

static bool on_subscription(void *user, const redisReply *reply)
{
	struct bus_feed *feed = user;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 || reply->element[0]->type != REDIS_REPLY_STRING)
		return false;
	const char *kind = reply->element[0]->str;
	bool begins = !feed->connected && strcmp(kind, "subscribe") == 0;
	if (!feed->connected && !begins)
		return false;
	feed->connected = true;
	metrics_set(METRIC_REDIS_CONNECTED, true);
	feed->pinged = false;
	again_in(feed, BUS_PING_MS);
	if (begins) {
		bus_backoff_reset(&feed->backoff);
		feed->events->connected(feed->user);
	} else if (strcmp(kind, "message") == 0 && reply->elements == 3 &&
		   reply->element[2]->type == REDIS_REPLY_STRING) {
		report(feed, reply->element[2]);
	}
	return true;
}

static bool on_read(void *user, const redisReply *reply)
{
	struct bus_feed *feed = user;
	if (!feed->read_done || reply->type == REDIS_REPLY_ERROR)
		return false;
	if (++feed->read_replies < READ_REPLIES)
		return true;
	int64_t last;
	if (!feed_message_from_stream(&feed->message, reply, &last))
		return false;
	bus_feed_read_done *done = feed->read_done;
	feed->read_done = NULL;
	ev_timer_stop(feed->loop, &feed->read_limit);
	done(feed->user, feed->message.frames.log, last, &feed->message.frames);
	return true;
}

enum itn_status bus_feed_new(struct ev_loop *loop, const char *redis, const char *network,
			     const struct bus_feed_events *events, void *user, struct bus_feed **ret,
			     struct error *error)
{
	static const struct evlink_events subscription_events = { on_subscription, lose };
	static const struct evlink_events reader_events = { on_read, lose };
	struct bus_redis parsed;
	enum itn_status status = bus_redis_parse(redis, network, &parsed, error);
	if (status != ITN_OK)
		return status;
	struct bus_feed *feed = calloc(1, sizeof(*feed));
	if (!feed)
		return error_set(error, ITN_FAILED, "no memory for the feed");
	feed->loop = loop;
	feed->redis = parsed;
	feed->events = events;
	feed->user = user;
	feed->backoff = BUS_BACKOFF;
	metrics_set(METRIC_REDIS_CONNECTED, false);
	evlink_init(&feed->subscription, loop, &subscription_events, feed);
	evlink_init(&feed->reader, loop, &reader_events, feed);
	ev_init(&feed->timer, on_timer);
	ev_init(&feed->read_limit, on_read_limit);
	feed->timer.data = feed->read_limit.data = feed;
	again_in(feed, 0);
	*ret = feed;
	return ITN_OK;
}

void bus_feed_free(struct bus_feed *feed)
{
	if (!feed)
		return;
	disconnect(feed);
	ev_timer_stop(feed->loop, &feed->timer);
	feed_message_free(&feed->message);
	free(feed);
}

bool bus_feed_connected(const struct bus_feed *feed)
{
	return feed->connected;
}

enum itn_status bus_feed_read(struct bus_feed *feed, int64_t after, unsigned max, bus_feed_read_done *done)
{
	if (!feed->connected)
		return ITN_UNAVAILABLE;
	if (feed->read_done)
		return ITN_FULL;
	feed->read_done = done;
	feed->read_replies = 0;
	evlink_send(&feed->reader, "MULTI");
	evlink_send(&feed->reader, "GET %s", feed->redis.log);
	evlink_send(&feed->reader, "XREVRANGE %s + - COUNT 1", feed->redis.stream);
	evlink_send(&feed->reader, "XRANGE %s %lld-1 + COUNT %u", feed->redis.stream, (long long)after, max);
	evlink_send(&feed->reader, "EXEC");
	ev_timer_set(&feed->read_limit, READ_MS / 1000.0, 0);
	ev_timer_start(feed->loop, &feed->read_limit);
	return ITN_OK;
}
