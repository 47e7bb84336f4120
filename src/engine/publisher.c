#include "engine/publisher.h"

#include <pthread.h>
#include <stdlib.h>

#include "bus/redis.h"
#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/metrics.h"
#include "engine/publication.h"

#define LAST_WORDS_MS 1000
#define CHECK_MS 1000
#define PAUSED (-1)
#define UNKNOWN (-1)

struct publisher {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	int64_t target; /* PAUSED: another engine publishes */
	bool is_first; /* the log was empty when we began, and nothing is published yet */
	bool stopping;
	int64_t stop_at;
	/* the thread's own */
	struct publication publication;
	int64_t known; /* what was published when it was last known, UNKNOWN: never yet */
	bool away;     /* said so in the log */
	struct bus_backoff backoff;
};

static bool is_first(struct publisher *publisher)
{
	bool first;

	pthread_mutex_lock(&publisher->lock);
	first = publisher->is_first;
	pthread_mutex_unlock(&publisher->lock);
	return first;
}

static void set_first(struct publisher *publisher, bool first)
{
	pthread_mutex_lock(&publisher->lock);
	publisher->is_first = first;
	pthread_mutex_unlock(&publisher->lock);
}

/* The logic is publication.c's; the flag is shared with the engine's thread. */
static enum itn_status step(struct publisher *publisher, struct error *error)
{
	bool first = is_first(publisher), was_first = first;
	enum itn_status status = publication_step(&publisher->publication, &first, error);

	if (was_first && !first)
		set_first(publisher, false);
	return status;
}

static struct timespec in_ms(unsigned ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static bool has_nothing_to_do(const struct publisher *publisher)
{
	return publisher->target == PAUSED || (publisher->publication.next && publisher->target < publisher->publication.next);
}

/* Waits until there is something to publish, or it is time to see whether Redis still has what it was given. */
static int64_t wait_for_work(struct publisher *publisher, bool *ret_stopping)
{
	struct timespec until = in_ms(CHECK_MS);
	int64_t target;
	int late = 0;

	pthread_mutex_lock(&publisher->lock);
	while (!publisher->stopping && has_nothing_to_do(publisher) && late == 0)
		late = pthread_cond_timedwait(&publisher->changed, &publisher->lock, &until);
	if (late)
		publisher->publication.next = 0;
	target = publisher->target;
	*ret_stopping = publisher->stopping;
	pthread_mutex_unlock(&publisher->lock);
	return target;
}

static void wait_a_while(struct publisher *publisher, unsigned ms)
{
	struct timespec until = in_ms(ms);
	int late = 0;

	pthread_mutex_lock(&publisher->lock);
	while (!publisher->stopping && late == 0)
		late = pthread_cond_timedwait(&publisher->changed, &publisher->lock, &until);
	pthread_mutex_unlock(&publisher->lock);
}

static void failed(struct publisher *publisher, enum itn_status status, const struct error *error)
{
	publisher->publication.next = 0;
	if (!publisher->away)
		log_warn("publishing waits", LOG_CSTR("status", itn_status_name(status)), LOG_CSTR("why", error->text));
	publisher->away = true;
	wait_a_while(publisher, bus_backoff_next(&publisher->backoff));
}

/* While Redis is away the log goes on, and what was published last is still known. */
static void show_lag(struct publisher *publisher, int64_t target)
{
	if (publisher->publication.next)
		publisher->known = publisher->publication.next - 1;
	if (target == PAUSED || publisher->known == UNKNOWN)
		metrics_unset(METRIC_PUBLICATION_LAG);
	else
		metrics_set(METRIC_PUBLICATION_LAG, target > publisher->known ? target - publisher->known : 0);
}

static void *run(void *context)
{
	struct publisher *publisher = context;
	bool stopping = false;

	for (;;) {
		struct error error = { "" };
		int64_t target = wait_for_work(publisher, &stopping);
		enum itn_status status;

		if (stopping && (target == PAUSED || (publisher->publication.next && publisher->publication.next > target) ||
				 clock_monotonic_ms() > publisher->stop_at))
			return NULL;
		show_lag(publisher, target);
		if (target == PAUSED)
			continue;
		status = step(publisher, &error);
		show_lag(publisher, target);
		if (status != ITN_OK && status != ITN_CONFLICT) {
			if (stopping)
				return NULL;
			failed(publisher, status, &error);
			continue;
		}
		if (publisher->away)
			log_info("publishing goes on", LOG_INT("next", publisher->publication.next));
		publisher->away = false;
		bus_backoff_reset(&publisher->backoff);
	}
}

static void publisher_delete(struct publisher *publisher)
{
	bus_publisher_free(publisher->publication.bus);
	arena_free(publisher->publication.arena);
	pthread_cond_destroy(&publisher->changed);
	pthread_mutex_destroy(&publisher->lock);
	free(publisher);
}

enum itn_status publisher_new(const struct config *config, struct store *store, struct publisher **ret,
			      struct error *error)
{
	struct publisher *publisher = memory_calloc(1, sizeof(*publisher));
	pthread_condattr_t monotonic;
	enum itn_status status;

	publisher->publication.store = store;
	publisher->publication.stream_max = (int64_t)config->stream_max;
	publisher->target = PAUSED;
	publisher->known = UNKNOWN;
	publisher->backoff = BUS_BACKOFF;
	publisher->publication.arena = arena_new((size_t)1 << 16);
	pthread_mutex_init(&publisher->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&publisher->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	status = bus_publisher_new(config->redis, config->network, config->stream_max, &publisher->publication.bus, error);
	if (status == ITN_OK && pthread_create(&publisher->thread, NULL, run, publisher) != 0)
		status = error_set(error, ITN_FAILED, "no thread for the publisher");
	if (status != ITN_OK) {
		publisher_delete(publisher);
		return status;
	}
	*ret = publisher;
	return ITN_OK;
}

void publisher_free(struct publisher *publisher)
{
	if (!publisher)
		return;
	pthread_mutex_lock(&publisher->lock);
	publisher->stopping = true;
	publisher->stop_at = clock_monotonic_ms() + LAST_WORDS_MS;
	pthread_cond_signal(&publisher->changed);
	pthread_mutex_unlock(&publisher->lock);
	pthread_join(publisher->thread, NULL);
	publisher_delete(publisher);
}

void publisher_follow(struct publisher *publisher, int64_t last_seq)
{
	pthread_mutex_lock(&publisher->lock);
	publisher->target = last_seq;
	if (last_seq == 0)
		publisher->is_first = true;
	pthread_cond_signal(&publisher->changed);
	pthread_mutex_unlock(&publisher->lock);
}

void publisher_pause(struct publisher *publisher)
{
	publisher_follow(publisher, PAUSED);
}
