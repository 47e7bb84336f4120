/** All WebSocket clients of a gateway: who is there, what they get, which of them are idle, slow or too many.
 *
 *  One slow client delays nobody: each has a position in the ring, and one with more than queue_max bytes before a
 *  new batch is closed (4008). One that was silent for ping_ms is pinged, after as long again it is closed (1008).
 *  A client that does not take its Close within HUB_CLOSE_MS is dropped. One thread.
 */
#ifndef ITN_GATEWAY_HUB_H
#define ITN_GATEWAY_HUB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/config.h"
#include "core/str.h"
#include "gateway/ring.h"
#include "gateway/session.h"

/** How long a client has for taking its Close frame, in ms. */
#define HUB_CLOSE_MS 5000
/** The longest time between two calls of hub_tick(), in ms. */
#define HUB_TICK_MS 1000

TAILQ_HEAD(session_list, session);

struct hub {
	struct ring *ring;
	struct session_list sessions; /**< open ones */
	struct session_list quiet;    /**< the same, those heard of longest ago first */
	struct session_list closing;  /**< waiting for their socket to take the Close, oldest first */
	uint64_t clients;             /**< in sessions */
	uint64_t connections;         /**< clients, and those whose closing is not finished */
	uint64_t clients_max;
	uint64_t queue_max;
	uint64_t message_max;
	int64_t ping_ms;
};

void hub_init(struct hub *hub, const struct config *config);
/** All sessions have left. */
void hub_release(struct hub *hub);

/** One event to every client that is there. */
void hub_publish(struct hub *hub, const struct str *frames, size_t count);
/** Closes every client with this code. */
void hub_close_all(struct hub *hub, enum close_code code);
/** Pings, closes and drops whoever's time has come. */
void hub_tick(struct hub *hub, int64_t now_ms);
/** How often to call it, in ms. */
int64_t hub_tick_ms(const struct hub *hub);

/** For sessions. */
void hub_join(struct hub *hub, struct session *session);
void hub_leave(struct hub *hub, struct session *session);
void hub_closing(struct hub *hub, struct session *session);
/** The connection of one that has left is gone. */
void hub_gone(struct hub *hub);
void hub_heard(struct hub *hub, struct session *session);

#endif
