#include "store/memory_database.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/id.h"
#include "core/memory.h"

/* The one place of this store that is shared by a process's handles: databases by their names. */
static TAILQ_HEAD(, memory_database) databases = TAILQ_HEAD_INITIALIZER(databases);
static pthread_mutex_t databases_mutex = PTHREAD_MUTEX_INITIALIZER;

static void head_make(struct memory_database *database)
{
	struct arena *arena = arena_new(256);
	struct memory_head *head = arena_calloc(arena, 1, sizeof(*head));
	id_random_hex(head->head.log, STORE_LOG_ID_LEN);
	head->head.schema = STORE_SCHEMA;
	row_put(&database->clock, row_make(&database->tables[IN_HEAD], STR("head")), arena, head);
}

static struct memory_database *database_make(const char *name)
{
	struct memory_database *database = memory_calloc(1, sizeof(*database));
	pthread_condattr_t attr;
	database->name = memory_strdup(name);
	pthread_mutex_init(&database->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&database->freed, &attr);
	pthread_condattr_destroy(&attr);
	TAILQ_INIT(&database->sessions);
	TAILQ_INIT(&database->landings);
	head_make(database);
	TAILQ_INSERT_TAIL(&databases, database, link);
	return database;
}

struct memory_database *database_take(const char *name, bool make)
{
	struct memory_database *database;
	pthread_mutex_lock(&databases_mutex);
	TAILQ_FOREACH(database, &databases, link)
	if (strcmp(database->name, name) == 0)
		break;
	if (!database && make)
		database = database_make(name);
	if (database)
		database->handles++;
	pthread_mutex_unlock(&databases_mutex);
	return database;
}

static void landing_free(struct memory_database *database, struct memory_landing *landing)
{
	TAILQ_REMOVE(&database->landings, landing, link);
	if (landing->write)
		write_free(landing->write);
	free(landing);
}

static void database_free(struct memory_database *database)
{
	while (!TAILQ_EMPTY(&database->landings))
		landing_free(database, TAILQ_FIRST(&database->landings));
	while (!TAILQ_EMPTY(&database->sessions))
		session_end(database, TAILQ_FIRST(&database->sessions));
	for (size_t i = 0; i < MEMORY_TABLES; i++)
		row_table_free(&database->tables[i]);
	pthread_cond_destroy(&database->freed);
	pthread_mutex_destroy(&database->mutex);
	free(database->name);
	free(database);
}

void database_give(struct memory_database *database)
{
	pthread_mutex_lock(&databases_mutex);
	bool last = --database->handles == 0;
	if (last)
		TAILQ_REMOVE(&databases, database, link);
	pthread_mutex_unlock(&databases_mutex);
	if (last)
		database_free(database);
}

void database_lock(struct memory_database *database)
{
	pthread_mutex_lock(&database->mutex);
}

void database_unlock(struct memory_database *database)
{
	pthread_mutex_unlock(&database->mutex);
}

enum itn_status database_at(struct memory_database *database, const char *call, enum memory_point point)
{
	return database->host ? database->host->at(database->host_context, call, point) : ITN_OK;
}

void database_let_others(struct memory_database *database, const char *call)
{
	enum itn_status ignored unused_arg = database_at(database, call, MEMORY_WITHIN);
}

bool database_is_dead(struct memory_database *database)
{
	return database->host && database->host->is_dead(database->host_context);
}

/* Orphans end by themselves once their time is over. */
static void sessions_expire(struct memory_database *database)
{
	struct memory_session *session, *next;
	int64_t now = database_now_us(database);
	for (session = TAILQ_FIRST(&database->sessions); session; session = next) {
		next = TAILQ_NEXT(session, link);
		if (session->orphan && !session->lands && now >= session->ends_us)
			session_end(database, session);
	}
}

bool database_wait(struct memory_database *database, const struct row *row, int64_t until_us)
{
	struct timespec until = { .tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000 };
	for (;;) {
		sessions_expire(database);
		if (!row_holder(row))
			return true;
		if (clock_monotonic_us() >= until_us)
			return false;
		if (database->host) {
			database_unlock(database);
			database->host->wait(database->host_context);
			database_lock(database);
		} else {
			pthread_cond_timedwait(&database->freed, &database->mutex, &until);
		}
	}
}

int64_t database_now_us(struct memory_database *database)
{
	if (database->host)
		return database->host->now_us(database->host_context);
	int64_t now = clock_now_ms() * 1000;
	database->last_us = now > database->last_us ? now : database->last_us + 1;
	return database->last_us;
}

struct memory_session *session_begin(struct memory_database *database)
{
	struct memory_session *session = memory_calloc(1, sizeof(*session));
	sessions_expire(database);
	transaction_begin(&database->clock, &session->rows);
	session->open = true;
	TAILQ_INSERT_TAIL(&database->sessions, session, link);
	return session;
}

static void session_close(struct memory_database *database, struct memory_session *session)
{
	session->open = false;
	TAILQ_REMOVE(&database->sessions, session, link);
	pthread_cond_broadcast(&database->freed);
}

void session_commit(struct memory_database *database, struct memory_session *session)
{
	transaction_commit(&database->clock, &session->rows);
	session_close(database, session);
}

static void landing_forget(struct memory_database *database, const struct memory_session *session)
{
	struct memory_landing *landing, *next;
	for (landing = TAILQ_FIRST(&database->landings); landing; landing = next) {
		next = TAILQ_NEXT(landing, link);
		if (landing->session == session)
			landing_free(database, landing);
	}
}

void session_end(struct memory_database *database, struct memory_session *session)
{
	if (!session)
		return;
	if (session->open) {
		transaction_roll_back(&database->clock, &session->rows);
		session_close(database, session);
	}
	landing_forget(database, session);
	free(session);
}

void session_kill(struct memory_database *database, struct memory_session *session)
{
	if (session->orphan) {
		session_end(database, session);
		return;
	}
	transaction_roll_back(&database->clock, &session->rows);
	session_close(database, session);
	session->killed = true;
}

void session_leave(struct memory_database *database, struct memory_session *session)
{
	if (!session->open) {
		free(session);
		return;
	}
	session->orphan = true;
	session->ends_us = database_now_us(database) + MEMORY_ORPHAN_MS * INT64_C(1000);
}

struct memory_session *session_holding(struct memory_database *database, const struct row *row)
{
	struct row_transaction *holder = row_holder(row);
	struct memory_session *session;
	TAILQ_FOREACH(session, &database->sessions, link)
	if (&session->rows == holder)
		return session;
	return NULL;
}

struct str number_key(struct arena *arena, int64_t number)
{
	return arena_printf(arena, "%016llx", (unsigned long long)number);
}

const struct memory_head *database_head(const struct memory_database *database)
{
	return row_seen(database->tables[IN_HEAD].at[0], NULL);
}
