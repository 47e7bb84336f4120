#include "store/mongo_call.h"

#include <assert.h>
#include <string.h>

#define CODE_DUPLICATE_KEY 11000
#define CODE_OUT_OF_DISK   14031

/* Servers' error codes by what they mean to us. */
static const struct {
	uint32_t code;
	bool done_perhaps;
} unavailable[] = {
	{ 6, true },      /* HostUnreachable */
	{ 7, true },      /* HostNotFound */
	{ 24, true },     /* LockTimeout */
	{ 50, true },     /* MaxTimeMSExpired */
	{ 64, true },     /* WriteConcernFailed */
	{ 89, true },     /* NetworkTimeout */
	{ 91, true },     /* ShutdownInProgress */
	{ 112, true },    /* WriteConflict */
	{ 189, true },    /* PrimarySteppedDown */
	{ 202, true },    /* NetworkInterfaceExceededTimeLimit */
	{ 251, true },    /* NoSuchTransaction */
	{ 262, true },    /* ExceededTimeLimit */
	{ 9001, true },   /* SocketException */
	{ 10058, false }, /* LegacyNotPrimary */
	{ 10107, false }, /* NotWritablePrimary */
	{ 11600, true },  /* InterruptedAtShutdown */
	{ 11601, true },  /* Interrupted */
	{ 11602, true },  /* InterruptedDueToReplStateChange */
	{ 13435, false }, /* NotPrimaryNoSecondaryOk */
	{ 13436, true },  /* NotPrimaryOrSecondary */
	{ 16500, false }, /* too many requests */
};

static bool is_unavailable(const bson_error_t *error, bool *ret_done_perhaps)
{
	for (size_t i = 0; i < sizeof(unavailable) / sizeof(unavailable[0]); i++)
		if (error->code == unavailable[i].code) {
			*ret_done_perhaps = unavailable[i].done_perhaps;
			return true;
		}
	return false;
}

static bool was_sent(const bson_error_t *error)
{
	if (error->domain == MONGOC_ERROR_SERVER_SELECTION)
		return false;
	return !(error->domain == MONGOC_ERROR_STREAM &&
		 (error->code == MONGOC_ERROR_STREAM_NAME_RESOLUTION || error->code == MONGOC_ERROR_STREAM_CONNECT));
}

enum itn_status via_failure(struct via *via, const bson_t *reply, const bson_error_t *error)
{
	bool from_server = error->domain == MONGOC_ERROR_SERVER || error->domain == MONGOC_ERROR_WRITE_CONCERN;
	via->error = *error;
	via->handed_over = !from_server && was_sent(error);
	via->broken = !from_server &&
		      (error->domain == MONGOC_ERROR_STREAM || error->domain == MONGOC_ERROR_SERVER_SELECTION);
	if (from_server && error->code == CODE_DUPLICATE_KEY)
		return ITN_EXISTS;
	if (from_server && error->code == CODE_OUT_OF_DISK)
		return ITN_NO_ROOM;
	if (error->domain == MONGOC_ERROR_WRITE_CONCERN) {
		via->handed_over = true;
		return ITN_UNAVAILABLE;
	}
	if (from_server && via->session && reply && mongoc_error_has_label(reply, "TransientTransactionError") &&
	    !(error->code == 10107 || error->code == 13435 || error->code == 189 || error->code == 91))
		return ITN_CONFLICT;
	if (from_server)
		return is_unavailable(error, &via->handed_over) ? ITN_UNAVAILABLE : ITN_FAILED;
	return via->broken || error->domain == MONGOC_ERROR_CLIENT || error->domain == MONGOC_ERROR_PROTOCOL ||
			       error->domain == MONGOC_ERROR_COMMAND || error->domain == MONGOC_ERROR_CURSOR
		       ? ITN_UNAVAILABLE
		       : ITN_FAILED;
}

static mongoc_collection_t *collection_of(struct via *via, enum mongo_collection in)
{
	return mongoc_client_get_collection(via->client, via->database, mongo_collection_name(in));
}

static void opts_init(struct via *via, const bson_t *from, bson_t *opts)
{
	bson_error_t error;
	if (from)
		bson_copy_to(from, opts);
	else
		bson_init(opts);
	if (via->session && !mongoc_client_session_append(via->session, opts, &error))
		via->error = error;
}

enum itn_status via_find(struct via *via, enum mongo_collection in, const bson_t *filter, const bson_t *opts,
			 doc_fn *row, void *context)
{
	bson_t all;
	opts_init(via, opts, &all);
	mongoc_collection_t *collection = collection_of(via, in);
	mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(collection, filter, &all, NULL);
	const bson_t *doc, *reply;
	bool wanted = true;
	while (wanted && mongoc_cursor_next(cursor, &doc))
		wanted = row(context, doc);
	bson_error_t error;
	enum itn_status status = ITN_OK;
	if (mongoc_cursor_error_document(cursor, &error, &reply))
		status = via_failure(via, reply, &error);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(collection);
	bson_destroy(&all);
	return status;
}

enum itn_status via_command(struct via *via, const bson_t *command, bson_t *ret_reply)
{
	bson_t opts, reply;
	bson_error_t error;
	enum itn_status status = ITN_OK;
	opts_init(via, NULL, &opts);
	if (!mongoc_client_write_command_with_opts(via->client, via->database, command, &opts, &reply, &error))
		status = via_failure(via, &reply, &error);
	if (!status && ret_reply)
		bson_steal(ret_reply, &reply);
	else
		bson_destroy(&reply);
	bson_destroy(&opts);
	return status;
}

static void put_write_concern(struct via *via, bson_t *command)
{
	if (via->session && mongoc_client_session_in_transaction(via->session))
		return;
	const mongoc_write_concern_t *concern = mongoc_client_get_write_concern(via->client);
	mongoc_write_concern_append((mongoc_write_concern_t *)concern, command);
}

enum itn_status via_modify(struct via *via, enum mongo_collection in, const bson_t *filter, const bson_t *update,
			   bson_t *ret_doc)
{
	bson_t command = BSON_INITIALIZER, reply, value;
	bson_append_utf8(&command, "findAndModify", -1, mongo_collection_name(in), -1);
	bson_append_document(&command, "query", -1, filter);
	bson_append_document(&command, "update", -1, update);
	bson_append_bool(&command, "new", -1, true);
	put_write_concern(via, &command);
	enum itn_status status = via_command(via, &command, &reply);
	bson_destroy(&command);
	if (status)
		return status;
	if (bson_take_document(&reply, "value", &value))
		bson_copy_to(&value, ret_doc);
	else
		status = ITN_NOT_FOUND;
	bson_destroy(&reply);
	return status;
}

enum itn_status via_insert(struct via *via, enum mongo_collection in, const bson_t *doc)
{
	mongoc_bulk_operation_t *bulk = via_bulk(via, in, true);
	mongoc_bulk_operation_insert(bulk, doc);
	return via_bulk_run(via, bulk, 0);
}

mongoc_bulk_operation_t *via_bulk(struct via *via, enum mongo_collection in, bool ordered)
{
	bson_t opts;
	opts_init(via, NULL, &opts);
	bson_append_bool(&opts, "ordered", -1, ordered);
	mongoc_collection_t *collection = collection_of(via, in);
	mongoc_bulk_operation_t *bulk = mongoc_collection_create_bulk_operation_with_opts(collection, &opts);
	mongoc_collection_destroy(collection);
	bson_destroy(&opts);
	return bulk;
}

enum itn_status via_bulk_run(struct via *via, mongoc_bulk_operation_t *bulk, int64_t must_match)
{
	bson_t reply;
	bson_error_t error;
	enum itn_status status = ITN_OK;
	if (!mongoc_bulk_operation_execute(bulk, &reply, &error))
		status = via_failure(via, &reply, &error);
	else if (bson_take_int(&reply, "nMatched") < must_match)
		status = ITN_CONFLICT;
	bson_destroy(&reply);
	mongoc_bulk_operation_destroy(bulk);
	return status;
}
