/** A caller's write on its way: the queue's thread runs it with others in one transaction, each in a savepoint of its
 * own. */
#ifndef ITN_STORE_SQLITE_WRITE_H
#define ITN_STORE_SQLITE_WRITE_H

#include "store/sqlite_store.h"

struct sqlite_write;
/** What is written; anything but ITN_OK undoes it and is the caller's answer. */
typedef enum itn_status sqlite_write_fn(struct conn *conn, const struct sqlite_write *write);

/** The head of a write, which has copies of all that it needs in the arena: it may outlive the caller's patience. */
struct sqlite_write {
	struct commit_item item;
	struct arena *arena;
	sqlite_write_fn *run;
};

/** A zeroed struct of `size` that begins with a struct sqlite_write, in an arena of its own. */
void *sqlite_write_new(size_t size, sqlite_write_fn *run);
/** Queues it and waits for its result; frees it in any case. */
enum itn_status sqlite_write_submit(struct sqlite_store *store, struct sqlite_write *write) must_check;

#endif
