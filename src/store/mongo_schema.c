#include "store/mongo_schema.h"

#include <stdio.h>

#include "core/id.h"
#include "store/mongo_call.h"
#include "store/store.h"

/* One index a row: the keys, ascending, and what it must be. Each single filter of a list, followed by (createdAt,
 * _id), has its index; `only` is a boolean member that must be true for a document to be in it. */
static const struct index {
	enum mongo_collection in;
	const char *keys[4];
	bool unique, sparse;
	const char *only;
} indexes[] = {
	{ IN_TRADES, { "createdAt", "_id" }, .only = NULL },
	{ IN_TRADES, { "status", "createdAt", "_id" }, .only = NULL },
	{ IN_TRADES, { "destination", "createdAt", "_id" }, .only = NULL },
	{ IN_TRADES, { "buyer", "createdAt", "_id" }, .only = NULL },
	{ IN_TRADES, { "seller", "createdAt", "_id" }, .only = NULL },
	{ IN_TRADES, { "stationId", "createdAt", "_id" }, .only = NULL },
	{ IN_TRADES, { "shipmentId", "createdAt", "_id" }, .only = NULL },
	{ IN_TRADES, { "waits", "destination", "createdAt", "_id" }, .only = "waits" },
	{ IN_TRADES, { "outboxAt" }, .sparse = true },
	{ IN_CARGO, { "createdAt", "_id" }, .only = NULL },
	{ IN_CARGO, { "status", "createdAt", "_id" }, .only = NULL },
	{ IN_CARGO, { "destination", "createdAt", "_id" }, .only = NULL },
	{ IN_CARGO, { "open", "destination", "createdAt", "_id" }, .only = "open" },
	{ IN_CARGO, { "outboxAt" }, .sparse = true },
	{ IN_REQUESTS, { "outboxAt" }, .sparse = true },
	{ IN_EVENTS, { "id" }, .unique = true },
	{ IN_JOBS, { "lane" }, .only = NULL },
};

#define CODE_NAMESPACE_EXISTS 48

static void index_describe(const struct index *index, bson_t *list, const char *at)
{
	bson_t one, keys, partial;
	char name[128];
	size_t len = 0;
	bson_append_document_begin(list, at, -1, &one);
	bson_append_document_begin(&one, "key", -1, &keys);
	for (size_t i = 0; i < 4 && index->keys[i]; i++) {
		bson_append_int32(&keys, index->keys[i], -1, 1);
		len += (size_t)snprintf(name + len, sizeof(name) - len, "%s%s_1", i ? "_" : "", index->keys[i]);
	}
	bson_append_document_end(&one, &keys);
	bson_append_utf8(&one, "name", -1, name, (int)len);
	if (index->unique)
		bson_append_bool(&one, "unique", -1, true);
	if (index->sparse)
		bson_append_bool(&one, "sparse", -1, true);
	if (index->only) {
		bson_append_document_begin(&one, "partialFilterExpression", -1, &partial);
		bson_append_bool(&partial, index->only, -1, true);
		bson_append_document_end(&one, &partial);
	}
	bson_append_document_end(list, &one);
}

static enum itn_status indexes_make(struct via *via, enum mongo_collection in)
{
	bson_t command = BSON_INITIALIZER, list;
	uint32_t count = 0;
	char buf[16];
	const char *at;
	bson_append_utf8(&command, "createIndexes", -1, mongo_collection_name(in), -1);
	bson_append_array_begin(&command, "indexes", -1, &list);
	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
		if (indexes[i].in == in) {
			bson_uint32_to_string(count++, &at, buf, sizeof(buf));
			index_describe(&indexes[i], &list, at);
		}
	bson_append_array_end(&command, &list);
	enum itn_status status = count ? via_command(via, &command, NULL) : ITN_OK;
	bson_destroy(&command);
	return status;
}

static enum itn_status collection_make(struct via *via, enum mongo_collection in)
{
	bson_t command = BSON_INITIALIZER;
	bson_append_utf8(&command, "create", -1, mongo_collection_name(in), -1);
	enum itn_status status = via_command(via, &command, NULL);
	bson_destroy(&command);
	if (status && !(via->error.domain == MONGOC_ERROR_SERVER && via->error.code == CODE_NAMESPACE_EXISTS))
		return status;
	return indexes_make(via, in);
}

static enum itn_status head_make(struct via *via)
{
	char log[STORE_LOG_ID_LEN + 1];
	id_random_hex(log, STORE_LOG_ID_LEN);
	bson_t head = BSON_INITIALIZER;
	bson_put_str(&head, "_id", STR("head"));
	bson_put_str(&head, "log", str_from(log));
	bson_put_int(&head, "schema", STORE_SCHEMA);
	bson_put_int(&head, "epoch", 0);
	bson_put_int(&head, "lastSeq", 0);
	bson_put_int(&head, "loggedAt", 0);
	bson_put_int(&head, "beat", 0);
	bson_put_str(&head, "batchId", STR(""));
	bson_put_str(&head, "holder", STR(""));
	enum itn_status status = via_insert(via, IN_HEAD, &head);
	bson_destroy(&head);
	return status == ITN_EXISTS ? ITN_OK : status;
}

static bool schema_row(void *context, const bson_t *doc)
{
	*(int64_t *)context = bson_take_int(doc, "schema");
	return true;
}

static enum itn_status schema_read(struct via *via, int64_t *ret_schema)
{
	bson_t filter = BSON_INITIALIZER;
	bson_put_str(&filter, "_id", STR("head"));
	*ret_schema = 0;
	enum itn_status status = via_find(via, IN_HEAD, &filter, NULL, schema_row, ret_schema);
	bson_destroy(&filter);
	return status;
}

static enum itn_status schema_make(struct via *via)
{
	enum itn_status status = ITN_OK;
	for (unsigned in = 0; !status && in < MONGO_COLLECTIONS; in++)
		status = collection_make(via, (enum mongo_collection)in);
	return status ? status : head_make(via);
}

enum itn_status mongo_schema_prepare(mongoc_client_t *client, const char *database, struct error *error)
{
	struct via via = { .client = client, .database = database };
	int64_t schema;
	enum itn_status status = schema_read(&via, &schema);
	if (!status && schema == 0 && !(status = schema_make(&via)))
		status = schema_read(&via, &schema);
	if (status)
		return error_set(error, status == ITN_FAILED ? ITN_FAILED : ITN_UNAVAILABLE,
				 "the database %s can't be prepared: %s", database, via.error.message);
	if (schema > STORE_SCHEMA)
		return error_set(error, ITN_FAILED, "the database %s has schema %lld, this program knows up to %d",
				 database, (long long)schema, STORE_SCHEMA);
	return ITN_OK;
}
