/* itn-gateway's position in the log as it is (gateway/follow.c), with one watcher who notes what it sends. libev's
 * timers and the filling of holes are fibers' here. */
#include <ev.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "gateway/fill.h"
#include "gateway/follow.h"
#include "gateway/hub.h"
#include "redis.h"

#define TIMERS_MAX 4
#define SEEN_MAX   32768

/* What a gateway's watcher was sent, in order; `from_anew` marks where a connection began. */
struct seen {
	int64_t seq;
	struct str frame;
	bool begins;
};

struct gateway {
	struct process *process;
	struct fiber *fiber;
	struct follow *follow;
	struct bus_feed *feed;
	struct fill *fill;
	struct {
		ev_timer *timer;
		int64_t due;
	} timers[TIMERS_MAX];
	size_t timer_count;
	bool begins; /* the next frame is a connection's first */
	int64_t last;
};

struct fill {
	struct gateway *gateway;
	const struct fill_events *events;
	void *user;
	bool wanted;   /* a question is to be asked */
	unsigned turn; /* an answer to an earlier one is none */
	struct str position;
	unsigned limit;
	bool ended;
	struct fiber *fiber;
};

static struct {
	struct seen at[SEAT_MAX][SEEN_MAX];
	size_t count[SEAT_MAX];
} seen;

static struct gateway *gateway_here(void)
{
	return fiber_process()->state;
}

/* libev, of which the position uses its timers only. */

void ev_timer_start(struct ev_loop *loop unused_arg, ev_timer *timer)
{
	struct gateway *gateway = gateway_here();

	ev_timer_stop(loop, timer);
	gateway->timers[gateway->timer_count].timer = timer;
	gateway->timers[gateway->timer_count++].due = sim.now_us + (int64_t)(timer->at * 1000000);
	if (gateway->fiber)
		fiber_wake(gateway->fiber);
}

void ev_timer_stop(struct ev_loop *loop unused_arg, ev_timer *timer)
{
	struct gateway *gateway = gateway_here();

	for (size_t i = 0; i < gateway->timer_count; i++)
		if (gateway->timers[i].timer == timer) {
			gateway->timers[i] = gateway->timers[--gateway->timer_count];
			return;
		}
}

static int64_t timer_due(const struct gateway *gateway)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < gateway->timer_count; i++)
		due = gateway->timers[i].due < due ? gateway->timers[i].due : due;
	return due;
}

static bool timer_fire(struct gateway *gateway)
{
	for (size_t i = 0; i < gateway->timer_count; i++) {
		ev_timer *timer = gateway->timers[i].timer;

		if (gateway->timers[i].due > sim.now_us)
			continue;
		gateway->timers[i] = gateway->timers[--gateway->timer_count];
		timer->cb(NULL, timer, 0);
		return true;
	}
	return false;
}

/* The watcher. */

static int64_t seq_of(struct str frame)
{
	const char *at = memmem(frame.ptr, frame.len, "\"seq\":", 6);

	return at ? strtoll(at + 6, NULL, 10) : -1;
}

static unsigned seat_of(const struct process *process)
{
	return (unsigned)(process->name[strlen(process->name) - 1] - '0');
}

void hub_publish(struct hub *hub unused_arg, const struct str *frames, size_t count)
{
	struct gateway *gateway = gateway_here();
	unsigned seat = seat_of(gateway->process);

	for (size_t i = 0; i < count; i++) {
		struct seen *one = &seen.at[seat][seen.count[seat]];

		if (++seen.count[seat] == SEEN_MAX)
			sim_fail("a watcher saw more than %d events", SEEN_MAX);
		*one = (struct seen){ seq_of(frames[i]), arena_str(sim.arena, frames[i]), gateway->begins };
		gateway->begins = false;
		gateway->last = one->seq;
		trace("sends %lld", (long long)one->seq);
	}
}

void hub_close_all(struct hub *hub unused_arg, enum close_code code unused_arg)
{
	trace("closes its clients");
	gateway_here()->begins = true;
}

/* Filling from GET /api/events. */

static void fill_lines(struct fill *fill, unsigned turn, struct str body)
{
	while (body.len && fill->turn == turn) {
		const char *end = memchr(body.ptr, '\n', body.len);
		size_t len = end ? (size_t)(end - body.ptr) : body.len;

		if (!fill->events->frame(fill->user, (struct str){ body.ptr, len }))
			break;
		body.ptr += len + (end != NULL);
		body.len -= len + (end != NULL);
	}
}

static void fill_once(struct fill *fill)
{
	struct arena *arena = arena_new(4096);
	unsigned turn = fill->turn;
	struct answer answer;
	enum itn_status status = ITN_UNAVAILABLE;
	const char *uri;

	fill->wanted = false;
	uri = str_is_set(fill->position)
		      ? arena_printf(arena, "/api/events?after=%.*s&limit=%u", STR_ARG(fill->position), fill->limit).ptr
		      : "/api/events?limit=1";
	worker_call(arena, "GET", uri, "Accept: application/x-ndjson", NULL, &answer);
	if (fill->turn == turn && !fill->gateway->process->dead) {
		if (answer.answered && answer.status == 200) {
			status = ITN_OK;
			if (str_is_set(fill->position))
				fill_lines(fill, turn, answer.body);
		} else if (answer.answered && answer.status == 410) {
			status = ITN_GAP;
		}
		if (fill->turn == turn)
			fill->events->done(fill->user, status, answer.log, answer.seq);
	}
	arena_free(arena);
}

static void fill_run(void *context)
{
	struct fill *fill = context;

	while (!fill->gateway->process->dead && !fill->gateway->process->stopping) {
		if (fill->wanted)
			fill_once(fill);
		else
			fiber_sleep(INT64_C(3600000000));
	}
	fill->ended = true;
}

enum itn_status fill_new(struct ev_loop *loop unused_arg, struct lws_context *context unused_arg,
			 const char *url unused_arg, const struct fill_events *events, void *user, struct fill **ret,
			 struct error *error unused_arg)
{
	struct gateway *gateway = gateway_here();
	struct fill *fill = arena_calloc(sim.arena, 1, sizeof(*fill));

	*fill = (struct fill){ .gateway = gateway, .events = events, .user = user };
	gateway->fill = fill;
	fill->fiber = fiber_start(gateway->process, "fill", fill_run, fill);
	*ret = fill;
	return ITN_OK;
}

void fill_free(struct fill *fill unused_arg)
{
}

void fill_cancel(struct fill *fill)
{
	fill->turn++;
	fill->wanted = false;
}

void fill_ask(struct fill *fill, struct str log, int64_t after, unsigned limit)
{
	fill->turn++;
	fill->wanted = true;
	fill->limit = limit;
	fill->position =
		str_is_set(log) ? arena_printf(sim.arena, "%.*s:%lld", STR_ARG(log), (long long)after) : STR_NONE;
	if (!fill->ended)
		fiber_wake(fill->fiber);
}

/* The loop. */

static void feed_deliver(struct bus_feed *feed, const struct feed_item *item)
{
	switch (item->kind) {
	case FEED_CONNECTED:
		feed->events->connected(feed->user);
		break;
	case FEED_LOST:
		feed->events->lost(feed->user, "the connection is gone");
		break;
	case FEED_FRAMES:
		feed->events->frames(feed->user, &item->frames);
		break;
	case FEED_RESET:
		feed->events->reset(feed->user, item->log, item->last);
		break;
	case FEED_READ:
		item->done(feed->user, item->has_log ? item->log : STR_NONE, item->last, &item->frames);
		break;
	}
}

static void run(void *context)
{
	struct process *process = context;
	struct gateway *gateway = process->state;
	struct bus_feed *feed = gateway->feed;
	struct feed_item item;

	while (!process->dead && !process->stopping) {
		int64_t next = feed_due(feed), timer = timer_due(gateway);

		if (feed_take(feed, sim.now_us, &item))
			feed_deliver(feed, &item);
		else if (!timer_fire(gateway))
			fiber_sleep_until(next < timer ? next : timer);
	}
	while (!gateway->fill->ended) {
		fiber_wake(gateway->fill->fiber);
		fiber_yield();
	}
	gateway->feed->reader = NULL;
	follow_free(gateway->follow);
}

static void begin(void *context)
{
	struct process *process = context;
	struct gateway *gateway = process->state;
	struct error error = { "" };

	if (follow_new(NULL, NULL, &process->config, NULL, NULL, NULL, &gateway->follow, &error) != ITN_OK)
		sim_fail("a gateway can't follow: %s", error.text);
	gateway->feed = feed_of(process);
	gateway->feed->reader = fiber_self();
	run(process);
}

void gateway_start(unsigned seat)
{
	struct process *process = process_new(PROCESS_GATEWAY, seat);
	struct gateway *gateway = arena_calloc(sim.arena, 1, sizeof(*gateway));

	*gateway = (struct gateway){ .process = process, .begins = true, .last = -1 };
	process->state = gateway;
	sim.gateways[seat] = process;
	gateway->fiber = fiber_start(process, "gateway", begin, process);
}

int64_t gateway_last(unsigned seat)
{
	const struct gateway *gateway = sim.gateways[seat]->state;

	return gateway->last;
}

void gateways_reset(void)
{
	memset(seen.count, 0, sizeof(seen.count));
}

/* Within a connection each event once, in order, without holes; a new connection does not begin before the former one's
 * end, or it would tell its watcher something twice. */
void gateways_check(const struct str *frames, size_t count)
{
	for (unsigned seat = 0; seat < sim.gateway_seats; seat++) {
		int64_t last = -1;

		for (size_t i = 0; i < seen.count[seat]; i++) {
			const struct seen *one = &seen.at[seat][i];

			if (one->seq < 1 || one->seq > (int64_t)count)
				sim_fail("gateway-%u sent seq %lld, the log has %zu", seat, (long long)one->seq, count);
			if (!str_eq(one->frame, frames[one->seq - 1]))
				sim_fail("gateway-%u sent seq %lld as\n%.*s\nthe log has\n%.*s", seat,
					 (long long)one->seq, STR_ARG(one->frame), STR_ARG(frames[one->seq - 1]));
			if (last >= 0 && !one->begins && one->seq != last + 1)
				sim_fail("gateway-%u sent seq %lld behind %lld", seat, (long long)one->seq,
					 (long long)last);
			last = one->seq;
		}
	}
}
