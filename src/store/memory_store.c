#include "store/memory_store.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/memory.h"
#include "store/memory_engine.h"

static enum itn_status memory_open(const struct config *config, bool make, struct store **ret_store,
				   struct error *error)
{
	char name[512];
	snprintf(name, sizeof(name), "%s %s", config->store, config->network);
	struct memory_database *database = database_take(name, make);
	if (!database)
		return error_set(error, ITN_FAILED, "there is no %s", name);
	struct memory_store *store = memory_calloc(1, sizeof(*store));
	store->base.ops = &memory_ops;
	store->database = database;
	store->timeout_ms = (int64_t)config->store_timeout_ms;
	*ret_store = &store->base;
	return ITN_OK;
}

static void memory_close(struct store *store)
{
	database_give(database_of(store));
	free(store);
}

static enum itn_status memory_check(struct store *store, struct error *error)
{
	enum itn_status status = database_at(database_of(store), "check", MEMORY_BEFORE);
	return status ? error_set(error, status, "the store does not answer") : ITN_OK;
}

void memory_set_host(struct store *store, const struct memory_host *host, void *context)
{
	struct memory_database *database = database_of(store);
	database_lock(database);
	database->host = host;
	database->host_context = context;
	database_unlock(database);
}

static bool landing_try(struct memory_database *database, struct memory_landing *landing)
{
	if (landing->write)
		return write_land(database, landing->write);
	session_commit(database, landing->session);
	free(landing->session);
	return true;
}

bool memory_land(struct store *store)
{
	struct memory_database *database = database_of(store);
	struct memory_landing *landing;
	database_lock(database);
	TAILQ_FOREACH(landing, &database->landings, link)
	if (landing_try(database, landing))
		break;
	if (landing) {
		TAILQ_REMOVE(&database->landings, landing, link);
		if (landing->write)
			write_free(landing->write);
	}
	database_unlock(database);
	free(landing);
	return landing != NULL;
}

void memory_events(struct store *store, memory_event_fn *row, void *context)
{
	struct row_table *table = &database_of(store)->tables[IN_EVENTS];
	for (size_t i = 0; i < table->count; i++) {
		const struct event *event = row_seen(table->at[i], NULL);
		if (event)
			row(context, event);
	}
}

bool memory_lose(struct store *store)
{
	struct memory_database *database = database_of(store);
	database_lock(database);
	struct memory_landing *landing = TAILQ_FIRST(&database->landings);
	if (landing) {
		TAILQ_REMOVE(&database->landings, landing, link);
		if (landing->write)
			write_free(landing->write);
		else
			landing->session->lands = false;
	}
	database_unlock(database);
	free(landing);
	return landing != NULL;
}

int64_t memory_last_seq(struct store *store)
{
	return database_head(database_of(store))->head.last_seq;
}

void memory_jobs(struct store *store, memory_job_fn *row, void *context)
{
	struct row_table *table = &database_of(store)->tables[IN_JOBS];
	for (size_t i = 0; i < table->count; i++) {
		const struct job *job = row_seen(table->at[i], NULL);
		if (job)
			row(context, job);
	}
}

void memory_trades(struct store *store, memory_trade_fn *row, void *context)
{
	struct row_table *table = &database_of(store)->tables[IN_TRADES];
	for (size_t i = 0; i < table->count; i++) {
		const struct memory_document *document = row_seen(table->at[i], NULL);
		if (document)
			row(context, &document->is.trade, document->waiting);
	}
}

void memory_cargo_each(struct store *store, memory_cargo_fn *row, void *context)
{
	struct row_table *table = &database_of(store)->tables[IN_CARGO];
	for (size_t i = 0; i < table->count; i++) {
		const struct memory_document *document = row_seen(table->at[i], NULL);
		if (document)
			row(context, &document->is.cargo);
	}
}

void memory_postings(struct store *store, memory_posting_fn *row, void *context)
{
	struct row_table *table = &database_of(store)->tables[IN_POSTINGS];
	for (size_t i = 0; i < table->count; i++) {
		const struct posting *posting = row_seen(table->at[i], NULL);
		if (posting)
			row(context, posting);
	}
}

struct memory_rest memory_rest(struct store *store)
{
	struct memory_database *database = database_of(store);
	struct memory_rest rest = { 0 };
	struct memory_session *session;
	struct memory_landing *landing;
	database_lock(database);
	TAILQ_FOREACH(session, &database->sessions, link)
	rest.transactions++;
	TAILQ_FOREACH(landing, &database->landings, link)
	rest.under_way++;
	for (size_t i = 0; i < database->tables[IN_JOBS].count; i++)
		rest.jobs += row_seen(database->tables[IN_JOBS].at[i], NULL) != NULL;
	for (enum memory_table in = IN_TRADES; in <= IN_CARGO; in++)
		for (size_t i = 0; i < database->tables[in].count; i++) {
			const struct memory_document *document = row_seen(database->tables[in].at[i], NULL);
			rest.entries += document ? document->waiting : 0;
		}
	for (size_t i = 0; i < database->tables[IN_REQUESTS].count; i++) {
		const struct memory_request *request = row_seen(database->tables[IN_REQUESTS].at[i], NULL);
		rest.entries += request && request->at;
	}
	database_unlock(database);
	return rest;
}

const struct store_ops memory_ops = {
	.open = memory_open,
	.close = memory_close,
	.check = memory_check,
	.head = memory_head,
	.trade_create = memory_trade_create,
	.cargo_create = memory_cargo_create,
	.trade_change = memory_trade_change,
	.cargo_change = memory_cargo_change,
	.request_add = memory_request_add,
	.request_verdict = memory_request_verdict,
	.claim_add = memory_claim_add,
	.claim = memory_claim,
	.claim_change = memory_claim_change,
	.entry_known = memory_entry_known,
	.trade = memory_trade,
	.cargo = memory_cargo,
	.trade_json = memory_trade_json,
	.cargo_json = memory_cargo_json,
	.inventory_json = memory_inventory_json,
	.stock_at = memory_stock_at,
	.list = memory_list,
	.events = memory_events_read,
	.events_of = memory_events_of,
	.progress = memory_progress,
	.counters = memory_counters,
	.notification = memory_notification,
	.notifications = memory_notifications,
	.notifications_of = memory_notifications_of,
	.notifications_due = memory_notifications_due,
	.notification_change = memory_notification_change,
	.notifications_forget = memory_notifications_forget,
	.alert = memory_alert,
	.clock = memory_clock,
	.vitals = memory_vitals,
	.layout = memory_layout,
	.backup = memory_backup,
	.scan_state = memory_scan_state,
	.scan_log = memory_scan_log,
	.scan_postings = memory_scan_postings,
	.scan_ids = memory_scan_ids,
	.scan_documents = memory_scan_documents,
	.scan_claims = memory_scan_claims,
	.engine_open = memory_engine_open,
	.engine_close = memory_engine_close,
	.lease_read = memory_lease_read,
	.lease_take = memory_lease_take,
	.lease_renew = memory_lease_renew,
	.lease_release = memory_lease_release,
	.migrate = memory_migrate,
	.backlog = memory_backlog,
	.batch_begin = memory_batch_begin,
	.batch_trade = memory_batch_trade,
	.batch_cargo = memory_batch_cargo,
	.batch_stock = memory_batch_stock,
	.batch_balance = memory_batch_balance,
	.batch_open_cargo = memory_batch_open_cargo,
	.batch_waiting = memory_batch_waiting,
	.batch_loaded = memory_batch_loaded,
	.batch_short = memory_batch_short,
	.batch_short_item = memory_batch_short_item,
	.batch_reserved = memory_batch_reserved,
	.batch_lane_busy = memory_batch_lane_busy,
	.batch_logged = memory_batch_logged,
	.batch_alert = memory_batch_alert,
	.batch_unresolved = memory_batch_unresolved,
	.batch_late = memory_batch_late,
	.batch_commit = memory_batch_commit,
	.batch_abort = memory_batch_abort,
	.log_renew = memory_log_renew,
	.engine_error = memory_engine_error,
};
