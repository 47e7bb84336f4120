#include <assert.h>
#include <stdlib.h>

#include "core/memory.h"
#include "store/sqlite_store.h"

static_assert(ENTITY_TRADE == 0 && ENTITY_CARGO == 1 && ENTITY_INVENTORY == 2, "filters of alerts");

/* Lists of documents: where they are and what they are sorted by, before their id. */
enum listed { TRADES, CARGO, ALERTS, LISTED };

static const struct {
	const char *table, *time, *index;
} listed[LISTED] = {
	[TRADES] = { "trade", "created_at", "trade_created" },
	[CARGO] = { "cargo", "created_at", "cargo_created" },
	[ALERTS] = { "alert", "raised_at", "alert_raised" },
};

/* The filters of lists, most selective first: the first one that is given names the index that serves the list. */
enum filter { BY_TRADE, BY_SHIPMENT, BY_STATION, BY_BUYER, BY_SELLER, BY_DESTINATION, BY_ALERT, BY_STATUS, FILTERS };

/* The condition that "= ?" completes, and its index. NULL: no such member, the filter is ignored. */
static const struct {
	const char *column, *index;
} filters[FILTERS][LISTED] = {
	[BY_TRADE] = { [ALERTS] = { "entity = 0 AND key", "alert_about" } },
	[BY_SHIPMENT] = { { "shipment", "trade_shipment" },
			  { "id", "sqlite_autoindex_cargo_1" },
			  { "entity = 1 AND key", "alert_about" } },
	[BY_STATION] = { [TRADES] = { "station", "trade_station" }, [ALERTS] = { "entity = 2 AND key", "alert_about" } },
	[BY_BUYER] = { [TRADES] = { "buyer", "trade_buyer" } },
	[BY_SELLER] = { [TRADES] = { "seller", "trade_seller" } },
	[BY_DESTINATION] = { { "destination", "trade_destination" }, { "destination", "cargo_destination" } },
	[BY_ALERT] = { [ALERTS] = { "kind", "alert_kind" } },
	[BY_STATUS] = { { "status", "trade_status" }, { "status", "cargo_status" }, { "status", "alert_status" } },
};

/* A list's filters as a set of bits, with what is listed above them. */
#define OF(what)      ((unsigned)((what) + 1) << FILTERS)
#define LISTED_OF(set) ((enum listed)(((set) >> FILTERS) - 1))

/* Parameters behind those of the filters. */
enum { PARAM_TIME = FILTERS + 1, PARAM_KEY, PARAM_UNTIL, PARAM_MAX };

static enum listed listed_of(const struct store_list *list)
{
	return list->kind == LIST_CARGO ? CARGO : list->kind == LIST_ALERTS ? ALERTS : TRADES;
}

static struct str filter_text(const struct store_list *list, unsigned filter)
{
	switch (filter) {
	case BY_TRADE:
		return list->trade;
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

static bool is_given(const struct store_list *list, unsigned filter)
{
	if (filter == BY_STATUS)
		return list->status >= 0;
	return filter == BY_ALERT ? list->alert != ALERT_NONE : str_is_set(filter_text(list, filter));
}

static unsigned filters_given(const struct store_list *list)
{
	unsigned given = OF(listed_of(list));
	for (unsigned i = 0; i < FILTERS; i++)
		if (filters[i][listed_of(list)].index && is_given(list, i))
			given |= 1U << i;
	return given;
}

static void list_text(struct buf *sql, unsigned given)
{
	enum listed what = LISTED_OF(given);
	const char *index = listed[what].index, *time = listed[what].time;
	for (unsigned i = FILTERS; i-- > 0;)
		if (given & 1U << i)
			index = filters[i][what].index;
	buf_printf(sql, "SELECT id, %s, doc FROM %s INDEXED BY %s WHERE (%s, id) > (?%d, ?%d) AND %s < ?%d", time,
		   listed[what].table, index, time, PARAM_TIME, PARAM_KEY, time, PARAM_UNTIL);
	for (unsigned i = 0; i < FILTERS; i++)
		if (given & 1U << i)
			buf_printf(sql, " AND %s = ?%u", filters[i][what].column, i + 1);
	buf_printf(sql, " ORDER BY %s, id LIMIT ?%d", time, PARAM_MAX);
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
		if (given & 1U << i && i < BY_ALERT)
			bind_str(stmt, (int)i + 1, filter_text(list, i));
	if (given & 1U << BY_ALERT)
		bind_int(stmt, BY_ALERT + 1, list->alert);
	if (given & 1U << BY_STATUS)
		bind_int(stmt, BY_STATUS + 1, list->status);
	bool since = list->since > list->after.time;
	bind_int(stmt, PARAM_TIME, since ? list->since : list->after.time);
	bind_str(stmt, PARAM_KEY, !since && str_is_set(list->after.key) ? list->after.key : STR(""));
	bind_int(stmt, PARAM_UNTIL, list->until ? list->until : INT64_MAX);
	bind_int(stmt, PARAM_MAX, (int64_t)list->max);
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

static enum itn_status list_alerts(struct conn *conn, const struct store_list *list, store_row_fn *row, void *context)
{
	int64_t schema = 0;
	enum itn_status status = sqlite_schema_now(conn, &schema);
	return status || schema < STORE_ALERTS_SCHEMA ? status : list_documents(conn, list, row, context);
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
	case LIST_ALERTS:
		return list_alerts(conn, list, row, context);
	case LIST_TRADE_TIMELINE:
	case LIST_CARGO_TIMELINE:
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
