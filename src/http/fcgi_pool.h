/** The connections of a FastCGI server: who owns which, and since when.
 *
 *  A connection is idle (it waits in the epoll) or busy (one thread owns it). All threads share one edge-triggered epoll, so
 *  an event may come while another thread owns the connection: that is noted, and fcgi_conn_release() then says "go on". An
 *  event of a connection closed in the meantime has an old token and is dropped.
 */
#ifndef ITN_HTTP_FCGI_POOL_H
#define ITN_HTTP_FCGI_POOL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/fcgi_reader.h"

struct fcgi_conn {
	_Atomic uint64_t state;   /**< generation << 2 | free, idle, busy, busy with more events */
	_Atomic int64_t deadline; /**< on the monotonic clock, ms; 0 for none. Overdue: closed or shut down */
	pthread_mutex_t lock;     /**< around closing: the sweep must not shut down a number that is somebody else's now */
	int fd;
	bool is_late; /**< opened when the pool was already `late` */
	uint32_t next_free;
	/* Below: the owner's. */
	struct fcgi_reader reader;
	bool begun; /**< bytes came since the last answer: the deadline runs */
};

struct fcgi_pool {
	struct fcgi_conn *conns;
	uint32_t max;
	uint64_t body_max;
	_Atomic uint32_t used; /**< slots that were ever used */
	_Atomic uint32_t open;
	_Atomic uint32_t open_early; /**< those of them that are not late */
	bool late;                   /**< set by the thread that opens: what it opens from now on is late */
	_Atomic bool watched;  /**< write to notify_fd whenever a connection closes */
	int notify_fd;
	pthread_mutex_t lock;  /**< of the free list */
	uint32_t first_free;
};

void fcgi_pool_init(struct fcgi_pool *pool, uint32_t max, uint64_t body_max, int notify_fd);
/** Closes what is open. No other thread may use the pool any more. */
void fcgi_pool_free(struct fcgi_pool *pool);

/** A new idle connection over `fd`, which it takes over. NULL when there are `max` already (fd stays the caller's). */
struct fcgi_conn *fcgi_pool_open(struct fcgi_pool *pool, int fd, int64_t deadline);
/** What epoll hands back for it. */
uint64_t fcgi_conn_token(const struct fcgi_pool *pool, const struct fcgi_conn *conn);
/** The connection of an event, owned by the caller from now on; NULL when it is closed or another thread's. */
struct fcgi_conn *fcgi_pool_claim(struct fcgi_pool *pool, uint64_t token);
/** Gives it back. False: events came in the meantime, the caller still owns it and must read again. */
bool fcgi_conn_release(struct fcgi_conn *conn);
/** The owner closes it. */
void fcgi_pool_close(struct fcgi_pool *pool, struct fcgi_conn *conn);

/** Closes idle connections that are overdue and have nothing unread, and shuts down overdue busy ones, so that their owner
 *  notices. `end`: closes every idle one. INT64_MAX as `now`: every busy one that waits for its peer is overdue. One
 *  thread only. */
void fcgi_pool_sweep(struct fcgi_pool *pool, int64_t now, bool end);

#endif
