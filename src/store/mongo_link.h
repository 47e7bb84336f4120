/** The way to the MongoDB server: clients to use, whether it answers, and what time it is there.
 *
 *  One background thread says hello to the server a few times a second, and at once when somebody suspects it. While
 * the server is known to be down every caller is refused at once; the thread finds it when it comes back. Any number of
 * threads may call.
 */
#ifndef ITN_STORE_MONGO_LINK_H
#define ITN_STORE_MONGO_LINK_H

#include <mongoc/mongoc.h>

#include "core/config.h"
#include "core/error.h"
#include "core/status.h"

struct mongo_link;

/** Names of a database's collections. */
enum mongo_collection {
	IN_HEAD,
	IN_TRADES,
	IN_CARGO,
	IN_STOCK,
	IN_EVENTS,
	IN_JOBS,
	IN_REQUESTS,
	IN_COUNTERS,
	IN_NOTIFICATIONS,
	IN_POSTINGS,
	IN_BALANCES, /* by stock_key() of account and item */
	IN_CLAIMS,
	IN_ALERTS,
	MONGO_COLLECTIONS
};
const char *mongo_collection_name(enum mongo_collection collection);

/** Starts the background thread and waits for its first verdict, at most the store's timeout. Not reaching the server
 * is no error. ITN_FAILED: what the server has can't be used (newer schema, none and not to `make` it), or the URI. */
enum itn_status link_open(const struct config *config, bool make, struct mongo_link **ret_link,
			  struct error *error) must_check;
/** NULL is allowed. All clients must have been given back. */
void link_close(struct mongo_link *link);

/** ITN_OK, ITN_UNAVAILABLE while the server is known to be down, ITN_FAILED when its schema can't be used. */
enum itn_status link_status(struct mongo_link *link) must_check;
/** As link_status(), with the reason, and ITN_UNAVAILABLE while the server's time is not known well enough. */
enum itn_status link_check(struct mongo_link *link, struct error *error) must_check;
/** Somebody's operation failed: the server is looked at now. `why` may be NULL. */
void link_suspect(struct mongo_link *link, const char *why);
/** Suspects and waits for the verdict, at most `wait_us`: whether the server answers. */
bool link_prove(struct mongo_link *link, int64_t wait_us);
/** Waits a moment, at most until the deadline (monotonic, us): between two tries. False when the deadline has passed or
 *  the server is down. */
bool link_pause(struct mongo_link *link, int64_t deadline_us);

/** A client for a few operations; ITN_UNAVAILABLE when none is free in time, or the server is down. */
enum itn_status link_take(struct mongo_link *link, mongoc_client_t **ret_client) must_check;
void link_give(struct mongo_link *link, mongoc_client_t *client);
/** A client of one's own whose operations may take `socket_timeout_ms`; NULL when there can't be one. Not for other
 * threads. */
mongoc_client_t *link_client_new(struct mongo_link *link, int64_t socket_timeout_ms);

/** The server's time, ms: its offset to our monotonic clock is measured, so that our wall clock may jump. */
int64_t link_now_ms(struct mongo_link *link);
/** The database of the network. */
const char *link_database(const struct mongo_link *link);
int64_t link_timeout_ms(const struct mongo_link *link);
/** How long an operation waits for a primary, when none is known. */
int64_t link_selection_ms(const struct mongo_link *link);

#endif
