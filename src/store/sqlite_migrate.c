#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/log.h"
#include "store/sqlite_engine.h"
#include "store/sqlite_layout.h"

/* An index of a larger database takes longer to make than writers may have to wait: a person shall choose the hour. */
#define MEND_BYTES_MAX ((off_t)256 << 20)

static enum itn_status execute(struct sqlite_engine *engine, const char *sql)
{
	if (!sqlite3_exec(engine->conn->db, sql, NULL, NULL, NULL))
		return ITN_OK;
	return engine_note(engine, conn_failure(engine->conn, NULL));
}

static enum itn_status step_statements(struct sqlite_engine *engine, int64_t schema)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < sqlite_layout_count; i++)
		if (sqlite_layout_statements[i].schema == schema)
			status = execute(engine, sqlite_layout_statements[i].text);
	return status;
}

static enum itn_status step_note(struct sqlite_engine *engine, int64_t schema)
{
	char text[128];
	snprintf(text, sizeof(text), "UPDATE head SET schema = %lld; PRAGMA user_version = %lld", (long long)schema,
		 (long long)schema);
	return execute(engine, text);
}

/* One step is one transaction with the lease's renewal: it is done or not, by the lease's holder or not at all. */
static enum itn_status step(struct sqlite_engine *engine, int64_t *ret_schema)
{
	struct store_head head;
	enum itn_status status = engine_begin_ours(engine, &head);
	if (status)
		return status;
	*ret_schema = head.schema;
	if (head.schema >= STORE_SCHEMA) {
		engine_roll_back(engine);
		return ITN_OK;
	}
	if ((status = step_statements(engine, head.schema + 1)) || (status = step_note(engine, head.schema + 1))) {
		engine_roll_back(engine);
		return status;
	}
	if (!(status = engine_commit(engine)))
		*ret_schema = head.schema + 1;
	return status;
}

static enum itn_status index_mend(struct sqlite_engine *engine, const char *statement, int *made)
{
	char kind[16], name[64];
	enum itn_status status;
	bool known = false;
	if ((sscanf(statement, "CREATE UNIQUE %15s %63s", kind, name) != 2 &&
	     sscanf(statement, "CREATE %15s %63s", kind, name) != 2) ||
	    (strcmp(kind, "INDEX") && strcmp(kind, "TRIGGER")))
		return ITN_OK;
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_INDEX_KNOWN);
	bind_str(stmt, 1, str_from(name));
	while (conn_row(engine->conn, stmt, &status))
		known = true;
	if (engine_note(engine, status) || known)
		return status;
	++*made;
	return execute(engine, statement);
}

/* Queries name the indexes that they need, so that none of them works without. A trigger is as cheap to make as it is to look
 * for. */
static enum itn_status indexes_mend(struct sqlite_engine *engine)
{
	struct store_head head;
	struct stat info;
	int made = 0;
	if (stat(sqlite_store_of(engine->base.store)->path, &info) || info.st_size > MEND_BYTES_MAX)
		return ITN_OK;
	enum itn_status status = engine_begin_ours(engine, &head);
	if (status)
		return status;
	for (size_t i = 0; !status && i < sqlite_layout_count; i++)
		status = index_mend(engine, sqlite_layout_statements[i].text, &made);
	if (status)
		engine_roll_back(engine);
	else if (!(status = engine_commit(engine)) && made)
		log_warn("missing indexes were made", LOG_INT("count", made));
	return status;
}

enum itn_status sqlite_migrate(struct store_engine *base, int64_t *ret_schema)
{
	enum itn_status status;
	do
		status = step(sqlite_engine_of(base), ret_schema);
	while (!status && *ret_schema < STORE_SCHEMA);
	return !status && *ret_schema == STORE_SCHEMA ? indexes_mend(sqlite_engine_of(base)) : status;
}
