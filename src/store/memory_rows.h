/** Rows with versions: snapshots to read, transactions that conflict where they write the same row, and nothing else.
 *
 *  Nothing here locks: whoever calls has the database's lock.
 */
#ifndef ITN_STORE_MEMORY_ROWS_H
#define ITN_STORE_MEMORY_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"
#include "core/str.h"

struct row_transaction;

/** A value in an arena of its own; never changed once it is there. */
struct row_version {
	struct row_version *older;
	struct row_transaction *owner; /**< open; NULL: committed */
	int64_t at;                    /**< when it was committed, counted in commits */
	struct arena *arena;
	void *value; /**< NULL: the row is gone */
};

struct row {
	struct str key;
	struct row_version *newest;
};

struct row_table {
	struct row **at; /**< by key */
	size_t count, room;
};

struct row_transaction {
	int64_t snapshot;
	struct row **written;
	size_t count, room;
	struct row_transaction *next; /**< of those that are open */
};

struct row_clock {
	int64_t commits;
	struct row_transaction *open;
};

/** NULL: there never was one. */
struct row *row_find(const struct row_table *table, struct str key);
/** The first place with a key that is not below. */
size_t row_place(const struct row_table *table, struct str key);
struct row *row_make(struct row_table *table, struct str key);
void row_table_free(struct row_table *table);

/** What the transaction sees, or without one: what is committed. NULL: nothing. */
const void *row_seen(const struct row *row, const struct row_transaction *transaction);
/** The transaction that has written the row and is still open. */
struct row_transaction *row_holder(const struct row *row);

void transaction_begin(struct row_clock *clock, struct row_transaction *transaction);
/** Takes the arena over in any case. ITN_CONFLICT: another transaction has it, or it was changed after the snapshot. */
enum itn_status transaction_put(struct row_transaction *transaction, struct row *row, struct arena *arena,
				void *value) must_check;
void transaction_commit(struct row_clock *clock, struct row_transaction *transaction);
void transaction_roll_back(struct row_clock *clock, struct row_transaction *transaction);
/** A write of its own; nobody may hold the row. */
void row_put(struct row_clock *clock, struct row *row, struct arena *arena, void *value);

#endif
