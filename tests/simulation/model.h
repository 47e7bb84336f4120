/** The reference model: a trade network as simple and slow as can be, told what the log says, event by event.
 *
 *  It takes from the log its order, its batches, and what clients did. From that it works out itself, by the rules in
 * plain loops over everything, where each trade and each crate must be, and compares. It shares no source with
 * src/domain, not even a header.
 *
 *  Which effects go on in a later batch is a matter of sizes and timing that it does not guess. It is told what is
 * outstanding. As long as nothing is half done it predicts every status, hold, reservation, shortage, shipment,
 * manifest and quantity; of lanes (stations) where something is, and of those that depend on them, it only checks what
 * holds at any time, until nothing is outstanding there.
 */
#ifndef ITN_SIMULATION_MODEL_H
#define ITN_SIMULATION_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rules.h"

struct model;

/** @param admins  how many are told of delays
 *  @param fail   called with what is wrong; does not return
 *  @param rules  RULES counters, added to */
struct model *model_new(size_t trade_lines_limit, size_t cargo_lines_limit, unsigned admins,
			void (*fail)(const char *fmt, ...), uint64_t *rules);
void model_free(struct model *model);

/** The next event, as clients see it. `frame` is NUL-terminated and lives as long as the model. */
void model_event(struct model *model, const char *frame);
/** An effect that is outstanding. */
struct outstanding_job {
	enum { LEFT_CAUSE, LEFT_RESTOCK, LEFT_READY, LEFT_ROOM } kind;
	int64_t seq; /**< of what it follows from */
	char lane[16];
	bool begun;        /**< something of it is done */
	const char *items; /**< of a restocking: their names, by lines */
};

/** What is outstanding when a batch has ended, and what the engine keeps to itself. */
struct outstanding {
	struct outstanding_job *jobs;
	size_t job_count;
	struct {
		char trade[32], item[16];
	} * shorts; /**< trades that are short, and of what */
	size_t short_count;
	char unclear[8][16]; /**< lanes where a trade is closed and its closing not in the log yet */
	size_t unclear_count;
};

/** The events since the last call were one batch. */
void model_batch_end(struct model *model, const struct outstanding *left);
/** What time it was, ms, when the batch that ends was committed, or later: what is late must have been due. */
void model_time(struct model *model, int64_t now);
/** At the end: of whatever was due until then it was told. */
void model_check_late(struct model *model, int64_t until);
/** What the log told last of an alert; "": nothing since it was raised. NULL: there is none. */
const char *model_alert(struct model *model, const char *id, int64_t *ret_version, bool *ret_acknowledged,
			size_t *ret_len);
/** How many alerts of this status there are by the log; NULL: of any. */
int64_t model_alert_count(const struct model *model, const char *status);
/** A batch without events: only what is outstanding has changed. */
void model_rest(struct model *model, const struct outstanding *left);

/** What the log told last of a trade or cargo: its data; NULL: nothing. */
const char *model_data(const struct model *model, bool is_cargo, const char *key, size_t *ret_len);
/** What the log told of this version; NULL: nothing. */
const char *model_data_of(const struct model *model, bool is_cargo, const char *key, int64_t version, size_t *ret_len);
/** The version that the log had told of it up to this seq; 0: none. */
int64_t model_version_at(const struct model *model, bool is_cargo, const char *key, int64_t seq);
/** How much of an item is on its way on this shipment, or on all (NULL, and any item), when nothing is outstanding. */
int64_t model_on_way(const struct model *model, const char *shipment, const char *item);
/** Where a trade's goods are when nothing is outstanding: "waiting", "reserved", "loaded" (also under way), "arrived".
 */
const char *model_place(const struct model *model, const char *trade);
/** How many documents of this status there are by the log. */
int64_t model_count(const struct model *model, bool is_cargo, const char *status);
struct model_stock {
	int64_t on_hand, reserved, incoming, reorder;
};
/** Of an item at a station: what the log told last; false: nothing. */
bool model_stock(const struct model *model, const char *station, const char *item, struct model_stock *ret);
/** How much of an item its station gave for a trade: to this shipment, or by hand (NULL). */
int64_t model_given(const struct model *model, const char *trade, const char *station, const char *item,
		    const char *shipment);
/** All that stations gave to shipments, when nothing is outstanding. */
int64_t model_given_in_all(const struct model *model);
/** Whether this event is the one that counted the station. */
bool model_counts(const struct model *model, const char *event, const char *station);
/** The number of this event; 0: there is none. */
int64_t model_seq(const struct model *model, const char *event);
/** Takes one of the mails that are due about this event; false: none is (left). */
bool model_mail(struct model *model, const char *event);
/** How many are left of all. */
size_t model_mails(const struct model *model);
/** The seq and tag of each event, and whether it delivers cargo, that a client caused, in order: `tag` is the text of
 * the member that says whose it was. */
typedef void model_cause_fn(void *context, int64_t seq, bool delivers, const char *key, const char *tag);
void model_causes(const struct model *model, model_cause_fn *row, void *context);

#endif
