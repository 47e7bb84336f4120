/** State of the SQLite engine, shared by its files. */
#ifndef ITN_STORE_SQLITE_STORE_H
#define ITN_STORE_SQLITE_STORE_H

#include <pthread.h>

#include "store/commit_queue.h"
#include "store/engine_ops.h"
#include "store/sqlite_conn.h"
#include "store/sqlite_file.h"
#include "store/sqlite_lock.h"

/** Pages that one connection keeps in memory, KiB: little, the kernel keeps them too. The engine's holds what a batch
 *  changes, which else goes to the log file before it is done, again and again. */
#define READER_CACHE_KIB 64
#define WRITER_CACHE_KIB 512
#define ENGINE_CACHE_KIB 32768

struct sqlite_store {
	struct store base;
	char *path;
	struct file_identity file; /**< what the path named when it was opened */
	int64_t timeout_ms;

	pthread_mutex_t mutex; /**< of the members up to the next blank line */
	pthread_cond_t reader_back;
	struct conn *idle; /**< the last used first, so that few stay in use */
	unsigned readers, readers_max;
	char reason[256];  /**< why the last write failed, "" when it did not */
	int64_t written_us; /**< when one last succeeded */

	struct commit_queue *queue; /**< its thread alone uses what follows */
	struct conn *writer;
	struct sqlite_lock lock;
	int wal_pages, wal_copied; /**< frames in the log file, and how many there were at the last checkpoint */
};

static inline struct sqlite_store *sqlite_store_of(struct store *store)
{
	return (struct sqlite_store *)store;
}

/** A connection to read with, its deadline set; ITN_UNAVAILABLE when none is free in time. */
enum itn_status reader_take(struct sqlite_store *store, struct conn **ret_conn) must_check;
void reader_give(struct sqlite_store *store, struct conn *conn);

/** Notes how a write ended, for store_check(); `why` NULL: well. */
void write_note(struct sqlite_store *store, const char *why);

/* sqlite_write.c */
extern const struct commit_ops sqlite_commit_ops;
enum itn_status sqlite_trade_create(struct store *store, const struct trade *trade, const struct entry *entry);
enum itn_status sqlite_cargo_create(struct store *store, const struct cargo *cargo, const struct entry *entry);
enum itn_status sqlite_trade_change(struct store *store, const struct trade *changed, int64_t from_version,
				    const struct entry *entry);
enum itn_status sqlite_cargo_change(struct store *store, const struct cargo *changed, int64_t from_version,
				    const struct entry *entry);
enum itn_status sqlite_request_add(struct store *store, const struct entry *request);
/** Writes something that changes nothing, to see whether it can be done. */
enum itn_status sqlite_probe(struct sqlite_store *store) must_check;

/* sqlite_checkpoint.c */
/** Counts the frames of the write-ahead log into *pages with each commit on this connection. */
void checkpoint_watch(struct conn *conn, int *pages);
/** Copies the log's frames into the database when there are many more than `*copied`; with very many under the lock, so that
 *  the log begins anew. Bounded in time. */
void checkpoint_when_due(struct conn *conn, struct sqlite_lock *lock, int pages, int *copied);

/* sqlite_read.c */
enum itn_status sqlite_head(struct store *store, struct store_head *ret_head);
enum itn_status sqlite_request_verdict(struct store *store, struct arena *arena, struct str id,
				       struct request_verdict *ret_verdict);
enum itn_status sqlite_trade(struct store *store, struct arena *arena, struct str id, struct trade *ret_trade);
enum itn_status sqlite_cargo(struct store *store, struct arena *arena, struct str id, struct cargo *ret_cargo);
enum itn_status sqlite_trade_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version);
enum itn_status sqlite_cargo_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version);
enum itn_status sqlite_inventory_json(struct store *store, struct str station, struct buf *out, int64_t *ret_version);
enum itn_status sqlite_events(struct store *store, int64_t after, size_t max, store_event_fn *row, void *context);
enum itn_status sqlite_events_of(struct store *store, const struct event_range *range, store_scan_event_fn *row,
				 void *context);
enum itn_status sqlite_progress(struct store *store, const struct str *ids, size_t count,
				enum store_progress *ret_progress);
enum itn_status sqlite_counters(struct store *store, struct str prefix, store_counter_fn *row, void *context);
/** The data's schema as it is now. */
enum itn_status sqlite_schema_now(struct conn *conn, int64_t *ret_schema);
/** The head's columns log, schema, epoch, last_seq, logged_at of this row. */
void head_columns(sqlite3_stmt *stmt, struct store_head *ret_head);
/** The columns SQL_EVENT_COLUMNS of this row, its texts valid until the next step. */
struct event event_columns(sqlite3_stmt *stmt);
/** The nine columns of a stock record of this row, its texts copied into the arena. */
void stock_columns(sqlite3_stmt *stmt, struct arena *arena, struct stock *ret_stock);

/* sqlite_list.c */
enum itn_status sqlite_list(struct store *store, const struct store_list *list, store_row_fn *row, void *context);

/* sqlite_posting.c */
/** The twelve columns of a posting of this row; its texts are valid until the next step. */
struct posting posting_columns(sqlite3_stmt *stmt);
enum itn_status sqlite_movements(struct conn *conn, const struct store_list *list, store_row_fn *row, void *context);
enum itn_status sqlite_stock_at(struct store *store, struct arena *arena, struct str station, int64_t seq, int64_t time,
				struct lines *ret_lines);

/* sqlite_claim.c */
/** The twelve columns of a claim of this row, its texts copied into the arena. */
struct claim claim_columns(sqlite3_stmt *stmt, struct arena *arena);
enum itn_status sqlite_claim_add(struct store *store, const struct claim *claim);
enum itn_status sqlite_claim(struct store *store, struct arena *arena, struct str key, struct claim *ret_claim);
enum itn_status sqlite_claim_change(struct store *store, const struct claim *changed, int64_t from_version);
enum itn_status sqlite_entry_known(struct store *store, enum entity_kind entity, struct str key, struct str id,
				   bool *ret_known);

/* sqlite_notification.c */
enum itn_status sqlite_notification(struct store *store, struct arena *arena, struct str id,
				    struct notification *ret_notification);
enum itn_status sqlite_notifications(struct store *store, enum notification_status status, const struct store_cursor *after,
				     size_t max, store_notification_fn *row, void *context);
enum itn_status sqlite_notifications_of(struct store *store, const struct str *events, size_t count,
					store_notification_fn *row, void *context);
enum itn_status sqlite_notifications_due(struct store *store, struct arena *arena, int64_t now, size_t max,
					 struct notification **ret_notifications, size_t *ret_count);
enum itn_status sqlite_notification_change(struct store *store, const struct notification *changed, int64_t from_version);
enum itn_status sqlite_notifications_forget(struct store *store, enum notification_status status, int64_t before,
					    size_t max, size_t *ret_count);

/* sqlite_alert.c */
enum itn_status sqlite_alert(struct store *store, struct arena *arena, struct str id, struct alert *ret_alert);
enum itn_status sqlite_batch_alert(struct store_engine *engine, struct arena *arena, struct str id,
				   struct alert *ret_alert);
enum itn_status sqlite_batch_unresolved(struct store_engine *engine, struct arena *arena, enum alert_kind kind,
					const struct alert_about *about, struct alert *ret_alert);

/* sqlite_inspect.c */
enum itn_status sqlite_clock(struct store *store, int64_t *ret_now);
enum itn_status sqlite_vitals(struct store *store, struct store_vitals *ret_vitals);
enum itn_status sqlite_layout(struct store *store, store_fault_fn *fault, void *context, struct error *error);

/* sqlite_backup.c */
enum itn_status sqlite_backup(struct store *store, const char *path, struct error *error);

/* sqlite_scan.c */
enum itn_status sqlite_scan_state(struct store *store, store_scan_fn *row, void *context, struct error *error);
enum itn_status sqlite_scan_log(struct store *store, int64_t after, int64_t until, store_scan_event_fn *row, void *context);
enum itn_status sqlite_scan_postings(struct store *store, int64_t after, int64_t until, store_scan_posting_fn *row,
				  void *context);
enum itn_status sqlite_scan_ids(struct store *store, store_scan_id_fn *row, void *context);
enum itn_status sqlite_scan_documents(struct store *store, enum entity_kind entity, const struct str *keys, size_t count,
				   store_scan_document_fn *row, void *context);
enum itn_status sqlite_scan_claims(struct store *store, struct str after, size_t max, store_scan_claim_fn *row,
				void *context);

/* sqlite_engine.c */
enum itn_status sqlite_engine_open(struct store *store, const char *holder, struct store_engine **ret_engine,
				   struct error *error);
void sqlite_engine_close(struct store_engine *engine);
enum itn_status sqlite_lease_read(struct store_engine *engine, struct store_lease *ret_lease);
enum itn_status sqlite_lease_take(struct store_engine *engine, const struct store_lease *seen);
enum itn_status sqlite_lease_renew(struct store_engine *engine);
void sqlite_lease_release(struct store_engine *engine);
/* sqlite_migrate.c */
enum itn_status sqlite_migrate(struct store_engine *engine, int64_t *ret_schema);
enum itn_status sqlite_backlog(struct store_engine *engine, int64_t until, bool *ret_any);
enum itn_status sqlite_batch_begin(struct store_engine *engine, struct arena *arena, size_t max, size_t max_jobs,
				   struct store_batch *ret_batch);
enum itn_status sqlite_batch_commit(struct store_engine *engine, const struct store_writes *writes);
void sqlite_batch_abort(struct store_engine *engine);
enum itn_status sqlite_log_renew(struct store_engine *engine);
const char *sqlite_engine_error(const struct store_engine *engine);

/* sqlite_batch.c */
enum itn_status sqlite_batch_trade(struct store_engine *engine, struct arena *arena, struct str id,
				   struct trade *ret_trade);
enum itn_status sqlite_batch_cargo(struct store_engine *engine, struct arena *arena, struct str id,
				   struct cargo *ret_cargo);
enum itn_status sqlite_batch_stock(struct store_engine *engine, struct arena *arena, struct str station,
				   struct str item, struct stock *ret_stock);
enum itn_status sqlite_batch_balance(struct store_engine *engine, struct str account, struct str item, int64_t *ret_quantity);
enum itn_status sqlite_batch_open_cargo(struct store_engine *engine, struct arena *arena, struct str destination,
					const struct store_cursor *after, size_t max, struct cargo **ret_cargo,
					size_t *ret_count);
enum itn_status sqlite_batch_waiting(struct store_engine *engine, struct arena *arena, struct str destination,
				     const struct store_cursor *after, size_t max, struct trade **ret_trades,
				     size_t *ret_count);
enum itn_status sqlite_batch_loaded(struct store_engine *engine, struct arena *arena, struct str shipment,
				    const struct store_cursor *after, size_t max, struct trade **ret_trades,
				    size_t *ret_count);
enum itn_status sqlite_batch_short(struct store_engine *engine, struct arena *arena, struct str station, struct str item,
				   const struct store_cursor *after, size_t max, struct trade **ret_trades,
				   size_t *ret_count);
enum itn_status sqlite_batch_short_item(struct store_engine *engine, struct arena *arena, struct str station,
					struct str after, struct str *ret_item);
enum itn_status sqlite_batch_reserved(struct store_engine *engine, struct arena *arena, struct str station,
				      const struct store_cursor *below, size_t max, struct trade **ret_trades,
				      size_t *ret_count);
enum itn_status sqlite_batch_late(struct store_engine *engine, struct arena *arena, int64_t until,
				  struct store_cursor *cursor, size_t max, struct cargo **ret_cargo, size_t *ret_count);
enum itn_status sqlite_batch_lane_busy(struct store_engine *engine, struct str lane, bool *ret_busy);
enum itn_status sqlite_batch_logged(struct store_engine *engine, struct str id, bool *ret_logged);

#endif
