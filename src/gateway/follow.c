#include "gateway/follow.h"

#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "bus/feed.h"
#include "bus/redis.h"
#include "core/log.h"
#include "core/metrics.h"
#include "gateway/fill.h"
#include "gateway/hub.h"

enum { READ_MAX = 100, FILL_MAX = 1000, FILL_TRIES = 4 };

/** No seq is above it. */
static const int64_t beyond = INT64_C(1) << 53;

enum follow_state {
	FOLLOW_AWAY,    /**< no Redis */
	FOLLOW_LIVE,    /**< nothing is missing: announced events go out */
	FOLLOW_READING, /**< the stream is asked; what is announced meanwhile is read from it too */
	FOLLOW_FILLING, /**< itn-api is asked, or will be again */
};

struct follow {
	struct ev_loop *loop;
	struct hub *hub;
	struct bus_feed *feed;
	struct fill *fill;
	void (*ready)(void *user);
	void *user;
	enum follow_state state;
	bool known; /**< log and last are set */
	char log[BUS_LOG_MAX + 1];
	int64_t last;          /**< seq of the last event that went out */
	int64_t announced;     /**< highest seq heard of */
	int64_t read_after;    /**< of the read under way, */
	int64_t read_announced; /**< and what had been announced when it was sent */
	int64_t fill_after;
	unsigned tries;
	struct bus_backoff backoff;
	ev_timer again; /**< when itn-api is asked again */
	ev_timer patience; /**< until `ready` comes without Redis */
};

static void enter(struct follow *follow, enum follow_state state)
{
	follow->state = state;
	metrics_set(METRIC_GATEWAY_LIVE, state == FOLLOW_LIVE);
}

static void move_to(struct follow *follow, int64_t last)
{
	follow->last = last;
	metrics_set(METRIC_GATEWAY_POSITION, last);
}

static void say_ready(struct follow *follow)
{
	ev_timer_stop(follow->loop, &follow->patience);
	if (follow->ready)
		follow->ready(follow->user);
	follow->ready = NULL;
}

static void go_live(struct follow *follow)
{
	enter(follow, FOLLOW_LIVE);
	follow->tries = 0;
	bus_backoff_reset(&follow->backoff);
	say_ready(follow);
}

static void adopt(struct follow *follow, struct str log, int64_t last)
{
	size_t len = log.len < BUS_LOG_MAX ? log.len : BUS_LOG_MAX;
	memcpy(follow->log, log.ptr, len);
	follow->log[len] = '\0';
	move_to(follow, last);
	follow->announced = last;
	follow->known = true;
	log_info("following the log", LOG_CSTR("log", follow->log), LOG_INT("seq", last));
}

static void start_over(struct follow *follow, const char *why)
{
	log_warn(why, LOG_CSTR("log", follow->log), LOG_INT("seq", follow->last));
	hub_close_all(follow->hub, CLOSE_RESTART);
	follow->known = false;
}

static void deliver(struct follow *follow, const struct str *frames, size_t count)
{
	hub_publish(follow->hub, frames, count);
	move_to(follow, follow->last + (int64_t)count);
	if (follow->announced < follow->last)
		follow->announced = follow->last;
}

static void on_read(void *user, struct str log, int64_t last, const struct bus_frames *frames);

static void read_stream(struct follow *follow)
{
	enter(follow, FOLLOW_READING);
	follow->read_after = follow->known ? follow->last : beyond;
	follow->read_announced = follow->announced;
	enum itn_status status = bus_feed_read(follow->feed, follow->read_after, READ_MAX, on_read);
	if (status == ITN_UNAVAILABLE)
		enter(follow, FOLLOW_AWAY);
}

static void ask_api(struct follow *follow)
{
	enter(follow, FOLLOW_FILLING);
	follow->fill_after = follow->last;
	metrics_add(METRIC_GATEWAY_FILLS, 1);
	fill_ask(follow->fill, follow->known ? str_from(follow->log) : STR_NONE, follow->last,
		 follow->known ? FILL_MAX : 1);
}

/** Returns whether the log is the one that is followed, which it is from now on. */
static bool same_log(struct follow *follow, struct str log, int64_t last)
{
	if (follow->known && str_eq(log, str_from(follow->log)))
		return true;
	if (follow->known)
		start_over(follow, "the log has become another one");
	adopt(follow, log, last);
	return false;
}

static void on_read(void *user, struct str log, int64_t last, const struct bus_frames *frames)
{
	struct follow *follow = user;
	bool was_known = follow->known;
	if (!was_known && (!str_is_set(log) || last == 0)) {
		ask_api(follow);
	} else if (!str_is_set(log) && follow->announced > follow->read_announced) {
		read_stream(follow);
	} else if (!str_is_set(log) || !same_log(follow, log, last)) {
		go_live(follow);
	} else if (follow->read_after != follow->last) {
		read_stream(follow);
	} else if (frames->count > 0 && frames->first_seq == follow->last + 1) {
		deliver(follow, frames->frames, frames->count);
		if (follow->last < last || follow->last < follow->announced)
			read_stream(follow);
		else
			go_live(follow);
	} else if (last > follow->last) {
		ask_api(follow);
	} else if (follow->announced > follow->read_announced) {
		read_stream(follow);
	} else {
		go_live(follow);
	}
}

static void on_connected(void *user)
{
	struct follow *follow = user;
	log_info("Redis answers");
	read_stream(follow);
}

static void on_lost(void *user, const char *why)
{
	struct follow *follow = user;
	log_warn("Redis does not answer: live updates pause", LOG_CSTR("why", why));
	enter(follow, FOLLOW_AWAY);
	fill_cancel(follow->fill);
	ev_timer_stop(follow->loop, &follow->again);
}

static void stop_filling(struct follow *follow)
{
	if (follow->state != FOLLOW_FILLING)
		return;
	fill_cancel(follow->fill);
	ev_timer_stop(follow->loop, &follow->again);
	go_live(follow);
}

static void take_frames(struct follow *follow, const struct bus_frames *frames, int64_t end)
{
	int64_t skip = follow->last + 1 - frames->first_seq;
	if (follow->announced < end)
		follow->announced = end;
	if (end <= follow->last || follow->state == FOLLOW_READING || follow->state == FOLLOW_FILLING)
		return;
	if (skip < 0)
		read_stream(follow);
	else
		deliver(follow, frames->frames + skip, frames->count - (size_t)skip);
}

static void on_frames(void *user, const struct bus_frames *frames)
{
	struct follow *follow = user;
	int64_t end = frames->first_seq + (int64_t)frames->count - 1;
	if (follow->known && str_eq(frames->log, str_from(follow->log))) {
		take_frames(follow, frames, end);
		return;
	}
	stop_filling(follow);
	same_log(follow, frames->log, frames->first_seq - 1);
	deliver(follow, frames->frames, frames->count);
}

static void on_reset(void *user, struct str log, int64_t last)
{
	struct follow *follow = user;
	bool other = !follow->known || !str_eq(log, str_from(follow->log));
	if (other || last < follow->last)
		stop_filling(follow);
	if (!same_log(follow, log, last))
		return;
	if (last < follow->last) {
		start_over(follow, "the log ends before what was sent");
		adopt(follow, log, last);
		return;
	}
	if (follow->announced < last)
		follow->announced = last;
	if (follow->state == FOLLOW_LIVE && follow->last < last)
		read_stream(follow);
}

/** The number in `"seq":4711`: what stands before it in a frame has no quotes inside its texts. */
static int64_t seq_of(struct str frame)
{
	static const char key[] = "\"seq\":";
	const char *at = memmem(frame.ptr, frame.len, key, sizeof(key) - 1);
	int64_t seq = 0;
	if (!at)
		return -1;
	for (at += sizeof(key) - 1; at < frame.ptr + frame.len && *at >= '0' && *at <= '9' && seq < beyond; at++)
		seq = seq * 10 + (*at - '0');
	return seq;
}

static bool on_filled_frame(void *user, struct str frame)
{
	struct follow *follow = user;
	int64_t seq = seq_of(frame);
	if (!follow->known || (seq >= 0 && seq <= follow->last))
		return true;
	if (seq != follow->last + 1)
		return false;
	deliver(follow, &frame, 1);
	return true;
}

static void ask_again(struct follow *follow)
{
	ev_timer_set(&follow->again, bus_backoff_next(&follow->backoff) / 1000.0, 0);
	ev_timer_start(follow->loop, &follow->again);
}

static void on_filled(void *user, enum itn_status status, struct str log, int64_t end)
{
	struct follow *follow = user;
	if (!follow->known && status == ITN_OK && str_is_set(log) && end >= 0) {
		adopt(follow, log, end);
		go_live(follow);
	} else if (!follow->known) {
		ask_again(follow);
	} else if (follow->last > follow->fill_after) {
		follow->tries = 0;
		read_stream(follow);
	} else if (status == ITN_UNAVAILABLE && ++follow->tries < FILL_TRIES) {
		ask_again(follow);
	} else {
		start_over(follow, "a hole can't be filled");
		read_stream(follow);
	}
}

static void on_again(struct ev_loop *loop unused_arg, ev_timer *timer, int revents unused_arg)
{
	read_stream(timer->data);
}

static void on_patience(struct ev_loop *loop unused_arg, ev_timer *timer, int revents unused_arg)
{
	log_warn("where the log ends is not known yet: live updates wait for Redis");
	say_ready(timer->data);
}

enum itn_status follow_new(struct ev_loop *loop, struct lws_context *context, const struct config *config,
			   struct hub *hub, void (*ready)(void *user), void *user, struct follow **ret,
			   struct error *error)
{
	static const struct bus_feed_events feed_events = { on_connected, on_lost, on_frames, on_reset };
	static const struct fill_events fill_events = { on_filled_frame, on_filled };
	struct follow *follow = calloc(1, sizeof(*follow));
	if (!follow)
		return error_set(error, ITN_FAILED, "no memory for the position");
	*follow = (struct follow){ .loop = loop, .hub = hub, .ready = ready, .user = user, .backoff = BUS_BACKOFF };
	ev_timer_init(&follow->again, on_again, 0, 0);
	ev_timer_init(&follow->patience, on_patience, (BUS_CONNECT_MS + BUS_COMMAND_MS) / 1000.0, 0);
	follow->again.data = follow->patience.data = follow;
	enum itn_status status =
		fill_new(loop, context, config->api_url, &fill_events, follow, &follow->fill, error);
	if (status == ITN_OK)
		status = bus_feed_new(loop, config->redis, config->network, &feed_events, follow, &follow->feed, error);
	if (status != ITN_OK) {
		follow_free(follow);
		return status;
	}
	ev_timer_start(loop, &follow->patience);
	enter(follow, FOLLOW_AWAY);
	*ret = follow;
	return ITN_OK;
}

void follow_free(struct follow *follow)
{
	if (!follow)
		return;
	ev_timer_stop(follow->loop, &follow->again);
	ev_timer_stop(follow->loop, &follow->patience);
	bus_feed_free(follow->feed);
	fill_free(follow->fill);
	free(follow);
}
