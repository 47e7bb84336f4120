/** The draft of one batch: documents as read in its snapshot, what they become, and the events that tell it.
 *
 *  Everything lives in the batch's arena. Documents are read once; what the draft holds overrides what the store would say.
 *  Changes by effects are told once per document at the end (draft_tell_all); a status change is told at once.
 */
#ifndef ITN_ENGINE_DRAFT_H
#define ITN_ENGINE_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/config.h"
#include "core/map.h"
#include "core/status.h"
#include "store/batch.h"

/** A document in the draft. */
struct draft_trade {
	struct trade trade;
	int64_t from_version; /**< as read: the guard of its write */
	bool touched;         /**< to be written */
	struct job *untold;   /**< cause of the last change that no event tells yet, else NULL */
	int64_t told_seq;     /**< of the last tradeUpdated of this batch, 0: none */
	struct str told_id;
};
struct draft_cargo {
	struct cargo cargo;
	int64_t from_version;
	bool touched;
	struct job *untold;
};
struct draft_stock {
	struct stock stock;
	int64_t from_version;
	struct job *untold; /**< stock changes by effects only: untold until the end of the batch */
	bool rose;          /**< more of it became available, for however short */
	bool retried;       /**< whoever is short of it was tried since, and none of them fits */
	bool was_low;       /**< stock_is_low() as read */
	int64_t told_seq;   /**< of its inventoryUpdated, once all is told; 0: none */
	struct str told_id;
};

/** A station that was counted: goods that leave it by later causes wait until the stock-take is applied. */
struct draft_counted {
	struct str station;
	int64_t seq; /**< of the stock-take */
};

struct draft_alert {
	struct alert alert;
	int64_t from_version; /**< 0: it is raised in this batch */
};

struct draft_balance {
	struct balance balance;
	int64_t stored; /**< quantity as read */
	bool ends;      /**< at 0 it is over */
};

/** A growing array of pointers or structs in the arena. */
struct draft_list {
	void **at;
	size_t count, capacity;
};

struct draft {
	struct arena *arena;
	const struct config *config;
	struct store_engine *store;
	int64_t now;   /**< time of derived events and loggedAt of all */
	int64_t seq;   /**< last number given */
	struct str id; /**< the batch's id */
	struct buf json; /**< scratch, kept from batch to batch */

	struct map trades_by_id, cargo_by_id, stock_by_key, balances_by_key, lanes_by_name, alerts_by_id, alerts_by_about;
	struct draft_list trades, cargo, stock, balances, alerts; /**< in the order of their first appearance */
	struct draft_list postings;                       /**< struct posting, without numbers; in order */
	int64_t stock_seq;                                /**< of the first inventoryUpdated, once all is told */
	struct draft_list events, verdicts, counters, notifications;
	struct draft_list jobs;    /**< struct job, made by effects: for later batches */
	struct draft_list counted; /**< struct draft_counted, outstanding */
	int64_t jobs_read_to;      /**< stored jobs up to this seq were read; INT64_MAX: all of them */
	struct map lanes_asked;    /**< lane → what draft_lane_busy() said */
	struct store_key *wanted;                         /**< until draft_prefetch() */
	size_t wanted_count, wanted_room;
	size_t documents; /**< read so far: what the budget of effects counts */
};

/** Begins anew for a batch just begun; keeps only the scratch buffer. */
void draft_begin(struct draft *draft, struct arena *arena, const struct config *config, struct store_engine *store,
		 const struct store_head *head);
void draft_list_add(struct draft_list *list, struct arena *arena, void *item);

/** The document, from the draft or else from the store. ITN_NOT_FOUND only for a trade or cargo that nobody stored. */
enum itn_status draft_trade(struct draft *draft, struct str id, struct draft_trade **ret) must_check;
enum itn_status draft_cargo(struct draft *draft, struct str id, struct draft_cargo **ret) must_check;
/** A record that is not there yet is made, with version 0. */
enum itn_status draft_stock(struct draft *draft, struct str station, struct str item, struct draft_stock **ret) must_check;
/** More of it is available. */
void draft_rises(struct draft_stock *stock);
/** A document that a query of this snapshot gave: the draft's own when it has it already. */
struct draft_trade *draft_adopt_trade(struct draft *draft, const struct trade *trade);
struct draft_cargo *draft_adopt_cargo(struct draft *draft, const struct cargo *cargo);

/** Says that documents will be read by what follows; those that the draft has are passed over, and so is what goes
 *  beyond what one batch can use. */
void draft_want(struct draft *draft, enum store_key_kind kind, struct str of, struct str item);
void draft_want_stock(struct draft *draft, struct str station, const struct lines *lines);
/** Has the store read at once all that was wanted. */
enum itn_status draft_prefetch(struct draft *draft) must_check;

/** Appends an event with the next number; `event` has kind, entity, key, version, time, id, cause, message and data. */
void draft_log(struct draft *draft, struct event event);
/** A job for a later batch; its cause is an event of this one. */
void draft_add_job(struct draft *draft, struct job job);
/** Whether a job of this lane is stored. */
enum itn_status draft_lane_busy(struct draft *draft, struct str lane, bool *ret_busy) must_check;
/** Whether a stock-take of the station is outstanding whose seq is lower; or may be, as not all jobs ahead of `seq` were
 *  read and the station has some. */
enum itn_status draft_is_counted(struct draft *draft, struct str station, int64_t seq, bool *ret_counted) must_check;
/** The id of the next event derived from the job's cause. */
struct str draft_derived_id(struct draft *draft, struct job *cause);
/** Tells a trade as it is now; a change that was untold is told with it. Returns the event's id. */
struct str draft_tell_trade(struct draft *draft, struct draft_trade *document, struct job *cause);
/** The same for a trade with a change of which nothing else is to be said: its version is one higher. */
struct str draft_tell_trade_now(struct draft *draft, struct draft_trade *document, struct job *cause);
/** The same for a status that effects changed: counted, and the buyer hears of it by mail. */
struct str draft_tell_status(struct draft *draft, struct draft_trade *document, enum trade_status from,
			     struct job *cause);
/** The same of cargo. `cause` NULL: it is nobody's, the event has an id of its own. */
struct str draft_tell_cargo(struct draft *draft, struct draft_cargo *document, struct job *cause);
/** Tells it with a version of its own if it has a change that is untold. */
void draft_tell_untold_cargo(struct draft *draft, struct draft_cargo *document);
/** A criticalEvent about a trade or cargo as it is now: it shows the state of its version, so an untold change is told first.
 *  Returns its id. engine/alert.h has what raises its alert too. */
struct str draft_warn_trade(struct draft *draft, struct draft_trade *document, enum alert_kind kind,
			    const char *message, struct job *cause);
/** `cause` as of draft_tell_cargo(). */
struct str draft_warn_cargo(struct draft *draft, struct draft_cargo *document, enum alert_kind kind,
			    const char *message, struct job *cause);
/** One event for each document with an untold change, its version one higher; and a criticalEvent for each record of
 *  stock that is low now and was not. */
enum itn_status draft_tell_all(struct draft *draft) must_check;

/** Adds to a counter. */
void draft_count(struct draft *draft, struct str name, int64_t delta);

/** A copy of the bytes in the scratch buffer. */
struct str draft_json(struct draft *draft);

/** Collects everything into `ret_writes` (jobs are the caller's). */
void draft_writes(struct draft *draft, struct store_writes *ret_writes);

#endif
