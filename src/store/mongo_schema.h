/** The layout of the data in MongoDB: collections, indexes, and the head that says which version it has. */
#ifndef ITN_STORE_MONGO_SCHEMA_H
#define ITN_STORE_MONGO_SCHEMA_H

#include "store/inspect.h"
#include "store/mongo_bson.h"
#include "store/mongo_call.h"
#include "store/mongo_link.h"

/** With `make`, makes what is missing; every process may do so at once, again and again. The head comes last, so that a
 * half-made schema is gone on with. ITN_UNAVAILABLE: the server went away; ITN_FAILED: a newer schema, or what is there
 * is not ours; without `make`, also when there is none. */
enum itn_status mongo_schema_prepare(mongoc_client_t *client, const char *database, bool make,
				     struct error *error) must_check;
/** Makes the collections and indexes that came with this schema, as far as they are missing. */
enum itn_status mongo_schema_make(struct via *via, int64_t schema) must_check;
/** Makes the indexes that are missing, of data of this program's schema. */
enum itn_status mongo_schema_mend(struct via *via) must_check;
/** store_layout() over one client. */
enum itn_status mongo_schema_compare(struct via *via, store_fault_fn *fault, void *context) must_check;

#endif
