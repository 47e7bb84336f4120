#include "store/sqlite_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/memory.h"
#include "store/sqlite.h"

#define QUEUE_ROOM	 1024
#define ROUND_MAX	 128
#define PROBE_AFTER_US	 2000000

static void store_free(struct sqlite_store *store)
{
	commit_queue_free(store->queue);
	for (struct conn *conn = store->idle, *next; conn; conn = next) {
		next = conn->next;
		conn_close(conn);
	}
	conn_close(store->writer);
	if (store->lock.fd >= 0)
		sqlite_lock_close(&store->lock);
	pthread_cond_destroy(&store->reader_back);
	pthread_mutex_destroy(&store->mutex);
	free(store->path);
	free(store);
}

static struct sqlite_store *store_new(const struct config *config)
{
	struct sqlite_store *store = memory_calloc(1, sizeof(*store));
	store->base.ops = &sqlite_ops;
	store->timeout_ms = (int64_t)config->store_timeout_ms;
	store->readers_max = config->threads > 2 ? (unsigned)config->threads : 2;
	store->lock.fd = -1;
	pthread_mutex_init(&store->mutex, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&store->reader_back, &attr);
	pthread_condattr_destroy(&attr);
	return store;
}

/* A file that only can be read SQLite opens all the same, and refuses each write. */
static enum itn_status writer_open(struct sqlite_store *store, struct error *error)
{
	enum itn_status status = conn_open(store->path, WRITER_CACHE_KIB, &store->writer, error);
	if (!status && sqlite3_db_readonly(store->writer->db, NULL) == 1)
		status = error_set(error, ITN_FAILED, "the database file can't be written, only read");
	return status;
}

static enum itn_status sqlite_open(const struct config *config, bool make, struct store **ret_store, struct error *error)
{
	struct sqlite_store *store = store_new(config);
	struct error why = { "" };
	int64_t deadline_us = clock_monotonic_us() + store->timeout_ms * 1000;
	enum itn_status status = sqlite_file_prepare(config->store + strlen("sqlite:"), make, &store->path, &why);
	if (status) {
		store_free(store);
		return error_set(error, status, "%s", why.text);
	}
	if (!(status = sqlite_lock_open(store->path, &store->lock, &why)) &&
	    !(status = sqlite_schema_prepare(store->path, make, &store->lock, deadline_us, &why)))
		status = writer_open(store, &why);
	if (status) {
		error_set(error, status, "%s: %s", store->path, why.text);
		store_free(store);
		return status;
	}
	store->file = sqlite_file_identity(store->path);
	store->writer->patient = true;
	checkpoint_watch(store->writer, &store->wal_pages);
	store->queue = commit_queue_new(&sqlite_commit_ops, store, QUEUE_ROOM, ROUND_MAX);
	*ret_store = &store->base;
	return ITN_OK;
}

static void sqlite_close(struct store *base)
{
	store_free(sqlite_store_of(base));
}

static bool reader_wait(struct sqlite_store *store, int64_t deadline_us)
{
	struct timespec at = { .tv_sec = deadline_us / 1000000, .tv_nsec = deadline_us % 1000000 * 1000 };
	while (!store->idle && store->readers == store->readers_max)
		if (pthread_cond_timedwait(&store->reader_back, &store->mutex, &at))
			return false;
	return true;
}

enum itn_status reader_take(struct sqlite_store *store, struct conn **ret_conn)
{
	int64_t deadline_us = clock_monotonic_us() + store->timeout_ms * 1000;
	pthread_mutex_lock(&store->mutex);
	bool found = reader_wait(store, deadline_us);
	struct conn *conn = found ? store->idle : NULL;
	if (conn)
		store->idle = conn->next;
	else if (found)
		store->readers++;
	pthread_mutex_unlock(&store->mutex);
	if (!found)
		return ITN_UNAVAILABLE;
	enum itn_status status = conn ? ITN_OK : conn_open(store->path, READER_CACHE_KIB, &conn, NULL);
	if (status) {
		pthread_mutex_lock(&store->mutex);
		store->readers--;
		pthread_cond_signal(&store->reader_back);
		pthread_mutex_unlock(&store->mutex);
		return status;
	}
	conn->deadline_us = deadline_us;
	*ret_conn = conn;
	return ITN_OK;
}

static bool is_broken(struct conn *conn)
{
	int code = sqlite3_errcode(conn->db) & 0xff;
	return code == SQLITE_IOERR || code == SQLITE_CANTOPEN || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

void reader_give(struct sqlite_store *store, struct conn *conn)
{
	bool broken = is_broken(conn);
	if (broken)
		conn_close(conn);
	pthread_mutex_lock(&store->mutex);
	if (broken) {
		store->readers--;
	} else {
		conn->next = store->idle;
		store->idle = conn;
	}
	pthread_cond_signal(&store->reader_back);
	pthread_mutex_unlock(&store->mutex);
}

void write_note(struct sqlite_store *store, const char *why)
{
	pthread_mutex_lock(&store->mutex);
	snprintf(store->reason, sizeof(store->reason), "%s", why ? why : "");
	if (!why)
		store->written_us = clock_monotonic_us();
	pthread_mutex_unlock(&store->mutex);
}

static enum itn_status sqlite_check(struct store *base, struct error *error)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct file_identity now = sqlite_file_identity(store->path);
	if (now.device != store->file.device || now.inode != store->file.inode)
		return error_set(error, ITN_FAILED, "%s was removed or replaced: start again", store->path);
	struct store_head head;
	enum itn_status status = sqlite_head(base, &head);
	if (status)
		return error_set(error, status, "%s can't be read", store->path);
	pthread_mutex_lock(&store->mutex);
	bool proven = !store->reason[0] && store->written_us > clock_monotonic_us() - PROBE_AFTER_US;
	pthread_mutex_unlock(&store->mutex);
	status = proven && !commit_queue_blocked(store->queue) ? ITN_OK : sqlite_probe(store);
	if (!status)
		return ITN_OK;
	pthread_mutex_lock(&store->mutex);
	error_set(error, status, "%s can't be written: %s", store->path,
		  store->reason[0] ? store->reason : "no answer in time");
	pthread_mutex_unlock(&store->mutex);
	return status;
}

const struct store_ops sqlite_ops = {
	.open = sqlite_open,
	.close = sqlite_close,
	.check = sqlite_check,
	.head = sqlite_head,
	.trade_create = sqlite_trade_create,
	.cargo_create = sqlite_cargo_create,
	.trade_change = sqlite_trade_change,
	.cargo_change = sqlite_cargo_change,
	.request_add = sqlite_request_add,
	.request_verdict = sqlite_request_verdict,
	.claim_add = sqlite_claim_add,
	.claim = sqlite_claim,
	.claim_change = sqlite_claim_change,
	.entry_known = sqlite_entry_known,
	.trade = sqlite_trade,
	.cargo = sqlite_cargo,
	.trade_json = sqlite_trade_json,
	.cargo_json = sqlite_cargo_json,
	.inventory_json = sqlite_inventory_json,
	.stock_at = sqlite_stock_at,
	.list = sqlite_list,
	.events = sqlite_events,
	.events_of = sqlite_events_of,
	.progress = sqlite_progress,
	.counters = sqlite_counters,
	.notification = sqlite_notification,
	.notifications = sqlite_notifications,
	.notifications_of = sqlite_notifications_of,
	.notifications_due = sqlite_notifications_due,
	.notification_change = sqlite_notification_change,
	.notifications_forget = sqlite_notifications_forget,
	.alert = sqlite_alert,
	.clock = sqlite_clock,
	.vitals = sqlite_vitals,
	.layout = sqlite_layout,
	.backup = sqlite_backup,
	.scan_state = sqlite_scan_state,
	.scan_log = sqlite_scan_log,
	.scan_postings = sqlite_scan_postings,
	.scan_ids = sqlite_scan_ids,
	.scan_documents = sqlite_scan_documents,
	.scan_claims = sqlite_scan_claims,
	.engine_open = sqlite_engine_open,
	.engine_close = sqlite_engine_close,
	.lease_read = sqlite_lease_read,
	.lease_take = sqlite_lease_take,
	.lease_renew = sqlite_lease_renew,
	.lease_release = sqlite_lease_release,
	.migrate = sqlite_migrate,
	.backlog = sqlite_backlog,
	.batch_begin = sqlite_batch_begin,
	.batch_trade = sqlite_batch_trade,
	.batch_cargo = sqlite_batch_cargo,
	.batch_stock = sqlite_batch_stock,
	.batch_balance = sqlite_batch_balance,
	.batch_open_cargo = sqlite_batch_open_cargo,
	.batch_waiting = sqlite_batch_waiting,
	.batch_loaded = sqlite_batch_loaded,
	.batch_short = sqlite_batch_short,
	.batch_short_item = sqlite_batch_short_item,
	.batch_reserved = sqlite_batch_reserved,
	.batch_lane_busy = sqlite_batch_lane_busy,
	.batch_logged = sqlite_batch_logged,
	.batch_alert = sqlite_batch_alert,
	.batch_unresolved = sqlite_batch_unresolved,
	.batch_late = sqlite_batch_late,
	.batch_commit = sqlite_batch_commit,
	.batch_abort = sqlite_batch_abort,
	.log_renew = sqlite_log_renew,
	.engine_error = sqlite_engine_error,
};
