#include <stdlib.h>
#include <string.h>

#include "store/sqlite_engine.h"

enum itn_status engine_failure(struct sqlite_engine *engine, enum itn_status status)
{
	engine_note(engine, status);
	engine_roll_back(engine);
	return status;
}

static enum itn_status trade_columns(sqlite3_stmt *stmt, struct arena *arena, struct trade *ret_trade)
{
	enum itn_status status = trade_read_json(arena, column_copy(stmt, 0, arena), ret_trade);
	if (status)
		return ITN_FAILED;
	ret_trade->goods = (enum trade_goods)column_int(stmt, 1);
	struct str short_of = column_copy(stmt, 2, arena);
	ret_trade->short_of = short_of.len ? short_of : STR_NONE;
	ret_trade->unsequenced = (unsigned)column_int(stmt, 3);
	return ITN_OK;
}

static enum itn_status cargo_columns(sqlite3_stmt *stmt, struct arena *arena, struct cargo *ret_cargo)
{
	enum itn_status status = cargo_read_json(arena, column_copy(stmt, 0, arena), ret_cargo);
	if (status)
		return ITN_FAILED;
	ret_cargo->open = column_int(stmt, 1) != 0;
	ret_cargo->reserved_trades = column_int(stmt, 2);
	ret_cargo->late_eta = column_int(stmt, 3);
	ret_cargo->unsequenced = (unsigned)column_int(stmt, 4);
	return ITN_OK;
}

enum itn_status sqlite_batch_trade(struct store_engine *base, struct arena *arena, struct str id, struct trade *ret_trade)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_BATCH_TRADE);
	bind_str(stmt, 1, id);
	enum itn_status status;
	if (!conn_row(engine->conn, stmt, &status))
		return status ? engine_failure(engine, status) : ITN_NOT_FOUND;
	status = trade_columns(stmt, arena, ret_trade);
	sqlite3_reset(stmt);
	return status ? engine_failure(engine, status) : ITN_OK;
}

enum itn_status sqlite_batch_cargo(struct store_engine *base, struct arena *arena, struct str id, struct cargo *ret_cargo)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_BATCH_CARGO);
	bind_str(stmt, 1, id);
	enum itn_status status;
	if (!conn_row(engine->conn, stmt, &status))
		return status ? engine_failure(engine, status) : ITN_NOT_FOUND;
	status = cargo_columns(stmt, arena, ret_cargo);
	sqlite3_reset(stmt);
	return status ? engine_failure(engine, status) : ITN_OK;
}

enum itn_status sqlite_batch_stock(struct store_engine *base, struct arena *arena, struct str station, struct str item,
				   struct stock *ret_stock)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_BATCH_STOCK);
	bind_str(stmt, 1, station);
	bind_str(stmt, 2, item);
	enum itn_status status;
	if (!conn_row(engine->conn, stmt, &status))
		return status ? engine_failure(engine, status) : ITN_NOT_FOUND;
	stock_columns(stmt, arena, ret_stock);
	sqlite3_reset(stmt);
	return ITN_OK;
}

static sqlite3_stmt *slice(struct sqlite_engine *engine, enum sqlite_sql which, struct str of,
			   const struct store_cursor *after, size_t max)
{
	sqlite3_stmt *stmt = conn_sql(engine->conn, which);
	bind_str(stmt, 1, of);
	bind_int(stmt, 2, after ? after->time : 0);
	bind_str(stmt, 3, after && str_is_set(after->key) ? after->key : STR(""));
	bind_int(stmt, 4, (int64_t)max);
	return stmt;
}

/* Room for one more element of `size` bytes in an array of the arena that doubles when it is full. */
static void *array_room(struct arena *arena, void *array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return array;
	*room = *room ? *room * 2 : 16;
	void *larger = arena_calloc(arena, *room, size);
	if (count)
		memcpy(larger, array, count * size);
	return larger;
}

static enum itn_status trades_read(struct sqlite_engine *engine, sqlite3_stmt *stmt, struct arena *arena,
				   struct trade **ret_trades, size_t *ret_count)
{
	struct trade *trades = NULL;
	size_t count = 0, room = 0;
	enum itn_status status;
	while (conn_row(engine->conn, stmt, &status)) {
		trades = array_room(arena, trades, count, &room, sizeof(*trades));
		if ((status = trade_columns(stmt, arena, &trades[count++]))) {
			sqlite3_reset(stmt);
			break;
		}
	}
	if (status)
		return engine_failure(engine, status);
	*ret_trades = trades;
	*ret_count = count;
	return ITN_OK;
}

enum itn_status sqlite_batch_waiting(struct store_engine *base, struct arena *arena, struct str destination,
				     const struct store_cursor *after, size_t max, struct trade **ret_trades,
				     size_t *ret_count)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	return trades_read(engine, slice(engine, SQL_BATCH_WAITING, destination, after, max), arena, ret_trades, ret_count);
}

enum itn_status sqlite_batch_loaded(struct store_engine *base, struct arena *arena, struct str shipment,
				    const struct store_cursor *after, size_t max, struct trade **ret_trades,
				    size_t *ret_count)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	return trades_read(engine, slice(engine, SQL_BATCH_LOADED, shipment, after, max), arena, ret_trades, ret_count);
}

enum itn_status sqlite_batch_short(struct store_engine *base, struct arena *arena, struct str station, struct str item,
				   const struct store_cursor *after, size_t max, struct trade **ret_trades,
				   size_t *ret_count)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = slice(engine, SQL_BATCH_SHORT, station, after, max);
	bind_str(stmt, 5, item);
	return trades_read(engine, stmt, arena, ret_trades, ret_count);
}

enum itn_status sqlite_batch_short_item(struct store_engine *base, struct arena *arena, struct str station,
					struct str after, struct str *ret_item)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_BATCH_SHORT_ITEM);
	bind_str(stmt, 1, station);
	bind_str(stmt, 2, str_is_set(after) ? after : STR(""));
	enum itn_status status;
	if (!conn_row(engine->conn, stmt, &status))
		return status ? engine_failure(engine, status) : ITN_NOT_FOUND;
	*ret_item = column_copy(stmt, 0, arena);
	sqlite3_reset(stmt);
	return ITN_OK;
}

enum itn_status sqlite_batch_reserved(struct store_engine *base, struct arena *arena, struct str station,
				      const struct store_cursor *below, size_t max, struct trade **ret_trades,
				      size_t *ret_count)
{
	static const struct store_cursor end = { .time = INT64_MAX };
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = slice(engine, SQL_BATCH_RESERVED, station, below ? below : &end, max);
	return trades_read(engine, stmt, arena, ret_trades, ret_count);
}

/* With `cursor`, of rows with due_at and id behind their other columns: it goes behind the last one. */
static enum itn_status cargo_read(struct sqlite_engine *engine, sqlite3_stmt *stmt, struct arena *arena,
				  struct store_cursor *cursor, struct cargo **ret_cargo, size_t *ret_count)
{
	struct cargo *cargo = NULL;
	size_t count = 0, room = 0;
	enum itn_status status;
	while (conn_row(engine->conn, stmt, &status)) {
		cargo = array_room(arena, cargo, count, &room, sizeof(*cargo));
		if ((status = cargo_columns(stmt, arena, &cargo[count++]))) {
			sqlite3_reset(stmt);
			break;
		}
		if (cursor)
			*cursor = (struct store_cursor){ column_int(stmt, 5), column_copy(stmt, 6, arena) };
	}
	if (status)
		return engine_failure(engine, status);
	*ret_cargo = cargo;
	*ret_count = count;
	return ITN_OK;
}

enum itn_status sqlite_batch_open_cargo(struct store_engine *base, struct arena *arena, struct str destination,
					const struct store_cursor *after, size_t max, struct cargo **ret_cargo,
					size_t *ret_count)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	return cargo_read(engine, slice(engine, SQL_BATCH_OPEN, destination, after, max), arena, NULL, ret_cargo,
			  ret_count);
}

enum itn_status sqlite_batch_late(struct store_engine *base, struct arena *arena, int64_t until,
				  struct store_cursor *cursor, size_t max, struct cargo **ret_cargo, size_t *ret_count)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_BATCH_LATE);
	bind_int(stmt, 1, until);
	bind_int(stmt, 2, cursor->time);
	bind_str(stmt, 3, str_is_set(cursor->key) ? cursor->key : STR(""));
	bind_int(stmt, 4, (int64_t)max);
	return cargo_read(engine, stmt, arena, cursor, ret_cargo, ret_count);
}

enum itn_status sqlite_batch_lane_busy(struct store_engine *base, struct str lane, bool *ret_busy)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_LANE_BUSY);
	bind_str(stmt, 1, lane);
	enum itn_status status;
	while (conn_row(engine->conn, stmt, &status))
		*ret_busy = column_int(stmt, 0) != 0;
	return status ? engine_failure(engine, status) : ITN_OK;
}

enum itn_status sqlite_batch_logged(struct store_engine *base, struct str id, bool *ret_logged)
{
	struct sqlite_engine *engine = sqlite_engine_of(base);
	sqlite3_stmt *stmt = conn_sql(engine->conn, SQL_LOGGED);
	bind_str(stmt, 1, id);
	enum itn_status status;
	while (conn_row(engine->conn, stmt, &status))
		*ret_logged = column_int(stmt, 0) != 0;
	return status ? engine_failure(engine, status) : ITN_OK;
}
