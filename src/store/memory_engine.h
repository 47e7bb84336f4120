/** An engine's handle on the store in memory. */
#ifndef ITN_STORE_MEMORY_ENGINE_H
#define ITN_STORE_MEMORY_ENGINE_H

#include "store/memory_store.h"

/** A document of which this batch takes entries. */
struct memory_taken {
	enum entity_kind entity;
	struct str key;
	size_t count;  /**< the first so many of its outbox */
	int64_t floor; /**< the place of the last one taken */
	bool written;  /**< rewritten with the batch's own write */
};

struct memory_engine {
	struct store_engine base;
	const char *holder;
	int64_t epoch; /**< 0: no lease */
	int64_t last_seq;
	char reason[256];
	struct memory_session *session; /**< NULL: no batch */
	struct memory_taken *taken;     /**< in the batch's arena, as those that follow */
	size_t taken_count;
	struct str *requests;
	size_t request_count;
	int64_t batch_at;
	struct arena *arena;
};

static inline struct memory_engine *memory_engine_of(struct store_engine *engine)
{
	return (struct memory_engine *)engine;
}

static inline struct memory_database *engine_database(const struct memory_engine *engine)
{
	return database_of(engine->base.store);
}

/** Notes the reason; returns the status. */
enum itn_status memory_refuse(struct memory_engine *engine, enum itn_status status, const char *what, struct str of);
/** Writes everything into the open transaction, step by step. */
enum itn_status memory_writes_apply(struct memory_engine *engine, const struct store_writes *writes) must_check;
/** Puts a value into the transaction; takes the arena over. With the lock. */
enum itn_status memory_put(struct memory_engine *engine, enum memory_table in, struct str key, struct arena *arena,
			   void *value) must_check;
/** Reads the front of the backlog into the batch, with the lock. */
void memory_front_read(struct memory_engine *engine, struct arena *arena, size_t max, struct store_batch *batch);

/** The batch's postings and balances. With the lock. */
enum itn_status memory_ledger_put(struct memory_engine *engine, const struct store_writes *writes) must_check;
/** A read of the batch's snapshot: the lock on success; any other end ends the batch. */
enum itn_status memory_read_begin(struct memory_engine *engine, const char *call) must_check;
/** A document as the engine sees it, copied. With the lock. */
void memory_trade_show(struct arena *arena, const struct memory_document *document, struct trade *ret_trade);
void memory_cargo_show(struct arena *arena, const struct memory_document *document, struct cargo *ret_cargo);
/** The batch's alerts. With the lock. */
enum itn_status memory_alerts_put(struct memory_engine *engine, const struct store_writes *writes) must_check;
/** The batch's new notifications. With the lock. */
enum itn_status memory_notifications_put(struct memory_engine *engine, const struct store_writes *writes) must_check;

enum itn_status memory_engine_open(struct store *store, const char *holder, struct store_engine **ret_engine,
				   struct error *error);
void memory_engine_close(struct store_engine *engine);
enum itn_status memory_lease_read(struct store_engine *engine, struct store_lease *ret_lease);
enum itn_status memory_lease_take(struct store_engine *engine, const struct store_lease *seen);
enum itn_status memory_lease_renew(struct store_engine *engine);
void memory_lease_release(struct store_engine *engine);
enum itn_status memory_migrate(struct store_engine *engine, int64_t *ret_schema);
enum itn_status memory_backlog(struct store_engine *engine, int64_t until, bool *ret_any);
enum itn_status memory_batch_begin(struct store_engine *engine, struct arena *arena, size_t max, size_t max_jobs,
				   struct store_batch *ret_batch);
enum itn_status memory_batch_trade(struct store_engine *engine, struct arena *arena, struct str id,
				   struct trade *ret_trade);
enum itn_status memory_batch_cargo(struct store_engine *engine, struct arena *arena, struct str id,
				   struct cargo *ret_cargo);
enum itn_status memory_batch_stock(struct store_engine *engine, struct arena *arena, struct str station,
				   struct str item, struct stock *ret_stock);
enum itn_status memory_batch_balance(struct store_engine *engine, struct str account, struct str item,
				     int64_t *ret_quantity);
enum itn_status memory_batch_open_cargo(struct store_engine *engine, struct arena *arena, struct str destination,
					const struct store_cursor *after, size_t max, struct cargo **ret_cargo,
					size_t *ret_count);
enum itn_status memory_batch_waiting(struct store_engine *engine, struct arena *arena, struct str destination,
				     const struct store_cursor *after, size_t max, struct trade **ret_trades,
				     size_t *ret_count);
enum itn_status memory_batch_loaded(struct store_engine *engine, struct arena *arena, struct str shipment,
				    const struct store_cursor *after, size_t max, struct trade **ret_trades,
				    size_t *ret_count);
enum itn_status memory_batch_short(struct store_engine *engine, struct arena *arena, struct str station,
				   struct str item, const struct store_cursor *after, size_t max,
				   struct trade **ret_trades, size_t *ret_count);
enum itn_status memory_batch_short_item(struct store_engine *engine, struct arena *arena, struct str station,
					struct str after, struct str *ret_item);
enum itn_status memory_batch_reserved(struct store_engine *engine, struct arena *arena, struct str station,
				      const struct store_cursor *below, size_t max, struct trade **ret_trades,
				      size_t *ret_count);
enum itn_status memory_batch_lane_busy(struct store_engine *engine, struct str lane, bool *ret_busy);
enum itn_status memory_batch_logged(struct store_engine *engine, struct str id, bool *ret_logged);
enum itn_status memory_batch_alert(struct store_engine *engine, struct arena *arena, struct str id,
				   struct alert *ret_alert);
enum itn_status memory_batch_unresolved(struct store_engine *engine, struct arena *arena, enum alert_kind kind,
					const struct alert_about *about, struct alert *ret_alert);
enum itn_status memory_batch_late(struct store_engine *engine, struct arena *arena, int64_t until,
				  struct store_cursor *cursor, size_t max, struct cargo **ret_cargo, size_t *ret_count);
enum itn_status memory_batch_commit(struct store_engine *engine, const struct store_writes *writes);
void memory_batch_abort(struct store_engine *engine);
enum itn_status memory_log_renew(struct store_engine *engine);
const char *memory_engine_error(const struct store_engine *engine);

#endif
