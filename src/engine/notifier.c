#include "engine/notifier.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/metrics.h"
#include "engine/delivery.h"

/* Notifications that become due, or that somebody queued again, are found so late at most. */
#define LOOK_MS        1000
#define STORE_PAUSE_MS 500
#define COUNT_MS       5000
#define COUNT_MAX      1000
#define FORGET_MS      60000
#define FORGET_SLICE   500
#define FORGET_SLICES  20
/* One line in so much time tells how many mails stay unsent. */
#define UNSENT_SAID_MS 60000
#define DAY_MS         INT64_C(86400000)
#define NOBODY         (-1)

struct notifier {
	struct store *store;
	struct delivery *delivery; /* NULL: no mail server is set */
	int64_t kept_ms, first_pause_ms, longest_pause_ms;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* under the lock */
	int64_t epoch; /* NOBODY: not the active engine */
	bool woken, stopping, ended;
	size_t unsent; /* made and not spoken of yet */
	/* the thread's own */
	int64_t count_at, forget_at, unsent_at; /* monotonic ms */
	int64_t pause_ms;                       /* while the mail server is away */
	bool away;                              /* said so in the log */
};

static struct timespec in_ms(int64_t ms)
{
	int64_t us = clock_monotonic_us() + ms * 1000;

	return (struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 };
}

/* Until somebody has news, or `ms` have passed; with `through` only the end is news. */
static void wait_ms(struct notifier *notifier, int64_t ms, bool through)
{
	struct timespec until = in_ms(ms);
	int late = 0;

	pthread_mutex_lock(&notifier->lock);
	while (!notifier->stopping && late == 0 && (through || !notifier->woken))
		late = pthread_cond_timedwait(&notifier->changed, &notifier->lock, &until);
	notifier->woken = false;
	pthread_mutex_unlock(&notifier->lock);
}

static bool take_orders(struct notifier *notifier, int64_t *ret_epoch)
{
	bool goes_on;

	pthread_mutex_lock(&notifier->lock);
	if (notifier->epoch == NOBODY)
		metrics_unset(METRIC_MAILS_QUEUED);
	while (!notifier->stopping && notifier->epoch == NOBODY)
		pthread_cond_wait(&notifier->changed, &notifier->lock);
	goes_on = !notifier->stopping;
	*ret_epoch = notifier->epoch;
	pthread_mutex_unlock(&notifier->lock);
	return goes_on;
}

static bool is_due(int64_t *at, int64_t every_ms)
{
	int64_t now = clock_monotonic_ms();

	if (now < *at)
		return false;
	*at = now + every_ms;
	return true;
}

static void count_row(void *context, const struct notification *row unused_arg)
{
	++*(int64_t *)context;
}

static void show_queue(struct notifier *notifier)
{
	int64_t count = 0;

	if (store_notifications(notifier->store, NOTIFICATION_QUEUED, NULL, COUNT_MAX, count_row, &count) == ITN_OK)
		metrics_set(METRIC_MAILS_QUEUED, count);
}

static void say_unsent(struct notifier *notifier)
{
	size_t count;

	pthread_mutex_lock(&notifier->lock);
	count = notifier->unsent;
	notifier->unsent = 0;
	pthread_mutex_unlock(&notifier->lock);
	if (count)
		log_info("mails stay unsent: no mail server is set (ITN_SMTP_URL)", LOG_INT("count", count));
	else
		notifier->unsent_at = 0;
}

static void forget_old(struct notifier *notifier)
{
	static const enum notification_status ended[] = { NOTIFICATION_SENT, NOTIFICATION_UNSENT, NOTIFICATION_DEAD };
	int64_t before = clock_now_ms() - notifier->kept_ms;

	for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++) {
		size_t count = FORGET_SLICE;

		for (int slice = 0; slice < FORGET_SLICES && count == FORGET_SLICE; slice++)
			if (store_notifications_forget(notifier->store, ended[i], before, FORGET_SLICE, &count))
				return;
	}
}

static void server_is_away(struct notifier *notifier, const char *why)
{
	if (!notifier->away)
		log_warn("mail waits: the mail server takes none", LOG_CSTR("why", why));
	notifier->away = true;
	notifier->pause_ms = notifier->pause_ms ? notifier->pause_ms * 2 : notifier->first_pause_ms;
	if (notifier->pause_ms > notifier->longest_pause_ms)
		notifier->pause_ms = notifier->longest_pause_ms;
	wait_ms(notifier, notifier->pause_ms, true);
}

static void server_is_back(struct notifier *notifier)
{
	if (notifier->away)
		log_info("mail goes on");
	notifier->away = false;
	notifier->pause_ms = 0;
}

static void lose(struct notifier *notifier, int64_t epoch)
{
	pthread_mutex_lock(&notifier->lock);
	if (notifier->epoch == epoch)
		notifier->epoch = NOBODY;
	pthread_mutex_unlock(&notifier->lock);
}

static void deliver(struct notifier *notifier, int64_t epoch)
{
	struct error error = { "" };

	switch (delivery_step(notifier->delivery, epoch, &error)) {
	case DELIVERY_GOES_ON:
		server_is_back(notifier);
		return;
	case DELIVERY_RESTS:
		wait_ms(notifier, LOOK_MS, false);
		return;
	case DELIVERY_STORE_AWAY:
		log_debug("mail waits for the store", LOG_CSTR("why", error.text));
		wait_ms(notifier, STORE_PAUSE_MS, true);
		return;
	case DELIVERY_SERVER_AWAY:
		server_is_away(notifier, error.text);
		return;
	case DELIVERY_LOST_LEASE:
		lose(notifier, epoch);
		return;
	}
}

static void *run(void *context)
{
	struct notifier *notifier = context;
	int64_t epoch;

	while (take_orders(notifier, &epoch)) {
		if (is_due(&notifier->count_at, COUNT_MS))
			show_queue(notifier);
		if (is_due(&notifier->forget_at, FORGET_MS))
			forget_old(notifier);
		if (notifier->delivery) {
			deliver(notifier, epoch);
			continue;
		}
		if (is_due(&notifier->unsent_at, UNSENT_SAID_MS))
			say_unsent(notifier);
		wait_ms(notifier, LOOK_MS, true);
	}
	pthread_mutex_lock(&notifier->lock);
	notifier->ended = true;
	pthread_cond_broadcast(&notifier->changed);
	pthread_mutex_unlock(&notifier->lock);
	return NULL;
}

static void notifier_delete(struct notifier *notifier)
{
	delivery_free(notifier->delivery);
	pthread_cond_destroy(&notifier->changed);
	pthread_mutex_destroy(&notifier->lock);
	free(notifier);
}

enum itn_status notifier_new(const struct config *config, struct store *store, struct notifier **ret,
			     struct error *error)
{
	struct notifier *notifier = memory_calloc(1, sizeof(*notifier));
	pthread_condattr_t monotonic;
	enum itn_status status;

	notifier->store = store;
	notifier->epoch = NOBODY;
	notifier->kept_ms = (int64_t)config->mail_kept_days * DAY_MS;
	notifier->first_pause_ms = (int64_t)config->mail_retry_ms / 10;
	notifier->longest_pause_ms = (int64_t)config->mail_retry_ms * 6;
	pthread_mutex_init(&notifier->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&notifier->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	status = delivery_new(config, store, &notifier->delivery, error);
	if (status == ITN_OK && pthread_create(&notifier->thread, NULL, run, notifier) != 0)
		status = error_set(error, ITN_FAILED, "no thread for the notifier");
	if (status != ITN_OK) {
		notifier_delete(notifier);
		return status;
	}
	*ret = notifier;
	return ITN_OK;
}

void notifier_stop(struct notifier *notifier, int64_t ms)
{
	struct timespec until = in_ms(ms);
	int late = 0;

	if (!notifier)
		return;
	pthread_mutex_lock(&notifier->lock);
	notifier->stopping = true;
	pthread_cond_broadcast(&notifier->changed);
	while (!notifier->ended && late == 0)
		late = pthread_cond_timedwait(&notifier->changed, &notifier->lock, &until);
	pthread_mutex_unlock(&notifier->lock);
	if (notifier->delivery)
		delivery_stop(notifier->delivery);
}

void notifier_free(struct notifier *notifier)
{
	if (!notifier)
		return;
	notifier_stop(notifier, 0);
	pthread_join(notifier->thread, NULL);
	notifier_delete(notifier);
}

void notifier_begin(struct notifier *notifier, int64_t epoch)
{
	pthread_mutex_lock(&notifier->lock);
	notifier->epoch = epoch;
	pthread_cond_broadcast(&notifier->changed);
	pthread_mutex_unlock(&notifier->lock);
}

void notifier_pause(struct notifier *notifier)
{
	notifier_begin(notifier, NOBODY);
}

void notifier_made(struct notifier *notifier, size_t count)
{
	pthread_mutex_lock(&notifier->lock);
	if (notifier->delivery)
		notifier->woken = true;
	else
		notifier->unsent += count;
	pthread_cond_broadcast(&notifier->changed);
	pthread_mutex_unlock(&notifier->lock);
}
