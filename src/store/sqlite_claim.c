#include "store/claims.h"
#include "store/sqlite_write.h"

/* A new claim takes so many expired ones with it: there are never more of them than of new ones, in the end. */
#define FORGET_MAX 4

struct claim_write {
	struct sqlite_write base;
	struct claim claim;
	int64_t from_version;
};

static struct claim copy_of(const struct claim *claim, struct arena *arena)
{
	struct claim copy = *claim;
	copy.key = arena_str(arena, claim->key);
	copy.print = arena_str(arena, claim->print);
	copy.document = arena_str(arena, claim->document);
	copy.event = arena_str(arena, claim->event);
	copy.lines = arena_str(arena, claim->lines);
	copy.body = arena_str(arena, claim->body);
	return copy;
}

static enum itn_status submit(struct store *store, sqlite_write_fn *run, const struct claim *claim,
			      int64_t from_version)
{
	struct claim_write *write = sqlite_write_new(sizeof(*write), run);
	write->claim = copy_of(claim, write->base.arena);
	write->from_version = from_version;
	return sqlite_write_submit(sqlite_store_of(store), &write->base);
}

static enum itn_status has_claims(struct conn *conn)
{
	int64_t schema = 0;
	enum itn_status status = sqlite_schema_now(conn, &schema);
	return !status && schema < STORE_CLAIMS_SCHEMA ? ITN_UNAVAILABLE : status;
}

static enum itn_status forget_expired(struct conn *conn, int64_t now)
{
	sqlite3_stmt *stmt = conn_sql(conn, SQL_CLAIMS_FORGET);
	bind_int(stmt, 1, now);
	bind_int(stmt, 2, FORGET_MAX);
	return conn_run(conn, stmt);
}

static enum itn_status insert(struct conn *conn, const struct claim *claim)
{
	sqlite3_stmt *stmt = conn_sql(conn, SQL_CLAIM_INSERT);
	bind_str(stmt, 1, claim->key);
	bind_str(stmt, 2, claim->print);
	bind_str(stmt, 3, claim->document);
	bind_str(stmt, 4, claim->event);
	bind_int(stmt, 5, claim->at);
	bind_int(stmt, 6, claim->expires_at);
	bind_int(stmt, 7, claim->version);
	bind_int(stmt, 8, claim->busy_until);
	return conn_run(conn, stmt);
}

static enum itn_status whose(struct conn *conn, const struct claim *claim)
{
	enum itn_status status;
	bool ours = false;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_CLAIM);
	bind_str(stmt, 1, claim->key);
	while (conn_row(conn, stmt, &status))
		ours = str_eq(column_str(stmt, 3), claim->event);
	return !status && !ours ? ITN_EXISTS : status;
}

static enum itn_status run_add(struct conn *conn, const struct sqlite_write *write)
{
	const struct claim *claim = &((const struct claim_write *)write)->claim;
	enum itn_status status;
	if ((status = has_claims(conn)) || (status = forget_expired(conn, claim->at)) || (status = insert(conn, claim)))
		return status;
	return conn_changes(conn) == 0 ? whose(conn, claim) : ITN_OK;
}

enum itn_status sqlite_claim_add(struct store *store, const struct claim *claim)
{
	return submit(store, run_add, claim, 0);
}

static enum itn_status run_change(struct conn *conn, const struct sqlite_write *write)
{
	const struct claim_write *change = (const struct claim_write *)write;
	const struct claim *claim = &change->claim;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_CLAIM_CHANGE);
	bind_str(stmt, 1, claim->key);
	bind_int(stmt, 2, change->from_version);
	bind_int(stmt, 3, claim->version);
	bind_int(stmt, 4, claim->busy_until);
	bind_int(stmt, 5, claim->asked);
	bind_int(stmt, 6, claim->status);
	bind_str(stmt, 7, claim->lines);
	bind_str(stmt, 8, claim->body);
	enum itn_status status = conn_run(conn, stmt);
	return !status && conn_changes(conn) == 0 ? ITN_CONFLICT : status;
}

enum itn_status sqlite_claim_change(struct store *store, const struct claim *changed, int64_t from_version)
{
	return submit(store, run_change, changed, from_version);
}

struct claim claim_columns(sqlite3_stmt *stmt, struct arena *arena)
{
	return (struct claim){
		.key = column_copy(stmt, 0, arena),
		.print = column_copy(stmt, 1, arena),
		.document = column_copy(stmt, 2, arena),
		.event = column_copy(stmt, 3, arena),
		.at = column_int(stmt, 4),
		.expires_at = column_int(stmt, 5),
		.version = column_int(stmt, 6),
		.busy_until = column_int(stmt, 7),
		.asked = column_int(stmt, 8) != 0,
		.status = column_int(stmt, 9),
		.lines = column_copy(stmt, 10, arena),
		.body = column_copy(stmt, 11, arena),
	};
}

enum itn_status sqlite_claim(struct store *base, struct arena *arena, struct str key, struct claim *ret_claim)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	bool found = false;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_CLAIM);
	bind_str(stmt, 1, key);
	while (conn_row(conn, stmt, &status)) {
		*ret_claim = claim_columns(stmt, arena);
		found = true;
	}
	reader_give(store, conn);
	return !status && !found ? ITN_NOT_FOUND : status;
}

enum itn_status sqlite_entry_known(struct store *base, enum entity_kind entity, struct str key, struct str id,
				   bool *ret_known)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_OUTBOX_KNOWS);
	bind_int(stmt, 1, entity);
	bind_str(stmt, 2, key);
	bind_str(stmt, 3, id);
	while (conn_row(conn, stmt, &status))
		*ret_known = column_int(stmt, 0) != 0;
	reader_give(store, conn);
	return status;
}
