#include "store/memory_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"

enum itn_status memory_refuse(struct memory_engine *engine, enum itn_status status, const char *what, struct str of)
{
	snprintf(engine->reason, sizeof(engine->reason), "%s%s%.*s", what, of.len ? ": " : "", STR_ARG(of));
	return status;
}

static enum itn_status call_at(struct memory_engine *engine, const char *call, enum memory_point point)
{
	enum itn_status status = database_at(engine_database(engine), call, point);
	return status ? memory_refuse(engine, status, "the store does not answer", STR_NONE) : ITN_OK;
}

enum itn_status memory_engine_open(struct store *store, const char *holder, struct store_engine **ret_engine,
				   struct error *error unused_arg)
{
	struct memory_engine *engine = memory_calloc(1, sizeof(*engine));
	engine->base.store = store;
	engine->holder = holder;
	*ret_engine = &engine->base;
	return ITN_OK;
}

/* What the store never hears of stays open. */
static void session_drop(struct memory_engine *engine)
{
	struct memory_database *database = engine_database(engine);
	if (!engine->session)
		return;
	bool dead = database_is_dead(database);
	database_lock(database);
	(dead ? session_leave : session_end)(database, engine->session);
	database_unlock(database);
	engine->session = NULL;
}

void memory_engine_close(struct store_engine *base)
{
	session_drop(memory_engine_of(base));
	free(base);
}

const char *memory_engine_error(const struct store_engine *base)
{
	return ((const struct memory_engine *)base)->reason;
}

enum itn_status memory_lease_read(struct store_engine *base, struct store_lease *ret_lease)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	enum itn_status status = call_at(engine, "lease_read", MEMORY_BEFORE);
	if (status)
		return status;
	database_lock(database);
	const struct memory_head *head = database_head(database);
	*ret_lease = (struct store_lease){ .epoch = head->head.epoch, .beat = head->beat };
	snprintf(ret_lease->holder, sizeof(ret_lease->holder), "%s", head->holder);
	database_unlock(database);
	return ITN_OK;
}

static struct memory_head *head_copy(const struct memory_head *head, struct arena **ret_arena)
{
	*ret_arena = arena_new(256);
	struct memory_head *copy = arena_alloc(*ret_arena, sizeof(*copy));
	*copy = *head;
	return copy;
}

/* Waits until nobody holds head; the lock is held then. */
static enum itn_status head_wait(struct memory_engine *engine)
{
	struct memory_database *database = engine_database(engine);
	int64_t until_us = clock_monotonic_us() + ((struct memory_store *)engine->base.store)->timeout_ms * 1000;
	database_lock(database);
	if (database_wait(database, database->tables[IN_HEAD].at[0], until_us))
		return ITN_OK;
	database_unlock(database);
	return memory_refuse(engine, ITN_UNAVAILABLE, "a transaction has head", STR_NONE);
}

/* Ends the session that has head, when that can be done. */
static void holder_end(struct memory_database *database, const struct store_lease *seen)
{
	bool can = !database->host || database->host->can_kill(database->host_context);
	database_lock(database);
	const struct memory_head *head = database_head(database);
	struct memory_session *session = session_holding(database, database->tables[IN_HEAD].at[0]);
	if (session && can && head->head.epoch == seen->epoch && head->beat == seen->beat)
		session_kill(database, session);
	database_unlock(database);
}

enum itn_status memory_lease_take(struct store_engine *base, const struct store_lease *seen)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	enum itn_status status = call_at(engine, "lease_take", MEMORY_BEFORE);
	if (status)
		return status;
	holder_end(database, seen);
	if ((status = call_at(engine, "lease_take", MEMORY_WITHIN)) || (status = head_wait(engine)))
		return status;
	const struct memory_head *head = database_head(database);
	bool taken = head->head.epoch == seen->epoch && head->beat == seen->beat;
	if (taken) {
		struct arena *arena;
		struct memory_head *next = head_copy(head, &arena);
		next->head.epoch++;
		next->beat++;
		snprintf(next->holder, sizeof(next->holder), "%s", engine->holder);
		engine->epoch = next->head.epoch;
		engine->last_seq = next->head.last_seq;
		row_put(&database->clock, database->tables[IN_HEAD].at[0], arena, next);
	}
	database_unlock(database);
	if (!taken)
		return memory_refuse(engine, ITN_LOST_LEASE, "the lease was renewed or taken meanwhile", STR_NONE);
	if (call_at(engine, "lease_take", MEMORY_AFTER)) {
		engine->epoch = 0;
		return ITN_UNAVAILABLE;
	}
	return ITN_OK;
}

static bool is_ours(const struct memory_engine *engine, const struct memory_head *head)
{
	return head->head.epoch == engine->epoch && head->head.last_seq == engine->last_seq;
}

static enum itn_status lost(struct memory_engine *engine)
{
	engine->epoch = 0;
	return memory_refuse(engine, ITN_LOST_LEASE, "another engine holds the lease", STR_NONE);
}

/* One update of head outside of any batch, while it is ours. */
static enum itn_status head_change(struct memory_engine *engine, const char *call,
				   void (*change)(struct memory_head *head))
{
	struct memory_database *database = engine_database(engine);
	enum itn_status status;
	if (engine->epoch == 0)
		return memory_refuse(engine, ITN_LOST_LEASE, "this engine holds no lease", STR_NONE);
	if ((status = call_at(engine, call, MEMORY_BEFORE)) || (status = head_wait(engine)))
		return status;
	const struct memory_head *head = database_head(database);
	bool ours = is_ours(engine, head);
	if (ours) {
		struct arena *arena;
		struct memory_head *next = head_copy(head, &arena);
		change(next);
		row_put(&database->clock, database->tables[IN_HEAD].at[0], arena, next);
	}
	database_unlock(database);
	if (!ours)
		return lost(engine);
	return call_at(engine, call, MEMORY_AFTER);
}

static void beat_once(struct memory_head *head)
{
	head->beat++;
}

static void renew_log(struct memory_head *head)
{
	head->beat++;
	id_random_hex(head->head.log, STORE_LOG_ID_LEN);
}

static void give_back(struct memory_head *head)
{
	head->beat++;
	head->holder[0] = '\0';
}

enum itn_status memory_lease_renew(struct store_engine *base)
{
	return head_change(memory_engine_of(base), "lease_renew", beat_once);
}

/* What is made here has this program's schema. */
enum itn_status memory_migrate(struct store_engine *base, int64_t *ret_schema)
{
	enum itn_status status = head_change(memory_engine_of(base), "migrate", beat_once);
	if (!status)
		*ret_schema = STORE_SCHEMA;
	return status;
}

enum itn_status memory_log_renew(struct store_engine *base)
{
	return head_change(memory_engine_of(base), "log_renew", renew_log);
}

void memory_lease_release(struct store_engine *base)
{
	struct memory_engine *engine = memory_engine_of(base);
	session_drop(engine);
	if (engine->epoch && head_change(engine, "lease_release", give_back) == ITN_OK)
		engine->epoch = 0;
	engine->epoch = 0;
}

enum itn_status memory_backlog(struct store_engine *base, int64_t until, bool *ret_any)
{
	struct memory_engine *engine = memory_engine_of(base);
	enum itn_status status = call_at(engine, "backlog", MEMORY_BEFORE);
	if (status)
		return status;
	struct memory_rest rest = memory_rest(base->store);
	database_lock(engine_database(engine));
	*ret_any = rest.entries || rest.jobs || memory_any_late(engine_database(engine), until);
	database_unlock(engine_database(engine));
	return ITN_OK;
}

/* The batch's first statement: a write of head, so that two can't both commit. */
static enum itn_status head_renew(struct memory_engine *engine, struct store_head *ret_head)
{
	struct memory_database *database = engine_database(engine);
	struct row *row = database->tables[IN_HEAD].at[0];
	const struct memory_head *seen = row_seen(row, &engine->session->rows);
	struct arena *arena;
	if (!is_ours(engine, seen))
		return lost(engine);
	struct memory_head *next = head_copy(seen, &arena);
	next->beat++;
	*ret_head = next->head;
	return transaction_put(&engine->session->rows, row, arena, next);
}

static void jobs_read(struct memory_engine *engine, struct arena *arena, size_t max, struct store_batch *batch)
{
	const struct row_table *table = &engine_database(engine)->tables[IN_JOBS];
	batch->jobs = arena_calloc(arena, max, sizeof(*batch->jobs));
	for (size_t i = 0; i < table->count; i++) {
		const struct job *job = row_seen(table->at[i], &engine->session->rows);
		if (job && batch->job_count == max)
			batch->more_jobs = true;
		else if (job)
			batch->jobs[batch->job_count++] = job_copy(arena, job);
	}
}

enum itn_status memory_batch_begin(struct store_engine *base, struct arena *arena, size_t max, size_t max_jobs,
				   struct store_batch *ret_batch)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	struct store_batch batch = { 0 };
	enum itn_status status = call_at(engine, "batch_begin", MEMORY_BEFORE);
	if (status)
		return status;
	if (engine->epoch == 0)
		return memory_refuse(engine, ITN_LOST_LEASE, "this engine holds no lease", STR_NONE);
	session_drop(engine);
	database_lock(database);
	engine->session = session_begin(database);
	engine->arena = arena;
	status = head_renew(engine, &batch.head);
	if (!status) {
		memory_front_read(engine, arena, max, &batch);
		jobs_read(engine, arena, max_jobs, &batch);
	}
	database_unlock(database);
	if (!status)
		status = call_at(engine, "batch_begin", MEMORY_AFTER);
	if (status) {
		session_drop(engine);
		return status;
	}
	*ret_batch = batch;
	return ITN_OK;
}

void memory_batch_abort(struct store_engine *base)
{
	session_drop(memory_engine_of(base));
}

/* The transaction was ended by another: head says whether a successor has the lease. */
static enum itn_status settle_killed(struct memory_engine *engine)
{
	struct memory_database *database = engine_database(engine);
	database_lock(database);
	bool ours = database_head(database)->head.epoch == engine->epoch;
	database_unlock(database);
	return ours ? memory_refuse(engine, ITN_UNAVAILABLE, "the transaction was ended", STR_NONE) : lost(engine);
}

static enum itn_status let_land(struct memory_engine *engine)
{
	struct memory_database *database = engine_database(engine);
	struct memory_landing *landing = memory_calloc(1, sizeof(*landing));
	database_lock(database);
	landing->session = engine->session;
	session_leave(database, engine->session);
	engine->session->lands = true;
	TAILQ_INSERT_TAIL(&database->landings, landing, link);
	database_unlock(database);
	engine->session = NULL;
	return memory_refuse(engine, ITN_UNKNOWN, "the commit was not answered", STR_NONE);
}

static enum itn_status commit(struct memory_engine *engine, const struct store_writes *writes)
{
	struct memory_database *database = engine_database(engine);
	enum itn_status status = call_at(engine, "batch_commit", MEMORY_BEFORE);
	if (!engine->session->open) {
		session_drop(engine);
		return settle_killed(engine);
	}
	if (status == ITN_UNKNOWN)
		return let_land(engine);
	if (status)
		return status;
	database_lock(database);
	session_commit(database, engine->session);
	database_unlock(database);
	engine->last_seq = writes->last_seq;
	return call_at(engine, "batch_commit", MEMORY_AFTER);
}

enum itn_status memory_batch_commit(struct store_engine *base, const struct store_writes *writes)
{
	struct memory_engine *engine = memory_engine_of(base);
	if (!engine->session)
		return memory_refuse(engine, ITN_FAILED, "no batch is open", STR_NONE);
	enum itn_status status = memory_writes_apply(engine, writes);
	if (!status)
		status = commit(engine, writes);
	session_drop(engine);
	return status;
}
