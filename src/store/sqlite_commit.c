#include <stdio.h>

#include "store/sqlite_engine.h"

enum itn_status engine_bug(struct sqlite_engine *engine, enum itn_status status, const char *what, struct str of)
{
	snprintf(engine->reason, sizeof(engine->reason), "%s: %.*s", what, STR_ARG(of));
	return status;
}

static enum itn_status run(struct sqlite_engine *engine, sqlite3_stmt *stmt)
{
	return engine_note(engine, conn_run(engine->conn, stmt));
}

enum itn_status engine_run_guarded(struct sqlite_engine *engine, sqlite3_stmt *stmt, struct str key)
{
	enum itn_status status = run(engine, stmt);
	if (!status && conn_changes(engine->conn) == 0)
		return engine_bug(engine, ITN_CONFLICT, "not the version that was read", key);
	return status;
}

static enum itn_status head_advance(struct sqlite_engine *engine, const struct store_writes *writes)
{
	if (writes->last_seq != engine->last_seq + (int64_t)writes->event_count)
		return engine_bug(engine, ITN_FAILED, "last_seq does not count the batch's events", writes->batch);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_HEAD_ADVANCE);
	bind_int(stmt, 1, engine->epoch);
	bind_int(stmt, 2, writes->last_seq);
	bind_str(stmt, 3, writes->batch);
	if (writes->event_count)
		bind_int(stmt, 4, writes->events[writes->event_count - 1].logged_at);
	else
		sqlite3_bind_null(stmt, 4);
	return engine_run_guarded(engine, stmt, writes->batch);
}

static enum itn_status event_insert(struct sqlite_engine *engine, const struct event *event, int64_t seq)
{
	if (event->seq != seq)
		return engine_bug(engine, ITN_FAILED, "an event's seq leaves a gap", event->id);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_EVENT_INSERT);
	bind_int(stmt, 1, event->seq);
	bind_str(stmt, 2, event->id);
	bind_int(stmt, 3, event->kind);
	bind_int(stmt, 4, event->entity);
	bind_str(stmt, 5, event->key);
	bind_int(stmt, 6, event->entity_version);
	bind_int(stmt, 7, event->time);
	bind_int(stmt, 8, event->logged_at);
	bind_str(stmt, 9, event->caused_by);
	bind_str(stmt, 10, event->message);
	bind_str(stmt, 11, event->batch);
	bind_str(stmt, 12, event->frame);
	enum itn_status status = run(engine, stmt);
	if (sqlite3_extended_errcode(engine->conn->db) == SQLITE_CONSTRAINT_UNIQUE)
		return engine_bug(engine, ITN_EXISTS, "this event is in the log already", event->id);
	return status;
}

static enum itn_status events_insert(struct sqlite_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->event_count; i++)
		status = event_insert(engine, &writes->events[i], engine->last_seq + 1 + (int64_t)i);
	return status;
}

static enum itn_status notifications_insert(struct sqlite_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->notification_count; i++) {
		const struct notification *notification = &writes->notifications[i];
		status = engine_note(engine, sqlite_notification_insert(engine->conn, notification));
		if (sqlite3_extended_errcode(engine->conn->db) == SQLITE_CONSTRAINT_UNIQUE)
			return engine_bug(engine, ITN_EXISTS, "this notification is there already", notification->id);
	}
	return status;
}

/* The column short_of. */
static struct str short_of(const struct trade *trade)
{
	return trade_has_reserved(trade) ? STR("") : trade->short_of;
}

static enum itn_status trade_write(struct sqlite_engine *engine, const struct trade_write *write, struct buf *doc)
{
	const struct trade *trade = write->trade;
	buf_reset(doc, SIZE_MAX);
	trade_write_json(doc, trade);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_TRADE_WRITE);
	bind_str(stmt, 1, trade->id);
	bind_int(stmt, 2, write->from_version);
	bind_int(stmt, 3, trade->version);
	bind_int(stmt, 4, trade->status);
	bind_int(stmt, 5, trade->holds);
	bind_int(stmt, 6, trade->goods);
	bind_str(stmt, 7, trade->shipment);
	bind_str(stmt, 8, short_of(trade));
	bind_str(stmt, 9, buf_str(doc));
	return engine_run_guarded(engine, stmt, trade->id);
}

static enum itn_status cargo_write(struct sqlite_engine *engine, const struct cargo_write *write, struct buf *doc)
{
	const struct cargo *cargo = write->cargo;
	buf_reset(doc, SIZE_MAX);
	cargo_write_json(doc, cargo);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_CARGO_WRITE);
	bind_str(stmt, 1, cargo->id);
	bind_int(stmt, 2, write->from_version);
	bind_int(stmt, 3, cargo->version);
	bind_int(stmt, 4, cargo->status);
	bind_int(stmt, 5, cargo->open);
	bind_int(stmt, 6, cargo->reserved_trades);
	bind_str(stmt, 7, buf_str(doc));
	bind_int(stmt, 8, cargo->late_eta);
	bind_int(stmt, 9, cargo_due(cargo));
	return engine_run_guarded(engine, stmt, cargo->id);
}

static enum itn_status documents_write(struct sqlite_engine *engine, const struct store_writes *writes)
{
	struct buf doc = { 0 };
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->trade_count; i++)
		status = trade_write(engine, &writes->trades[i], &doc);
	for (size_t i = 0; !status && i < writes->cargo_count; i++)
		status = cargo_write(engine, &writes->cargo[i], &doc);
	buf_free(&doc);
	return status;
}

static enum itn_status stock_write(struct sqlite_engine *engine, const struct stock_write *write)
{
	const struct stock *stock = write->stock;
	sqlite3_stmt *stmt = conn_sql(engine->conn, write->from_version ? SQL_STOCK_WRITE : SQL_STOCK_INSERT);
	bind_str(stmt, 1, stock->station);
	bind_str(stmt, 2, stock->item);
	if (write->from_version)
		bind_int(stmt, 3, write->from_version);
	bind_int(stmt, 4, stock->version);
	bind_int(stmt, 5, stock->on_hand);
	bind_int(stmt, 6, stock->reserved);
	bind_int(stmt, 7, stock->incoming);
	bind_int(stmt, 8, stock->reorder_level);
	bind_int(stmt, 9, stock->tracked);
	bind_int(stmt, 10, stock->updated_at);
	return engine_run_guarded(engine, stmt, stock->item);
}

static enum itn_status stocks_write(struct sqlite_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->stock_count; i++)
		status = stock_write(engine, &writes->stock[i]);
	return status;
}

static enum itn_status job_write(struct sqlite_engine *engine, const struct job *job)
{
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_JOB_WRITE);
	bind_int(stmt, 1, job->seq);
	bind_str(stmt, 2, job->lane);
	bind_int(stmt, 3, job->kind);
	bind_str(stmt, 4, job->key);
	bind_str(stmt, 5, job->cause);
	bind_int(stmt, 6, job->step);
	bind_int(stmt, 7, job->derived);
	bind_int(stmt, 8, job->cursor.time);
	bind_str(stmt, 9, job->cursor.key);
	return run(engine, stmt);
}

static enum itn_status jobs_write(struct sqlite_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->job_count; i++)
		status = job_write(engine, &writes->jobs[i]);
	for (size_t i = 0; !status && i < writes->job_done_count; i++) {
		sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_JOB_DELETE);
		bind_int(stmt, 1, writes->jobs_done[i]);
		status = run(engine, stmt);
	}
	return status;
}

static enum itn_status verdict_write(struct sqlite_engine *engine, const struct verdict_write *verdict)
{
	sqlite3_stmt *stmt;
	if (verdict->state == REQUEST_WAITING) {
		stmt = conn_sql(engine->conn, SQL_OUTBOX_POSTPONE);
		bind_str(stmt, 1, verdict->request);
		bind_int(stmt, 2, engine->front);
		return run(engine, stmt);
	}
	stmt = conn_sql(engine->conn, SQL_VERDICT_WRITE);
	bind_str(stmt, 1, verdict->request);
	bind_int(stmt, 2, verdict->state);
	bind_str(stmt, 3, verdict->detail);
	return run(engine, stmt);
}

static enum itn_status outbox_leave(struct sqlite_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->verdict_count; i++)
		status = verdict_write(engine, &writes->verdicts[i]);
	if (status || engine->front == 0)
		return status;
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_OUTBOX_DELETE);
	bind_int(stmt, 1, engine->front);
	return run(engine, stmt);
}

static enum itn_status counters_write(struct sqlite_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->counter_count; i++) {
		sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_COUNTER_ADD);
		bind_str(stmt, 1, writes->counters[i].name);
		bind_int(stmt, 2, writes->counters[i].delta);
		status = run(engine, stmt);
	}
	if (status || !str_is_set(writes->counters_from) || !str_is_set(writes->counters_below))
		return status;
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_COUNTERS_DELETE);
	bind_str(stmt, 1, writes->counters_from);
	bind_str(stmt, 2, writes->counters_below);
	return run(engine, stmt);
}

static enum itn_status requests_drop(struct sqlite_engine *engine, struct str below)
{
	if (!str_is_set(below))
		return ITN_OK;
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_REQUESTS_DELETE);
	bind_str(stmt, 1, below);
	bind_int(stmt, 2, REQUEST_WAITING);
	return run(engine, stmt);
}

enum itn_status sqlite_writes_apply(struct sqlite_engine *engine, const struct store_writes *writes)
{
	enum itn_status status;
	if ((status = head_advance(engine, writes)) || (status = events_insert(engine, writes)) ||
	    (status = notifications_insert(engine, writes)) ||
	    (status = documents_write(engine, writes)) || (status = sqlite_alerts_write(engine, writes)) ||
	    (status = stocks_write(engine, writes)) || (status = sqlite_ledger_write(engine, writes)) ||
	    (status = jobs_write(engine, writes)) || (status = outbox_leave(engine, writes)) ||
	    (status = counters_write(engine, writes)) || (status = requests_drop(engine, writes->requests_below)))
		return status;
	return ITN_OK;
}
