#include "core/clock.h"
#include "store/mongo_engine.h"

struct settled {
	struct str batch;
	bool in;
	int64_t epoch;
};

static bool settle_row(void *context, const bson_t *doc)
{
	struct settled *settled = context;
	settled->in = str_eq(bson_take_str(doc, "batchId"), settled->batch);
	settled->epoch = bson_take_int(doc, "epoch");
	return true;
}

static bool logged_row(void *context, const bson_t *doc unused_arg)
{
	((struct settled *)context)->in = true;
	return false;
}

/* Our session is ended first: then what head and the log say stays so. */
static enum itn_status head_ask(struct mongo_engine *engine, const struct store_writes *writes, struct settled *settled)
{
	bson_t filter;
	enum itn_status status = engine_kill_session(engine);
	if (status)
		return status;
	struct via outside = engine->via;
	outside.session = NULL;
	filter_id(&filter, STR("head"));
	status = via_find(&outside, IN_HEAD, &filter, NULL, settle_row, settled);
	bson_destroy(&filter);
	if (status || settled->in || settled->epoch == engine->epoch || !writes->event_count)
		return status;
	bson_init(&filter);
	bson_put_int(&filter, "_id", writes->last_seq);
	bson_put_str(&filter, "batch", writes->batch);
	status = via_find(&outside, IN_EVENTS, &filter, NULL, logged_row, settled);
	bson_destroy(&filter);
	return status;
}

static enum itn_status commit_settle(struct mongo_engine *engine, const struct store_writes *writes)
{
	struct settled settled = { .batch = writes->batch };
	int64_t deadline_us = clock_monotonic_us() + link_timeout_ms(engine_link(engine)) * 2000;
	enum itn_status status;
	while ((status = head_ask(engine, writes, &settled)) && clock_monotonic_us() < deadline_us)
		if (!link_prove(engine_link(engine), deadline_us - clock_monotonic_us()))
			break;
	if (status)
		return ITN_UNKNOWN;
	if (settled.in)
		return ITN_OK;
	return settled.epoch == engine->epoch ? ITN_UNAVAILABLE : ITN_LOST_LEASE;
}

static enum itn_status commit(struct mongo_engine *engine, const struct store_writes *writes)
{
	bson_t reply;
	bson_error_t error;
	int64_t deadline_us = clock_monotonic_us() + link_timeout_ms(engine_link(engine)) * 1000;
	for (;;) {
		if (mongoc_client_session_commit_transaction(engine->via.session, &reply, &error)) {
			bson_destroy(&reply);
			engine->open = false;
			return ITN_OK;
		}
		bool unknown = mongoc_error_has_label(&reply, "UnknownTransactionCommitResult");
		enum itn_status status = via_failure(&engine->via, &reply, &error);
		bson_destroy(&reply);
		engine_refuse(engine, status, error.message, STR_NONE);
		if (!unknown && status == ITN_CONFLICT)
			return status;
		link_suspect(engine_link(engine), error.message);
		if (!unknown || engine->via.broken || !link_pause(engine_link(engine), deadline_us))
			return commit_settle(engine, writes);
	}
}

enum itn_status mongo_batch_commit(struct store_engine *base, const struct store_writes *writes)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	if (!engine->open)
		return engine_refuse(engine, ITN_FAILED, "no batch is open", STR_NONE);
	enum itn_status status = writes_apply(engine, writes);
	if (status == ITN_UNAVAILABLE)
		engine_fail(engine, status);
	else if (!status)
		status = commit(engine, writes);
	mongo_batch_abort(base);
	if (!status)
		engine->last_seq = writes->last_seq;
	else if (status == ITN_LOST_LEASE)
		engine->epoch = 0;
	return status;
}
