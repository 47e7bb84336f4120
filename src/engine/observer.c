#include "engine/observer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/metrics.h"
#include "store/inspect.h"

#define EVERY_US      INT64_C(1000000)
#define SHARE_OF_TIME 10

struct observer {
	struct store *store;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	bool watching;
	bool stopping;
};

static void show(const struct store_vitals *vitals)
{
	int64_t waited_ms = vitals->waiting_at ? vitals->now - vitals->waiting_at : 0;

	metrics_set(METRIC_OUTBOX_ENTRIES, vitals->waiting);
	metrics_set(METRIC_OUTBOX_OLDEST, waited_ms > 0 ? waited_ms * 1000 : 0);
	metrics_set(METRIC_ENGINE_JOBS, vitals->jobs);
	metrics_set(METRIC_LOG_POSITION, vitals->head.last_seq);
	metrics_set(METRIC_STORE_SCHEMA, vitals->head.schema);
	metrics_set(METRIC_STORE_CLOCK_OFFSET, (vitals->now - clock_now_ms()) * 1000);
}

static void show_nothing(void)
{
	metrics_unset(METRIC_OUTBOX_ENTRIES);
	metrics_unset(METRIC_OUTBOX_OLDEST);
	metrics_unset(METRIC_ENGINE_JOBS);
	metrics_unset(METRIC_LOG_POSITION);
	metrics_unset(METRIC_STORE_SCHEMA);
	metrics_unset(METRIC_STORE_CLOCK_OFFSET);
}

static void wait_us(struct observer *observer, int64_t us)
{
	int64_t end = clock_monotonic_us() + us;
	struct timespec until = { .tv_sec = end / 1000000, .tv_nsec = end % 1000000 * 1000 };
	int late = 0;

	while (!observer->stopping && observer->watching && late == 0)
		late = pthread_cond_timedwait(&observer->changed, &observer->lock, &until);
}

/* Called and returns with the lock, without it in between. What was read when nobody watches any more is not shown. */
static int64_t look(struct observer *observer)
{
	int64_t began = clock_monotonic_us(), took;
	struct store_vitals vitals;
	enum itn_status status;

	pthread_mutex_unlock(&observer->lock);
	status = store_vitals(observer->store, &vitals);
	took = clock_monotonic_us() - began;
	pthread_mutex_lock(&observer->lock);
	if (status == ITN_OK && observer->watching)
		show(&vitals);
	else
		show_nothing();
	return took * SHARE_OF_TIME > EVERY_US ? took * SHARE_OF_TIME : EVERY_US;
}

static void *run(void *context)
{
	struct observer *observer = context;

	pthread_mutex_lock(&observer->lock);
	while (!observer->stopping) {
		if (observer->watching) {
			wait_us(observer, look(observer));
			continue;
		}
		show_nothing();
		pthread_cond_wait(&observer->changed, &observer->lock);
	}
	pthread_mutex_unlock(&observer->lock);
	return NULL;
}

static void observer_delete(struct observer *observer)
{
	pthread_cond_destroy(&observer->changed);
	pthread_mutex_destroy(&observer->lock);
	free(observer);
}

enum itn_status observer_new(struct store *store, struct observer **ret, struct error *error)
{
	struct observer *observer = memory_calloc(1, sizeof(*observer));
	pthread_condattr_t monotonic;

	observer->store = store;
	pthread_mutex_init(&observer->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&observer->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&observer->thread, NULL, run, observer) != 0) {
		observer_delete(observer);
		return error_set(error, ITN_FAILED, "no thread for the observer");
	}
	*ret = observer;
	return ITN_OK;
}

void observer_free(struct observer *observer)
{
	if (!observer)
		return;
	pthread_mutex_lock(&observer->lock);
	observer->stopping = true;
	pthread_cond_signal(&observer->changed);
	pthread_mutex_unlock(&observer->lock);
	pthread_join(observer->thread, NULL);
	observer_delete(observer);
}

void observer_watch(struct observer *observer, bool watching)
{
	pthread_mutex_lock(&observer->lock);
	observer->watching = watching;
	pthread_cond_signal(&observer->changed);
	pthread_mutex_unlock(&observer->lock);
}
