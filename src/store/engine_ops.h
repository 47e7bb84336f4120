/** What a store engine fills in: one function for each of store.h, batch.h,
 *  alerts.h, claims.h, inspect.h, notifications.h, scan.h and timeline.h, with their contracts.
 *
 *  store.c finds the engine by the URI's scheme and passes every call on. An engine's own state begins with a struct store
 *  (or store_engine), which its open fills in, so that a pointer to the one is a pointer to the other.
 *  store_close() and store_engine_close() never pass NULL on.
 */
#ifndef ITN_STORE_ENGINE_OPS_H
#define ITN_STORE_ENGINE_OPS_H

#include "store/alerts.h"
#include "store/batch.h"
#include "store/claims.h"
#include "store/inspect.h"
#include "store/notifications.h"
#include "store/scan.h"
#include "store/store.h"
#include "store/timeline.h"

struct store_ops {
	/** With `make`, what is missing of the database is made. */
	enum itn_status (*open)(const struct config *config, bool make, struct store **ret_store, struct error *error);
	void (*close)(struct store *store);
	enum itn_status (*check)(struct store *store, struct error *error);
	enum itn_status (*head)(struct store *store, struct store_head *ret_head);

	enum itn_status (*trade_create)(struct store *store, const struct trade *trade, const struct entry *entry);
	enum itn_status (*cargo_create)(struct store *store, const struct cargo *cargo, const struct entry *entry);
	enum itn_status (*trade_change)(struct store *store, const struct trade *changed, int64_t from_version,
					const struct entry *entry);
	enum itn_status (*cargo_change)(struct store *store, const struct cargo *changed, int64_t from_version,
					const struct entry *entry);
	enum itn_status (*request_add)(struct store *store, const struct entry *request);
	enum itn_status (*request_verdict)(struct store *store, struct arena *arena, struct str id,
					   struct request_verdict *ret_verdict);

	enum itn_status (*claim_add)(struct store *store, const struct claim *claim);
	enum itn_status (*claim)(struct store *store, struct arena *arena, struct str key, struct claim *ret_claim);
	enum itn_status (*claim_change)(struct store *store, const struct claim *changed, int64_t from_version);
	enum itn_status (*entry_known)(struct store *store, enum entity_kind entity, struct str key, struct str id,
				       bool *ret_known);

	enum itn_status (*trade)(struct store *store, struct arena *arena, struct str id, struct trade *ret_trade);
	enum itn_status (*cargo)(struct store *store, struct arena *arena, struct str id, struct cargo *ret_cargo);
	enum itn_status (*trade_json)(struct store *store, struct str id, struct buf *out, int64_t *ret_version);
	enum itn_status (*cargo_json)(struct store *store, struct str id, struct buf *out, int64_t *ret_version);
	enum itn_status (*inventory_json)(struct store *store, struct str station, struct buf *out,
					  int64_t *ret_version);
	enum itn_status (*stock_at)(struct store *store, struct arena *arena, struct str station, int64_t seq,
				    int64_t time, struct lines *ret_lines);
	enum itn_status (*list)(struct store *store, const struct store_list *list, store_row_fn *row, void *context);
	enum itn_status (*events)(struct store *store, int64_t after, size_t max, store_event_fn *row, void *context);
	enum itn_status (*events_of)(struct store *store, const struct event_range *range, store_scan_event_fn *row,
				     void *context);
	enum itn_status (*progress)(struct store *store, const struct str *ids, size_t count,
				    enum store_progress *ret_progress);
	enum itn_status (*counters)(struct store *store, struct str prefix, store_counter_fn *row, void *context);
	enum itn_status (*notification)(struct store *store, struct arena *arena, struct str id,
					struct notification *ret_notification);
	enum itn_status (*notifications)(struct store *store, enum notification_status status,
					 const struct store_cursor *after, size_t max, store_notification_fn *row,
					 void *context);
	enum itn_status (*notifications_of)(struct store *store, const struct str *events, size_t count,
					    store_notification_fn *row, void *context);
	enum itn_status (*notifications_due)(struct store *store, struct arena *arena, int64_t now, size_t max,
					     struct notification **ret_notifications, size_t *ret_count);
	enum itn_status (*notification_change)(struct store *store, const struct notification *changed,
					       int64_t from_version);
	enum itn_status (*notifications_forget)(struct store *store, enum notification_status status, int64_t before,
						size_t max, size_t *ret_count);
	enum itn_status (*alert)(struct store *store, struct arena *arena, struct str id, struct alert *ret_alert);
	enum itn_status (*clock)(struct store *store, int64_t *ret_now);
	enum itn_status (*vitals)(struct store *store, struct store_vitals *ret_vitals);
	enum itn_status (*layout)(struct store *store, store_fault_fn *fault, void *context, struct error *error);
	enum itn_status (*backup)(struct store *store, const char *path, struct error *error);
	enum itn_status (*scan_state)(struct store *store, store_scan_fn *row, void *context, struct error *error);
	enum itn_status (*scan_log)(struct store *store, int64_t after, int64_t until, store_scan_event_fn *row,
				    void *context);
	enum itn_status (*scan_postings)(struct store *store, int64_t after, int64_t until, store_scan_posting_fn *row,
					 void *context);
	enum itn_status (*scan_ids)(struct store *store, store_scan_id_fn *row, void *context);
	enum itn_status (*scan_documents)(struct store *store, enum entity_kind entity, const struct str *keys,
					  size_t count, store_scan_document_fn *row, void *context);
	enum itn_status (*scan_claims)(struct store *store, struct str after, size_t max, store_scan_claim_fn *row,
				       void *context);

	enum itn_status (*engine_open)(struct store *store, const char *holder, struct store_engine **ret_engine,
				       struct error *error);
	void (*engine_close)(struct store_engine *engine);
	enum itn_status (*lease_read)(struct store_engine *engine, struct store_lease *ret_lease);
	enum itn_status (*lease_take)(struct store_engine *engine, const struct store_lease *seen);
	enum itn_status (*lease_renew)(struct store_engine *engine);
	void (*lease_release)(struct store_engine *engine);
	enum itn_status (*migrate)(struct store_engine *engine, int64_t *ret_schema);
	enum itn_status (*backlog)(struct store_engine *engine, int64_t until, bool *ret_any);
	enum itn_status (*batch_begin)(struct store_engine *engine, struct arena *arena, size_t max, size_t max_jobs,
				       struct store_batch *ret_batch);
	/** NULL: single reads are as good. */
	enum itn_status (*batch_prefetch)(struct store_engine *engine, const struct store_key *keys, size_t count);
	enum itn_status (*batch_trade)(struct store_engine *engine, struct arena *arena, struct str id,
				       struct trade *ret_trade);
	enum itn_status (*batch_cargo)(struct store_engine *engine, struct arena *arena, struct str id,
				       struct cargo *ret_cargo);
	enum itn_status (*batch_stock)(struct store_engine *engine, struct arena *arena, struct str station,
				       struct str item, struct stock *ret_stock);
	enum itn_status (*batch_balance)(struct store_engine *engine, struct str account, struct str item,
					 int64_t *ret_quantity);
	enum itn_status (*batch_open_cargo)(struct store_engine *engine, struct arena *arena, struct str destination,
					    const struct store_cursor *after, size_t max, struct cargo **ret_cargo,
					    size_t *ret_count);
	enum itn_status (*batch_waiting)(struct store_engine *engine, struct arena *arena, struct str destination,
					 const struct store_cursor *after, size_t max, struct trade **ret_trades,
					 size_t *ret_count);
	enum itn_status (*batch_loaded)(struct store_engine *engine, struct arena *arena, struct str shipment,
					const struct store_cursor *after, size_t max, struct trade **ret_trades,
					size_t *ret_count);
	enum itn_status (*batch_short)(struct store_engine *engine, struct arena *arena, struct str station,
				       struct str item, const struct store_cursor *after, size_t max,
				       struct trade **ret_trades, size_t *ret_count);
	enum itn_status (*batch_short_item)(struct store_engine *engine, struct arena *arena, struct str station,
					    struct str after, struct str *ret_item);
	enum itn_status (*batch_reserved)(struct store_engine *engine, struct arena *arena, struct str station,
					  const struct store_cursor *below, size_t max, struct trade **ret_trades,
					  size_t *ret_count);
	enum itn_status (*batch_lane_busy)(struct store_engine *engine, struct str lane, bool *ret_busy);
	enum itn_status (*batch_logged)(struct store_engine *engine, struct str id, bool *ret_logged);
	enum itn_status (*batch_alert)(struct store_engine *engine, struct arena *arena, struct str id,
				       struct alert *ret_alert);
	enum itn_status (*batch_unresolved)(struct store_engine *engine, struct arena *arena, enum alert_kind kind,
					    const struct alert_about *about, struct alert *ret_alert);
	enum itn_status (*batch_late)(struct store_engine *engine, struct arena *arena, int64_t until,
				      struct store_cursor *cursor, size_t max, struct cargo **ret_cargo,
				      size_t *ret_count);
	enum itn_status (*batch_commit)(struct store_engine *engine, const struct store_writes *writes);
	void (*batch_abort)(struct store_engine *engine);
	enum itn_status (*log_renew)(struct store_engine *engine);
	const char *(*engine_error)(const struct store_engine *engine);
};

struct store {
	const struct store_ops *ops;
};

struct store_engine {
	struct store *store;
};

#endif
