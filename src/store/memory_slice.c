#include <stdlib.h>

#include "store/memory_engine.h"

/* Which documents a read wants, by (createdAt, id), behind a cursor. */
struct wanted {
	enum memory_table in;
	bool (*is)(const struct memory_document *document, const struct wanted *wanted);
	struct str of, item;
	const struct store_cursor *from; /* NULL: from the first, or from the last */
	bool downwards;
	size_t max;
};

static bool is_text(struct str text, struct str wanted)
{
	return str_is_set(text) && str_eq(text, wanted);
}

static bool is_open_to(const struct memory_document *document, const struct wanted *wanted)
{
	return document->is.cargo.open && str_eq(document->is.cargo.destination, wanted->of);
}

static bool is_waiting_for(const struct memory_document *document, const struct wanted *wanted)
{
	const struct trade *trade = &document->is.trade;
	return (trade->goods == GOODS_NONE || trade->goods == GOODS_RESERVED) &&
	       (trade->status == TRADE_PENDING || trade->status == TRADE_DELAYED) && !(trade->holds & HOLD_SHORTAGE) &&
	       str_eq(trade->destination, wanted->of);
}

static bool is_loaded_on(const struct memory_document *document, const struct wanted *wanted)
{
	const struct trade *trade = &document->is.trade;
	return (trade->goods == GOODS_LOADED || trade->goods == GOODS_MOVED) && is_text(trade->shipment, wanted->of);
}

static bool is_short_at(const struct memory_document *document, const struct wanted *wanted)
{
	const struct trade *trade = &document->is.trade;
	return is_text(trade->station, wanted->of) && is_text(trade->short_of, wanted->item);
}

static bool has_reserved_at(const struct memory_document *document, const struct wanted *wanted)
{
	return is_text(document->is.trade.station, wanted->of) && trade_has_reserved(&document->is.trade);
}

static bool is_behind(const struct memory_document *document, const struct wanted *wanted)
{
	const struct store_cursor *from = wanted->from;
	int64_t time = document_created_at(document);
	if (!from)
		return true;
	if (time != from->time)
		return (time > from->time) != wanted->downwards;
	int keys = str_is_set(from->key) ? str_cmp(document_key(document), from->key) : 1;
	return wanted->downwards ? keys < 0 : keys > 0;
}

static int by_time_and_key(const void *a, const void *b)
{
	const struct memory_document *x = *(const struct memory_document *const *)a,
				     *y = *(const struct memory_document *const *)b;
	int64_t time_x = document_created_at(x), time_y = document_created_at(y);
	return time_x != time_y ? (time_x < time_y ? -1 : 1) : str_cmp(document_key(x), document_key(y));
}

static int by_time_and_key_downwards(const void *a, const void *b)
{
	return by_time_and_key(b, a);
}

static const struct memory_document **slice(struct memory_engine *engine, struct arena *arena,
					    const struct wanted *wanted, size_t *ret_count)
{
	const struct row_table *table = &engine_database(engine)->tables[wanted->in];
	const struct memory_document **found = arena_calloc(arena, table->count + 1, sizeof(*found));
	size_t count = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct memory_document *document = row_seen(table->at[i], &engine->session->rows);
		if (document && wanted->is(document, wanted) && is_behind(document, wanted))
			found[count++] = document;
	}
	qsort(found, count, sizeof(*found), wanted->downwards ? by_time_and_key_downwards : by_time_and_key);
	*ret_count = count < wanted->max ? count : wanted->max;
	return found;
}

static enum itn_status trades_slice(struct store_engine *base, const char *call, struct arena *arena,
				    const struct wanted *wanted, struct trade **ret_trades, size_t *ret_count)
{
	struct memory_engine *engine = memory_engine_of(base);
	enum itn_status status = memory_read_begin(engine, call);
	if (status)
		return status;
	const struct memory_document **found = slice(engine, arena, wanted, ret_count);
	*ret_trades = arena_calloc(arena, *ret_count, sizeof(**ret_trades));
	for (size_t i = 0; i < *ret_count; i++)
		memory_trade_show(arena, found[i], &(*ret_trades)[i]);
	database_unlock(engine_database(engine));
	return ITN_OK;
}

enum itn_status memory_batch_open_cargo(struct store_engine *base, struct arena *arena, struct str destination,
					const struct store_cursor *after, size_t max, struct cargo **ret_cargo,
					size_t *ret_count)
{
	struct memory_engine *engine = memory_engine_of(base);
	const struct wanted wanted = { IN_CARGO, is_open_to, .of = destination, .from = after, .max = max };
	enum itn_status status = memory_read_begin(engine, "batch_open_cargo");
	if (status)
		return status;
	const struct memory_document **found = slice(engine, arena, &wanted, ret_count);
	*ret_cargo = arena_calloc(arena, *ret_count, sizeof(**ret_cargo));
	for (size_t i = 0; i < *ret_count; i++)
		memory_cargo_show(arena, found[i], &(*ret_cargo)[i]);
	database_unlock(engine_database(engine));
	return ITN_OK;
}

enum itn_status memory_batch_waiting(struct store_engine *base, struct arena *arena, struct str destination,
				     const struct store_cursor *after, size_t max, struct trade **ret_trades,
				     size_t *ret_count)
{
	const struct wanted wanted = { IN_TRADES, is_waiting_for, .of = destination, .from = after, .max = max };
	return trades_slice(base, "batch_waiting", arena, &wanted, ret_trades, ret_count);
}

enum itn_status memory_batch_loaded(struct store_engine *base, struct arena *arena, struct str shipment,
				    const struct store_cursor *after, size_t max, struct trade **ret_trades,
				    size_t *ret_count)
{
	const struct wanted wanted = { IN_TRADES, is_loaded_on, .of = shipment, .from = after, .max = max };
	return trades_slice(base, "batch_loaded", arena, &wanted, ret_trades, ret_count);
}

enum itn_status memory_batch_short(struct store_engine *base, struct arena *arena, struct str station, struct str item,
				   const struct store_cursor *after, size_t max, struct trade **ret_trades,
				   size_t *ret_count)
{
	const struct wanted wanted = { IN_TRADES, is_short_at, station, item, after, .max = max };
	return trades_slice(base, "batch_short", arena, &wanted, ret_trades, ret_count);
}

enum itn_status memory_batch_reserved(struct store_engine *base, struct arena *arena, struct str station,
				      const struct store_cursor *below, size_t max, struct trade **ret_trades,
				      size_t *ret_count)
{
	const struct wanted wanted = { IN_TRADES,     has_reserved_at,   .of = station,
				       .from = below, .downwards = true, .max = max };
	return trades_slice(base, "batch_reserved", arena, &wanted, ret_trades, ret_count);
}

/* The first in byte order behind `after` of the items that trades are short of at the station. */
static struct str next_short_item(struct memory_engine *engine, struct str station, struct str after)
{
	const struct row_table *table = &engine_database(engine)->tables[IN_TRADES];
	struct str first = STR_NONE;
	for (size_t i = 0; i < table->count; i++) {
		const struct memory_document *document = row_seen(table->at[i], &engine->session->rows);
		struct str item = document ? document->is.trade.short_of : STR_NONE;
		if (!str_is_set(item) || !is_text(document->is.trade.station, station))
			continue;
		if ((!str_is_set(after) || str_cmp(item, after) > 0) &&
		    (!str_is_set(first) || str_cmp(item, first) < 0))
			first = item;
	}
	return first;
}

enum itn_status memory_batch_short_item(struct store_engine *base, struct arena *arena, struct str station,
					struct str after, struct str *ret_item)
{
	struct memory_engine *engine = memory_engine_of(base);
	enum itn_status status = memory_read_begin(engine, "batch_short_item");
	if (status)
		return status;
	struct str item = next_short_item(engine, station, after);
	if (str_is_set(item))
		*ret_item = arena_str(arena, item);
	database_unlock(engine_database(engine));
	return str_is_set(item) ? ITN_OK : ITN_NOT_FOUND;
}
