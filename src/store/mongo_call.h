/** Single operations on the server, over one client, inside a session's transaction when there is one. */
#ifndef ITN_STORE_MONGO_CALL_H
#define ITN_STORE_MONGO_CALL_H

#include "store/mongo_bson.h"
#include "store/mongo_link.h"

/** The way an operation takes. Not thread-safe. */
struct via {
	mongoc_client_t *client;
	const char *database;
	mongoc_client_session_t *session; /**< NULL: none. In a transaction its concerns hold, else the client's */
	bson_error_t error;               /**< of the last operation that failed */
	bool handed_over;                 /**< the one that failed may have been done all the same */
	bool broken;                      /**< the last failure was the network's */
};

/** What a failure means: ITN_EXISTS (duplicate key), ITN_CONFLICT (transient in a transaction), ITN_UNAVAILABLE,
 * ITN_FAILED (the server refuses what can't be mended by trying again). Sets the via's last three members; `reply` may
 * be NULL. */
enum itn_status via_failure(struct via *via, const bson_t *reply, const bson_error_t *error) must_check;

/** Gets each document in turn; false ends the reading. The document is valid during the call. */
typedef bool doc_fn(void *context, const bson_t *doc);
/** `opts` are find's (limit, sort, projection), may be NULL. */
enum itn_status via_find(struct via *via, enum mongo_collection in, const bson_t *filter, const bson_t *opts,
			 doc_fn *row, void *context) must_check;
/** A command on the database; `ret_reply` may be NULL, else it is the caller's to destroy, on ITN_OK only. */
enum itn_status via_command(struct via *via, const bson_t *command, bson_t *ret_reply) must_check;
/** findAndModify of one document by a filter, gives the new one: ITN_NOT_FOUND when none matches. */
enum itn_status via_modify(struct via *via, enum mongo_collection in, const bson_t *filter, const bson_t *update,
			   bson_t *ret_doc) must_check;
enum itn_status via_insert(struct via *via, enum mongo_collection in, const bson_t *doc) must_check;

/** A bulk write; NULL opts are never passed on, so that a session is always followed. */
mongoc_bulk_operation_t *via_bulk(struct via *via, enum mongo_collection in, bool ordered);
/** Runs and destroys it. ITN_CONFLICT also when fewer than `must_match` documents were matched. */
enum itn_status via_bulk_run(struct via *via, mongoc_bulk_operation_t *bulk, int64_t must_match) must_check;

#endif
