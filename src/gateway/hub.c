#include "gateway/hub.h"

#include "core/clock.h"
#include "core/metrics.h"

void hub_init(struct hub *hub, const struct config *config)
{
	*hub = (struct hub){
		.ring = ring_new(),
		.clients_max = config->clients_max,
		.queue_max = config->client_queue_max,
		.message_max = config->message_max,
		.ping_ms = (int64_t)config->ping_ms,
	};
	metrics_set(METRIC_GATEWAY_CONNECTIONS, 0);
	TAILQ_INIT(&hub->sessions);
	TAILQ_INIT(&hub->quiet);
	TAILQ_INIT(&hub->closing);
}

void hub_release(struct hub *hub)
{
	ring_free(hub->ring);
	hub->ring = NULL;
}

static void quiet_until(struct hub *hub, struct session *session, int64_t due_ms)
{
	session->due_ms = due_ms;
	TAILQ_INSERT_TAIL(&hub->quiet, session, due);
}

void hub_join(struct hub *hub, struct session *session)
{
	hub->clients++;
	metrics_add(METRIC_GATEWAY_HANDSHAKES, 1);
	metrics_set(METRIC_GATEWAY_CONNECTIONS, (int64_t)++hub->connections);
	TAILQ_INSERT_TAIL(&hub->sessions, session, all);
	quiet_until(hub, session, clock_monotonic_ms() + hub->ping_ms);
	ring_enter(hub->ring, &session->position);
	if (hub->clients > hub->clients_max)
		session_close(session, CLOSE_OVERLOAD);
}

static void leave_open(struct hub *hub, struct session *session)
{
	TAILQ_REMOVE(&hub->quiet, session, due);
	TAILQ_REMOVE(&hub->sessions, session, all);
	hub->clients--;
}

void hub_leave(struct hub *hub, struct session *session)
{
	if (session->state == SESSION_OPEN)
		leave_open(hub, session);
	else if (session->state == SESSION_CLOSING)
		TAILQ_REMOVE(&hub->closing, session, due);
	ring_leave(hub->ring, &session->position);
	session->state = SESSION_ENDED;
}

void hub_gone(struct hub *hub)
{
	metrics_set(METRIC_GATEWAY_CONNECTIONS, (int64_t)--hub->connections);
}

void hub_closing(struct hub *hub, struct session *session)
{
	leave_open(hub, session);
	if (session->close_code == CLOSE_SLOW)
		ring_leave(hub->ring, &session->position);
	session->until = ring_end(hub->ring);
	session->state = SESSION_CLOSING;
	session->due_ms = clock_monotonic_ms() + HUB_CLOSE_MS;
	TAILQ_INSERT_TAIL(&hub->closing, session, due);
}

void hub_heard(struct hub *hub, struct session *session)
{
	TAILQ_REMOVE(&hub->quiet, session, due);
	quiet_until(hub, session, clock_monotonic_ms() + hub->ping_ms);
}

void hub_publish(struct hub *hub, const struct str *frames, size_t count)
{
	metrics_add(METRIC_GATEWAY_EVENTS, count);
	metrics_add(METRIC_GATEWAY_MESSAGES, count * hub->clients);
	if (hub->clients == 0)
		return;
	uint64_t before = ring_end(hub->ring);
	for (size_t i = 0; i < count; i++)
		ring_add(hub->ring, frames[i]);
	uint64_t added = ring_end(hub->ring) - before;
	struct session *next;
	for (struct session *session = TAILQ_FIRST(&hub->sessions); session; session = next) {
		next = TAILQ_NEXT(session, all);
		if (ring_waiting(hub->ring, &session->position) - added > hub->queue_max)
			session_close(session, CLOSE_SLOW);
		else
			session_wake(session);
	}
}

void hub_close_all(struct hub *hub, enum close_code code)
{
	struct session *session;
	while ((session = TAILQ_FIRST(&hub->sessions)))
		session_close(session, code);
}

static void ping_or_close(struct hub *hub, struct session *session, int64_t now_ms)
{
	if (session->pinged) {
		session_close(session, CLOSE_POLICY);
		return;
	}
	session->pinged = true;
	session->ping_due = true;
	TAILQ_REMOVE(&hub->quiet, session, due);
	quiet_until(hub, session, now_ms + hub->ping_ms);
	session_wake(session);
}

void hub_tick(struct hub *hub, int64_t now_ms)
{
	struct session *session;
	while ((session = TAILQ_FIRST(&hub->quiet)) && session->due_ms <= now_ms)
		ping_or_close(hub, session, now_ms);
	while ((session = TAILQ_FIRST(&hub->closing)) && session->due_ms <= now_ms)
		session_drop(session);
}

int64_t hub_tick_ms(const struct hub *hub)
{
	return hub->ping_ms / 4 < HUB_TICK_MS ? hub->ping_ms / 4 : HUB_TICK_MS;
}
