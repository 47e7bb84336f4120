/** What a thread does with a connection that it owns: read, answer, and so on until there is nothing to read. */
#ifndef ITN_HTTP_FCGI_CONN_H
#define ITN_HTTP_FCGI_CONN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "http/fcgi.h"
#include "http/fcgi_app.h"
#include "http/fcgi_pool.h"

/** Bytes that one read takes at most. */
#define FCGI_READ_SIZE 65536
/** After so many reads in a row a connection goes to the end of the queue. */
#define FCGI_READS_MAX 32

/** The answers that are streamed now, over all threads, and how many may be. */
struct fcgi_streams {
	_Atomic unsigned now;
	unsigned max;
};

/** A thread and what it reuses from request to request. */
struct fcgi_worker {
	const struct fcgi_settings *settings;
	const _Atomic bool *draining;
	struct fcgi_streams *streams;
	struct fcgi_app *app;
	struct arena *arena;
	struct http_response res;
	char *scratch; /**< FCGI_READ_SIZE bytes */
	/** When it last got on: began a request or sent a part of an answer, on the monotonic clock, ms; 0: it is free. */
	_Atomic int64_t progress;
};

/** The thread has got on. */
void fcgi_worker_progress(struct fcgi_worker *worker, int64_t now_ms);

enum fcgi_verdict {
	FCGI_WAIT,  /**< nothing more to read now: release it */
	FCGI_YIELD, /**< more may be there, but others come first: queue it again */
	FCGI_CLOSE, /**< the peer is gone, broke the protocol, or does not keep the connection */
};

/** Reads and answers until one of the verdicts. `hung_up`: the peer has closed its side, so read up to the end. */
enum fcgi_verdict fcgi_conn_serve(struct fcgi_worker *worker, struct fcgi_conn *conn, bool hung_up);

#endif
