/** What an administrator wants to know of a store, and what only he does to it. Reads change nothing. */
#ifndef ITN_STORE_INSPECT_H
#define ITN_STORE_INSPECT_H

#include "store/batch.h"

/** As store_open(), but makes nothing: ITN_FAILED also when there is no database yet. A MongoDB server that is away is
 *  no error here either; store_check() says so. */
enum itn_status store_open_existing(const struct config *config, struct store **ret_store, struct error *error) must_check;

/** What waits is counted up to here. */
#define STORE_COUNT_MAX 10000

/** How it goes, read in one go. */
struct store_vitals {
	struct store_head head;
	struct store_lease lease;
	int64_t waiting;    /**< entries (MongoDB: documents with entries) that are not in the log yet, STORE_COUNT_MAX at most */
	int64_t waiting_at; /**< when the oldest of them was accepted, ms; 0: none waits */
	int64_t jobs;       /**< effects that are outstanding */
	int64_t now;        /**< the store's time, ms; SQLite: this host's */
	int64_t room;       /**< bytes that are free where the database lies; -1: the store does not say */
};
enum itn_status store_vitals(struct store *store, struct store_vitals *ret_vitals) must_check;

/** Something of the layout that is missing, or is not as this program makes it, and the statement that mends it ("" when
 *  no single one does). Both valid during the call. */
typedef void store_fault_fn(void *context, const char *what, const char *remedy);
/** Compares tables and indexes with those that this program makes; in SQLite looks through the file too, if it has no more
 *  than 1 GB. */
enum itn_status store_layout(struct store *store, store_fault_fn *fault, void *context, struct error *error) must_check;

/** Copies the data as they are at one instant into a new file of mode 0600, while everything is at work, and makes sure that it
 *  is on the disk. Nothing is left of a copy that fails. Takes as long as it takes.
 *  @return ITN_EXISTS: there is a file of this name; ITN_INVALID: this store has other means (the error names them);
 *          ITN_UNAVAILABLE, ITN_FAILED: the error says why */
enum itn_status store_backup(struct store *store, const char *path, struct error *error) must_check;

/** Gives the log another identity: every position of the former one is a gap from now on. For the lease's holder, on a
 *  database that was restored. ITN_LOST_LEASE: it is another's. */
enum itn_status store_log_renew(struct store_engine *engine) must_check;

#endif
