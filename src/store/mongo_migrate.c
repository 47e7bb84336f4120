#include "store/mongo_engine.h"
#include "store/mongo_schema.h"

/* Notes that a step is done, if the lease is still ours; ITN_NOT_FOUND: it is not. */
static enum itn_status step_note(struct mongo_engine *engine, struct via *outside, int64_t schema)
{
	bson_t filter, update = BSON_INITIALIZER, set, head;
	engine_head_filter(engine, &filter);
	bson_append_document_begin(&update, "$set", -1, &set);
	bson_put_int(&set, "schema", schema);
	bson_append_document_end(&update, &set);
	enum itn_status status = via_modify(outside, IN_HEAD, &filter, &update, &head);
	bson_destroy(&filter);
	bson_destroy(&update);
	if (!status)
		bson_destroy(&head);
	return status;
}

/* What the steps make may be there already, made by an engine that was killed or lost its lease. */
static enum itn_status step(struct mongo_engine *engine, int64_t *ret_schema)
{
	struct store_head head;
	enum itn_status status = engine_renew(engine, &head);
	if (status)
		return status;
	*ret_schema = head.schema;
	if (head.schema >= STORE_SCHEMA)
		return ITN_OK;
	struct via outside = engine->via;
	outside.session = NULL;
	status = mongo_schema_make(&outside, head.schema + 1);
	if (!status && head.schema + 1 == STORE_LEDGER_SCHEMA)
		status = mongo_ledger_open(engine, &outside, &head);
	if (!status && head.schema + 1 == STORE_ALERTS_SCHEMA)
		status = mongo_date_cargo(engine, &outside);
	if (status == ITN_LOST_LEASE)
		return status;
	if (!status)
		status = step_note(engine, &outside, head.schema + 1);
	engine->via.error = outside.error;
	if (status == ITN_NOT_FOUND) {
		engine->epoch = 0;
		return engine_refuse(engine, ITN_LOST_LEASE, "another engine holds the lease", STR_NONE);
	}
	if (status)
		return engine_fail(engine, status);
	*ret_schema = head.schema + 1;
	return ITN_OK;
}

/* On a large collection this may outlast the lease: whoever has it next goes on with the same. */
static enum itn_status indexes_mend(struct mongo_engine *engine)
{
	struct via outside = engine->via;
	outside.session = NULL;
	enum itn_status status = mongo_schema_mend(&outside);
	engine->via.error = outside.error;
	return status ? engine_fail(engine, status) : ITN_OK;
}

enum itn_status mongo_migrate(struct store_engine *base, int64_t *ret_schema)
{
	enum itn_status status;
	do
		status = step(mongo_engine_of(base), ret_schema);
	while (!status && *ret_schema < STORE_SCHEMA);
	return !status && *ret_schema == STORE_SCHEMA ? indexes_mend(mongo_engine_of(base)) : status;
}
