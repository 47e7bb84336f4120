/** The store engine for MongoDB: URIs that begin with "mongodb:" or "mongodb+srv:".
 *
 *  The database is named by the setting `network`, never by the URI. Writes are acknowledged by the majority, with journal;
 *  the URI's own words about concerns, timeouts and retries are overruled.
 */
#ifndef ITN_STORE_MONGO_H
#define ITN_STORE_MONGO_H

#include "store/engine_ops.h"

extern const struct store_ops mongo_ops;

#endif
