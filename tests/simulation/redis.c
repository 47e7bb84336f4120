#include "redis.h"

#include <stdlib.h>

#include "bus/publisher.h"
#include "bus/wake.h"
#include "core/memory.h"

#define FRAMES_MAX 16384

static struct {
	bool up;
	struct str log;                /* absent: no such key */
	struct str frames[FRAMES_MAX]; /* by seq */
	int64_t first, last;           /* of the stream; last 0: there is none */
	struct bus_feed *feeds;
	struct bus_listener *listeners;
} redis;

struct bus_listener {
	struct process *process;
	bool heard;
	struct fiber *waiter;
	struct bus_listener *other;
};

static struct str keep(struct str text)
{
	return arena_str(sim.arena, text);
}

/* The feed, as its subscribers get it. */

static struct feed_item *feed_add(struct bus_feed *feed, enum feed_kind kind, int64_t delay_us)
{
	struct feed_item *item = arena_calloc(sim.arena, 1, sizeof(*item)), **at = &feed->first;

	item->kind = kind;
	item->due = sim.now_us + delay_us;
	if (kind != FEED_READ) {
		item->due = item->due > feed->last_due ? item->due : feed->last_due + 1;
		feed->last_due = item->due;
	}
	while (*at && (*at)->due <= item->due)
		at = &(*at)->next;
	item->next = *at;
	*at = item;
	if (feed->reader)
		fiber_wake(feed->reader);
	return item;
}

static void feed_subscribe(struct bus_feed *feed)
{
	feed->subscribed = true;
	feed_add(feed, FEED_CONNECTED, 500 + sim_pick(20000));
}

/* The connection breaks: what was under way on it is gone. */
static void feed_break(struct bus_feed *feed)
{
	feed->first = NULL;
	feed->subscribed = false;
	if (feed->connected)
		feed_add(feed, FEED_LOST, 1 + sim_pick(1000));
	feed->connected = false;
	feed->reading = false;
}

static int64_t feed_delay(void)
{
	return fault_strikes(FAULT_FEED_DELAYED, 25) ? 100000 + sim_pick(900000) : 50 + sim_pick(2000);
}

static void announce_to(struct bus_feed *feed, int64_t first, size_t count)
{
	struct feed_item *item = feed_add(feed, FEED_FRAMES, feed_delay());

	item->frames = (struct bus_frames){ redis.log, first, &redis.frames[first], count };
}

/* An announcement that is lost is so with its connection, as Redis does with a reader that is too slow. */
static void announce(int64_t first, size_t count)
{
	for (struct bus_feed *feed = redis.feeds; feed; feed = feed->other) {
		if (!feed->subscribed)
			continue;
		if (fault_strikes(FAULT_FEED_LOST, 80)) {
			feed_break(feed);
			feed_subscribe(feed);
			continue;
		}
		announce_to(feed, first, count);
		if (fault_strikes(FAULT_FEED_TWICE, 30))
			announce_to(feed, first, count);
	}
}

static void feed_answer(struct bus_feed *feed, struct feed_item *item)
{
	int64_t first = feed->read_after + 1;

	item->has_log = str_is_set(redis.log);
	item->log = redis.log;
	item->last = redis.last;
	first = first < redis.first ? redis.first : first;
	item->frames = (struct bus_frames){ redis.log, first, NULL, 0 };
	if (redis.last && first <= redis.last) {
		int64_t count = redis.last - first + 1;

		item->frames.frames = &redis.frames[first];
		item->frames.count = count < (int64_t)feed->read_max ? (size_t)count : feed->read_max;
	}
}

enum itn_status bus_feed_new(struct ev_loop *loop unused_arg, const char *address unused_arg,
			     const char *network unused_arg, const struct bus_feed_events *events, void *user,
			     struct bus_feed **ret, struct error *error unused_arg)
{
	struct bus_feed *feed = arena_calloc(sim.arena, 1, sizeof(*feed));

	feed->process = fiber_process();
	feed->events = events;
	feed->user = user;
	feed->other = redis.feeds;
	redis.feeds = feed;
	if (redis.up)
		feed_subscribe(feed);
	*ret = feed;
	return ITN_OK;
}

void bus_feed_free(struct bus_feed *feed)
{
	struct bus_feed **at = &redis.feeds;

	while (*at && *at != feed)
		at = &(*at)->other;
	if (*at)
		*at = feed->other;
}

bool bus_feed_connected(const struct bus_feed *feed)
{
	return feed->connected;
}

/* The server answers at once or when the answer is due: something may happen in between. */
enum itn_status bus_feed_read(struct bus_feed *feed, int64_t after, unsigned max, bus_feed_read_done *done)
{
	struct feed_item *item;

	if (!feed->connected)
		return ITN_UNAVAILABLE;
	if (feed->reading)
		return ITN_FULL;
	feed->reading = true;
	feed->read_after = after;
	feed->read_max = max;
	item = feed_add(feed, FEED_READ, feed_delay());
	item->done = done;
	item->last = -1;
	if (sim_once_in(2))
		feed_answer(feed, item);
	return ITN_OK;
}

struct bus_feed *feed_of(const struct process *process)
{
	struct bus_feed *feed = redis.feeds;

	while (feed && feed->process != process)
		feed = feed->other;
	return feed;
}

bool feed_take(struct bus_feed *feed, int64_t now, struct feed_item *ret)
{
	struct feed_item *item = feed->first;

	if (!item || item->due > now)
		return false;
	feed->first = item->next;
	if (item->kind == FEED_READ && item->last < 0)
		feed_answer(feed, item);
	if (item->kind == FEED_READ)
		feed->reading = false;
	if (item->kind == FEED_CONNECTED)
		feed->connected = true;
	*ret = *item;
	return true;
}

int64_t feed_due(const struct bus_feed *feed)
{
	return feed->first ? feed->first->due : INT64_MAX;
}

/* The server. */

void redis_reset(void)
{
	redis.up = true;
	redis.log = STR_NONE;
	redis.first = 1;
	redis.last = 0;
	redis.feeds = NULL;
	redis.listeners = NULL;
}

bool redis_is_up(void)
{
	return redis.up;
}

void redis_stop(bool empty)
{
	trace("Redis is gone%s", empty ? " with all that it had" : "");
	redis.up = false;
	if (empty) {
		redis.log = STR_NONE;
		redis.last = 0;
	}
	for (struct bus_feed *feed = redis.feeds; feed; feed = feed->other)
		feed_break(feed);
	for (struct bus_listener *listener = redis.listeners; listener; listener = listener->other) {
		listener->heard = true;
		if (listener->waiter)
			fiber_wake(listener->waiter);
	}
}

void redis_start(void)
{
	trace("Redis is back");
	redis.up = true;
	for (struct bus_feed *feed = redis.feeds; feed; feed = feed->other)
		if (!feed->subscribed)
			feed_subscribe(feed);
}

/* Publishing: one engine's client. */

struct bus_publisher {
	int64_t stream_max;
};

enum itn_status bus_publisher_new(const char *address unused_arg, const char *network unused_arg, uint64_t stream_max,
				  struct bus_publisher **ret, struct error *error unused_arg)
{
	struct bus_publisher *publisher = arena_calloc(sim.arena, 1, sizeof(*publisher));

	publisher->stream_max = (int64_t)stream_max;
	*ret = publisher;
	return ITN_OK;
}

void bus_publisher_free(struct bus_publisher *publisher unused_arg)
{
}

static enum itn_status reach(struct error *error)
{
	struct process *process = fiber_process();

	if (!process->dead)
		fiber_yield();
	if (process->dead || !redis.up)
		return error_set(error, ITN_UNAVAILABLE, "Redis does not answer");
	return ITN_OK;
}

static enum itn_status answered(enum itn_status status)
{
	struct process *process = fiber_process();

	if (!process->dead)
		fiber_yield();
	return process->dead || fault_strikes(FAULT_REDIS_UNKNOWN, 60) ? ITN_UNKNOWN : status;
}

/* As the script: a log key of another log makes the stream none of ours. */
static void claim(struct str log)
{
	if (str_is_set(redis.log) && str_eq(redis.log, log))
		return;
	redis.log = keep(log);
	redis.last = 0;
}

static void append(struct bus_publisher *publisher, int64_t first, const struct str *frames, size_t count)
{
	if (first + (int64_t)count >= FRAMES_MAX)
		sim_fail("more than %d events", FRAMES_MAX);
	if (!redis.last)
		redis.first = first;
	for (size_t i = 0; i < count; i++)
		redis.frames[first + (int64_t)i] = keep(frames[i]);
	redis.last = first + (int64_t)count - 1;
	if (redis.last - redis.first >= publisher->stream_max)
		redis.first = redis.last - publisher->stream_max + 1;
}

enum itn_status bus_publish(struct bus_publisher *publisher, struct str log, int64_t first_seq,
			    const struct str *frames, size_t count, int64_t *ret_last, struct error *error)
{
	enum itn_status status = reach(error);

	if (status != ITN_OK)
		return status;
	claim(log);
	if (!redis.last && first_seq != 1)
		return ITN_NOT_FOUND;
	*ret_last = redis.last;
	if (redis.last && redis.last != first_seq - 1)
		return ITN_CONFLICT;
	append(publisher, first_seq, frames, count);
	*ret_last = redis.last;
	trace("publishes %lld to %lld", (long long)first_seq, (long long)redis.last);
	announce(first_seq, count);
	return answered(ITN_OK);
}

enum itn_status bus_publish_seed(struct bus_publisher *publisher, struct str log, int64_t first_seq,
				 const struct str *frames, size_t count, int64_t *ret_last, struct error *error)
{
	enum itn_status status = reach(error);

	if (status != ITN_OK)
		return status;
	claim(log);
	*ret_last = redis.last;
	if (redis.last && redis.last != first_seq - 1)
		return ITN_CONFLICT;
	append(publisher, first_seq, frames, count);
	*ret_last = redis.last;
	trace("fills the stream with %lld to %lld", (long long)first_seq, (long long)redis.last);
	return answered(ITN_OK);
}

enum itn_status bus_publish_drop(struct bus_publisher *publisher unused_arg, struct str log, int64_t last,
				 struct error *error)
{
	enum itn_status status = reach(error);

	if (status != ITN_OK)
		return status;
	if (!str_is_set(redis.log) || !str_eq(redis.log, log) || redis.last != last)
		return ITN_CONFLICT;
	redis.last = 0;
	return ITN_OK;
}

enum itn_status bus_publish_position(struct bus_publisher *publisher unused_arg, struct str log, int64_t *ret_last,
				     struct error *error)
{
	enum itn_status status = reach(error);

	if (status != ITN_OK)
		return status;
	if (!str_is_set(redis.log) || !str_eq(redis.log, log) || !redis.last)
		return ITN_NOT_FOUND;
	*ret_last = redis.last;
	return ITN_OK;
}

enum itn_status bus_publish_reset(struct bus_publisher *publisher unused_arg, struct str log, int64_t last,
				  struct error *error)
{
	enum itn_status status = reach(error);

	if (status != ITN_OK)
		return status;
	if (!str_is_set(redis.log) || !str_eq(redis.log, log) || redis.last != last)
		return ITN_CONFLICT;
	log = keep(log);
	for (struct bus_feed *feed = redis.feeds; feed; feed = feed->other) {
		struct feed_item *item;

		if (!feed->subscribed)
			continue;
		item = feed_add(feed, FEED_RESET, feed_delay());
		item->log = log;
		item->last = last;
	}
	return answered(ITN_OK);
}

/* Wake-ups. */

void bus_wake_send(struct bus_wake *wake unused_arg)
{
	if (!redis.up || (fiber_process() && fiber_process()->dead) || fault_strikes(FAULT_WAKE_LOST, 20))
		return;
	for (struct bus_listener *listener = redis.listeners; listener; listener = listener->other) {
		listener->heard = true;
		if (listener->waiter)
			fiber_wake(listener->waiter);
	}
}

enum itn_status bus_listener_new(const char *address unused_arg, const char *network unused_arg,
				 enum bus_channel channel unused_arg, struct bus_listener **ret,
				 struct error *error unused_arg)
{
	struct bus_listener *listener = arena_calloc(sim.arena, 1, sizeof(*listener));

	listener->process = fiber_process();
	listener->other = redis.listeners;
	redis.listeners = listener;
	*ret = listener;
	return ITN_OK;
}

void bus_listener_free(struct bus_listener *listener)
{
	struct bus_listener **at = &redis.listeners;

	while (*at && *at != listener)
		at = &(*at)->other;
	if (*at)
		*at = listener->other;
}

bool bus_listener_take(struct bus_listener *listener)
{
	bool heard = listener->heard;

	listener->heard = false;
	return heard;
}

bool bus_listener_connected(const struct bus_listener *listener unused_arg)
{
	return redis.up;
}

void listener_wait(struct bus_listener *listener, int64_t ms)
{
	if (listener && listener->heard)
		return;
	if (listener)
		listener->waiter = fiber_self();
	fiber_sleep(ms * 1000 + 1);
	if (listener)
		listener->waiter = NULL;
}
