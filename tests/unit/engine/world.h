/** A small trade network for the engine's tests: a store of its own (ITN_TEST_STORE, else SQLite in a temporary folder),
 *  writers as itn-api is one, an engine that runs when it is told to. Every failure of the store fails the test. */
#ifndef ITN_TESTS_WORLD_H
#define ITN_TESTS_WORLD_H

#include <stdbool.h>

#include "core/config.h"
#include "engine/sequencer.h"
#include "store/batch.h"

struct world {
	struct config config;
	char folder[64];
	char uri[128];
	char network[40];
	struct arena *arena;
	struct store *store;
	struct store_engine *engine;
	struct sequencer *sequencer;
	struct store_lease lease;
	int64_t clock; /* createdAt of the next document */
	int64_t due_until; /* rules about time: until when; 0: they pause */
};

struct world *world_new(void);
void world_free(struct world *world);
/** The engine dies and another one takes over. */
void world_restart_engine(struct world *world);
/** Applies settings that were changed in world->config. */
void world_reconfigure(struct world *world);

/** Lines as "iron 5, copper 2". */
struct lines world_lines(struct world *world, const char *text);
/** Creates a trade; returns its id. */
struct str world_trade(struct world *world, const char *destination, const char *lines);
/** The same with a station that its goods come from. */
struct str world_trade_from(struct world *world, const char *station, const char *destination, const char *lines);
/** Somebody counts "iron 5, copper 2" at a station; returns the request's id. */
struct str world_count_stock(struct world *world, const char *station, const char *counted);
void world_cargo(struct world *world, const char *id, const char *destination, const char *own_lines, int64_t capacity);
/** A client's change, as compare and set; the verdict must be VERDICT_CHANGED. */
void world_set_trade(struct world *world, struct str id, enum trade_status status);
void world_set_cargo(struct world *world, const char *id, enum cargo_status status);
void world_change_cargo(struct world *world, const char *id, const struct cargo_change *wish);
/** A wish for the engine; returns the request's id. */
struct str world_request(struct world *world, enum entity_kind entity, struct str key, const char *body);

/** One batch. */
enum itn_status world_step(struct world *world, struct sequencer_result *ret_result);
/** Batches until nothing is left. Returns how many it took. */
int world_settle(struct world *world);

struct trade world_get_trade(struct world *world, struct str id);
struct cargo world_get_cargo(struct world *world, const char *id);
/** On hand at a station; -1: no such record. */
int64_t world_on_hand(struct world *world, const char *station, const char *item);
/** Another number of that record, by its member's name. */
int64_t world_item(struct world *world, const char *station, const char *item, const char *member);
/** What a station's ledger says, a posting a line: "SEQ QUANTITY ITEM FROM BALANCE > TO BALANCE [TRADE]". */
const char *world_movements(struct world *world, const char *station);

/** The mails that were made, those of one status after the other, oldest first: "STATUS ADDRESS: SUBJECT" a line. */
const char *world_mails(struct world *world);
/** The log as text, one event a line: "SEQ NAME KEY STATUS [MESSAGE]"; checks seqs and ids while it reads. */
const char *world_log(struct world *world);
/** Lines of the log that contain `part`. */
int world_count(struct world *world, const char *part);

#endif
