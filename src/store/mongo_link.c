#include "store/mongo_link.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/memory.h"
#include "store/mongo_schema.h"

#define PROBE_UP_US      300000
#define PROBE_DOWN_US    100000
#define PAUSE_US         20000
#define CLIENTS_MAX      64
#define HEARTBEAT_MS     500    /* the driver looks no more often at a server that it gave up */
#define CLOCK_ERROR_US   100000 /* above it we are not ready */
#define CLOCK_DRIFT_PART 5000   /* clocks drift apart by one part in this many, at worst */

enum link_state { LINK_NEW, LINK_UP, LINK_DOWN, LINK_UNUSABLE };

struct mongo_link {
	char database[40];
	bool make; /* the schema, when there is none */
	int64_t timeout_ms;
	mongoc_uri_t *uri, *probe_uri;
	mongoc_client_pool_t *pool;
	pthread_t thread;

	pthread_mutex_t mutex; /* of all that follows */
	pthread_cond_t wake, changed;
	enum link_state state;
	uint64_t verdicts; /* how often the thread has looked */
	bool suspected, stop;
	char reason[256];
	int64_t offset_us, offset_error_us, offset_at_us; /* store's time minus monotonic clock */
};

const char *mongo_collection_name(enum mongo_collection collection)
{
	static const char *const names[MONGO_COLLECTIONS] = {
		[IN_HEAD] = "head",
		[IN_TRADES] = "trades",
		[IN_CARGO] = "cargo",
		[IN_STOCK] = "stock",
		[IN_EVENTS] = "events",
		[IN_JOBS] = "jobs",
		[IN_REQUESTS] = "requests",
		[IN_COUNTERS] = "counters",
		[IN_NOTIFICATIONS] = "notifications",
		[IN_POSTINGS] = "postings",
		[IN_BALANCES] = "balances",
		[IN_CLAIMS] = "claims",
		[IN_ALERTS] = "alerts",
	};
	return names[collection];
}

static int64_t offset_error(const struct mongo_link *link, int64_t now_us)
{
	return link->offset_error_us + (now_us - link->offset_at_us) / CLOCK_DRIFT_PART;
}

/* The server read its clock at some time between the two of ours. The better of old and new knowledge is kept, unless
 * they contradict each other: then its clock was set, or it is another server. */
static void clock_learn(struct mongo_link *link, int64_t before_us, int64_t after_us, int64_t server_ms)
{
	int64_t error_us = (after_us - before_us) / 2 + 500;
	int64_t offset_us = server_ms * 1000 + 500 - (before_us + after_us) / 2;
	pthread_mutex_lock(&link->mutex);
	int64_t known_us = offset_error(link, after_us), apart_us = offset_us - link->offset_us;
	bool contradicts = apart_us > known_us + error_us || -apart_us > known_us + error_us;
	if (link->offset_at_us == 0 || error_us <= known_us || contradicts) {
		link->offset_us = offset_us;
		link->offset_error_us = error_us;
		link->offset_at_us = after_us;
	}
	pthread_mutex_unlock(&link->mutex);
}

int64_t link_now_ms(struct mongo_link *link)
{
	pthread_mutex_lock(&link->mutex);
	int64_t now = (clock_monotonic_us() + link->offset_us) / 1000;
	pthread_mutex_unlock(&link->mutex);
	return now;
}

static bool probe_hello(struct mongo_link *link, mongoc_client_t *client, bson_error_t *error)
{
	bson_t hello = BSON_INITIALIZER, reply;
	bson_append_int32(&hello, "hello", -1, 1);
	int64_t before_us = clock_monotonic_us();
	bool answered = mongoc_client_command_simple(client, "admin", &hello, NULL, &reply, error);
	int64_t after_us = clock_monotonic_us();
	if (answered && !bson_take_bool(&reply, "isWritablePrimary")) {
		bson_set_error(error, 0, 0, "it is not the primary any more");
		answered = false;
	}
	int64_t server_ms = answered ? bson_take_int(&reply, "localTime") : 0;
	if (server_ms)
		clock_learn(link, before_us, after_us, server_ms);
	bson_destroy(&hello);
	bson_destroy(&reply);
	return answered;
}

static mongoc_client_t *client_new(const mongoc_uri_t *uri, bson_error_t *error)
{
	mongoc_client_t *client = mongoc_client_new_from_uri_with_error(uri, error);
	if (client)
		mongoc_client_set_error_api(client, MONGOC_ERROR_API_VERSION_2);
	return client;
}

static enum link_state probe(struct mongo_link *link, mongoc_client_t **client, bool known, struct error *why)
{
	bson_error_t error = { 0 };
	if (!*client)
		*client = client_new(link->probe_uri, &error);
	if (*client && probe_hello(link, *client, &error)) {
		enum itn_status status =
			known ? ITN_OK : mongo_schema_prepare(*client, link->database, link->make, why);
		if (status != ITN_UNAVAILABLE)
			return status ? LINK_UNUSABLE : LINK_UP;
	} else {
		error_set(why, ITN_UNAVAILABLE, "MongoDB does not answer: %s", error.message);
	}
	return LINK_DOWN;
}

static void announce(enum link_state before, enum link_state after, const struct error *why)
{
	if (before == after)
		return;
	if (after == LINK_UP)
		log_at(before == LINK_NEW ? LOG_DEBUG : LOG_INFO, "the store answers");
	else
		log_warn("the store can't be used", LOG_CSTR("reason", why->text));
}

static void wait_for(struct mongo_link *link, pthread_cond_t *cond, int64_t until_us)
{
	struct timespec at = { .tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000 };
	pthread_cond_timedwait(cond, &link->mutex, &at);
}

static void sleep_until_next(struct mongo_link *link)
{
	int64_t until_us = clock_monotonic_us() + (link->state == LINK_UP ? PROBE_UP_US : PROBE_DOWN_US);
	while (!link->stop && !(link->suspected && link->state == LINK_UP) && clock_monotonic_us() < until_us)
		wait_for(link, &link->wake, until_us);
}

/* Ending a client says goodbye to the server, which may not listen: nobody waits for that. */
static void client_drop(struct mongo_link *link, mongoc_client_t **client)
{
	pthread_mutex_unlock(&link->mutex);
	if (*client)
		mongoc_client_destroy(*client);
	*client = NULL;
	pthread_mutex_lock(&link->mutex);
}

static void *link_main(void *arg)
{
	struct mongo_link *link = arg;
	mongoc_client_t *client = NULL;
	bool known = false;
	pthread_mutex_lock(&link->mutex);
	while (!link->stop) {
		link->suspected = false;
		pthread_mutex_unlock(&link->mutex);
		struct error why = { "" };
		enum link_state state = probe(link, &client, known, &why);
		known |= state == LINK_UP;
		pthread_mutex_lock(&link->mutex);
		announce(link->state, state, &why);
		link->state = state;
		link->verdicts++;
		snprintf(link->reason, sizeof(link->reason), "%.*s", (int)sizeof(link->reason) - 1, why.text);
		pthread_cond_broadcast(&link->changed);
		if (state == LINK_DOWN)
			client_drop(link, &client);
		sleep_until_next(link);
	}
	pthread_mutex_unlock(&link->mutex);
	if (client)
		mongoc_client_destroy(client);
	return NULL;
}

enum itn_status link_status(struct mongo_link *link)
{
	pthread_mutex_lock(&link->mutex);
	enum link_state state = link->state;
	pthread_mutex_unlock(&link->mutex);
	return state == LINK_UP ? ITN_OK : state == LINK_UNUSABLE ? ITN_FAILED : ITN_UNAVAILABLE;
}

enum itn_status link_check(struct mongo_link *link, struct error *error)
{
	enum itn_status status = link_status(link);
	pthread_mutex_lock(&link->mutex);
	int64_t error_us = offset_error(link, clock_monotonic_us());
	if (status)
		error_set(error, status, "%s", link->reason[0] ? link->reason : "MongoDB has not been reached yet");
	else if (error_us > CLOCK_ERROR_US)
		status = error_set(error, ITN_UNAVAILABLE, "MongoDB's clock is only known to within %lld ms",
				   (long long)(error_us / 1000));
	pthread_mutex_unlock(&link->mutex);
	return status;
}

static void suspect(struct mongo_link *link)
{
	link->suspected = true;
	pthread_cond_signal(&link->wake);
}

void link_suspect(struct mongo_link *link, const char *why)
{
	if (why)
		log_debug("an operation of the store failed", LOG_CSTR("reason", why));
	pthread_mutex_lock(&link->mutex);
	suspect(link);
	pthread_mutex_unlock(&link->mutex);
}

bool link_prove(struct mongo_link *link, int64_t wait_us)
{
	int64_t until_us = clock_monotonic_us() + wait_us;
	pthread_mutex_lock(&link->mutex);
	uint64_t seen = link->verdicts;
	uint64_t enough = seen + 2; /* a probe may be under way that began before the failure */
	suspect(link);
	while (link->state == LINK_UP && link->verdicts < enough && clock_monotonic_us() < until_us) {
		if (link->verdicts != seen)
			suspect(link);
		seen = link->verdicts;
		wait_for(link, &link->changed, until_us);
	}
	bool answers = link->state == LINK_UP && link->verdicts >= enough;
	pthread_mutex_unlock(&link->mutex);
	return answers;
}

bool link_pause(struct mongo_link *link, int64_t deadline_us)
{
	int64_t now_us = clock_monotonic_us();
	int64_t until_us = now_us + PAUSE_US < deadline_us ? now_us + PAUSE_US : deadline_us;
	pthread_mutex_lock(&link->mutex);
	while (link->state == LINK_UP && clock_monotonic_us() < until_us)
		wait_for(link, &link->changed, until_us);
	bool up = link->state == LINK_UP;
	pthread_mutex_unlock(&link->mutex);
	return up && until_us < deadline_us;
}

enum itn_status link_take(struct mongo_link *link, mongoc_client_t **ret_client)
{
	enum itn_status status = link_status(link);
	if (status)
		return status;
	mongoc_client_t *client = mongoc_client_pool_pop(link->pool);
	if (!client)
		return ITN_UNAVAILABLE;
	*ret_client = client;
	return ITN_OK;
}

void link_give(struct mongo_link *link, mongoc_client_t *client)
{
	mongoc_client_pool_push(link->pool, client);
}

static void uri_insist_on_concerns(mongoc_uri_t *uri, int64_t timeout_ms)
{
	mongoc_write_concern_t *write = mongoc_write_concern_new();
	mongoc_read_concern_t *read = mongoc_read_concern_new();
	mongoc_read_prefs_t *primary = mongoc_read_prefs_new(MONGOC_READ_PRIMARY);
	mongoc_write_concern_set_wmajority(write, (int32_t)timeout_ms);
	mongoc_write_concern_set_journal(write, true);
	mongoc_read_concern_set_level(read, MONGOC_READ_CONCERN_LEVEL_MAJORITY);
	mongoc_uri_set_write_concern(uri, write);
	mongoc_uri_set_read_concern(uri, read);
	mongoc_uri_set_read_prefs_t(uri, primary);
	mongoc_read_prefs_destroy(primary);
	mongoc_read_concern_destroy(read);
	mongoc_write_concern_destroy(write);
}

mongoc_client_t *link_client_new(struct mongo_link *link, int64_t socket_timeout_ms)
{
	mongoc_uri_t *uri = mongoc_uri_copy(link->uri);
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, (int32_t)socket_timeout_ms);
	uri_insist_on_concerns(uri, socket_timeout_ms);
	mongoc_client_t *client = client_new(uri, NULL);
	mongoc_uri_destroy(uri);
	return client;
}

const char *link_database(const struct mongo_link *link)
{
	return link->database;
}

int64_t link_timeout_ms(const struct mongo_link *link)
{
	return link->timeout_ms;
}

static void quiet(mongoc_log_level_t level unused_arg, const char *domain unused_arg, const char *message,
		  void *context unused_arg)
{
	log_debug("libmongoc", LOG_CSTR("says", message));
}

static void library_start(void)
{
	mongoc_init();
	mongoc_log_set_handler(quiet, NULL);
	atexit(mongoc_cleanup);
}

static int64_t selection_ms(int64_t timeout_ms)
{
	return timeout_ms / 2 + 50;
}

int64_t link_selection_ms(const struct mongo_link *link)
{
	return selection_ms(link->timeout_ms);
}

/* What may be promised depends on these; whatever the URI says of them is overruled. */
static void uri_insist(mongoc_uri_t *uri, int64_t timeout_ms)
{
	int32_t timeout = (int32_t)timeout_ms;
	uri_insist_on_concerns(uri, timeout_ms);
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false);
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, timeout);
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_CONNECTTIMEOUTMS, timeout);
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, (int32_t)selection_ms(timeout_ms));
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_WAITQUEUETIMEOUTMS, timeout / 4 + 10);
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_HEARTBEATFREQUENCYMS, HEARTBEAT_MS);
}

static mongoc_uri_t *probe_uri_new(const mongoc_uri_t *uri, int64_t timeout_ms)
{
	int32_t timeout = (int32_t)(timeout_ms / 2);
	mongoc_uri_t *probe = mongoc_uri_copy(uri);
	mongoc_uri_set_option_as_int32(probe, MONGOC_URI_SOCKETTIMEOUTMS, timeout);
	mongoc_uri_set_option_as_int32(probe, MONGOC_URI_CONNECTTIMEOUTMS, timeout);
	mongoc_uri_set_option_as_int32(probe, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, timeout);
	mongoc_uri_set_option_as_int32(probe, MONGOC_URI_HEARTBEATFREQUENCYMS, INT32_MAX); /* ours is the heartbeat */
	return probe;
}

/* Else libmongoc takes a piece of a password for a host, a database or an option, and says so aloud. */
static bool credentials_are_encoded(const char *uri)
{
	const char *from = strstr(uri, "://") + 3;
	const char *end = strrchr(from, '@');
	if (!end)
		return true;
	const char *password = memchr(from, ':', (size_t)(end - from));
	from = password ? password + 1 : from;
	return strcspn(from, ":/?#[]@") == (size_t)(end - from);
}

static enum itn_status uri_read(const struct config *config, mongoc_uri_t **ret_uri, struct error *error)
{
	if (!credentials_are_encoded(config->store))
		return error_set(error, ITN_FAILED,
				 "user name and password in the store's URI must be percent-encoded, and any other @");
	bson_error_t why;
	mongoc_uri_t *uri = mongoc_uri_new_with_error(config->store, &why);
	if (!uri)
		return error_set(error, ITN_FAILED, "the store's URI can't be read: %s", why.message);
	const char *database = mongoc_uri_get_database(uri);
	if (database && *database) {
		error_set(error, ITN_FAILED,
			  "the store's URI names the database %s, but the network's name, %s, names it: leave it out",
			  database, config->network);
		mongoc_uri_destroy(uri);
		return ITN_FAILED;
	}
	uri_insist(uri, (int64_t)config->store_timeout_ms);
	*ret_uri = uri;
	return ITN_OK;
}

static mongoc_client_pool_t *pool_new(const struct config *config, const mongoc_uri_t *uri)
{
	mongoc_client_pool_t *pool = mongoc_client_pool_new_with_error(uri, NULL);
	if (!pool)
		return NULL;
	uint32_t clients = (uint32_t)config->threads + 2;
	mongoc_client_pool_set_error_api(pool, MONGOC_ERROR_API_VERSION_2);
	mongoc_client_pool_max_size(pool, clients < CLIENTS_MAX ? clients : CLIENTS_MAX);
	return pool;
}

static void link_free(struct mongo_link *link)
{
	if (link->pool)
		mongoc_client_pool_destroy(link->pool);
	mongoc_uri_destroy(link->probe_uri);
	mongoc_uri_destroy(link->uri);
	pthread_cond_destroy(&link->changed);
	pthread_cond_destroy(&link->wake);
	pthread_mutex_destroy(&link->mutex);
	free(link);
}

static struct mongo_link *link_new(const struct config *config, bool make, mongoc_uri_t *uri)
{
	struct mongo_link *link = memory_calloc(1, sizeof(*link));
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&link->mutex, NULL);
	pthread_cond_init(&link->wake, &attr);
	pthread_cond_init(&link->changed, &attr);
	pthread_condattr_destroy(&attr);
	snprintf(link->database, sizeof(link->database), "%s", config->network);
	link->timeout_ms = (int64_t)config->store_timeout_ms;
	link->make = make;
	link->uri = uri;
	link->probe_uri = probe_uri_new(uri, link->timeout_ms);
	link->pool = pool_new(config, uri);
	return link;
}

static void first_verdict(struct mongo_link *link)
{
	int64_t until_us = clock_monotonic_us() + link->timeout_ms * 1000;
	pthread_mutex_lock(&link->mutex);
	while (link->state == LINK_NEW && clock_monotonic_us() < until_us)
		wait_for(link, &link->changed, until_us);
	pthread_mutex_unlock(&link->mutex);
}

enum itn_status link_open(const struct config *config, bool make, struct mongo_link **ret_link, struct error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, library_start);
	mongoc_uri_t *uri;
	enum itn_status status = uri_read(config, &uri, error);
	if (status)
		return status;
	struct mongo_link *link = link_new(config, make, uri);
	if (!link->pool || pthread_create(&link->thread, NULL, link_main, link)) {
		link_free(link);
		return error_set(error, ITN_FAILED, "no way to MongoDB can be made from the store's URI");
	}
	first_verdict(link);
	if (link_status(link) == ITN_FAILED) {
		status = link_check(link, error);
		link_close(link);
		return status;
	}
	*ret_link = link;
	return ITN_OK;
}

void link_close(struct mongo_link *link)
{
	if (!link)
		return;
	pthread_mutex_lock(&link->mutex);
	link->stop = true;
	pthread_cond_signal(&link->wake);
	pthread_mutex_unlock(&link->mutex);
	pthread_join(link->thread, NULL);
	link_free(link);
}
