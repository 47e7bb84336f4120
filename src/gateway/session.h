/** One WebSocket client: what it still has to get, what it sends, and how it ends. */
#ifndef ITN_GATEWAY_SESSION_H
#define ITN_GATEWAY_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "gateway/ring.h"

struct hub;
struct lws;

/** RFC 6455 section 7.4.1 and the IANA registry; 4008 is ours. */
enum close_code {
	CLOSE_NONE = 0,
	CLOSE_GOING_AWAY = 1001,
	CLOSE_POLICY = 1008,
	CLOSE_TOO_BIG = 1009,
	CLOSE_RESTART = 1012,
	CLOSE_OVERLOAD = 1013,
	CLOSE_SLOW = 4008,
};

enum session_state {
	SESSION_OPEN,
	SESSION_CLOSING, /**< its Close is to be sent */
	SESSION_ENDED,   /**< out of the hub's lists; libwebsockets finishes the closing handshake */
};

struct session {
	struct hub *hub;
	struct lws *wsi;
	TAILQ_ENTRY(session) all; /**< hub->sessions */
	TAILQ_ENTRY(session) due; /**< hub->quiet or, once it is to close, hub->closing */
	struct ring_position position;
	uint64_t until;       /**< while closing: the end of what is still sent, counted as ring_end() */
	int64_t due_ms;       /**< when the hub looks at it again */
	size_t message_bytes; /**< of the message that is coming in */
	enum session_state state;
	enum close_code close_code;
	bool pinged;   /**< and not heard of since */
	bool ping_due; /**< a ping is to be sent */
	bool woken;    /**< session_writable() will be called */
};

/** Says which values the label reason has (core/metrics.h). */
void session_labels(void);

/** The handshake is done: the session joins the hub and gets every frame from now on. */
void session_open(struct session *session, struct hub *hub, struct lws *wsi);
/** The connection is gone. */
void session_closed(struct session *session);
/** Asks for a Close frame with this code after everything that was published before; a slow client (CLOSE_SLOW) gets
 *  nothing more before it. The first code asked for wins. A client that does not take it in time is dropped. */
void session_close(struct session *session, enum close_code code);
/** Ends the connection without a Close. Not from inside a callback of libwebsockets. */
void session_drop(struct session *session);
/** There is something to send: the loop calls session_writable() once the socket takes it. */
void session_wake(struct session *session);

/** The socket takes data: sends one run of frames, a ping or the end.
 *  @return false when the connection is to be closed */
bool session_writable(struct session *session) must_check;
/** A piece of a message came in. Its content is nothing that a plain client has to say, only its size counts.
 *  @param more  bytes of the same frame still to come
 *  @param last  whether this frame ends the message
 *
 *  A message above the limit closes the client; what still comes is read and forgotten meanwhile: libwebsockets loses
 *  its place in the stream, and with it the Close, when a callback for incoming data fails. */
void session_receive(struct session *session, size_t len, size_t more, bool last);
/** Anything came from the client: it is alive. */
void session_heard(struct session *session);

#endif
