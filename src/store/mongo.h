/** The store engine for MongoDB: URIs that begin with "mongodb:" or "mongodb+srv:". */
#ifndef ITN_STORE_MONGO_H
#define ITN_STORE_MONGO_H

#include "store/engine_ops.h"

extern const struct store_ops mongo_ops;

/** mongo_ops.open: as store_open(). The URI's scheme has been looked at. */
enum itn_status mongo_store_open(const struct config *config, struct store **ret_store, struct error *error) must_check;

#endif
