#include "api/waiter.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "core/service.h"

#define POLL_FIRST_MS 2
#define POLL_MOST_MS  20

/* One who waits; lives on his stack. */
struct wait {
	struct wait *next;
	char id[ID_LEN + 1];
	bool done;
};

struct waiter {
	struct store *store;
	unsigned limit;
	pthread_mutex_t lock;
	pthread_cond_t came;    /* somebody waits, or it ends: the poller looks */
	pthread_cond_t learned; /* something is done */
	struct wait *waits;
	unsigned inside; /* places taken */
	bool hurry;      /* somebody new came: ask soon */
	bool ending;
	pthread_t thread;
	struct str *ids; /* the poller's, `limit` of each */
	char (*texts)[ID_LEN + 1];
	enum store_progress *progress;
};

static void sleep_locked(struct waiter *waiter, pthread_cond_t *cond, int64_t until_ms)
{
	struct timespec at = { .tv_sec = until_ms / 1000, .tv_nsec = until_ms % 1000 * 1000000 };

	(void)pthread_cond_timedwait(cond, &waiter->lock, &at);
}

static size_t copy_ids(struct waiter *waiter)
{
	size_t count = 0;

	for (struct wait *wait = waiter->waits; wait && count < waiter->limit; wait = wait->next) {
		if (wait->done)
			continue;
		memcpy(waiter->texts[count], wait->id, sizeof(wait->id));
		waiter->ids[count] = (struct str){ waiter->texts[count], ID_LEN };
		count++;
	}
	return count;
}

static bool mark_done(struct waiter *waiter, const char *id)
{
	for (struct wait *wait = waiter->waits; wait; wait = wait->next)
		if (!wait->done && memcmp(wait->id, id, ID_LEN) == 0)
			return wait->done = true;
	return false;
}

/* Whether anybody's event is done now. Unlocks while it asks. */
static bool ask(struct waiter *waiter, size_t count)
{
	enum itn_status status;
	bool any = false;

	pthread_mutex_unlock(&waiter->lock);
	status = store_progress(waiter->store, waiter->ids, count, waiter->progress);
	pthread_mutex_lock(&waiter->lock);
	for (size_t i = 0; status == ITN_OK && i < count; i++)
		if (waiter->progress[i] == PROGRESS_DONE)
			any |= mark_done(waiter, waiter->texts[i]);
	if (any)
		pthread_cond_broadcast(&waiter->learned);
	return any;
}

static void *poll_progress(void *context)
{
	struct waiter *waiter = context;
	int64_t pause = POLL_FIRST_MS;
	size_t count;

	pthread_mutex_lock(&waiter->lock);
	while (!waiter->ending) {
		count = copy_ids(waiter);
		if (!count) {
			pthread_cond_wait(&waiter->came, &waiter->lock);
			continue;
		}
		if (ask(waiter, count) || waiter->hurry)
			pause = POLL_FIRST_MS;
		waiter->hurry = false;
		sleep_locked(waiter, &waiter->came, clock_monotonic_ms() + pause);
		pause = pause * 2 > POLL_MOST_MS ? POLL_MOST_MS : pause * 2;
	}
	pthread_mutex_unlock(&waiter->lock);
	return NULL;
}

enum itn_status waiter_new(struct store *store, unsigned limit, struct waiter **ret, struct error *error)
{
	struct waiter *waiter = memory_calloc(1, sizeof(*waiter));
	pthread_condattr_t monotonic;

	waiter->store = store;
	waiter->limit = limit;
	waiter->ids = memory_calloc(limit, sizeof(*waiter->ids));
	waiter->texts = memory_calloc(limit, sizeof(*waiter->texts));
	waiter->progress = memory_calloc(limit, sizeof(*waiter->progress));
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&waiter->lock, NULL);
	pthread_cond_init(&waiter->came, &monotonic);
	pthread_cond_init(&waiter->learned, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (pthread_create(&waiter->thread, NULL, poll_progress, waiter) == 0) {
		*ret = waiter;
		return ITN_OK;
	}
	waiter->ending = true;
	waiter_free(waiter);
	return error_set(error, ITN_FAILED, "no thread for those who wait");
}

void waiter_free(struct waiter *waiter)
{
	if (!waiter)
		return;
	if (!waiter->ending) {
		pthread_mutex_lock(&waiter->lock);
		waiter->ending = true;
		pthread_cond_signal(&waiter->came);
		pthread_mutex_unlock(&waiter->lock);
		pthread_join(waiter->thread, NULL);
	}
	pthread_cond_destroy(&waiter->learned);
	pthread_cond_destroy(&waiter->came);
	pthread_mutex_destroy(&waiter->lock);
	free(waiter->progress);
	free(waiter->texts);
	free(waiter->ids);
	free(waiter);
}

static void forget(struct waiter *waiter, const struct wait *wait)
{
	struct wait **at = &waiter->waits;

	while (*at != wait)
		at = &(*at)->next;
	*at = wait->next;
}

static bool wait_locked(struct waiter *waiter, struct wait *wait, int64_t deadline)
{
	wait->next = waiter->waits;
	waiter->waits = wait;
	waiter->hurry = true;
	pthread_cond_signal(&waiter->came);
	for (int64_t now; !wait->done && !service_stopping() && (now = clock_monotonic_ms()) < deadline;)
		sleep_locked(waiter, &waiter->learned, now + 250 < deadline ? now + 250 : deadline);
	forget(waiter, wait);
	return wait->done;
}

bool waiter_wait(struct waiter *waiter, struct str event_id, int seconds)
{
	struct wait wait = { .done = false };
	bool done;

	if (event_id.len != ID_LEN || !waiter_enter(waiter))
		return false;
	memcpy(wait.id, event_id.ptr, ID_LEN);
	pthread_mutex_lock(&waiter->lock);
	done = wait_locked(waiter, &wait, clock_monotonic_ms() + (int64_t)seconds * 1000);
	pthread_mutex_unlock(&waiter->lock);
	waiter_leave(waiter);
	return done;
}

bool waiter_enter(struct waiter *waiter)
{
	bool entered;

	pthread_mutex_lock(&waiter->lock);
	entered = waiter->inside < waiter->limit;
	waiter->inside += entered;
	pthread_mutex_unlock(&waiter->lock);
	return entered;
}

void waiter_leave(struct waiter *waiter)
{
	pthread_mutex_lock(&waiter->lock);
	waiter->inside--;
	pthread_mutex_unlock(&waiter->lock);
}
