/** The layout of the data in MongoDB: collections, indexes, and the head that says which version it has. */
#ifndef ITN_STORE_MONGO_SCHEMA_H
#define ITN_STORE_MONGO_SCHEMA_H

#include "store/mongo_bson.h"
#include "store/mongo_link.h"

/** Makes what is missing; every process may do so at once, again and again. The head comes last, so that a half-made
 * schema is gone on with. ITN_UNAVAILABLE: the server went away; ITN_FAILED: a newer schema, or what is there is not
 * ours. */
enum itn_status mongo_schema_prepare(mongoc_client_t *client, const char *database, struct error *error) must_check;

#endif
