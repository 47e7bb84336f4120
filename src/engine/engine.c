#include "engine/engine.h"

#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

#include "bus/listener.h"
#include "bus/redis.h"
#include "core/clock.h"
#include "core/id.h"
#include "core/log.h"
#include "core/metrics.h"
#include "core/service.h"
#include "engine/lease.h"
#include "engine/notifier.h"
#include "engine/observer.h"
#include "engine/pause.h"
#include "engine/publisher.h"
#include "engine/sequencer.h"
#include "store/alerts.h"
#include "store/measure.h"

/* A wake-up can be lost with the connection that it was sent on: look this often all the same. */
#define LOOK_MS 200
/* So many conflicts in a row are worth a line in the log. */
#define CONFLICTS_MANY 100
#define MAIL_GRACE_MS 5000
/* Rules about time pause while our clock and the store's differ by more. */
#define CLOCK_APART_MS 1000

struct engine {
	const struct config *config;
	char holder[64];
	struct store *store;
	struct store_engine *handle;
	struct lease lease;
	struct sequencer *sequencer;
	struct publisher *publisher;
	struct observer *observer;
	struct notifier *notifier;
	struct bus_listener *listener;
	struct bus_backoff backoff;
	bool away; /* the store; said so in the log */
	bool apart; /* our clock and the store's; said so in the log */
	bool migrated; /* the data has our schema */
	bool follows; /* the publisher knows where the log ends */
	bool more; /* the last batch left something to do: no need to look */
	unsigned conflicts; /* in a row */
};

static void wait_ms(struct engine *engine, int ms, bool for_wake)
{
	engine_pause(for_wake ? engine->listener : NULL, ms);
}

static void show_lease(struct engine *engine, bool held)
{
	metrics_set(METRIC_ENGINE_LEASE, held);
	metrics_add(held ? METRIC_ENGINE_LEASES : METRIC_ENGINE_LEASES_LOST, 1);
	observer_watch(engine->observer, held);
}

static void step_down(struct engine *engine, const char *why)
{
	show_lease(engine, false);
	log_warn("lease lost", LOG_CSTR("why", why));
	publisher_pause(engine->publisher);
	notifier_pause(engine->notifier);
	lease_lose(&engine->lease);
	service_status("standing by");
}

static void store_is_away(struct engine *engine, enum itn_status status)
{
	if (!engine->away)
		log_warn("store does not answer", LOG_CSTR("status", itn_status_name(status)),
			 LOG_CSTR("why", store_engine_error(engine->handle)));
	engine->away = true;
	metrics_set(METRIC_ENGINE_NO_ROOM, status == ITN_NO_ROOM);
	wait_ms(engine, (int)bus_backoff_next(&engine->backoff), false);
}

static void store_is_back(struct engine *engine)
{
	if (engine->away)
		log_info("store answers again");
	engine->away = false;
	metrics_set(METRIC_ENGINE_NO_ROOM, false);
	bus_backoff_reset(&engine->backoff);
}

static void follow(struct engine *engine, int64_t last_seq)
{
	publisher_follow(engine->publisher, last_seq);
	engine->follows = true;
}

/* What the last active engine logged and did not publish is not left until the next event comes. */
static void follow_what_is_there(struct engine *engine)
{
	struct store_head head;

	if (!engine->follows && store_head(engine->store, &head) == ITN_OK)
		follow(engine, head.last_seq);
}

static void become_active(struct engine *engine)
{
	log_info("lease taken", LOG_CSTR("holder", engine->holder));
	show_lease(engine, true);
	service_status("active");
	engine->migrated = false;
	engine->follows = false;
	engine->conflicts = 0;
	follow_what_is_there(engine);
}

static void stand_by(struct engine *engine)
{
	enum itn_status status = lease_try(&engine->lease);

	if (status != ITN_OK) {
		store_is_away(engine, status);
		return;
	}
	store_is_back(engine);
	if (engine->lease.held)
		become_active(engine);
	else
		wait_ms(engine, (int)(engine->config->lease_ms / 10), false);
}

static bool keep_lease(struct engine *engine)
{
	enum itn_status status = lease_keep(&engine->lease);

	if (status == ITN_LOST_LEASE || status == ITN_UNKNOWN)
		step_down(engine, itn_status_name(status));
	else if (status != ITN_OK)
		store_is_away(engine, status);
	return status == ITN_OK;
}

static void rest(struct engine *engine)
{
	if (!keep_lease(engine))
		return;
	follow_what_is_there(engine);
	wait_ms(engine, bus_listener_connected(engine->listener) ? LOOK_MS : (int)engine->config->poll_ms, true);
}

/* A batch that met others' writes has not renewed the lease. */
static void conflict(struct engine *engine)
{
	metrics_add(METRIC_ENGINE_CONFLICTS, 1);
	if (++engine->conflicts % CONFLICTS_MANY == 0)
		log_warn("batches conflict again and again", LOG_INT("times", engine->conflicts),
			 LOG_CSTR("why", store_engine_error(engine->handle)));
	service_alive();
	(void)keep_lease(engine);
}

static enum itn_status refuse_data(int64_t schema, const char *why)
{
	log_error("the data can't be brought to this program's schema", LOG_INT("theirs", schema),
		  LOG_INT("ours", STORE_SCHEMA), LOG_CSTR("why", why));
	return ITN_FAILED;
}

/* An engine of the next version may have been at work while this one stood by: newer data are left alone. */
static enum itn_status migrate(struct engine *engine)
{
	struct store_head before = { .schema = STORE_SCHEMA };
	int64_t schema = 0;
	enum itn_status status;

	(void)!store_head(engine->store, &before);
	switch (status = store_migrate(engine->handle, &schema)) {
	case ITN_OK:
		if (schema > STORE_SCHEMA)
			return refuse_data(schema, "a newer itn wrote them");
		store_is_back(engine);
		lease_renewed(&engine->lease);
		engine->migrated = true;
		notifier_begin(engine->notifier, engine->lease.epoch);
		if (before.schema < schema)
			log_info("the data were migrated", LOG_INT("from", before.schema), LOG_INT("to", schema));
		return ITN_OK;
	case ITN_LOST_LEASE:
		step_down(engine, itn_status_name(ITN_LOST_LEASE));
		return ITN_OK;
	case ITN_FAILED:
		return refuse_data(schema, store_engine_error(engine->handle));
	default:
		store_is_away(engine, status);
		return ITN_OK;
	}
}

/* Until when what is due is looked for; 0: not at all. A clock that is wrong must not make cargo late. */
static int64_t due_until(struct engine *engine)
{
	int64_t now = clock_now_ms(), theirs;
	bool apart;

	if (store_clock(engine->store, &theirs) != ITN_OK)
		return 0;
	apart = theirs - now > CLOCK_APART_MS || now - theirs > CLOCK_APART_MS;
	if (apart && !engine->apart)
		log_warn("rules about time pause: the store's clock is apart", LOG_INT("ahead_ms", theirs - now));
	else if (!apart && engine->apart)
		log_info("rules about time go on");
	engine->apart = apart;
	return apart ? 0 : now;
}

/* ITN_FAILED ends the engine: an event is never skipped. */
static enum itn_status work(struct engine *engine)
{
	struct sequencer_result result = { 0 };
	int64_t until = due_until(engine);
	bool any = engine->more;
	enum itn_status status = ITN_OK;

	bus_listener_take(engine->listener);
	if (!any)
		status = store_backlog(engine->handle, until, &any);
	if (status == ITN_OK && !any) {
		store_is_back(engine);
		rest(engine);
		return ITN_OK;
	}
	if (status == ITN_OK)
		status = sequencer_run(engine->sequencer, until, &result);
	engine->more = result.more;
	switch (status) {
	case ITN_OK:
		store_is_back(engine);
		lease_renewed(&engine->lease);
		engine->conflicts = 0;
		if (result.events)
			follow(engine, result.last_seq);
		if (result.notifications)
			notifier_made(engine->notifier, result.notifications);
		service_alive();
		return ITN_OK;
	case ITN_CONFLICT:
		conflict(engine);
		return ITN_OK;
	case ITN_LOST_LEASE:
	case ITN_UNKNOWN:
		step_down(engine, itn_status_name(status));
		return ITN_OK;
	case ITN_FAILED:
		log_error("event can't be numbered", LOG_CSTR("what", sequencer_stuck(engine->sequencer)),
			  LOG_CSTR("why", store_engine_error(engine->handle)));
		return ITN_FAILED;
	default:
		store_is_away(engine, status);
		return ITN_OK;
	}
}

static enum itn_status engine_open(struct engine *engine, struct error *error)
{
	const struct config *config = engine->config;
	char random[13];
	enum itn_status status;

	id_random_hex(random, 12);
	snprintf(engine->holder, sizeof(engine->holder), "%ld-%s", (long)getpid(), random);
	engine->backoff = BUS_BACKOFF;
	status = store_open(config, &engine->store, error);
	if (status == ITN_OK)
		status = store_engine_open(engine->store, engine->holder, &engine->handle, error);
	if (status == ITN_OK)
		status = publisher_new(config, engine->store, &engine->publisher, error);
	if (status == ITN_OK)
		status = observer_new(engine->store, &engine->observer, error);
	if (status == ITN_OK)
		status = notifier_new(config, engine->store, &engine->notifier, error);
	if (status == ITN_OK)
		status = bus_listener_new(config->redis, config->network, BUS_WAKE, &engine->listener, error);
	if (status != ITN_OK)
		return status;
	metrics_set(METRIC_ENGINE_LEASE, false);
	lease_init(&engine->lease, engine->handle, (int64_t)config->lease_ms);
	engine->sequencer = sequencer_new(config, engine->handle);
	return ITN_OK;
}

/* A mail on its way may end while the lease lasts, but nobody waits long for that. */
static int64_t mail_grace_ms(const struct config *config)
{
	return config->lease_ms / 2 < MAIL_GRACE_MS ? (int64_t)config->lease_ms / 2 : MAIL_GRACE_MS;
}

static void engine_close(struct engine *engine)
{
	notifier_stop(engine->notifier, mail_grace_ms(engine->config));
	if (engine->handle)
		lease_release(&engine->lease);
	metrics_set(METRIC_ENGINE_LEASE, false);
	observer_free(engine->observer);
	notifier_free(engine->notifier);
	publisher_free(engine->publisher);
	bus_listener_free(engine->listener);
	sequencer_free(engine->sequencer);
	store_engine_close(engine->handle);
	store_close(engine->store);
}

void engine_labels(void)
{
	store_measure_labels();
}

int engine_run(const struct config *config)
{
	struct engine engine = { .config = config };
	struct error error = { "" };
	enum itn_status status = engine_open(&engine, &error);

	if (status != ITN_OK) {
		log_error("engine can't start", LOG_CSTR("why", error.text));
		engine_close(&engine);
		return status == ITN_INVALID ? EX_CONFIG : EX_UNAVAILABLE;
	}
	service_ready("standing by");
	while (status == ITN_OK && !service_stopping()) {
		if (!engine.lease.held)
			stand_by(&engine);
		else
			status = engine.migrated ? work(&engine) : migrate(&engine);
	}
	engine_close(&engine);
	return status == ITN_OK ? EX_OK : EX_SOFTWARE;
}
