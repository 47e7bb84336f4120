#include <stdlib.h>
#include <string.h>

#include "core/memory.h"
#include "store/memory_engine.h"

struct waiting {
	struct entry entry;
	int64_t at;
	struct str id; /* the id that it counts with */
	size_t index;  /* in its outbox */
	size_t of;     /* its document's place in taken; NOBODY: a request */
};

#define NOBODY SIZE_MAX

struct front {
	struct arena *arena;
	struct waiting *at;
	size_t count, room;
};

static struct waiting *front_add(struct front *front)
{
	if (front->count == front->room) {
		front->room = front->room ? front->room * 2 : 64;
		front->at = memory_realloc(front->at, front->room * sizeof(*front->at));
	}
	return &front->at[front->count++];
}

/* An entry's place is never before its predecessor's in the document. */
static void add_outbox(struct front *front, const struct memory_document *document, size_t of)
{
	for (size_t i = 0; i < document->waiting; i++) {
		struct waiting *waiting = front_add(front), *before = i ? waiting - 1 : NULL;
		*waiting = (struct waiting){ document->outbox[i].entry, document->outbox[i].at,
					     document->outbox[i].entry.id, i, of };
		if (!before || waiting->at > before->at)
			continue;
		waiting->at = before->at;
		if (str_cmp(waiting->id, before->id) < 0)
			waiting->id = before->id;
	}
}

static int by_place(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	int ids = str_cmp(x->id, y->id);
	return ids ? ids : (x->index > y->index) - (x->index < y->index);
}

static void documents_add(struct memory_engine *engine, struct front *front, enum memory_table in)
{
	const struct row_table *table = &engine_database(engine)->tables[in];
	for (size_t i = 0; i < table->count; i++) {
		const struct memory_document *document = row_seen(table->at[i], &engine->session->rows);
		if (!document || !document->waiting)
			continue;
		engine->taken[engine->taken_count] = (struct memory_taken){
			.entity = document->entity,
			.key = arena_str(front->arena, document_key(document)),
		};
		add_outbox(front, document, engine->taken_count++);
	}
}

static void requests_add(struct memory_engine *engine, struct front *front)
{
	const struct row_table *table = &engine_database(engine)->tables[IN_REQUESTS];
	for (size_t i = 0; i < table->count; i++) {
		const struct memory_request *request = row_seen(table->at[i], &engine->session->rows);
		if (request && request->at)
			*front_add(front) =
				(struct waiting){ request->entry, request->at, request->entry.id, 0, NOBODY };
	}
}

void memory_front_read(struct memory_engine *engine, struct arena *arena, size_t max, struct store_batch *batch)
{
	const struct memory_database *database = engine_database(engine);
	struct front front = { .arena = arena };
	engine->taken_count = engine->request_count = 0;
	engine->batch_at = 0;
	engine->taken = arena_calloc(arena, database->tables[IN_TRADES].count + database->tables[IN_CARGO].count + 1,
				     sizeof(*engine->taken));
	documents_add(engine, &front, IN_TRADES);
	documents_add(engine, &front, IN_CARGO);
	requests_add(engine, &front);
	if (front.count)
		qsort(front.at, front.count, sizeof(*front.at), by_place);
	size_t count = front.count < max ? front.count : max;
	struct entry *entries = arena_calloc(arena, count, sizeof(*entries));
	engine->requests = arena_calloc(arena, count, sizeof(*engine->requests));
	for (size_t i = 0; i < count; i++) {
		const struct waiting *waiting = &front.at[i];
		entries[i] = entry_copy(arena, &waiting->entry);
		engine->batch_at = waiting->at;
		if (waiting->of == NOBODY) {
			engine->requests[engine->request_count++] = entries[i].id;
			continue;
		}
		engine->taken[waiting->of].count++;
		engine->taken[waiting->of].floor = waiting->at;
	}
	batch->entries = entries;
	batch->count = count;
	batch->more = front.count > max;
	free(front.at);
}

enum itn_status memory_read_begin(struct memory_engine *engine, const char *call)
{
	struct memory_database *database = engine_database(engine);
	if (!engine->session)
		return memory_refuse(engine, ITN_FAILED, "no batch is open", STR_NONE);
	enum itn_status status = database_at(database, call, MEMORY_BEFORE);
	if (!status && !engine->session->open)
		status = ITN_CONFLICT;
	if (status) {
		memory_batch_abort(&engine->base);
		return memory_refuse(engine, status, "the transaction was ended", STR_NONE);
	}
	database_lock(database);
	return ITN_OK;
}

void memory_trade_show(struct arena *arena, const struct memory_document *document, struct trade *ret_trade)
{
	*ret_trade = trade_copy(arena, &document->is.trade);
	ret_trade->unsequenced = (unsigned)document->waiting;
}

void memory_cargo_show(struct arena *arena, const struct memory_document *document, struct cargo *ret_cargo)
{
	*ret_cargo = cargo_copy(arena, &document->is.cargo);
	ret_cargo->unsequenced = (unsigned)document->waiting;
}

enum itn_status memory_batch_trade(struct store_engine *base, struct arena *arena, struct str id,
				   struct trade *ret_trade)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	enum itn_status status = memory_read_begin(engine, "batch_trade");
	if (status)
		return status;
	const struct memory_document *document =
		row_seen(row_find(&database->tables[IN_TRADES], id), &engine->session->rows);
	if (document)
		memory_trade_show(arena, document, ret_trade);
	database_unlock(database);
	return document ? ITN_OK : ITN_NOT_FOUND;
}

enum itn_status memory_batch_cargo(struct store_engine *base, struct arena *arena, struct str id,
				   struct cargo *ret_cargo)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	enum itn_status status = memory_read_begin(engine, "batch_cargo");
	if (status)
		return status;
	const struct memory_document *document =
		row_seen(row_find(&database->tables[IN_CARGO], id), &engine->session->rows);
	if (document)
		memory_cargo_show(arena, document, ret_cargo);
	database_unlock(database);
	return document ? ITN_OK : ITN_NOT_FOUND;
}

enum itn_status memory_batch_stock(struct store_engine *base, struct arena *arena, struct str station, struct str item,
				   struct stock *ret_stock)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	enum itn_status status = memory_read_begin(engine, "batch_stock");
	if (status)
		return status;
	struct str key = arena_printf(arena, "%.*s\n%.*s", STR_ARG(station), STR_ARG(item));
	const struct stock *stock = row_seen(row_find(&database->tables[IN_STOCK], key), &engine->session->rows);
	if (stock)
		*ret_stock = stock_copy(arena, stock);
	database_unlock(database);
	return stock ? ITN_OK : ITN_NOT_FOUND;
}

enum itn_status memory_batch_lane_busy(struct store_engine *base, struct str lane, bool *ret_busy)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	enum itn_status status = memory_read_begin(engine, "batch_lane_busy");
	if (status)
		return status;
	*ret_busy = false;
	for (size_t i = 0; i < database->tables[IN_JOBS].count; i++) {
		const struct job *job = row_seen(database->tables[IN_JOBS].at[i], &engine->session->rows);
		*ret_busy |= job && str_eq(job->lane, lane);
	}
	database_unlock(database);
	return ITN_OK;
}

enum itn_status memory_batch_logged(struct store_engine *base, struct str id, bool *ret_logged)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	enum itn_status status = memory_read_begin(engine, "batch_logged");
	if (status)
		return status;
	*ret_logged = row_seen(row_find(&database->tables[IN_EVENT_IDS], id), &engine->session->rows) != NULL;
	database_unlock(database);
	return ITN_OK;
}
