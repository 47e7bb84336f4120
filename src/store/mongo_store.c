#include "store/mongo_store.h"

#include <stdlib.h>

#include "core/memory.h"
#include "store/mongo.h"

#define QUEUE_ROOM 1024
#define ROUND_MAX  64

static enum itn_status mongo_open(const struct config *config, bool make, struct store **ret_store, struct error *error)
{
	struct mongo_link *link;
	enum itn_status status = link_open(config, make, &link, error);
	if (status)
		return status;
	struct mongo_store *store = memory_calloc(1, sizeof(*store));
	store->base.ops = &mongo_ops;
	store->link = link;
	store->creations = commit_queue_new(&mongo_commit_ops, store, QUEUE_ROOM, ROUND_MAX);
	store->changes = commit_queue_new(&mongo_commit_ops, store, QUEUE_ROOM, ROUND_MAX);
	mongo_list_learn(store);
	*ret_store = &store->base;
	return ITN_OK;
}

static void mongo_close(struct store *base)
{
	struct mongo_store *store = mongo_store_of(base);
	commit_queue_free(store->creations);
	commit_queue_free(store->changes);
	link_close(store->link);
	free(store);
}

static enum itn_status mongo_check(struct store *base, struct error *error)
{
	return link_check(mongo_store_of(base)->link, error);
}

const struct store_ops mongo_ops = {
	.open = mongo_open,
	.close = mongo_close,
	.check = mongo_check,
	.head = mongo_head,
	.trade_create = mongo_trade_create,
	.cargo_create = mongo_cargo_create,
	.trade_change = mongo_trade_change,
	.cargo_change = mongo_cargo_change,
	.request_add = mongo_request_add,
	.request_verdict = mongo_request_verdict,
	.claim_add = mongo_claim_add,
	.claim = mongo_claim,
	.claim_change = mongo_claim_change,
	.entry_known = mongo_entry_known,
	.trade = mongo_trade,
	.cargo = mongo_cargo,
	.trade_json = mongo_trade_json,
	.cargo_json = mongo_cargo_json,
	.inventory_json = mongo_inventory_json,
	.stock_at = mongo_stock_at,
	.list = mongo_list,
	.events = mongo_events,
	.events_of = mongo_events_of,
	.progress = mongo_progress,
	.counters = mongo_counters,
	.notification = mongo_notification,
	.notifications = mongo_notifications,
	.notifications_of = mongo_notifications_of,
	.notifications_due = mongo_notifications_due,
	.notification_change = mongo_notification_change,
	.notifications_forget = mongo_notifications_forget,
	.alert = mongo_alert,
	.clock = mongo_clock,
	.vitals = mongo_vitals,
	.layout = mongo_layout,
	.backup = mongo_backup,
	.scan_state = mongo_scan_state,
	.scan_log = mongo_scan_log,
	.scan_postings = mongo_scan_postings,
	.scan_ids = mongo_scan_ids,
	.scan_documents = mongo_scan_documents,
	.scan_claims = mongo_scan_claims,
	.engine_open = mongo_engine_open,
	.engine_close = mongo_engine_close,
	.lease_read = mongo_lease_read,
	.lease_take = mongo_lease_take,
	.lease_renew = mongo_lease_renew,
	.lease_release = mongo_lease_release,
	.migrate = mongo_migrate,
	.backlog = mongo_backlog,
	.batch_begin = mongo_batch_begin,
	.batch_prefetch = mongo_batch_prefetch,
	.batch_trade = mongo_batch_trade,
	.batch_cargo = mongo_batch_cargo,
	.batch_stock = mongo_batch_stock,
	.batch_balance = mongo_batch_balance,
	.batch_open_cargo = mongo_batch_open_cargo,
	.batch_waiting = mongo_batch_waiting,
	.batch_loaded = mongo_batch_loaded,
	.batch_short = mongo_batch_short,
	.batch_short_item = mongo_batch_short_item,
	.batch_reserved = mongo_batch_reserved,
	.batch_lane_busy = mongo_batch_lane_busy,
	.batch_logged = mongo_batch_logged,
	.batch_alert = mongo_batch_alert,
	.batch_unresolved = mongo_batch_unresolved,
	.batch_late = mongo_batch_late,
	.batch_commit = mongo_batch_commit,
	.batch_abort = mongo_batch_abort,
	.log_renew = mongo_log_renew,
	.engine_error = mongo_engine_error,
};
