/** State of the MongoDB engine of the store, shared by its files. */
#ifndef ITN_STORE_MONGO_STORE_H
#define ITN_STORE_MONGO_STORE_H

#include "store/commit_queue.h"
#include "store/engine_ops.h"
#include "store/mongo_call.h"
#include "store/mongo_document.h"
#include "store/mongo_link.h"

/** The first time behind all that can be written, ms: the year 10000. Only a forged cursor is at the instant before it. */
#define TIME_END INT64_C(253402300800000)

struct mongo_store {
	struct store base;
	struct mongo_link *link;
	/** Of writes; mongo_write.c. A change may have to wait for the engine's transaction on a hot document: then no
	 *  creation waits for it. */
	struct commit_queue *creations, *changes;
	_Atomic int64_t slice_span, slice_end; /**< ms: mongo_list.c */
};

static inline struct mongo_store *mongo_store_of(struct store *store)
{
	return (struct mongo_store *)store;
}

/* mongo_write.c */
extern const struct commit_ops mongo_commit_ops; /**< context: the struct mongo_store */
enum itn_status mongo_trade_create(struct store *store, const struct trade *trade, const struct entry *entry);
enum itn_status mongo_cargo_create(struct store *store, const struct cargo *cargo, const struct entry *entry);
enum itn_status mongo_trade_change(struct store *store, const struct trade *changed, int64_t from_version,
				   const struct entry *entry);
enum itn_status mongo_cargo_change(struct store *store, const struct cargo *changed, int64_t from_version,
				   const struct entry *entry);
enum itn_status mongo_request_add(struct store *store, const struct entry *request);

/* mongo_read.c */
/** Reads outside of any transaction, by majority; tries again when a connection turns out to be dead before the first
 * row. */
enum itn_status store_find(struct mongo_store *store, enum mongo_collection in, const bson_t *filter,
			   const bson_t *opts, doc_fn *row, void *context) must_check;
/** {_id: id} */
void filter_id(bson_t *ret_filter, struct str id);
/** {sort: {a: 1, b: 1}, limit}: `b` may be NULL, limit 0 is none. */
void opts_sorted(bson_t *ret_opts, const char *a, const char *b, size_t limit);
/* What is behind a cursor in the order of (createdAt, _id), as two ranges of an index: first the documents of the same
 * time with a larger id, then the later ones. (One filter with $or would do too, but not every server reads an index
 * for it.) */

/** createdAt = time, _id > key */
void filter_same_time(bson_t *filter, const struct store_cursor *after);
/** from <= createdAt < until; 0: no such bound */
void filter_times(bson_t *filter, int64_t from, int64_t until);
void head_from_bson(const bson_t *doc, struct store_head *ret_head);
enum itn_status mongo_head(struct store *store, struct store_head *ret_head);
enum itn_status mongo_request_verdict(struct store *store, struct arena *arena, struct str id,
				      struct request_verdict *ret_verdict);
enum itn_status mongo_trade(struct store *store, struct arena *arena, struct str id, struct trade *ret_trade);
enum itn_status mongo_cargo(struct store *store, struct arena *arena, struct str id, struct cargo *ret_cargo);
enum itn_status mongo_trade_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version);
enum itn_status mongo_cargo_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version);
enum itn_status mongo_events(struct store *store, int64_t after, size_t max, store_event_fn *row, void *context);
/** A logged event; its texts point into the document. EVENT_KINDS, ENTITY_KINDS: a name that nobody knows. */
struct event event_from_bson(const bson_t *doc);
enum itn_status mongo_events_of(struct store *store, const struct event_range *range, store_scan_event_fn *row,
				void *context);
enum itn_status mongo_progress(struct store *store, const struct str *ids, size_t count,
			       enum store_progress *ret_progress);
enum itn_status mongo_counters(struct store *store, struct str prefix, store_counter_fn *row, void *context);
/** Names of enum request_state in documents. */
extern const struct member_names request_state_names;

/* mongo_list.c */
/** Reads where the first slice of all trades ends, once, before anybody lists: on a server that reads a whole range before
 *  it looks at the limit, many first lists at once would none of them come to an end. Failing is no harm. */
void mongo_list_learn(struct mongo_store *store);
enum itn_status mongo_list(struct store *store, const struct store_list *list, store_row_fn *row, void *context);
enum itn_status mongo_inventory_json(struct store *store, struct str station, struct buf *out, int64_t *ret_version);

/* mongo_posting.c */
enum itn_status mongo_movements(struct mongo_store *store, const struct store_list *list, store_row_fn *row,
				void *context);
enum itn_status mongo_stock_at(struct store *store, struct arena *arena, struct str station, int64_t seq, int64_t time,
			       struct lines *ret_lines);

/* mongo_claim.c, mongo_write.c */
enum itn_status mongo_claim_add(struct store *store, const struct claim *claim);
enum itn_status mongo_claim(struct store *store, struct arena *arena, struct str key, struct claim *ret_claim);
enum itn_status mongo_claim_change(struct store *store, const struct claim *changed, int64_t from_version);
enum itn_status mongo_entry_known(struct store *store, enum entity_kind entity, struct str key, struct str id,
				  bool *ret_known);
/** The document of a new claim, and the operators of a change. */
void claim_bson(const struct claim *claim, bson_t *doc);
bool claim_from_bson(const bson_t *doc, struct arena *arena, struct claim *ret_claim) must_check;
void claim_bson_change(const struct claim *changed, bson_t *update);

/* mongo_notification.c */
enum itn_status mongo_notification(struct store *store, struct arena *arena, struct str id,
				    struct notification *ret_notification);
enum itn_status mongo_notifications(struct store *store, enum notification_status status, const struct store_cursor *after,
				     size_t max, store_notification_fn *row, void *context);
enum itn_status mongo_notifications_of(struct store *store, const struct str *events, size_t count,
				       store_notification_fn *row, void *context);
enum itn_status mongo_notifications_due(struct store *store, struct arena *arena, int64_t now, size_t max,
					 struct notification **ret_notifications, size_t *ret_count);
enum itn_status mongo_notification_change(struct store *store, const struct notification *changed, int64_t from_version);
enum itn_status mongo_notifications_forget(struct store *store, enum notification_status status, int64_t before,
					    size_t max, size_t *ret_count);

/* mongo_alert.c, mongo_lateness.c */
enum itn_status mongo_alerts(struct mongo_store *store, const struct store_list *list, store_row_fn *row, void *context);
enum itn_status mongo_alert(struct store *store, struct arena *arena, struct str id, struct alert *ret_alert);
enum itn_status mongo_batch_alert(struct store_engine *engine, struct arena *arena, struct str id,
				  struct alert *ret_alert);
enum itn_status mongo_batch_unresolved(struct store_engine *engine, struct arena *arena, enum alert_kind kind,
				       const struct alert_about *about, struct alert *ret_alert);
enum itn_status mongo_batch_late(struct store_engine *engine, struct arena *arena, int64_t until,
				 struct store_cursor *cursor, size_t max, struct cargo **ret_cargo, size_t *ret_count);

/* mongo_inspect.c */
enum itn_status mongo_clock(struct store *store, int64_t *ret_now);
enum itn_status mongo_vitals(struct store *store, struct store_vitals *ret_vitals);
enum itn_status mongo_layout(struct store *store, store_fault_fn *fault, void *context, struct error *error);
enum itn_status mongo_backup(struct store *store, const char *path, struct error *error);

/* mongo_scan.c */
enum itn_status mongo_scan_state(struct store *store, store_scan_fn *row, void *context, struct error *error);
enum itn_status mongo_scan_log(struct store *store, int64_t after, int64_t until, store_scan_event_fn *row, void *context);
enum itn_status mongo_scan_postings(struct store *store, int64_t after, int64_t until, store_scan_posting_fn *row,
				  void *context);
enum itn_status mongo_scan_ids(struct store *store, store_scan_id_fn *row, void *context);
enum itn_status mongo_scan_documents(struct store *store, enum entity_kind entity, const struct str *keys, size_t count,
				   store_scan_document_fn *row, void *context);
enum itn_status mongo_scan_claims(struct store *store, struct str after, size_t max, store_scan_claim_fn *row,
				void *context);

/* mongo_engine.c, mongo_batch.c, mongo_commit.c */
enum itn_status mongo_engine_open(struct store *store, const char *holder, struct store_engine **ret_engine,
				  struct error *error);
void mongo_engine_close(struct store_engine *engine);
enum itn_status mongo_lease_read(struct store_engine *engine, struct store_lease *ret_lease);
enum itn_status mongo_lease_take(struct store_engine *engine, const struct store_lease *seen);
enum itn_status mongo_lease_renew(struct store_engine *engine);
void mongo_lease_release(struct store_engine *engine);
/* mongo_migrate.c */
enum itn_status mongo_migrate(struct store_engine *engine, int64_t *ret_schema);
enum itn_status mongo_backlog(struct store_engine *engine, int64_t until, bool *ret_any);
enum itn_status mongo_batch_begin(struct store_engine *engine, struct arena *arena, size_t max, size_t max_jobs,
				  struct store_batch *ret_batch);
enum itn_status mongo_batch_commit(struct store_engine *engine, const struct store_writes *writes);
void mongo_batch_abort(struct store_engine *engine);
enum itn_status mongo_log_renew(struct store_engine *engine);
const char *mongo_engine_error(const struct store_engine *engine);
enum itn_status mongo_batch_prefetch(struct store_engine *engine, const struct store_key *keys, size_t count);
enum itn_status mongo_batch_trade(struct store_engine *engine, struct arena *arena, struct str id,
				  struct trade *ret_trade);
enum itn_status mongo_batch_cargo(struct store_engine *engine, struct arena *arena, struct str id,
				  struct cargo *ret_cargo);
enum itn_status mongo_batch_stock(struct store_engine *engine, struct arena *arena, struct str station, struct str item,
				  struct stock *ret_stock);
enum itn_status mongo_batch_balance(struct store_engine *engine, struct str account, struct str item,
				    int64_t *ret_quantity);
enum itn_status mongo_batch_open_cargo(struct store_engine *engine, struct arena *arena, struct str destination,
				       const struct store_cursor *after, size_t max, struct cargo **ret_cargo,
				       size_t *ret_count);
enum itn_status mongo_batch_waiting(struct store_engine *engine, struct arena *arena, struct str destination,
				    const struct store_cursor *after, size_t max, struct trade **ret_trades,
				    size_t *ret_count);
enum itn_status mongo_batch_loaded(struct store_engine *engine, struct arena *arena, struct str shipment,
				   const struct store_cursor *after, size_t max, struct trade **ret_trades,
				   size_t *ret_count);
enum itn_status mongo_batch_short(struct store_engine *engine, struct arena *arena, struct str station, struct str item,
				  const struct store_cursor *after, size_t max, struct trade **ret_trades,
				  size_t *ret_count);
enum itn_status mongo_batch_short_item(struct store_engine *engine, struct arena *arena, struct str station,
				       struct str after, struct str *ret_item);
enum itn_status mongo_batch_reserved(struct store_engine *engine, struct arena *arena, struct str station,
				     const struct store_cursor *below, size_t max, struct trade **ret_trades,
				     size_t *ret_count);
enum itn_status mongo_batch_lane_busy(struct store_engine *engine, struct str lane, bool *ret_busy);
enum itn_status mongo_batch_logged(struct store_engine *engine, struct str id, bool *ret_logged);

#endif
