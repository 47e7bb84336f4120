/** A FastCGI server in the test's own process, on a unix socket in a temporary folder.
 *
 *  Its answers, by path: /echo the body; /bytes/N so many bytes; /stream/N so many in a stream; /hold waits until fixture_let_go();
 *  /flags which of body_too_large and body_broken were set; everything else "ok".
 */
#ifndef ITN_TESTS_FCGI_FIXTURE_H
#define ITN_TESTS_FCGI_FIXTURE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fcgi_client.h"
#include "http/fcgi.h"

struct fixture {
	char folder[64];
	char path[96];
	uint16_t port; /**< when it listens on TCP */
	int stop_fd;
	struct fcgi_server *server;
	pthread_t thread;
	_Atomic bool ended;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned holding; /**< requests that wait in /hold */
	bool let_go;
	_Atomic unsigned gone; /**< streams whose peer went away */
};

struct fixture_options {
	unsigned threads;
	unsigned connections;
	uint64_t peer_timeout_ms;
	uint64_t drain_ms;
	uint64_t stuck_ms;
	const char *tcp_peers; /**< listen on TCP, too, with these */
	bool inherited;        /**< the socket is a supervisor's: its path stays */
};

/** How often the servers of this process have said that they make progress. */
extern _Atomic unsigned fixture_ticks;

void fixture_start(struct fixture *fixture, struct fixture_options options);
/** Begins the drain. */
void fixture_stop(struct fixture *fixture);
/** Waits until the server has ended; frees all. */
void fixture_end(struct fixture *fixture);
void fixture_wait_holding(struct fixture *fixture, unsigned count);
void fixture_let_go(struct fixture *fixture);
/** A request on a connection of its own is answered 200. */
bool fixture_serves(struct fixture *fixture);

#endif
