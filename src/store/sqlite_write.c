#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "store/sqlite_write.h"

#define GRACE_MS 400

enum write_kind { WRITE_TRADE, WRITE_CARGO, WRITE_TRADE_CHANGE, WRITE_CARGO_CHANGE, WRITE_REQUEST, WRITE_PROBE };

/* Of a document with its entry. */
struct write {
	struct sqlite_write base;
	enum write_kind kind;
	struct trade trade;
	struct cargo cargo;
	struct entry entry;
	struct str doc;
	int64_t from_version;
};

static void write_release(struct commit_item *item)
{
	arena_free(((struct sqlite_write *)item)->arena);
}

void *sqlite_write_new(size_t size, sqlite_write_fn *run)
{
	struct arena *arena = arena_new(4096);
	struct sqlite_write *write = arena_calloc(arena, 1, size);
	write->item.release = write_release;
	write->arena = arena;
	write->run = run;
	return write;
}

static sqlite_write_fn write_both;

static struct write *write_new(enum write_kind kind, const struct entry *entry)
{
	struct write *write = sqlite_write_new(sizeof(*write), write_both);
	struct arena *arena = write->base.arena;
	write->kind = kind;
	if (!entry)
		return write;
	write->entry = *entry;
	write->entry.id = arena_str(arena, entry->id);
	write->entry.key = arena_str(arena, entry->key);
	write->entry.change = arena_str(arena, entry->change);
	return write;
}

static void write_set_trade(struct write *write, const struct trade *trade)
{
	struct buf doc = { 0 };
	trade_write_json(&doc, trade);
	write->doc = arena_str(write->base.arena, buf_str(&doc));
	buf_free(&doc);
	write->trade = *trade;
	write->trade.items = (struct lines){ 0 };
	write->trade.id = arena_str(write->base.arena, trade->id);
	write->trade.destination = arena_str(write->base.arena, trade->destination);
	write->trade.buyer = arena_str(write->base.arena, trade->buyer);
	write->trade.seller = arena_str(write->base.arena, trade->seller);
	write->trade.station = arena_str(write->base.arena, trade->station);
	write->trade.shipment = arena_str(write->base.arena, trade->shipment);
}

static void write_set_cargo(struct write *write, const struct cargo *cargo)
{
	struct buf doc = { 0 };
	cargo_write_json(&doc, cargo);
	write->doc = arena_str(write->base.arena, buf_str(&doc));
	buf_free(&doc);
	write->cargo = *cargo;
	write->cargo.id = arena_str(write->base.arena, cargo->id);
	write->cargo.destination = arena_str(write->base.arena, cargo->destination);
}

static enum itn_status trade_insert(struct conn *conn, const struct write *write)
{
	const struct trade *trade = &write->trade;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_TRADE_INSERT);
	bind_str(stmt, 1, trade->id);
	bind_int(stmt, 2, trade->created_at);
	bind_int(stmt, 3, trade->version);
	bind_int(stmt, 4, trade->status);
	bind_int(stmt, 5, trade->holds);
	bind_int(stmt, 6, trade->goods);
	bind_str(stmt, 7, trade->destination);
	bind_str(stmt, 8, trade->buyer);
	bind_str(stmt, 9, trade->seller);
	bind_str(stmt, 10, trade->station);
	bind_str(stmt, 11, trade->shipment);
	bind_str(stmt, 12, write->doc);
	return conn_run(conn, stmt);
}

static enum itn_status cargo_insert(struct conn *conn, const struct write *write)
{
	const struct cargo *cargo = &write->cargo;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_CARGO_INSERT);
	bind_str(stmt, 1, cargo->id);
	bind_int(stmt, 2, cargo->created_at);
	bind_int(stmt, 3, cargo->version);
	bind_int(stmt, 4, cargo->status);
	bind_int(stmt, 5, cargo->open);
	bind_str(stmt, 6, cargo->destination);
	bind_str(stmt, 7, write->doc);
	return conn_run(conn, stmt);
}

static enum itn_status trade_update(struct conn *conn, const struct write *write)
{
	sqlite3_stmt *stmt = conn_sql(conn, SQL_TRADE_CHANGE);
	bind_str(stmt, 1, write->trade.id);
	bind_int(stmt, 2, write->from_version);
	bind_int(stmt, 3, write->trade.version);
	bind_int(stmt, 4, write->trade.status);
	bind_int(stmt, 5, write->trade.holds);
	bind_str(stmt, 6, write->doc);
	return conn_run(conn, stmt);
}

static enum itn_status cargo_update(struct conn *conn, const struct write *write)
{
	sqlite3_stmt *stmt = conn_sql(conn, SQL_CARGO_CHANGE);
	bind_str(stmt, 1, write->cargo.id);
	bind_int(stmt, 2, write->from_version);
	bind_int(stmt, 3, write->cargo.version);
	bind_int(stmt, 4, write->cargo.status);
	bind_str(stmt, 5, write->doc);
	return conn_run(conn, stmt);
}

static enum itn_status request_insert(struct conn *conn, const struct write *write)
{
	sqlite3_stmt *stmt = conn_sql(conn, SQL_REQUEST_INSERT);
	bind_str(stmt, 1, write->entry.id);
	bind_int(stmt, 2, REQUEST_WAITING);
	return conn_run(conn, stmt);
}

static enum itn_status document_write(struct conn *conn, const struct write *write)
{
	switch (write->kind) {
	case WRITE_TRADE:
		return trade_insert(conn, write);
	case WRITE_CARGO:
		return cargo_insert(conn, write);
	case WRITE_TRADE_CHANGE:
		return trade_update(conn, write);
	case WRITE_CARGO_CHANGE:
		return cargo_update(conn, write);
	case WRITE_REQUEST:
		return request_insert(conn, write);
	case WRITE_PROBE:
		return conn_do(conn, SQL_HEAD_TOUCH);
	}
	return ITN_FAILED;
}

static enum itn_status read_one(struct conn *conn, sqlite3_stmt *stmt, int64_t *ret)
{
	enum itn_status status = ITN_OK;
	*ret = 0;
	while (conn_row(conn, stmt, &status))
		*ret = column_int(stmt, 0);
	return status;
}

/* The document was not written: it is there already, has another version, or this very write was done before. */
static enum itn_status refusal(struct conn *conn, const struct write *write)
{
	if (write->kind == WRITE_REQUEST)
		return ITN_OK;
	int64_t known;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_OUTBOX_KNOWS);
	bind_int(stmt, 1, write->entry.entity);
	bind_str(stmt, 2, write->entry.key);
	bind_str(stmt, 3, write->entry.id);
	enum itn_status status = read_one(conn, stmt, &known);
	if (status || known)
		return status;
	return write->kind == WRITE_TRADE || write->kind == WRITE_CARGO ? ITN_EXISTS : ITN_CONFLICT;
}

static enum itn_status entry_insert(struct conn *conn, const struct entry *entry)
{
	int64_t waiting;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_OUTBOX_COUNT);
	bind_int(stmt, 1, entry->entity);
	bind_str(stmt, 2, entry->key);
	enum itn_status status = read_one(conn, stmt, &waiting);
	if (status)
		return status;
	if (waiting >= ENTRIES_MAX && entry->kind != ENTRY_REQUEST)
		return ITN_FULL;
	stmt = conn_sql(conn, SQL_OUTBOX_INSERT);
	bind_str(stmt, 1, entry->id);
	bind_int(stmt, 2, entry->kind);
	bind_int(stmt, 3, entry->entity);
	bind_str(stmt, 4, entry->key);
	bind_int(stmt, 5, entry->version);
	bind_int(stmt, 6, entry->time);
	bind_str(stmt, 7, entry->change);
	return conn_run(conn, stmt);
}

static enum itn_status write_both(struct conn *conn, const struct sqlite_write *base)
{
	const struct write *write = (const struct write *)base;
	enum itn_status status = document_write(conn, write);
	if (status || write->kind == WRITE_PROBE)
		return status;
	if (conn_changes(conn) == 0)
		return refusal(conn, write);
	return entry_insert(conn, &write->entry);
}

static enum itn_status write_one(struct conn *conn, const struct sqlite_write *write)
{
	enum itn_status status = conn_do(conn, SQL_SAVE);
	if (status)
		return status;
	enum itn_status result = write->run(conn, write);
	if (sqlite3_get_autocommit(conn->db))
		return result;
	if (result && (status = conn_do(conn, SQL_SAVE_UNDO)))
		return status;
	status = conn_do(conn, SQL_SAVE_KEEP);
	return status ? status : result;
}

static enum itn_status commit(struct conn *conn)
{
	enum itn_status status = conn_do(conn, SQL_COMMIT);
	if (!status)
		return ITN_OK;
	bool settled = sqlite3_extended_errcode(conn->db) != SQLITE_IOERR_FSYNC;
	if (!sqlite3_get_autocommit(conn->db) && conn_do(conn, SQL_ROLLBACK))
		return ITN_UNKNOWN;
	if (!settled)
		return ITN_UNKNOWN;
	return status == ITN_NO_ROOM ? status : ITN_UNAVAILABLE;
}

static enum itn_status round_prepare(void *context, int64_t deadline_us)
{
	struct sqlite_store *store = context;
	if (sqlite_lock_take(&store->lock, deadline_us)) {
		write_note(store, "another process holds the write lock");
		return ITN_UNAVAILABLE;
	}
	store->writer->deadline_us = deadline_us;
	enum itn_status status = conn_do(store->writer, SQL_BEGIN);
	if (!status)
		return ITN_OK;
	write_note(store, sqlite3_errmsg(store->writer->db));
	sqlite_lock_release(&store->lock);
	return status == ITN_NO_ROOM ? status : ITN_UNAVAILABLE;
}

static enum itn_status items_write(struct conn *conn, struct commit_item **items, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		items[i]->status = write_one(conn, (struct sqlite_write *)items[i]);
		if (sqlite3_get_autocommit(conn->db))
			return items[i]->status == ITN_NO_ROOM ? ITN_NO_ROOM : ITN_UNAVAILABLE;
	}
	return ITN_OK;
}

static void round_run(void *context, struct commit_item **items, size_t count)
{
	struct sqlite_store *store = context;
	struct conn *conn = store->writer;
	enum itn_status status = items_write(conn, items, count);
	if (!status && count)
		status = commit(conn);
	if (status || count)
		write_note(store, status ? sqlite3_errmsg(conn->db) : NULL);
	if (!sqlite3_get_autocommit(conn->db) && conn_do(conn, SQL_ROLLBACK))
		write_note(store, sqlite3_errmsg(conn->db));
	sqlite_lock_release(&store->lock);
	for (size_t i = 0; status && i < count; i++)
		if (items[i]->status != ITN_FAILED)
			items[i]->status = status;
}

static void round_tidy(void *context)
{
	struct sqlite_store *store = context;
	checkpoint_when_due(store->writer, &store->lock, store->wal_pages, &store->wal_copied);
}

const struct commit_ops sqlite_commit_ops = { .prepare = round_prepare, .run = round_run, .tidy = round_tidy };

enum itn_status sqlite_write_submit(struct sqlite_store *store, struct sqlite_write *write)
{
	return commit_queue_write(store->queue, &write->item, store->timeout_ms, GRACE_MS);
}

static enum itn_status submit(struct store *base, struct write *write)
{
	return sqlite_write_submit(sqlite_store_of(base), &write->base);
}

enum itn_status sqlite_trade_create(struct store *store, const struct trade *trade, const struct entry *entry)
{
	struct write *write = write_new(WRITE_TRADE, entry);
	write_set_trade(write, trade);
	return submit(store, write);
}

enum itn_status sqlite_cargo_create(struct store *store, const struct cargo *cargo, const struct entry *entry)
{
	struct write *write = write_new(WRITE_CARGO, entry);
	write_set_cargo(write, cargo);
	return submit(store, write);
}

enum itn_status sqlite_trade_change(struct store *store, const struct trade *changed, int64_t from_version,
				    const struct entry *entry)
{
	struct write *write = write_new(WRITE_TRADE_CHANGE, entry);
	write_set_trade(write, changed);
	write->from_version = from_version;
	return submit(store, write);
}

enum itn_status sqlite_cargo_change(struct store *store, const struct cargo *changed, int64_t from_version,
				    const struct entry *entry)
{
	struct write *write = write_new(WRITE_CARGO_CHANGE, entry);
	write_set_cargo(write, changed);
	write->from_version = from_version;
	return submit(store, write);
}

enum itn_status sqlite_request_add(struct store *store, const struct entry *request)
{
	return submit(store, write_new(WRITE_REQUEST, request));
}

enum itn_status sqlite_probe(struct sqlite_store *store)
{
	return submit(&store->base, write_new(WRITE_PROBE, NULL));
}
