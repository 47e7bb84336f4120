#include "store/batch.h"

#include "store/engine_ops.h"
#include "store/measure.h"

static const struct store_ops *ops_of(const struct store_engine *engine)
{
	return engine->store->ops;
}

enum itn_status store_engine_open(struct store *store, const char *holder, struct store_engine **ret_engine,
				  struct error *error)
{
	return store_measure(store->ops->engine_open(store, holder, ret_engine, error));
}

void store_engine_close(struct store_engine *engine)
{
	if (engine)
		ops_of(engine)->engine_close(engine);
}

enum itn_status store_lease_read(struct store_engine *engine, struct store_lease *ret_lease)
{
	return store_measure(ops_of(engine)->lease_read(engine, ret_lease));
}

enum itn_status store_lease_take(struct store_engine *engine, const struct store_lease *seen)
{
	return store_measure(ops_of(engine)->lease_take(engine, seen));
}

enum itn_status store_lease_renew(struct store_engine *engine)
{
	return store_measure(ops_of(engine)->lease_renew(engine));
}

void store_lease_release(struct store_engine *engine)
{
	ops_of(engine)->lease_release(engine);
}

enum itn_status store_migrate(struct store_engine *engine, int64_t *ret_schema)
{
	return ops_of(engine)->migrate(engine, ret_schema);
}

enum itn_status store_backlog(struct store_engine *engine, int64_t until, bool *ret_any)
{
	return store_measure(ops_of(engine)->backlog(engine, until, ret_any));
}

enum itn_status store_batch_begin(struct store_engine *engine, struct arena *arena, size_t max, size_t max_jobs,
				  struct store_batch *ret_batch)
{
	return store_measure(ops_of(engine)->batch_begin(engine, arena, max, max_jobs, ret_batch));
}

enum itn_status store_batch_prefetch(struct store_engine *engine, const struct store_key *keys, size_t count)
{
	if (!ops_of(engine)->batch_prefetch || !count)
		return ITN_OK;
	return store_measure(ops_of(engine)->batch_prefetch(engine, keys, count));
}

enum itn_status store_batch_trade(struct store_engine *engine, struct arena *arena, struct str id,
				  struct trade *ret_trade)
{
	return store_measure(ops_of(engine)->batch_trade(engine, arena, id, ret_trade));
}

enum itn_status store_batch_cargo(struct store_engine *engine, struct arena *arena, struct str id,
				  struct cargo *ret_cargo)
{
	return store_measure(ops_of(engine)->batch_cargo(engine, arena, id, ret_cargo));
}

enum itn_status store_batch_stock(struct store_engine *engine, struct arena *arena, struct str station, struct str item,
				  struct stock *ret_stock)
{
	return store_measure(ops_of(engine)->batch_stock(engine, arena, station, item, ret_stock));
}

enum itn_status store_batch_balance(struct store_engine *engine, struct str account, struct str item,
				    int64_t *ret_quantity)
{
	return ops_of(engine)->batch_balance(engine, account, item, ret_quantity);
}

enum itn_status store_batch_open_cargo(struct store_engine *engine, struct arena *arena, struct str destination,
				       const struct store_cursor *after, size_t max, struct cargo **ret_cargo,
				       size_t *ret_count)
{
	return store_measure(ops_of(engine)->batch_open_cargo(engine, arena, destination, after, max, ret_cargo, ret_count));
}

enum itn_status store_batch_waiting(struct store_engine *engine, struct arena *arena, struct str destination,
				    const struct store_cursor *after, size_t max, struct trade **ret_trades,
				    size_t *ret_count)
{
	return store_measure(ops_of(engine)->batch_waiting(engine, arena, destination, after, max, ret_trades, ret_count));
}

enum itn_status store_batch_loaded(struct store_engine *engine, struct arena *arena, struct str shipment,
				   const struct store_cursor *after, size_t max, struct trade **ret_trades,
				   size_t *ret_count)
{
	return store_measure(ops_of(engine)->batch_loaded(engine, arena, shipment, after, max, ret_trades, ret_count));
}

enum itn_status store_batch_short(struct store_engine *engine, struct arena *arena, struct str station, struct str item,
				  const struct store_cursor *after, size_t max, struct trade **ret_trades,
				  size_t *ret_count)
{
	return store_measure(
		ops_of(engine)->batch_short(engine, arena, station, item, after, max, ret_trades, ret_count));
}

enum itn_status store_batch_short_item(struct store_engine *engine, struct arena *arena, struct str station,
				       struct str after, struct str *ret_item)
{
	return store_measure(ops_of(engine)->batch_short_item(engine, arena, station, after, ret_item));
}

enum itn_status store_batch_reserved(struct store_engine *engine, struct arena *arena, struct str station,
				     const struct store_cursor *below, size_t max, struct trade **ret_trades,
				     size_t *ret_count)
{
	return store_measure(ops_of(engine)->batch_reserved(engine, arena, station, below, max, ret_trades, ret_count));
}

enum itn_status store_batch_lane_busy(struct store_engine *engine, struct str lane, bool *ret_busy)
{
	return store_measure(ops_of(engine)->batch_lane_busy(engine, lane, ret_busy));
}

enum itn_status store_batch_logged(struct store_engine *engine, struct str id, bool *ret_logged)
{
	return store_measure(ops_of(engine)->batch_logged(engine, id, ret_logged));
}

enum itn_status store_batch_commit(struct store_engine *engine, const struct store_writes *writes)
{
	return store_measure(ops_of(engine)->batch_commit(engine, writes));
}

void store_batch_abort(struct store_engine *engine)
{
	ops_of(engine)->batch_abort(engine);
}

const char *store_engine_error(const struct store_engine *engine)
{
	return ops_of(engine)->engine_error(engine);
}

enum itn_status store_log_renew(struct store_engine *engine)
{
	return store_measure(ops_of(engine)->log_renew(engine));
}
