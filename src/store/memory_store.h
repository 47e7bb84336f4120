/** A handle of the store in memory, and its functions by file. */
#ifndef ITN_STORE_MEMORY_STORE_H
#define ITN_STORE_MEMORY_STORE_H

#include "store/memory_database.h"

struct memory_store {
	struct store base;
	struct memory_database *database;
	int64_t timeout_ms;
};

static inline struct memory_database *database_of(struct store *store)
{
	return ((struct memory_store *)store)->database;
}

/** The table of trades or cargo. */
static inline enum memory_table table_of(enum entity_kind entity)
{
	return entity == ENTITY_TRADE ? IN_TRADES : IN_CARGO;
}

/* memory_write.c */
enum itn_status memory_trade_create(struct store *store, const struct trade *trade, const struct entry *entry);
enum itn_status memory_cargo_create(struct store *store, const struct cargo *cargo, const struct entry *entry);
enum itn_status memory_trade_change(struct store *store, const struct trade *changed, int64_t from_version,
				    const struct entry *entry);
enum itn_status memory_cargo_change(struct store *store, const struct cargo *changed, int64_t from_version,
				    const struct entry *entry);
enum itn_status memory_request_add(struct store *store, const struct entry *request);

/* memory_read.c */
enum itn_status memory_head(struct store *store, struct store_head *ret_head);
enum itn_status memory_request_verdict(struct store *store, struct arena *arena, struct str id,
				       struct request_verdict *ret_verdict);
enum itn_status memory_trade(struct store *store, struct arena *arena, struct str id, struct trade *ret_trade);
enum itn_status memory_cargo(struct store *store, struct arena *arena, struct str id, struct cargo *ret_cargo);
enum itn_status memory_trade_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version);
enum itn_status memory_cargo_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version);
enum itn_status memory_events_read(struct store *store, int64_t after, size_t max, store_event_fn *row, void *context);
enum itn_status memory_events_of(struct store *store, const struct event_range *range, store_scan_event_fn *row,
				void *context);
enum itn_status memory_progress(struct store *store, const struct str *ids, size_t count,
				enum store_progress *ret_progress);
enum itn_status memory_counters(struct store *store, struct str prefix, store_counter_fn *row, void *context);
enum itn_status memory_vitals(struct store *store, struct store_vitals *ret_vitals);
enum itn_status memory_layout(struct store *store, store_fault_fn *fault, void *context, struct error *error);
enum itn_status memory_backup(struct store *store, const char *path, struct error *error);

/* memory_claim.c */
enum itn_status memory_claim_add(struct store *store, const struct claim *claim);
enum itn_status memory_claim(struct store *store, struct arena *arena, struct str key, struct claim *ret_claim);
enum itn_status memory_claim_change(struct store *store, const struct claim *changed, int64_t from_version);
enum itn_status memory_entry_known(struct store *store, enum entity_kind entity, struct str key, struct str id,
				   bool *ret_known);

/* memory_notification.c */
enum itn_status memory_notification(struct store *store, struct arena *arena, struct str id,
				    struct notification *ret_notification);
enum itn_status memory_notifications(struct store *store, enum notification_status status,
				     const struct store_cursor *after, size_t max, store_notification_fn *row,
				     void *context);
enum itn_status memory_notifications_of(struct store *store, const struct str *events, size_t count,
				       store_notification_fn *row, void *context);
enum itn_status memory_notifications_due(struct store *store, struct arena *arena, int64_t now, size_t max,
					 struct notification **ret_notifications, size_t *ret_count);
enum itn_status memory_notification_change(struct store *store, const struct notification *changed,
					   int64_t from_version);
enum itn_status memory_notifications_forget(struct store *store, enum notification_status status, int64_t before,
					    size_t max, size_t *ret_count);

/* memory_posting.c */
/** With the lock. */
void memory_movements(const struct memory_database *database, const struct store_list *list, store_row_fn *row,
		      void *context);
enum itn_status memory_stock_at(struct store *store, struct arena *arena, struct str station, int64_t seq, int64_t time,
				struct lines *ret_lines);

/* memory_alert.c, memory_lateness.c */
/** With the lock. */
void memory_alerts(const struct memory_database *database, const struct store_list *list, store_row_fn *row,
		   void *context);
enum itn_status memory_alert(struct store *store, struct arena *arena, struct str id, struct alert *ret_alert);
enum itn_status memory_clock(struct store *store, int64_t *ret_now);
/** With the lock: whether any cargo, as it is committed, was due at `until`. */
bool memory_any_late(const struct memory_database *database, int64_t until);

/* memory_list.c */
enum itn_status memory_list(struct store *store, const struct store_list *list, store_row_fn *row, void *context);
enum itn_status memory_inventory_json(struct store *store, struct str station, struct buf *out, int64_t *ret_version);

/* memory_scan.c */
enum itn_status memory_scan_state(struct store *store, store_scan_fn *row, void *context, struct error *error);
enum itn_status memory_scan_log(struct store *store, int64_t after, int64_t until, store_scan_event_fn *row, void *context);
enum itn_status memory_scan_postings(struct store *store, int64_t after, int64_t until, store_scan_posting_fn *row,
				  void *context);
enum itn_status memory_scan_ids(struct store *store, store_scan_id_fn *row, void *context);
enum itn_status memory_scan_documents(struct store *store, enum entity_kind entity, const struct str *keys, size_t count,
				   store_scan_document_fn *row, void *context);
enum itn_status memory_scan_claims(struct store *store, struct str after, size_t max, store_scan_claim_fn *row,
				void *context);

#endif
