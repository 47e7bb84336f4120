#include <stdio.h>

#include "store/mongo_schema.h"
#include "store/mongo_store.h"

static bool head_row(void *context, const bson_t *doc)
{
	struct store_vitals *vitals = context;
	head_from_bson(doc, &vitals->head);
	vitals->lease.epoch = vitals->head.epoch;
	vitals->lease.beat = bson_take_int(doc, "beat");
	snprintf(vitals->lease.holder, sizeof(vitals->lease.holder), "%.*s", STR_ARG(bson_take_str(doc, "holder")));
	return true;
}

static bool waiting_row(void *context, const bson_t *doc)
{
	struct store_vitals *vitals = context;
	int64_t at = bson_take_int(doc, "outboxAt");
	if (!vitals->waiting_at || at < vitals->waiting_at)
		vitals->waiting_at = at;
	vitals->waiting++;
	return true;
}

static bool job_row(void *context, const bson_t *doc unused_arg)
{
	((struct store_vitals *)context)->jobs++;
	return true;
}

/* Those that have the member, in its order, up to STORE_COUNT_MAX, and of each only this member. */
static enum itn_status count(struct mongo_store *store, enum mongo_collection in, const char *member, doc_fn *row,
			     struct store_vitals *vitals)
{
	bson_t filter = BSON_INITIALIZER, exists, opts, members;
	bson_append_document_begin(&filter, member, -1, &exists);
	bson_append_bool(&exists, "$exists", -1, true);
	bson_append_document_end(&filter, &exists);
	opts_sorted(&opts, member, NULL, STORE_COUNT_MAX);
	bson_append_document_begin(&opts, "projection", -1, &members);
	bson_append_int32(&members, member, -1, 1);
	bson_append_document_end(&opts, &members);
	enum itn_status status = store_find(store, in, &filter, &opts, row, vitals);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

enum itn_status mongo_clock(struct store *base, int64_t *ret_now)
{
	struct mongo_link *link = mongo_store_of(base)->link;
	struct error error;
	if (link_check(link, &error))
		return ITN_UNAVAILABLE;
	*ret_now = link_now_ms(link);
	return ITN_OK;
}

enum itn_status mongo_vitals(struct store *base, struct store_vitals *ret_vitals)
{
	struct mongo_store *store = mongo_store_of(base);
	struct store_vitals vitals = { .room = -1 };
	bson_t filter;
	filter_id(&filter, STR("head"));
	enum itn_status status = store_find(store, IN_HEAD, &filter, NULL, head_row, &vitals);
	bson_destroy(&filter);
	static const enum mongo_collection outboxes[] = { IN_TRADES, IN_CARGO, IN_REQUESTS };
	for (size_t i = 0; !status && i < sizeof(outboxes) / sizeof(outboxes[0]); i++)
		status = count(store, outboxes[i], "outboxAt", waiting_row, &vitals);
	if (!status)
		status = count(store, IN_JOBS, "_id", job_row, &vitals);
	if (status || !vitals.head.log[0])
		return status ? status : ITN_FAILED;
	if (vitals.waiting > STORE_COUNT_MAX)
		vitals.waiting = STORE_COUNT_MAX;
	vitals.now = link_now_ms(store->link);
	*ret_vitals = vitals;
	return ITN_OK;
}

enum itn_status mongo_layout(struct store *base, store_fault_fn *fault, void *context, struct error *error)
{
	struct mongo_store *store = mongo_store_of(base);
	struct via via = { .database = link_database(store->link) };
	enum itn_status status = link_take(store->link, &via.client);
	if (status)
		return error_set(error, status, "MongoDB does not answer");
	status = mongo_schema_compare(&via, fault, context);
	link_give(store->link, via.client);
	return status ? error_set(error, status, "the indexes can't be read: %s", via.error.message) : ITN_OK;
}

enum itn_status mongo_backup(struct store *base, const char *path, struct error *error)
{
	return error_set(error, ITN_INVALID,
			 "MongoDB's own tool copies its data as of one instant: mongodump --uri=... --oplog --archive=%s, "
			 "and mongorestore --oplogReplay --drop --archive=%s brings them back; the database is %s",
			 path, path, link_database(mongo_store_of(base)->link));
}
