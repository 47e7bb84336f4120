#include "gateway/session.h"

#include <libwebsockets.h>

#include "core/metrics.h"
#include "gateway/hub.h"

/** libwebsockets does not report an empty pong, so the ping has a payload. */
static const char ping_payload[] = "itn";

/* Why a client was closed, beside the codes: it did not take its Close. */
static const struct {
	enum close_code code;
	const char *reason;
} drops[] = {
	{ CLOSE_NONE, "unresponsive" }, { CLOSE_GOING_AWAY, "going_away" }, { CLOSE_POLICY, "silent" },
	{ CLOSE_TOO_BIG, "too_big" },   { CLOSE_RESTART, "restart" },       { CLOSE_OVERLOAD, "overload" },
	{ CLOSE_SLOW, "slow" },
};

#define DROPS (sizeof(drops) / sizeof(drops[0]))

void session_labels(void)
{
	static const char *reasons[DROPS];

	for (size_t i = 0; i < DROPS; i++)
		reasons[i] = drops[i].reason;
	metrics_label(LABEL_REASON, reasons, DROPS);
}

static void count_drop(enum close_code code)
{
	for (size_t i = 0; i < DROPS; i++)
		if (drops[i].code == code)
			metrics_add_at(METRIC_GATEWAY_DROPS, &i, 1);
}

void session_open(struct session *session, struct hub *hub, struct lws *wsi)
{
	*session = (struct session){ .hub = hub, .wsi = wsi };
	hub_join(hub, session);
}

void session_closed(struct session *session)
{
	if (!session->hub)
		return;
	hub_leave(session->hub, session);
	hub_gone(session->hub);
	session->hub = NULL;
}

void session_close(struct session *session, enum close_code code)
{
	if (session->state != SESSION_OPEN)
		return;
	count_drop(code);
	session->close_code = code;
	hub_closing(session->hub, session);
	session_wake(session);
}

void session_wake(struct session *session)
{
	if (session->woken)
		return;
	session->woken = true;
	lws_callback_on_writable(session->wsi);
}

static bool end(struct session *session)
{
	lws_close_reason(session->wsi, (enum lws_close_status)session->close_code, NULL, 0);
	hub_leave(session->hub, session);
	return false;
}

static bool send_ping(struct session *session)
{
	unsigned char frame[LWS_PRE + sizeof(ping_payload)];
	memcpy(frame + LWS_PRE, ping_payload, sizeof(ping_payload) - 1);
	session->ping_due = false;
	return lws_write(session->wsi, frame + LWS_PRE, sizeof(ping_payload) - 1, LWS_WRITE_PING) >= 0;
}

/** What the client still gets: everything, or once it is to close what was there at that time. */
static uint64_t owed(const struct session *session)
{
	const struct ring *ring = session->hub->ring;
	if (!session->position.chunk)
		return 0;
	uint64_t waiting = ring_waiting(ring, &session->position);
	if (session->state == SESSION_OPEN)
		return waiting;
	uint64_t later = ring_end(ring) - session->until;
	return waiting > later ? waiting - later : 0;
}

static bool send_run(struct session *session)
{
	struct ring *ring = session->hub->ring;
	uint64_t most = owed(session);
	if (most == 0)
		return true;
	struct str run = ring_next(ring, &session->position);
	if (run.len > most)
		run.len = (size_t)most;
	if (lws_write(session->wsi, (unsigned char *)run.ptr, run.len, LWS_WRITE_HTTP) < 0)
		return false;
	metrics_add(METRIC_GATEWAY_BYTES, run.len);
	ring_advance(ring, &session->position, run.len);
	if (run.len < most || session->state == SESSION_CLOSING)
		session_wake(session);
	return true;
}

void session_drop(struct session *session)
{
	count_drop(CLOSE_NONE);
	hub_leave(session->hub, session);
	lws_set_timeout(session->wsi, PENDING_TIMEOUT_USER_OK, LWS_TO_KILL_SYNC);
}

/** libwebsockets sends a Close of its own to a peer that breaks the protocol, tells nobody, and goes on asking for data
 *  to send. */
static bool closing_by_itself(const struct session *session)
{
	return session->state != SESSION_ENDED && lws_get_close_length(session->wsi) > 0;
}

bool session_writable(struct session *session)
{
	session->woken = false;
	if (closing_by_itself(session))
		hub_leave(session->hub, session);
	if (session->state == SESSION_ENDED)
		return true;
	if (session->state == SESSION_CLOSING)
		return owed(session) > 0 ? send_run(session) : end(session);
	if (!session->ping_due)
		return send_run(session);
	session_wake(session);
	return send_ping(session);
}

void session_receive(struct session *session, size_t len, size_t more, bool last)
{
	metrics_add(METRIC_GATEWAY_RECEIVED, len);
	if (session->state != SESSION_OPEN)
		return;
	session_heard(session);
	session->message_bytes += len;
	if (more > session->hub->message_max || session->message_bytes + more > session->hub->message_max)
		session_close(session, CLOSE_TOO_BIG);
	else if (last && more == 0)
		session->message_bytes = 0;
}

void session_heard(struct session *session)
{
	if (session->state != SESSION_OPEN)
		return;
	session->pinged = false;
	session->ping_due = false;
	hub_heard(session->hub, session);
}
