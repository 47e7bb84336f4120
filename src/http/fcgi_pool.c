#include "http/fcgi_pool.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/memory.h"

enum { FREE, IDLE, BUSY, AGAIN };

#define NONE UINT32_MAX

static uint64_t state_of(uint64_t generation, unsigned state)
{
	return generation << 2 | state;
}

void fcgi_pool_init(struct fcgi_pool *pool, uint32_t max, uint64_t body_max, int notify_fd)
{
	*pool = (struct fcgi_pool){ .max = max, .body_max = body_max, .notify_fd = notify_fd, .first_free = NONE };
	pool->conns = memory_calloc(max, sizeof(*pool->conns));
	pthread_mutex_init(&pool->lock, NULL);
}

void fcgi_pool_free(struct fcgi_pool *pool)
{
	for (uint32_t i = 0; i < atomic_load(&pool->used); i++) {
		struct fcgi_conn *conn = &pool->conns[i];
		if (conn->fd >= 0)
			close(conn->fd);
		fcgi_reader_free(&conn->reader);
		pthread_mutex_destroy(&conn->lock);
	}
	pthread_mutex_destroy(&pool->lock);
	free(pool->conns);
}

static struct fcgi_conn *take_slot(struct fcgi_pool *pool)
{
	struct fcgi_conn *conn = NULL;
	uint32_t used = atomic_load(&pool->used);
	pthread_mutex_lock(&pool->lock);
	if (pool->first_free != NONE) {
		conn = &pool->conns[pool->first_free];
		pool->first_free = conn->next_free;
	} else if (used < pool->max) {
		conn = &pool->conns[used];
		pthread_mutex_init(&conn->lock, NULL);
		atomic_store(&pool->used, used + 1);
	}
	pthread_mutex_unlock(&pool->lock);
	return conn;
}

struct fcgi_conn *fcgi_pool_open(struct fcgi_pool *pool, int fd, int64_t deadline)
{
	struct fcgi_conn *conn = take_slot(pool);
	if (!conn)
		return NULL;
	pthread_mutex_lock(&conn->lock);
	conn->fd = fd;
	pthread_mutex_unlock(&conn->lock);
	fcgi_reader_init(&conn->reader, pool->body_max);
	conn->begun = false;
	conn->is_late = pool->late;
	atomic_store(&conn->deadline, deadline);
	atomic_fetch_add(&pool->open, 1);
	atomic_fetch_add(&pool->open_early, !conn->is_late);
	atomic_store(&conn->state, state_of(atomic_load(&conn->state) >> 2, IDLE));
	return conn;
}

uint64_t fcgi_conn_token(const struct fcgi_pool *pool, const struct fcgi_conn *conn)
{
	uint64_t generation = atomic_load(&conn->state) >> 2;
	return generation << 32 | (uint64_t)(conn - pool->conns);
}

struct fcgi_conn *fcgi_pool_claim(struct fcgi_pool *pool, uint64_t token)
{
	struct fcgi_conn *conn = &pool->conns[token & UINT32_MAX];
	uint64_t generation = token >> 32;
	uint64_t seen = atomic_load(&conn->state);
	for (;;) {
		if ((uint32_t)(seen >> 2) != generation)
			return NULL;
		unsigned state = seen & 3;
		if (state == FREE || state == AGAIN)
			return NULL;
		unsigned next = state == IDLE ? BUSY : AGAIN;
		if (atomic_compare_exchange_weak(&conn->state, &seen, state_of(seen >> 2, next)))
			return next == BUSY ? conn : NULL;
	}
}

bool fcgi_conn_release(struct fcgi_conn *conn)
{
	uint64_t generation = atomic_load(&conn->state) >> 2;
	uint64_t busy = state_of(generation, BUSY);
	if (atomic_compare_exchange_strong(&conn->state, &busy, state_of(generation, IDLE)))
		return true;
	atomic_store(&conn->state, state_of(generation, BUSY));
	return false;
}

void fcgi_pool_close(struct fcgi_pool *pool, struct fcgi_conn *conn)
{
	uint64_t generation = atomic_load(&conn->state) >> 2;
	bool is_early = !conn->is_late;
	fcgi_reader_free(&conn->reader);
	pthread_mutex_lock(&conn->lock);
	close(conn->fd);
	conn->fd = -1;
	pthread_mutex_unlock(&conn->lock);
	atomic_store(&conn->deadline, 0);
	atomic_store(&conn->state, state_of(generation + 1, FREE));
	pthread_mutex_lock(&pool->lock);
	conn->next_free = pool->first_free;
	pool->first_free = (uint32_t)(conn - pool->conns);
	pthread_mutex_unlock(&pool->lock);
	atomic_fetch_sub(&pool->open_early, is_early);
	atomic_fetch_sub(&pool->open, 1);
	uint64_t one = 1;
	if (atomic_load(&pool->watched) && write(pool->notify_fd, &one, sizeof(one)) < 0)
		abort();
}

static bool overdue(struct fcgi_conn *conn, int64_t now)
{
	int64_t deadline = atomic_load(&conn->deadline);
	return deadline != 0 && deadline <= now;
}

/** Bytes that wait for a thread are not the peer's delay. */
static bool has_unread(struct fcgi_conn *conn)
{
	int unread = 0;
	pthread_mutex_lock(&conn->lock);
	bool any = conn->fd >= 0 && ioctl(conn->fd, FIONREAD, &unread) == 0 && unread > 0;
	pthread_mutex_unlock(&conn->lock);
	return any;
}

static void sweep_one(struct fcgi_pool *pool, struct fcgi_conn *conn, int64_t now, bool end)
{
	uint64_t seen = atomic_load(&conn->state);
	unsigned state = seen & 3;
	if (state == FREE || !(overdue(conn, now) || (end && state == IDLE)))
		return;
	if (state == IDLE) {
		if (!end && has_unread(conn))
			return;
		if (atomic_compare_exchange_strong(&conn->state, &seen, state_of(seen >> 2, BUSY)))
			fcgi_pool_close(pool, conn);
		return;
	}
	pthread_mutex_lock(&conn->lock);
	if (conn->fd >= 0 && overdue(conn, now))
		shutdown(conn->fd, SHUT_RDWR);
	pthread_mutex_unlock(&conn->lock);
}

void fcgi_pool_sweep(struct fcgi_pool *pool, int64_t now, bool end)
{
	for (uint32_t i = 0; i < atomic_load(&pool->used); i++)
		sweep_one(pool, &pool->conns[i], now, end);
}
