/** The FastCGI server (FastCGI specification 1.0, responder role, one request at a time on a connection).
 *
 *  One thread accepts and keeps time (fcgi_server_run()); `threads` others answer. All connections wait in one epoll;
 *  a thread takes one only when bytes are there, and puts it back when a request is incomplete: a peer that stalls
 *  holds a connection for `peer_timeout_ms`, never a thread. A peer that takes no bytes of an answer holds a thread
 *  for at most that long per chunk. A peer that breaks the protocol loses its connection; nobody else notices.
 *
 *  Streamed answers go at their reader's pace, so they get at most half of the threads (at least one); the next one is
 *  answered 503 with Retry-After instead.
 *
 *  Drain: no new connections (a unix socket is unlinked first, then what waits in its backlog is taken, so that no
 *  connection is lost); those that are open are served until the peer closes them, and each answer tells nginx not
 *  to keep the connection. A socket without a path to unlink, which the supervisor keeps open, is listened on until all
 *  connections from before the drain are closed: who connects meanwhile would else wait for the next process. Lossless
 *  when the web server's keep-alive timeout is shorter than `drain_ms`.
 */
#ifndef ITN_HTTP_FCGI_H
#define ITN_HTTP_FCGI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/error.h"
#include "core/status.h"
#include "http/request.h"
#include "http/response.h"

/** Answers one request: fills `res` and returns. Called on any of the server's threads. */
typedef void fcgi_answer(void *context, struct http_request *req, struct http_response *res);

struct fcgi_settings {
	const int *listen_fds; /**< 1..FCGI_LISTEN_MAX non-blocking listening sockets; taken over */
	size_t listen_count;
	const char *unlink_path; /**< the unix socket to unlink at the drain; NULL for none */
	const char *tcp_peers;   /**< addresses that may connect over TCP, separated by commas */
	unsigned threads;
	unsigned connections; /**< open at once at most; more wait in the backlog */
	uint64_t body_max;    /**< larger bodies are read to their end and dropped (body_too_large) */
	uint64_t peer_timeout_ms;
	uint64_t drain_ms;
	/** Called on the accepting thread a few times a second, as long as requests make progress: a thread is free, or one
	 *  of them has begun a request or sent a part of an answer within stuck_ms. May be NULL. */
	void (*tick)(void);
	uint64_t stuck_ms; /**< a thread that is at work longer without progress does not count as alive */
	fcgi_answer *answer;
	void *context;
};

#define FCGI_LISTEN_MAX 8
/** All parameters of a request together, in bytes, and their number; beyond it the answer is 431. */
#define FCGI_PARAMS_BYTES_MAX 65536
#define FCGI_PARAMS_MAX       256

struct fcgi_server;

/** Starts the threads; nothing is accepted before fcgi_server_run(). The settings are copied, their texts kept. */
enum itn_status fcgi_server_new(const struct fcgi_settings *settings, struct fcgi_server **ret, struct error *error)
	must_check;
/** Accepts until `stop_fd` becomes readable, then drains; returns when all threads have ended. */
void fcgi_server_run(struct fcgi_server *server, int stop_fd);
/** Only after fcgi_server_run(), or when it was never called. NULL is allowed. */
void fcgi_server_free(struct fcgi_server *server);

/** Connections open now. Any thread. */
unsigned fcgi_server_connections(const struct fcgi_server *server);
/** Threads that are at work now. Any thread. */
unsigned fcgi_server_busy(const struct fcgi_server *server);

#endif
