#include "store/mongo_schema.h"

#include <stdio.h>
#include <string.h>

#include "core/id.h"
#include "core/log.h"
#include "store/mongo_call.h"
#include "store/store.h"

/* The schema that a collection came with. */
static const int64_t collection_schemas[MONGO_COLLECTIONS] = {
	[IN_HEAD] = 1, [IN_TRADES] = 1,   [IN_CARGO] = 1,    [IN_STOCK] = 1,         [IN_EVENTS] = 1,
	[IN_JOBS] = 1, [IN_REQUESTS] = 1, [IN_COUNTERS] = 1, [IN_NOTIFICATIONS] = 2,
	[IN_POSTINGS] = 3, [IN_BALANCES] = 3,
	[IN_CLAIMS] = 4,
	[IN_ALERTS] = 6,
};

/* One index a row: the schema that it came with, the keys, ascending, and what it must be. Each single filter of a list, followed by (createdAt,
 * _id), has its index; `only` is a boolean member that must be true for a document to be in it; in `expires` the key is the
 * time at which a document goes. */
#define KEYS_MAX 5
static const struct index {
	int64_t schema;
	enum mongo_collection in;
	const char *keys[KEYS_MAX];
	bool unique, sparse, expires;
	const char *only;
} indexes[] = {
	{ 1, IN_TRADES, { "createdAt", "_id" }, .only = NULL },
	{ 1, IN_TRADES, { "status", "createdAt", "_id" }, .only = NULL },
	{ 1, IN_TRADES, { "destination", "createdAt", "_id" }, .only = NULL },
	{ 1, IN_TRADES, { "buyer", "createdAt", "_id" }, .only = NULL },
	{ 1, IN_TRADES, { "seller", "createdAt", "_id" }, .only = NULL },
	{ 1, IN_TRADES, { "stationId", "createdAt", "_id" }, .only = NULL },
	{ 1, IN_TRADES, { "shipmentId", "createdAt", "_id" }, .only = NULL },
	{ 1, IN_TRADES, { "waits", "destination", "createdAt", "_id" }, .only = "waits" },
	{ 1, IN_TRADES, { "outboxAt" }, .sparse = true },
	{ 1, IN_CARGO, { "createdAt", "_id" }, .only = NULL },
	{ 1, IN_CARGO, { "status", "createdAt", "_id" }, .only = NULL },
	{ 1, IN_CARGO, { "destination", "createdAt", "_id" }, .only = NULL },
	{ 1, IN_CARGO, { "open", "destination", "createdAt", "_id" }, .only = "open" },
	{ 1, IN_CARGO, { "outboxAt" }, .sparse = true },
	{ 1, IN_REQUESTS, { "outboxAt" }, .sparse = true },
	{ 1, IN_EVENTS, { "id" }, .unique = true },
	{ 1, IN_JOBS, { "lane" }, .only = NULL },
	{ 2, IN_NOTIFICATIONS, { "status", "queuedAt", "_id" }, .only = NULL },
	{ 2, IN_NOTIFICATIONS, { "nextAt" }, .sparse = true },
	{ 3, IN_POSTINGS, { "stationId", "at", "_id" }, .only = NULL },
	{ 3, IN_POSTINGS, { "stationId", "item", "at", "_id" }, .only = NULL },
	{ 3, IN_POSTINGS, { "transactionId", "at", "_id" }, .only = NULL },
	{ 3, IN_POSTINGS, { "shipmentId", "at", "_id" }, .only = NULL },
	{ 4, IN_CLAIMS, { "expiresAt" }, .expires = true },
	{ 5, IN_TRADES, { "short", "stationId", "shortOf", "createdAt", "_id" }, .only = "short" },
	{ 5, IN_TRADES, { "reserves", "stationId", "createdAt", "_id" }, .only = "reserves" },
	{ 5, IN_JOBS, { "cause" }, .only = NULL },
	{ 6, IN_ALERTS, { "unresolved" }, .unique = true, .sparse = true },
	{ 6, IN_ALERTS, { "raisedAt", "_id" }, .only = NULL },
	{ 6, IN_ALERTS, { "status", "raisedAt", "_id" }, .only = NULL },
	{ 6, IN_ALERTS, { "kind", "raisedAt", "_id" }, .only = NULL },
	{ 6, IN_ALERTS, { "entity", "key", "raisedAt", "_id" }, .only = NULL },
	{ 6, IN_CARGO, { "dueAt", "_id" }, .sparse = true },
	{ 7, IN_EVENTS, { "entity", "key", "_id" }, .only = NULL },
	{ 7, IN_NOTIFICATIONS, { "eventId" }, .only = NULL },
};

#define CODE_NAMESPACE_NOT_FOUND    26
#define CODE_NAMESPACE_EXISTS	    48
#define CODE_INDEX_OPTIONS_CONFLICT 85
#define CODE_INDEX_KEYS_CONFLICT    86

static void index_describe(const struct index *index, bson_t *list, const char *at)
{
	bson_t one, keys, partial;
	char name[128];
	size_t len = 0;
	bson_append_document_begin(list, at, -1, &one);
	bson_append_document_begin(&one, "key", -1, &keys);
	for (size_t i = 0; i < KEYS_MAX && index->keys[i]; i++) {
		bson_append_int32(&keys, index->keys[i], -1, 1);
		len += (size_t)snprintf(name + len, sizeof(name) - len, "%s%s_1", i ? "_" : "", index->keys[i]);
	}
	bson_append_document_end(&one, &keys);
	bson_append_utf8(&one, "name", -1, name, (int)len);
	if (index->unique)
		bson_append_bool(&one, "unique", -1, true);
	if (index->sparse)
		bson_append_bool(&one, "sparse", -1, true);
	if (index->expires)
		bson_append_int32(&one, "expireAfterSeconds", -1, 0);
	if (index->only) {
		bson_append_document_begin(&one, "partialFilterExpression", -1, &partial);
		bson_append_bool(&partial, index->only, -1, true);
		bson_append_document_end(&one, &partial);
	}
	bson_append_document_end(list, &one);
}

static enum itn_status indexes_make(struct via *via, enum mongo_collection in, int64_t schema)
{
	bson_t command = BSON_INITIALIZER, list;
	uint32_t count = 0;
	char buf[16];
	const char *at;
	bson_append_utf8(&command, "createIndexes", -1, mongo_collection_name(in), -1);
	bson_append_array_begin(&command, "indexes", -1, &list);
	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
		if (indexes[i].in == in && indexes[i].schema == schema) {
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
	return ITN_OK;
}

enum itn_status mongo_schema_make(struct via *via, int64_t schema)
{
	enum itn_status status = ITN_OK;
	for (enum mongo_collection in = 0; !status && in < MONGO_COLLECTIONS; in++) {
		if (collection_schemas[in] == schema)
			status = collection_make(via, in);
		if (!status)
			status = indexes_make(via, in, schema);
	}
	return status;
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
	for (int64_t schema = 1; !status && schema <= STORE_SCHEMA; schema++)
		status = mongo_schema_make(via, schema);
	return status ? status : head_make(via);
}

enum itn_status mongo_schema_prepare(mongoc_client_t *client, const char *database, bool make, struct error *error)
{
	struct via via = { .client = client, .database = database };
	int64_t schema;
	enum itn_status status = schema_read(&via, &schema);
	if (!status && schema == 0 && !make)
		return error_set(error, ITN_FAILED, "there is no database %s: no itn has used it yet", database);
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

/* "{createdAt: 1, _id: 1}" of any document of numbers and booleans, such as an index' keys. */
static void describe_numbers(const bson_t *doc, char *text, size_t room)
{
	bson_iter_t iter;
	size_t len = (size_t)snprintf(text, room, "{");
	const char *separator = "";
	if (bson_iter_init(&iter, doc))
		while (bson_iter_next(&iter) && len < room) {
			len += (size_t)snprintf(text + len, room - len, "%s%s: %lld", separator, bson_iter_key(&iter),
						(long long)bson_iter_as_int64(&iter));
			separator = ", ";
		}
	if (len < room)
		snprintf(text + len, room - len, "}");
}

static void describe_keys(const struct index *index, char *text, size_t room)
{
	bson_t keys = BSON_INITIALIZER;
	for (size_t i = 0; i < KEYS_MAX && index->keys[i]; i++)
		bson_append_int32(&keys, index->keys[i], -1, 1);
	describe_numbers(&keys, text, room);
	bson_destroy(&keys);
}

static bool is_like(const struct index *index, const char *keys, const bson_t *found)
{
	bson_t view;
	char there[256];
	if (!bson_take_document(found, "key", &view))
		return false;
	describe_numbers(&view, there, sizeof(there));
	if (strcmp(there, keys) || bson_take_bool(found, "unique") != index->unique ||
	    bson_take_bool(found, "sparse") != index->sparse || bson_has_field(found, "expireAfterSeconds") != index->expires)
		return false;
	bool partial = bson_take_document(found, "partialFilterExpression", &view);
	return partial == (index->only != NULL) && (!partial || bson_take_bool(&view, index->only));
}

static void tell_missing(const struct index *index, const char *keys, store_fault_fn *fault, void *context)
{
	char what[384], options[96] = "", remedy[512];
	const char *in = mongo_collection_name(index->in);
	if (index->only)
		snprintf(options, sizeof(options), ", {partialFilterExpression: {%s: true}}", index->only);
	else if (index->expires)
		snprintf(options, sizeof(options), ", {expireAfterSeconds: 0}");
	else if (index->unique || index->sparse)
		snprintf(options, sizeof(options), ", {%s%s%s}", index->unique ? "unique: true" : "",
			 index->unique && index->sparse ? ", " : "", index->sparse ? "sparse: true" : "");
	snprintf(what, sizeof(what), "the index %s of %s is missing, or not as it should be", keys, in);
	snprintf(remedy, sizeof(remedy), "db.%s.createIndex(%s%s)", in, keys, options);
	fault(context, what, remedy);
}

static enum itn_status index_find(struct via *via, const struct index *index, const char *keys, bool *ret_there)
{
	mongoc_collection_t *collection =
		mongoc_client_get_collection(via->client, via->database, mongo_collection_name(index->in));
	mongoc_cursor_t *cursor = mongoc_collection_find_indexes_with_opts(collection, NULL);
	const bson_t *found, *reply;
	bson_error_t error;
	bool there = false;
	enum itn_status status = ITN_OK;
	while (mongoc_cursor_next(cursor, &found))
		there |= is_like(index, keys, found);
	if (mongoc_cursor_error_document(cursor, &error, &reply) && error.code != CODE_NAMESPACE_NOT_FOUND)
		status = via_failure(via, reply, &error);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(collection);
	*ret_there = there;
	return status;
}

static enum itn_status index_look(struct via *via, const struct index *index, store_fault_fn *fault, void *context)
{
	char keys[256];
	bool there;
	describe_keys(index, keys, sizeof(keys));
	enum itn_status status = index_find(via, index, keys, &there);
	if (!status && !there)
		tell_missing(index, keys, fault, context);
	return status;
}

static enum itn_status index_make(struct via *via, const struct index *index)
{
	bson_t command = BSON_INITIALIZER, list;
	bson_append_utf8(&command, "createIndexes", -1, mongo_collection_name(index->in), -1);
	bson_append_array_begin(&command, "indexes", -1, &list);
	index_describe(index, &list, "0");
	bson_append_array_end(&command, &list);
	enum itn_status status = via_command(via, &command, NULL);
	bson_destroy(&command);
	return status;
}

/* One of the same name or keys that is not as ours is somebody's doing: a person shall look at it. */
static bool is_in_the_way(const struct via *via)
{
	return via->error.domain == MONGOC_ERROR_SERVER &&
	       (via->error.code == CODE_INDEX_OPTIONS_CONFLICT || via->error.code == CODE_INDEX_KEYS_CONFLICT);
}

enum itn_status mongo_schema_mend(struct via *via)
{
	int made = 0;
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < sizeof(indexes) / sizeof(indexes[0]); i++) {
		char keys[256];
		bool there;
		describe_keys(&indexes[i], keys, sizeof(keys));
		status = index_find(via, &indexes[i], keys, &there);
		if (status || there)
			continue;
		status = index_make(via, &indexes[i]);
		made += !status;
		if (status && is_in_the_way(via))
			status = ITN_OK;
	}
	if (made)
		log_warn("missing indexes were made", LOG_INT("count", made));
	return status;
}

enum itn_status mongo_schema_compare(struct via *via, store_fault_fn *fault, void *context)
{
	int64_t schema;
	enum itn_status status = schema_read(via, &schema);
	for (size_t i = 0; !status && i < sizeof(indexes) / sizeof(indexes[0]); i++)
		if (indexes[i].schema <= schema)
			status = index_look(via, &indexes[i], fault, context);
	return status;
}
