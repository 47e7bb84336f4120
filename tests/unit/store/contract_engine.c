#include <stdlib.h>

#include "contract.h"

struct store_batch begin(struct fixture *f, size_t max)
{
	struct store_batch batch;
	enum itn_status status = store_batch_begin(fixture_engine(f), f->arena, max, 16, &batch);
	if (status)
		fail_msg("a batch can't begin: %s (%s)", itn_status_name(status), store_engine_error(f->engine));
	return batch;
}

struct store_writes nothing(struct fixture *f, const struct store_batch *batch)
{
	char id[ID_LEN + 1];
	id_new(id);
	return (struct store_writes){ .batch = arena_str(f->arena, str_from(id)), .last_seq = batch->head.last_seq };
}

static struct event entry_event(struct fixture *f, const struct entry *entry, struct str batch, int64_t seq)
{
	static const enum event_kind updated[] = {
		[ENTITY_TRADE] = EVENT_TRADE_UPDATED,
		[ENTITY_CARGO] = EVENT_CARGO_UPDATED,
		[ENTITY_INVENTORY] = EVENT_STOCK_TAKEN,
	};
	bool is_new = entry->entity == ENTITY_TRADE && entry->kind == ENTRY_CREATE;
	struct event event = {
		.id = entry->id,
		.seq = seq,
		.batch = batch,
		.kind = is_new ? EVENT_TRADE_CREATE : updated[entry->entity],
		.entity = entry->entity,
		.key = entry->key,
		.entity_version = entry->version,
		.time = entry->time,
		.logged_at = clock_now_ms(),
		.data = arena_printf(f->arena, "{\"key\":\"%.*s\"}", STR_ARG(entry->key)),
	};
	struct buf frame = { 0 };
	event_write_frame(&frame, &event);
	event.frame = arena_str(f->arena, buf_str(&frame));
	buf_free(&frame);
	return event;
}

/* Documents that a batch touches, each once. */
struct touched {
	struct trade_write *trades;
	struct cargo_write *cargo;
	size_t trade_count, cargo_count;
};

static bool touched_already(const struct touched *touched, const struct entry *entry)
{
	for (size_t i = 0; i < touched->trade_count; i++)
		if (entry->entity == ENTITY_TRADE && str_eq(touched->trades[i].trade->id, entry->key))
			return true;
	for (size_t i = 0; i < touched->cargo_count; i++)
		if (entry->entity == ENTITY_CARGO && str_eq(touched->cargo[i].cargo->id, entry->key))
			return true;
	return false;
}

static void touch(struct fixture *f, struct store_engine *engine, struct touched *touched, const struct entry *entry)
{
	if (entry->kind == ENTRY_REQUEST || touched_already(touched, entry))
		return;
	if (entry->entity == ENTITY_TRADE) {
		struct trade *trade = arena_calloc(f->arena, 1, sizeof(*trade));
		check_status("a batch reads a trade", store_batch_trade(engine, f->arena, entry->key, trade), ITN_OK);
		if (trade->goods == GOODS_NEW)
			trade->goods = GOODS_NONE;
		touched->trades[touched->trade_count++] = (struct trade_write){ trade, trade->version };
	} else {
		struct cargo *cargo = arena_calloc(f->arena, 1, sizeof(*cargo));
		check_status("a batch reads a cargo", store_batch_cargo(engine, f->arena, entry->key, cargo), ITN_OK);
		cargo->open = cargo->status == CARGO_PENDING || cargo->status == CARGO_DELAYED;
		touched->cargo[touched->cargo_count++] = (struct cargo_write){ cargo, cargo->version };
	}
}

struct store_writes number_entries(struct fixture *f, struct store_engine *engine, const struct store_batch *batch)
{
	struct store_writes writes = nothing(f, batch);
	struct event *events = arena_calloc(f->arena, batch->count, sizeof(*events));
	struct verdict_write *verdicts = arena_calloc(f->arena, batch->count, sizeof(*verdicts));
	struct touched touched = {
		.trades = arena_calloc(f->arena, batch->count, sizeof(struct trade_write)),
		.cargo = arena_calloc(f->arena, batch->count, sizeof(struct cargo_write)),
	};
	for (size_t i = 0; i < batch->count; i++) {
		const struct entry *entry = &batch->entries[i];
		touch(f, engine, &touched, entry);
		events[i] = entry_event(f, entry, writes.batch, ++writes.last_seq);
		if (entry->kind == ENTRY_REQUEST)
			verdicts[writes.verdict_count++] =
				(struct verdict_write){ .request = entry->id, .state = REQUEST_CHANGED };
	}
	writes.events = events;
	writes.event_count = batch->count;
	writes.trades = touched.trades;
	writes.trade_count = touched.trade_count;
	writes.cargo = touched.cargo;
	writes.cargo_count = touched.cargo_count;
	writes.verdicts = verdicts;
	return writes;
}

size_t drain(struct fixture *f)
{
	size_t count = 0;
	for (;;) {
		struct store_batch batch = begin(f, 100);
		if (batch.count == 0) {
			store_batch_abort(f->engine);
			return count;
		}
		struct store_writes writes = number_entries(f, f->engine, &batch);
		check_status("a batch is committed", store_batch_commit(f->engine, &writes), ITN_OK);
		count += batch.count;
	}
}

enum itn_status commit_alone(struct fixture *f, struct store_writes writes)
{
	struct store_batch batch = begin(f, 1);
	struct store_writes empty = nothing(f, &batch);
	writes.batch = empty.batch;
	writes.last_seq = empty.last_seq + (int64_t)writes.event_count;
	return store_batch_commit(f->engine, &writes);
}
