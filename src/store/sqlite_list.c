#include <stdlib.h>

#include "core/memory.h"
#include "store/sqlite_store.h"

/* The filters of lists, most selective first: the first one that is given names the index that serves the list. */
enum filter { BY_SHIPMENT, BY_STATION, BY_BUYER, BY_SELLER, BY_DESTINATION, BY_STATUS, FILTERS };

static const struct {
	const char *column;
	const char *trade_index, *cargo_index; /* NULL: no such member, the filter is ignored */
} filters[FILTERS] = {
	[BY_SHIPMENT] = { "shipment", "trade_shipment", "sqlite_autoindex_cargo_1" },
	[BY_STATION] = { "station", "trade_station", NULL },
	[BY_BUYER] = { "buyer", "trade_buyer", NULL },
	[BY_SELLER] = { "seller", "trade_seller", NULL },
	[BY_DESTINATION] = { "destination", "trade_destination", "cargo_destination" },
	[BY_STATUS] = { "status", "trade_status", "cargo_status" },
};

#define OF_CARGO (1U << FILTERS)
#define IN_USE	 (1U << (FILTERS + 1))

static struct str filter_text(const struct store_list *list, unsigned filter)
{
	switch (filter) {
	case BY_SHIPMENT:
		return list->shipment;
	case BY_STATION:
		return list->station;
	case BY_BUYER:
		return list->buyer;
	case BY_SELLER:
		return list->seller;
	case BY_DESTINATION:
		return list->destination;
	default:
		return STR_NONE;
	}
}

static const char *filter_index(bool cargo, unsigned filter)
{
	return cargo ? filters[filter].cargo_index : filters[filter].trade_index;
}

static unsigned filters_given(const struct store_list *list)
{
	bool cargo = list->kind == LIST_CARGO;
	unsigned given = IN_USE | (cargo ? OF_CARGO : 0);
	for (unsigned i = 0; i < FILTERS; i++)
		if (filter_index(cargo, i) && (i == BY_STATUS ? list->status >= 0 : str_is_set(filter_text(list, i))))
			given |= 1U << i;
	return given;
}

static void list_text(struct buf *sql, unsigned given)
{
	bool cargo = given & OF_CARGO;
	const char *index = cargo ? "cargo_created" : "trade_created";
	for (unsigned i = FILTERS; i-- > 0;)
		if (given & 1U << i)
			index = filter_index(cargo, i);
	buf_printf(sql, "SELECT id, created_at, doc FROM %s INDEXED BY %s WHERE (created_at, id) > (?7, ?8)",
		   cargo ? "cargo" : "trade", index);
	buf_add_cstr(sql, " AND created_at < ?9");
	for (unsigned i = 0; i < FILTERS; i++)
		if (given & 1U << i)
			buf_printf(sql, " AND %s = ?%u", cargo && i == BY_SHIPMENT ? "id" : filters[i].column, i + 1);
	buf_add_cstr(sql, " ORDER BY created_at, id LIMIT ?10");
}

static sqlite3_stmt *list_statement(struct conn *conn, unsigned given)
{
	for (unsigned i = 0; i < CONN_LISTS; i++)
		if (conn->lists[i].stmt && conn->lists[i].filters == given)
			return conn->lists[i].stmt;
	unsigned place = conn->next_list++ % CONN_LISTS;
	sqlite3_finalize(conn->lists[place].stmt);
	conn->lists[place].stmt = NULL;
	conn->lists[place].filters = given;
	struct buf sql = { 0 };
	list_text(&sql, given);
	sqlite3_prepare_v3(conn->db, sql.ptr, (int)sql.len, SQLITE_PREPARE_PERSISTENT, &conn->lists[place].stmt, NULL);
	buf_free(&sql);
	return conn->lists[place].stmt;
}

static void list_bind(sqlite3_stmt *stmt, const struct store_list *list, unsigned given)
{
	for (unsigned i = 0; i < FILTERS; i++)
		if (given & 1U << i && i != BY_STATUS)
			bind_str(stmt, (int)i + 1, filter_text(list, i));
	if (given & 1U << BY_STATUS)
		bind_int(stmt, BY_STATUS + 1, list->status);
	bool since = list->since > list->after.time;
	bind_int(stmt, 7, since ? list->since : list->after.time);
	bind_str(stmt, 8, !since && str_is_set(list->after.key) ? list->after.key : STR(""));
	bind_int(stmt, 9, list->until ? list->until : INT64_MAX);
	bind_int(stmt, 10, (int64_t)list->max);
}

static enum itn_status list_documents(struct conn *conn, const struct store_list *list, store_row_fn *row, void *context)
{
	unsigned given = filters_given(list);
	sqlite3_stmt *stmt = list_statement(conn, given);
	list_bind(stmt, list, given);
	enum itn_status status;
	while (conn_row(conn, stmt, &status)) {
		struct store_row entry = {
			.key = column_str(stmt, 0),
			.time = column_int(stmt, 1),
			.json = column_str(stmt, 2),
		};
		row(context, &entry);
	}
	return status;
}

/* The records of one station, gathered row by row. */
struct station {
	struct arena *arena;
	struct stock *records;
	size_t count, room;
};

static void station_add(struct station *station, sqlite3_stmt *stmt)
{
	if (station->count == station->room) {
		station->room = station->room ? station->room * 2 : 16;
		station->records = memory_realloc(station->records, station->room * sizeof(*station->records));
	}
	stock_columns(stmt, station->arena, &station->records[station->count++]);
}

static int64_t station_version(const struct station *station)
{
	int64_t version = 0;
	for (size_t i = 0; i < station->count; i++)
		version += station->records[i].version;
	return version;
}

static void station_show(struct station *station, struct buf *json, store_row_fn *row, void *context)
{
	buf_reset(json, 65536);
	stock_write_json(json, station->records, station->count);
	row(context, &(struct store_row){ .key = station->records[0].station, .json = buf_str(json) });
	station->count = 0;
	arena_reset(station->arena);
}

static enum itn_status list_stations(struct conn *conn, const struct store_list *list, store_row_fn *row, void *context)
{
	struct station station = { .arena = arena_new(0) };
	struct buf json = { 0 };
	size_t shown = 0;
	bool one = str_is_set(list->station);
	bool behind = one && str_is_set(list->after.key) && str_cmp(list->after.key, list->station) >= 0;
	sqlite3_stmt *stmt = conn_sql(conn, one ? SQL_STATION : SQL_STATIONS);
	bind_str(stmt, 1, one ? list->station : str_is_set(list->after.key) ? list->after.key : STR(""));
	enum itn_status status = ITN_OK;
	while (!behind && shown < list->max && conn_row(conn, stmt, &status)) {
		if (station.count && !str_eq(station.records[0].station, column_str(stmt, 0))) {
			station_show(&station, &json, row, context);
			if (++shown == list->max)
				break;
		}
		station_add(&station, stmt);
	}
	if (!status && station.count)
		station_show(&station, &json, row, context);
	sqlite3_reset(stmt);
	buf_free(&json);
	free(station.records);
	arena_free(station.arena);
	return status;
}

static enum itn_status list_kind(struct conn *conn, const struct store_list *list, store_row_fn *row, void *context)
{
	switch (list->kind) {
	case LIST_INVENTORY:
		return list_stations(conn, list, row, context);
	case LIST_MOVEMENTS:
		return sqlite_movements(conn, list, row, context);
	case LIST_TRADES:
	case LIST_CARGO:
		break;
	}
	return list_documents(conn, list, row, context);
}

enum itn_status sqlite_list(struct store *base, const struct store_list *list, store_row_fn *row, void *context)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	conn->patient = true;
	status = list_kind(conn, list, row, context);
	conn->patient = false;
	reader_give(store, conn);
	return status;
}

enum itn_status sqlite_inventory_json(struct store *base, struct str name, struct buf *out, int64_t *ret_version)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	struct station station = { .arena = arena_new(0) };
	sqlite3_stmt *stmt = conn_sql(conn, SQL_STATION);
	bind_str(stmt, 1, name);
	while (conn_row(conn, stmt, &status))
		station_add(&station, stmt);
	reader_give(store, conn);
	if (!status && !station.count)
		status = ITN_NOT_FOUND;
	if (!status) {
		stock_write_json(out, station.records, station.count);
		*ret_version = station_version(&station);
	}
	free(station.records);
	arena_free(station.arena);
	return status;
}
