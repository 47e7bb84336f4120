#include "store/sqlite_engine.h"

static struct str item_of(const struct alert_about *about)
{
	return str_is_set(about->item) ? about->item : STR("");
}

static enum itn_status alert_row(struct conn *conn, sqlite3_stmt *stmt, struct arena *arena, struct alert *ret_alert)
{
	bool found = false, read = true;
	enum itn_status status;
	while (conn_row(conn, stmt, &status)) {
		found = true;
		read = alert_read_json(arena, column_str(stmt, 0), ret_alert) == ITN_OK;
	}
	if (status)
		return status;
	return !found ? ITN_NOT_FOUND : read ? ITN_OK : ITN_FAILED;
}

enum itn_status sqlite_alert(struct store *base, struct arena *arena, struct str id, struct alert *ret_alert)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	int64_t schema = 0;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	status = sqlite_schema_now(conn, &schema);
	if (!status && schema < STORE_ALERTS_SCHEMA)
		status = ITN_NOT_FOUND;
	if (!status) {
		sqlite3_stmt *stmt = conn_sql(conn, SQL_ALERT);
		bind_str(stmt, 1, id);
		status = alert_row(conn, stmt, arena, ret_alert);
	}
	reader_give(store, conn);
	return status;
}

static enum itn_status batch_row(struct sqlite_engine *engine, sqlite3_stmt *stmt, struct arena *arena,
				 struct alert *ret_alert)
{
	enum itn_status status = alert_row(engine->conn, stmt, arena, ret_alert);
	return status && status != ITN_NOT_FOUND ? engine_failure(engine, status) : status;
}

enum itn_status sqlite_batch_alert(struct store_engine *base, struct arena *arena, struct str id, struct alert *ret_alert)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_ALERT);
	bind_str(stmt, 1, id);
	return batch_row(engine, stmt, arena, ret_alert);
}

enum itn_status sqlite_batch_unresolved(struct store_engine *base, struct arena *arena, enum alert_kind kind,
					const struct alert_about *about, struct alert *ret_alert)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_BATCH_UNRESOLVED);
	bind_int(stmt, 1, kind);
	bind_int(stmt, 2, about->entity);
	bind_str(stmt, 3, about->key);
	bind_str(stmt, 4, item_of(about));
	return batch_row(engine, stmt, arena, ret_alert);
}

static enum itn_status alert_insert(struct sqlite_engine *engine, const struct alert *alert, struct str doc)
{
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_ALERT_INSERT);
	bind_str(stmt, 1, alert->id);
	bind_int(stmt, 2, alert->kind);
	bind_int(stmt, 3, alert->about.entity);
	bind_str(stmt, 4, alert->about.key);
	bind_str(stmt, 5, item_of(&alert->about));
	bind_int(stmt, 6, alert_status_of(alert));
	bind_int(stmt, 7, alert->raised_at);
	bind_int(stmt, 8, alert->version);
	bind_str(stmt, 9, doc);
	enum itn_status status = engine_note(engine, conn_run(engine->conn, stmt));
	if (sqlite3_extended_errcode(engine->conn->db) == SQLITE_CONSTRAINT_UNIQUE)
		return engine_bug(engine, ITN_EXISTS, "this alert is there already", alert->id);
	return status;
}

static enum itn_status alert_write(struct sqlite_engine *engine, const struct alert_write *write, struct str doc)
{
	const struct alert *alert = write->alert;
	if (!write->from_version)
		return alert_insert(engine, alert, doc);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_ALERT_WRITE);
	bind_str(stmt, 1, alert->id);
	bind_int(stmt, 2, write->from_version);
	bind_int(stmt, 3, alert_status_of(alert));
	bind_int(stmt, 4, alert->version);
	bind_str(stmt, 5, doc);
	return engine_run_guarded(engine, stmt, alert->id);
}

enum itn_status sqlite_alerts_write(struct sqlite_engine *engine, const struct store_writes *writes)
{
	struct buf doc = { 0 };
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->alert_count; i++) {
		buf_reset(&doc, SIZE_MAX);
		alert_write_json(&doc, writes->alerts[i].alert);
		status = alert_write(engine, &writes->alerts[i], buf_str(&doc));
	}
	buf_free(&doc);
	return status;
}
