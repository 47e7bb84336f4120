#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"
#include "store/memory_store.h"

enum write_kind { WRITE_CREATE, WRITE_CHANGE, WRITE_REQUEST };

/* A write with copies of all that it needs: it may land after its caller has gone. */
struct memory_write {
	struct arena *arena;
	enum write_kind kind;
	struct memory_document document; /* as it becomes, without outbox */
	struct entry entry;
	int64_t from_version;
	int64_t at;
};

void write_free(struct memory_write *write)
{
	arena_free(write->arena);
	free(write);
}

static struct memory_write *write_new(enum write_kind kind, const struct entry *entry)
{
	struct memory_write *write = memory_calloc(1, sizeof(*write));
	write->arena = arena_new(1024);
	write->kind = kind;
	write->entry = entry_copy(write->arena, entry);
	write->document.entity = entry->entity;
	return write;
}

static struct row *row_of(struct memory_database *database, const struct memory_write *write)
{
	if (write->kind == WRITE_REQUEST)
		return row_make(&database->tables[IN_REQUESTS], write->entry.id);
	return row_make(&database->tables[table_of(write->entry.entity)], write->entry.key);
}

static void add_entry(struct arena *arena, struct memory_document *document, const struct memory_write *write)
{
	document->outbox[document->waiting++] = (struct memory_entry){ entry_copy(arena, &write->entry), write->at };
}

static void put_request(struct memory_database *database, struct row *row, const struct memory_write *write)
{
	struct arena *arena = arena_new(512);
	struct memory_request *request = arena_calloc(arena, 1, sizeof(*request));
	*request = (struct memory_request){ .entry = entry_copy(arena, &write->entry), .at = write->at };
	row_put(&database->clock, row, arena, request);
}

static void put_new(struct memory_database *database, struct row *row, const struct memory_write *write)
{
	struct arena *arena = arena_new(2048);
	struct memory_document *document = document_copy(arena, &write->document, 0);
	add_entry(arena, document, write);
	row_put(&database->clock, row, arena, document);
}

/* What clients' changes own; the rest is as it stands. */
static void apply_change(struct arena *arena, struct memory_document *document, const struct memory_document *changed)
{
	if (document->entity == ENTITY_TRADE) {
		struct trade *trade = &document->is.trade;
		const struct trade *new = &changed->is.trade;
		trade->status = new->status;
		trade->holds = new->holds;
		trade->reason = arena_str(arena, new->reason);
		trade->version = new->version;
		trade->updated_at = new->updated_at;
		return;
	}
	struct cargo *cargo = &document->is.cargo;
	const struct cargo *new = &changed->is.cargo;
	cargo->status = new->status;
	cargo->departed_at = new->departed_at;
	cargo->delivered_at = new->delivered_at;
	cargo->eta = new->eta;
	cargo->location = arena_str(arena, new->location);
	cargo->version = new->version;
	cargo->updated_at = new->updated_at;
}

static void put_changed(struct memory_database *database, struct row *row, const struct memory_document *seen,
			const struct memory_write *write)
{
	struct arena *arena = arena_new(2048);
	struct memory_document *document = document_copy(arena, seen, 0);
	apply_change(arena, document, &write->document);
	add_entry(arena, document, write);
	row_put(&database->clock, row, arena, document);
}

/* The one atomic step; it matches and writes, or not. */
static bool write_once(struct memory_database *database, struct row *row, struct memory_write *write)
{
	const struct memory_document *seen = row_seen(row, NULL);
	if (write->kind == WRITE_CHANGE) {
		if (!seen || document_version(seen) != write->from_version || seen->waiting >= ENTRIES_MAX)
			return false;
		put_changed(database, row, seen, write);
		return true;
	}
	if (seen)
		return false;
	(write->kind == WRITE_REQUEST ? put_request : put_new)(database, row, write);
	return true;
}

bool write_land(struct memory_database *database, struct memory_write *write)
{
	struct row *row = row_of(database, write);
	if (row_holder(row))
		return false;
	(void)write_once(database, row, write);
	return true;
}

struct finding {
	bool there, ours, full;
	int64_t version;
};

static void find_document(struct memory_database *database, const struct memory_write *write, struct finding *finding)
{
	database_lock(database);
	const struct memory_document *seen = row_seen(row_of(database, write), NULL);
	finding->there = seen != NULL;
	if (seen && write->kind == WRITE_REQUEST) {
		finding->ours = true;
	} else if (seen) {
		finding->version = document_version(seen);
		finding->full = seen->waiting >= ENTRIES_MAX;
		for (size_t i = 0; i < seen->waiting; i++)
			finding->ours |= str_eq(seen->outbox[i].entry.id, write->entry.id);
	}
	database_unlock(database);
}

static void find_event(struct memory_database *database, const struct memory_write *write, struct finding *finding)
{
	database_lock(database);
	finding->ours |= row_seen(row_find(&database->tables[IN_EVENT_IDS], write->entry.id), NULL) != NULL;
	database_unlock(database);
}

/* First the document, then the log: an entry moves from the one to the other, never back. ITN_OK also for ours. */
static bool conclude(struct memory_database *database, const struct memory_write *write, enum itn_status *ret_status)
{
	struct finding finding = { 0 };
	find_document(database, write, &finding);
	database_let_others(database, "look");
	if (!finding.ours)
		find_event(database, write, &finding);
	if (finding.ours)
		*ret_status = ITN_OK;
	else if (write->kind == WRITE_CREATE && finding.there)
		*ret_status = ITN_EXISTS;
	else if (write->kind == WRITE_CHANGE && (!finding.there || finding.version != write->from_version))
		*ret_status = ITN_CONFLICT;
	else if (write->kind == WRITE_CHANGE && finding.full)
		*ret_status = ITN_FULL;
	else
		return false;
	return true;
}

/* It goes on without its caller. */
static enum itn_status let_land(struct memory_database *database, struct memory_write *write)
{
	struct memory_landing *landing = memory_calloc(1, sizeof(*landing));
	landing->write = write;
	database_lock(database);
	TAILQ_INSERT_TAIL(&database->landings, landing, link);
	database_unlock(database);
	return ITN_UNKNOWN;
}

static enum itn_status write_until(struct memory_database *database, struct memory_write *write, int64_t until_us)
{
	enum itn_status status = ITN_UNKNOWN;
	do {
		database_lock(database);
		struct row *row = row_of(database, write);
		bool free_in_time = database_wait(database, row, until_us);
		bool done = free_in_time && write_once(database, row, write);
		database_unlock(database);
		if (!free_in_time)
			return ITN_UNKNOWN;
		if (done)
			return ITN_OK;
		database_let_others(database, "look");
		if (conclude(database, write, &status))
			return status;
	} while (clock_monotonic_us() < until_us);
	return ITN_UNAVAILABLE;
}

static enum itn_status submit(struct store *base, const char *call, struct memory_write *write)
{
	struct memory_store *store = (struct memory_store *)base;
	struct memory_database *database = store->database;
	enum itn_status status = database_at(database, call, MEMORY_BEFORE);
	database_lock(database);
	write->at = database_now_us(database);
	database_unlock(database);
	if (status == ITN_UNKNOWN)
		return let_land(database, write);
	if (!status)
		status = write_until(database, write, clock_monotonic_us() + store->timeout_ms * 1000);
	if (status == ITN_UNKNOWN)
		return let_land(database, write);
	write_free(write);
	if (!status && database_at(database, call, MEMORY_AFTER))
		return ITN_UNKNOWN;
	return status;
}

enum itn_status memory_trade_create(struct store *store, const struct trade *trade, const struct entry *entry)
{
	struct memory_write *write = write_new(WRITE_CREATE, entry);
	write->document.is.trade = trade_copy(write->arena, trade);
	return submit(store, "trade_create", write);
}

enum itn_status memory_cargo_create(struct store *store, const struct cargo *cargo, const struct entry *entry)
{
	struct memory_write *write = write_new(WRITE_CREATE, entry);
	write->document.is.cargo = cargo_copy(write->arena, cargo);
	return submit(store, "cargo_create", write);
}

enum itn_status memory_trade_change(struct store *store, const struct trade *changed, int64_t from_version,
				    const struct entry *entry)
{
	struct memory_write *write = write_new(WRITE_CHANGE, entry);
	write->document.is.trade = trade_copy(write->arena, changed);
	write->from_version = from_version;
	return submit(store, "trade_change", write);
}

enum itn_status memory_cargo_change(struct store *store, const struct cargo *changed, int64_t from_version,
				    const struct entry *entry)
{
	struct memory_write *write = write_new(WRITE_CHANGE, entry);
	write->document.is.cargo = cargo_copy(write->arena, changed);
	write->from_version = from_version;
	return submit(store, "cargo_change", write);
}

enum itn_status memory_request_add(struct store *store, const struct entry *request)
{
	return submit(store, "request_add", write_new(WRITE_REQUEST, request));
}
