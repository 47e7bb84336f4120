#include "store/commit_queue.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/metrics.h"

#define PROBE_US 20000

enum item_state { ITEM_QUEUED, ITEM_BEGUN, ITEM_DONE, ITEM_ABANDONED };

TAILQ_HEAD(item_list, commit_item);

struct commit_queue {
	const struct commit_ops *ops;
	void *context;
	size_t room, round_max;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t work;
	struct item_list waiting;
	size_t count;
	bool blocked, stop;
	struct commit_item **round;
};

static void cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static bool wait_until(struct commit_queue *queue, pthread_cond_t *cond, int64_t deadline_us)
{
	struct timespec at = { .tv_sec = deadline_us / 1000000, .tv_nsec = deadline_us % 1000000 * 1000 };
	return pthread_cond_timedwait(cond, &queue->mutex, &at) != ETIMEDOUT;
}

static void item_free(struct commit_item *item)
{
	pthread_cond_destroy(&item->done);
	item->release(item);
}

static void item_answer(struct commit_item *item)
{
	if (item->state == ITEM_ABANDONED) {
		item_free(item);
		return;
	}
	item->state = ITEM_DONE;
	pthread_cond_signal(&item->done);
}

static size_t round_take(struct commit_queue *queue)
{
	size_t count = 0;
	struct commit_item *item;
	while (count < queue->round_max && (item = TAILQ_FIRST(&queue->waiting))) {
		TAILQ_REMOVE(&queue->waiting, item, link);
		queue->count--;
		item->state = ITEM_BEGUN;
		queue->round[count++] = item;
	}
	return count;
}

/* A round of nobody, whose callers have all withdrawn, only gives the lock back. */
static void run_measured(struct commit_queue *queue, size_t count)
{
	int64_t began_us = clock_monotonic_us();
	queue->ops->run(queue->context, queue->round, count);
	if (count == 0)
		return;
	metrics_observe(METRIC_STORE_ROUND_SIZE, 0, count);
	metrics_observe(METRIC_STORE_ROUND_DURATION, 0, (uint64_t)(clock_monotonic_us() - began_us));
}

static void round_write(struct commit_queue *queue)
{
	queue->blocked = false;
	size_t count = round_take(queue);
	pthread_mutex_unlock(&queue->mutex);
	run_measured(queue, count);
	pthread_mutex_lock(&queue->mutex);
	for (size_t i = 0; i < count; i++)
		item_answer(queue->round[i]);
	pthread_mutex_unlock(&queue->mutex);
	queue->ops->tidy(queue->context);
	pthread_mutex_lock(&queue->mutex);
}

static void refuse_waiting(struct commit_queue *queue, enum itn_status status)
{
	struct commit_item *item;
	while ((item = TAILQ_FIRST(&queue->waiting))) {
		TAILQ_REMOVE(&queue->waiting, item, link);
		queue->count--;
		item->status = status;
		item_answer(item);
	}
}

static void round_try(struct commit_queue *queue)
{
	struct commit_item *first = TAILQ_FIRST(&queue->waiting);
	int64_t until = queue->blocked ? clock_monotonic_us() + PROBE_US : first->deadline_us;
	pthread_mutex_unlock(&queue->mutex);
	enum itn_status status = queue->ops->prepare(queue->context, until);
	bool late = clock_monotonic_us() >= until;
	pthread_mutex_lock(&queue->mutex);
	if (!status)
		round_write(queue);
	else if (late)
		queue->blocked = true;
	else
		refuse_waiting(queue, status);
}

static void *queue_main(void *arg)
{
	struct commit_queue *queue = arg;
	pthread_mutex_lock(&queue->mutex);
	for (;;) {
		while (!queue->stop && !queue->blocked && TAILQ_EMPTY(&queue->waiting))
			pthread_cond_wait(&queue->work, &queue->mutex);
		if (queue->stop && TAILQ_EMPTY(&queue->waiting))
			break;
		if (queue->blocked)
			wait_until(queue, &queue->work, clock_monotonic_us() + PROBE_US);
		if (queue->blocked || !TAILQ_EMPTY(&queue->waiting))
			round_try(queue);
	}
	pthread_mutex_unlock(&queue->mutex);
	return NULL;
}

struct commit_queue *commit_queue_new(const struct commit_ops *ops, void *context, size_t room, size_t round_max)
{
	struct commit_queue *queue = memory_calloc(1, sizeof(*queue));
	queue->ops = ops;
	queue->context = context;
	queue->room = room;
	queue->round_max = round_max;
	queue->round = memory_calloc(round_max, sizeof(*queue->round));
	TAILQ_INIT(&queue->waiting);
	pthread_mutex_init(&queue->mutex, NULL);
	cond_init(&queue->work);
	if (pthread_create(&queue->thread, NULL, queue_main, queue))
		memory_exhausted();
	return queue;
}

void commit_queue_free(struct commit_queue *queue)
{
	if (!queue)
		return;
	pthread_mutex_lock(&queue->mutex);
	queue->stop = true;
	pthread_cond_signal(&queue->work);
	pthread_mutex_unlock(&queue->mutex);
	pthread_join(queue->thread, NULL);
	pthread_cond_destroy(&queue->work);
	pthread_mutex_destroy(&queue->mutex);
	free(queue->round);
	free(queue);
}

static enum itn_status item_wait(struct commit_queue *queue, struct commit_item *item, int64_t grace_us)
{
	while (item->state != ITEM_DONE) {
		int64_t until = item->deadline_us + (item->state == ITEM_BEGUN ? grace_us : 0);
		if (wait_until(queue, &item->done, until) || item->state == ITEM_DONE)
			continue;
		if (item->state == ITEM_QUEUED) {
			TAILQ_REMOVE(&queue->waiting, item, link);
			queue->count--;
			return ITN_UNAVAILABLE;
		}
		if (clock_monotonic_us() < item->deadline_us + grace_us)
			continue;
		item->state = ITEM_ABANDONED;
		return ITN_UNKNOWN;
	}
	return item->status;
}

enum itn_status commit_queue_write(struct commit_queue *queue, struct commit_item *item, int64_t timeout_ms,
				   int64_t grace_ms)
{
	cond_init(&item->done);
	item->state = ITEM_QUEUED;
	item->deadline_us = clock_monotonic_us() + timeout_ms * 1000;
	pthread_mutex_lock(&queue->mutex);
	if (queue->blocked || queue->stop || queue->count >= queue->room) {
		pthread_mutex_unlock(&queue->mutex);
		item_free(item);
		return ITN_UNAVAILABLE;
	}
	TAILQ_INSERT_TAIL(&queue->waiting, item, link);
	queue->count++;
	pthread_cond_signal(&queue->work);
	enum itn_status status = item_wait(queue, item, grace_ms * 1000);
	bool mine = item->state != ITEM_ABANDONED;
	pthread_mutex_unlock(&queue->mutex);
	if (mine)
		item_free(item);
	return status;
}

bool commit_queue_blocked(struct commit_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	bool blocked = queue->blocked;
	pthread_mutex_unlock(&queue->mutex);
	return blocked;
}

size_t commit_queue_waiting(struct commit_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	size_t count = queue->count;
	pthread_mutex_unlock(&queue->mutex);
	return count;
}
