#include "store/sqlite_engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/id.h"
#include "core/memory.h"

enum itn_status engine_note(struct sqlite_engine *engine, enum itn_status status)
{
	if (status == ITN_UNAVAILABLE || status == ITN_NO_ROOM || status == ITN_FAILED || status == ITN_UNKNOWN)
		snprintf(engine->reason, sizeof(engine->reason), "the database file: %s", sqlite3_errmsg(engine->conn->db));
	return status;
}

static enum itn_status refuse(struct sqlite_engine *engine, enum itn_status status, const char *reason)
{
	snprintf(engine->reason, sizeof(engine->reason), "%s", reason);
	return status;
}

static void engine_unlock(struct sqlite_engine *engine)
{
	sqlite_lock_release(&engine->lock);
	engine->open = false;
}

void engine_roll_back(struct sqlite_engine *engine)
{
	if (!sqlite3_get_autocommit(engine->conn->db))
		sqlite3_exec(engine->conn->db, "ROLLBACK", NULL, NULL, NULL);
	engine_unlock(engine);
}

enum itn_status sqlite_engine_open(struct store *base, const char *holder, struct store_engine **ret_engine,
				   struct error *error)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct sqlite_engine *engine = memory_calloc(1, sizeof(*engine));
	engine->base.store = base;
	engine->holder = holder;
	enum itn_status status = sqlite_lock_open(store->path, &engine->lock, error);
	if (!status && (status = conn_open(store->path, ENGINE_CACHE_KIB, &engine->conn, error)))
		sqlite_lock_close(&engine->lock);
	if (status) {
		free(engine);
		return status;
	}
	engine->conn->patient = true;
	checkpoint_watch(engine->conn, &engine->wal_pages);
	*ret_engine = &engine->base;
	return ITN_OK;
}

void sqlite_engine_close(struct store_engine *base)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite_batch_abort(base);
	conn_close(engine->conn);
	sqlite_lock_close(&engine->lock);
	free(engine);
}

const char *sqlite_engine_error(const struct store_engine *base)
{
	return ((const struct sqlite_engine *)base)->reason;
}

static int64_t deadline_of(const struct sqlite_engine *engine)
{
	return clock_monotonic_us() + sqlite_store_of(engine->base.store)->timeout_ms * 1000;
}

static enum itn_status engine_begin(struct sqlite_engine *engine)
{
	int64_t deadline_us = deadline_of(engine);
	if (sqlite_lock_take(&engine->lock, deadline_us))
		return refuse(engine, ITN_UNAVAILABLE, "another process holds the write lock");
	engine->open = true;
	engine->conn->deadline_us = deadline_us;
	enum itn_status status = engine_note(engine, conn_do(engine->conn, SQL_BEGIN));
	if (!status)
		return ITN_OK;
	engine_unlock(engine);
	return status == ITN_NO_ROOM ? status : ITN_UNAVAILABLE;
}

enum itn_status engine_commit(struct sqlite_engine *engine)
{
	enum itn_status status = engine_note(engine, conn_do(engine->conn, SQL_COMMIT));
	if (!status) {
		engine_unlock(engine);
		checkpoint_when_due(engine->conn, &engine->lock, engine->wal_pages, &engine->wal_copied);
		return ITN_OK;
	}
	bool settled = sqlite3_extended_errcode(engine->conn->db) != SQLITE_IOERR_FSYNC;
	engine_roll_back(engine);
	if (!settled)
		return ITN_UNKNOWN;
	return status == ITN_NO_ROOM ? status : ITN_UNAVAILABLE;
}

enum itn_status sqlite_lease_read(struct store_engine *base, struct store_lease *ret_lease)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	engine->conn->deadline_us = deadline_of(engine);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_LEASE_READ);
	enum itn_status status;
	while (conn_row(engine->conn, stmt, &status)) {
		struct str holder = column_str(stmt, 2);
		ret_lease->epoch = column_int(stmt, 0);
		ret_lease->beat = column_int(stmt, 1);
		snprintf(ret_lease->holder, sizeof(ret_lease->holder), "%.*s", STR_ARG(holder));
	}
	return engine_note(engine, status);
}

enum itn_status sqlite_lease_take(struct store_engine *base, const struct store_lease *seen)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	enum itn_status status = engine_begin(engine);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_LEASE_TAKE);
	bind_str(stmt, 1, str_from(engine->holder));
	bind_int(stmt, 2, seen->epoch);
	bind_int(stmt, 3, seen->beat);
	int64_t epoch = 0, last_seq = 0;
	while (conn_row(engine->conn, stmt, &status)) {
		epoch = column_int(stmt, 0);
		last_seq = column_int(stmt, 1);
	}
	if (engine_note(engine, status) || epoch == 0) {
		engine_roll_back(engine);
		return status ? status : refuse(engine, ITN_LOST_LEASE, "the lease was renewed or taken meanwhile");
	}
	if ((status = engine_commit(engine)))
		return status;
	engine->epoch = epoch;
	engine->last_seq = last_seq;
	return ITN_OK;
}

static enum itn_status head_renew(struct sqlite_engine *engine, struct store_head *ret_head)
{
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_LEASE_RENEW);
	bind_int(stmt, 1, engine->epoch);
	bind_int(stmt, 2, engine->last_seq);
	bool ours = false;
	enum itn_status status;
	while (conn_row(engine->conn, stmt, &status)) {
		head_columns(stmt, ret_head);
		ours = true;
	}
	if (engine_note(engine, status) || ours)
		return status;
	engine->epoch = 0;
	return refuse(engine, ITN_LOST_LEASE, "another engine holds the lease");
}

enum itn_status engine_begin_ours(struct sqlite_engine *engine, struct store_head *ret_head)
{
	if (engine->epoch == 0)
		return refuse(engine, ITN_LOST_LEASE, "this engine holds no lease");
	enum itn_status status = engine_begin(engine);
	if (!status && (status = head_renew(engine, ret_head)))
		engine_roll_back(engine);
	return status;
}

enum itn_status sqlite_lease_renew(struct store_engine *base)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	struct store_head head;
	enum itn_status status = engine_begin_ours(engine, &head);
	return status ? status : engine_commit(engine);
}

void sqlite_lease_release(struct store_engine *base)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite_batch_abort(base);
	if (engine->epoch == 0 || engine_begin(engine))
		return;
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_LEASE_RELEASE);
	bind_int(stmt, 1, engine->epoch);
	engine->epoch = 0;
	if (engine_note(engine, conn_run(engine->conn, stmt)))
		engine_roll_back(engine);
	else if (engine_commit(engine))
		return;
}

enum itn_status sqlite_backlog(struct store_engine *base, int64_t until, bool *ret_any)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	engine->conn->deadline_us = deadline_of(engine);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_BACKLOG);
	bind_int(stmt, 1, until);
	enum itn_status status;
	while (conn_row(engine->conn, stmt, &status))
		*ret_any = column_int(stmt, 0) != 0;
	return engine_note(engine, status);
}

static enum itn_status entries_read(struct sqlite_engine *engine, struct arena *arena, size_t max,
				    struct store_batch *batch)
{
	struct entry *entries = arena_calloc(arena, max, sizeof(*entries));
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_OUTBOX_FRONT);
	bind_int(stmt, 1, (int64_t)max + 1);
	engine->front = 0;
	batch->entries = entries;
	enum itn_status status;
	while (conn_row(engine->conn, stmt, &status)) {
		if (batch->count == max) {
			batch->more = true;
			continue;
		}
		engine->front = column_int(stmt, 0);
		entries[batch->count++] = (struct entry){
			.id = column_copy(stmt, 1, arena),
			.kind = (enum entry_kind)column_int(stmt, 2),
			.entity = (enum entity_kind)column_int(stmt, 3),
			.key = column_copy(stmt, 4, arena),
			.version = column_int(stmt, 5),
			.time = column_int(stmt, 6),
			.change = column_copy(stmt, 7, arena),
		};
	}
	return engine_note(engine, status);
}

static enum itn_status jobs_read(struct sqlite_engine *engine, struct arena *arena, size_t max, struct store_batch *batch)
{
	batch->jobs = arena_calloc(arena, max, sizeof(*batch->jobs));
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_JOBS);
	bind_int(stmt, 1, (int64_t)max + 1);
	enum itn_status status;
	while (conn_row(engine->conn, stmt, &status)) {
		if (batch->job_count == max) {
			batch->more_jobs = true;
			continue;
		}
		batch->jobs[batch->job_count++] = (struct job){
			.seq = column_int(stmt, 0),
			.lane = column_copy(stmt, 1, arena),
			.kind = (int)column_int(stmt, 2),
			.key = column_copy(stmt, 3, arena),
			.cause = column_copy(stmt, 4, arena),
			.step = column_int(stmt, 5),
			.derived = column_int(stmt, 6),
			.cursor = { .time = column_int(stmt, 7), .key = column_copy(stmt, 8, arena) },
		};
	}
	return engine_note(engine, status);
}

enum itn_status sqlite_batch_begin(struct store_engine *base, struct arena *arena, size_t max, size_t max_jobs,
				   struct store_batch *ret_batch)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	struct store_batch batch = { 0 };
	enum itn_status status = engine_begin_ours(engine, &batch.head);
	if (status)
		return status;
	if ((status = entries_read(engine, arena, max, &batch)) || (status = jobs_read(engine, arena, max_jobs, &batch))) {
		engine_roll_back(engine);
		return status;
	}
	*ret_batch = batch;
	return ITN_OK;
}

void sqlite_batch_abort(struct store_engine *base)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	if (engine->open)
		engine_roll_back(engine);
}

enum itn_status sqlite_batch_commit(struct store_engine *base, const struct store_writes *writes)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	if (!engine->open)
		return refuse(engine, ITN_FAILED, "no batch is open");
	enum itn_status status = sqlite_writes_apply(engine, writes);
	if (status) {
		engine_roll_back(engine);
		return status;
	}
	if (!(status = engine_commit(engine)))
		engine->last_seq = writes->last_seq;
	return status;
}

enum itn_status sqlite_log_renew(struct store_engine *base)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	char log[STORE_LOG_ID_LEN + 1];
	struct store_head head;
	enum itn_status status = engine_begin_ours(engine, &head);
	if (status)
		return status;
	id_random_hex(log, STORE_LOG_ID_LEN);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_LOG_RENEW);
	bind_str(stmt, 1, str_from(log));
	if (!(status = engine_note(engine, conn_run(engine->conn, stmt))))
		return engine_commit(engine);
	engine_roll_back(engine);
	return status;
}
