/** The contract of store.h and batch.h as tests that know no engine: the same for each store that ITN_TEST_STORE names.
 *
 *  ITN_TEST_STORE: a mongodb:// URI (each test has a network of its own there); not set: SQLite in a temporary folder.
 *  A program that is made with CONTRACT_STORE has that one: the store in memory.
 */
#ifndef ITN_TESTS_STORE_CONTRACT_H
#define ITN_TESTS_STORE_CONTRACT_H

#include "../unit.h"

#include <sys/types.h>

#include "core/clock.h"
#include "store/batch.h"

/** What a test works on: a store that nobody else has, empty at first. */
struct fixture {
	struct config config;
	char folder[64], uri[512], network[32];
	struct store *store;
	struct store_engine *engine; /**< NULL until fixture_engine() */
	struct arena *arena;
	int64_t now; /**< goes up with each document and change */
	size_t batches;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);
/** Opens the same store once more, as another process would. */
struct store *fixture_open_again(struct fixture *f);
/** The engine's side, with the lease. */
struct store_engine *fixture_engine(struct fixture *f);
/** An engine of another process that takes the lease as it stands. */
struct store_engine *fixture_other_engine(struct fixture *f, struct store *store, const char *holder);

#define CONTRACT(test) cmocka_unit_test_setup_teardown(test, fixture_set_up, fixture_tear_down)
/** The groups of tests, one for each file. */
struct contract_group {
	const char *name;
	const struct CMUnitTest *tests;
	size_t count;
};
extern const struct contract_group contract_alerts, contract_write, contract_list, contract_lease, contract_batch,
	contract_loading, contract_jobs, contract_notifications, contract_ledger, contract_claims, contract_crowd,
	contract_processes, contract_inspect, contract_prefetch, contract_stock, contract_scan,
	contract_timeline;

/** Fails when it is not the status that is expected. */
void check_status(const char *name, enum itn_status actual, enum itn_status expected);

/* Documents. Texts of the arguments must be literals or live in the arena. */

/** A trade of one line (5 ore) to `destination`, created now. */
struct trade trade_to(struct fixture *f, const char *destination);
struct cargo cargo_to(struct fixture *f, const char *destination);
/** An entry that tells of the document as it is. */
struct entry trade_entry(struct fixture *f, const struct trade *trade, enum entry_kind kind);
struct entry cargo_entry(struct fixture *f, const struct cargo *cargo, enum entry_kind kind);
struct entry request_entry(struct fixture *f, const struct trade *trade);
/** Creates it; must succeed. Returns the event's id. */
struct str put_trade(struct fixture *f, const struct trade *trade);
struct str put_cargo(struct fixture *f, const struct cargo *cargo);
/** Sets another status with a new version as a client does; the status of the store's answer. */
enum itn_status change_trade(struct fixture *f, struct trade *trade, enum trade_status status);
enum itn_status change_cargo(struct fixture *f, struct cargo *cargo, enum cargo_status status);

/* The engine's work, as simple as can be. */

/** Begins a batch; must succeed. */
struct store_batch begin(struct fixture *f, size_t max);
/** What a batch writes when all its entries become events and creations become visible to the engine. */
struct store_writes number_entries(struct fixture *f, struct store_engine *engine, const struct store_batch *batch);
/** Numbers all that waits. Returns how many entries there were. */
size_t drain(struct fixture *f);
/** Writes without events on top of the open batch, with a new batch id. */
struct store_writes nothing(struct fixture *f, const struct store_batch *batch);
/** Begins a batch on an empty backlog, applies the writes to it with head's last_seq, commits. */
enum itn_status commit_alone(struct fixture *f, struct store_writes writes);

/** The trade or cargo as the store has it; must be there. */
struct trade stored_trade(struct fixture *f, struct str id);
struct cargo stored_cargo(struct fixture *f, struct str id);

/* Processes: the test program started anew in a role. A store in memory has none. */

struct child {
	pid_t pid;
	int from; /**< what it writes to its standard output */
};
/** `role` is one of child.c's; it works on the fixture's store. */
struct child child_start(struct fixture *f, const char *role);
/** A line that the child says, without newline; false at its end. Waits. */
bool child_line(struct child *child, char *ret_line, size_t size);
/** Sends the signal, SIGKILL also reaps. */
void child_signal(struct child *child, int signal);
/** The roles' entry, called by main() when its arguments ask for one. */
int child_main(int argc, char **argv);

#endif
