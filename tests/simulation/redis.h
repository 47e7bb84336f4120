/** The Redis of a run: one stream, one feed, one wake-up channel, and the clients that the product has of them. */
#ifndef ITN_SIMULATION_REDIS_H
#define ITN_SIMULATION_REDIS_H

#include "bus/feed.h"
#include "bus/listener.h"
#include "sim.h"

/** A gateway's connection; its messages come in the order of their sending. */
enum feed_kind { FEED_CONNECTED, FEED_LOST, FEED_FRAMES, FEED_RESET, FEED_READ };
struct feed_item {
	struct feed_item *next;
	enum feed_kind kind;
	int64_t due;              /* us */
	struct bus_frames frames; /* of FRAMES and READ */
	bool has_log;
	struct str log;
	int64_t last; /* of RESET and READ */
	bus_feed_read_done *done;
};
struct bus_feed {
	struct process *process;
	const struct bus_feed_events *events;
	void *user;
	bool subscribed; /* at the server */
	bool connected;  /* the gateway knows */
	bool reading;
	struct fiber *reader; /**< woken when something comes */
	int64_t read_after;
	unsigned read_max;
	int64_t last_due;
	struct feed_item *first;
	struct bus_feed *other; /* of all gateways */
};

/** The one of this process; NULL: none. */
struct bus_feed *feed_of(const struct process *process);
/** The next item that is due by `now`, in order; the caller has it until the next call. NULL: none. */
bool feed_take(struct bus_feed *feed, int64_t now, struct feed_item *ret);
/** When the next one is due; INT64_MAX: none. */
int64_t feed_due(const struct bus_feed *feed);

/** Lets an engine's loop wait until it is woken. */
void listener_wait(struct bus_listener *listener, int64_t ms);

#endif
