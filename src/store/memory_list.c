#include <stdlib.h>

#include "core/memory.h"
#include "store/memory_store.h"

static bool matches(struct str wanted, struct str is)
{
	return !str_is_set(wanted) || (str_is_set(is) && str_eq(wanted, is));
}

static bool is_behind(const struct store_list *list, int64_t time, struct str key)
{
	if (time != list->after.time)
		return time > list->after.time;
	return !str_is_set(list->after.key) || str_cmp(key, list->after.key) > 0;
}

static bool is_wanted(const struct store_list *list, const struct memory_document *document)
{
	const struct trade *trade = &document->is.trade;
	const struct cargo *cargo = &document->is.cargo;
	int64_t created_at = document_created_at(document);
	if (!is_behind(list, created_at, document_key(document)) || created_at < list->since ||
	    (list->until && created_at >= list->until))
		return false;
	if (document->entity == ENTITY_CARGO)
		return (list->status < 0 || (int)cargo->status == list->status) &&
		       matches(list->destination, cargo->destination) && matches(list->shipment, cargo->id);
	return (list->status < 0 || (int)trade->status == list->status) &&
	       matches(list->destination, trade->destination) && matches(list->buyer, trade->buyer) &&
	       matches(list->seller, trade->seller) && matches(list->station, trade->station) &&
	       matches(list->shipment, trade->shipment);
}

static int by_time_and_key(const void *a, const void *b)
{
	const struct memory_document *x = *(const struct memory_document *const *)a,
				     *y = *(const struct memory_document *const *)b;
	int64_t time_x = document_created_at(x), time_y = document_created_at(y);
	return time_x != time_y ? (time_x < time_y ? -1 : 1) : str_cmp(document_key(x), document_key(y));
}

static void show_document(const struct memory_document *document, struct buf *json, store_row_fn *row, void *context)
{
	buf_reset(json, SIZE_MAX);
	if (document->entity == ENTITY_TRADE)
		trade_write_json(json, &document->is.trade);
	else
		cargo_write_json(json, &document->is.cargo);
	row(context, &(struct store_row){ document_key(document), document_created_at(document), buf_str(json) });
}

static void list_documents(const struct row_table *table, const struct store_list *list, store_row_fn *row,
			   void *context)
{
	const struct memory_document **found = memory_calloc(table->count + 1, sizeof(*found));
	struct buf json = { 0 };
	size_t count = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct memory_document *document = row_seen(table->at[i], NULL);
		if (document && is_wanted(list, document))
			found[count++] = document;
	}
	qsort(found, count, sizeof(*found), by_time_and_key);
	for (size_t i = 0; i < count && i < list->max; i++)
		show_document(found[i], &json, row, context);
	buf_free(&json);
	free(found);
}

/* The records of the station that the row at `place` belongs to, in the arena. Returns the place behind them. */
static size_t station_read(const struct row_table *table, size_t place, struct arena *arena, struct stock **ret_records,
			   size_t *ret_count)
{
	struct stock *records = arena_calloc(arena, table->count, sizeof(*records));
	size_t count = 0;
	for (; place < table->count; place++) {
		const struct stock *stock = row_seen(table->at[place], NULL);
		if (!stock)
			continue;
		if (count && !str_eq(stock->station, records[0].station))
			break;
		records[count++] = *stock;
	}
	*ret_records = records;
	*ret_count = count;
	return place;
}

static void list_stations(const struct row_table *table, const struct store_list *list, store_row_fn *row,
			  void *context)
{
	struct buf json = { 0 };
	size_t shown = 0;
	for (size_t place = 0; place < table->count && shown < list->max;) {
		struct arena *arena = arena_new(4096);
		struct stock *records;
		size_t count;
		place = station_read(table, place, arena, &records, &count);
		if (count && matches(list->station, records[0].station) && is_behind(list, 0, records[0].station)) {
			buf_reset(&json, SIZE_MAX);
			stock_write_json(&json, records, count);
			row(context, &(struct store_row){ .key = records[0].station, .json = buf_str(&json) });
			shown++;
		}
		arena_free(arena);
	}
	buf_free(&json);
}

enum itn_status memory_list(struct store *store, const struct store_list *list, store_row_fn *row, void *context)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = database_at(database, "list", MEMORY_BEFORE);
	if (status)
		return status;
	database_lock(database);
	if (list->kind == LIST_INVENTORY)
		list_stations(&database->tables[IN_STOCK], list, row, context);
	else if (list->kind == LIST_MOVEMENTS)
		memory_movements(database, list, row, context);
	else if (list->kind == LIST_ALERTS)
		memory_alerts(database, list, row, context);
	else
		list_documents(&database->tables[list->kind == LIST_CARGO ? IN_CARGO : IN_TRADES], list, row, context);
	database_unlock(database);
	return ITN_OK;
}

struct one_station {
	struct buf *out;
	bool found;
};

static void keep_station(void *context, const struct store_row *row)
{
	struct one_station *one = context;
	buf_add_str(one->out, row->json);
	one->found = true;
}

enum itn_status memory_inventory_json(struct store *store, struct str station, struct buf *out, int64_t *ret_version)
{
	struct memory_database *database = database_of(store);
	const struct row_table *table = &database->tables[IN_STOCK];
	struct one_station one = { .out = out };
	struct store_list list = { .kind = LIST_INVENTORY, .station = station, .max = 1 };
	enum itn_status status = database_at(database, "inventory_json", MEMORY_BEFORE);
	int64_t version = 0;
	if (status)
		return status;
	database_lock(database);
	list_stations(table, &list, keep_station, &one);
	for (size_t i = 0; i < table->count; i++) {
		const struct stock *stock = row_seen(table->at[i], NULL);
		version += stock && str_eq(stock->station, station) ? stock->version : 0;
	}
	database_unlock(database);
	if (!one.found)
		return ITN_NOT_FOUND;
	*ret_version = version;
	return ITN_OK;
}
