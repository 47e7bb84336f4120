/** A trade: who sells what to whom, and its life from pending to completed or canceled. Pure: no I/O, no clock. */
#ifndef ITN_DOMAIN_TRADE_H
#define ITN_DOMAIN_TRADE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/fault.h"
#include "core/json_in.h"
#include "core/status.h"
#include "core/str.h"
#include "domain/line.h"

enum trade_status { TRADE_PENDING, TRADE_COMPLETED, TRADE_CANCELED, TRADE_DELAYED, TRADE_STATUSES };

/** Why a trade is delayed; a set. Delayed while not empty. */
enum trade_hold {
	HOLD_SIZE = 1 << 0,     /**< more lines than the setting allows */
	HOLD_SHORTAGE = 1 << 1, /**< its station has too little; alone this keeps it from loading */
	HOLD_MANUAL = 1 << 2,   /**< a client said so */
};

/** Where a trade's goods are; owned by the engine, not shown to clients. */
enum trade_goods {
	GOODS_NEW,      /**< its creation is not in the log yet, or there and not applied: no cargo may take it */
	GOODS_NONE,     /**< on no shipment: waits for one while the trade is open */
	GOODS_RESERVED, /**< set aside at its station, on no shipment */
	GOODS_LOADED,   /**< on a shipment's manifest */
	GOODS_MOVED,    /**< departed with the shipment */
	GOODS_ARRIVED,  /**< in its destination's inventory */
};

/** Texts are valid UTF-8 and within the lengths that clients may send; owned by whoever made the struct (mostly an arena). */
struct trade {
	struct str id; /**< transactionId: 24 lower-case hex */
	struct str station; /**< absent: goods from outside */
	struct str buyer, buyer_email, seller, seller_email;
	struct str destination;
	struct lines items; /**< as sent, 1..LINES_MAX */
	enum trade_status status;
	unsigned holds;      /**< enum trade_hold */
	struct lines reserved; /**< what its station set aside for it, or had until it departed; one line per name */
	struct str shipment;   /**< absent: on no cargo */
	struct str reason;   /**< of the last status change, absent when none was given */
	int64_t version;     /**< 1 at creation, + 1 with each change that has an event */
	int64_t created_at, updated_at;
	enum trade_goods goods;
	struct str short_of;  /**< as goods; with HOLD_SHORTAGE: an item of which its station has too little, else absent */
	unsigned unsequenced; /**< set by the store when the engine reads: entries of its outbox not yet in the log */
};

/** What a client asks a trade to become. */
struct trade_change {
	enum trade_status status;
	struct str reason; /**< absent: none */
};

/** What a wish for a status comes to. */
enum verdict {
	VERDICT_CHANGED, /**< the struct is changed, version and updatedAt too: an event is due */
	VERDICT_SAME,    /**< it is as wished already: no event */
	VERDICT_ILLEGAL, /**< not from here: the error names what is allowed; nothing is changed */
};

const char *trade_status_name(enum trade_status status); /**< "pending", "completed", "canceled", "delayed" */
bool trade_status_parse(struct str name, enum trade_status *ret_status);
/** Pending or delayed. */
bool trade_is_open(const struct trade *trade);

/** Reads a creation's body. All faults at once, by JSON pointer. Server-owned and unknown members are ignored.
 *  Texts point into the document. `id`, times, status are left for trade_created(). */
enum itn_status trade_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
				   struct trade *ret_trade) must_check;
/** Makes a read body a new trade: pending, or delayed for its size with more than `lines_limit` lines; version 1. */
void trade_created(struct trade *trade, struct str id, int64_t now, uint64_t lines_limit);
/** Reads {status, reason?}. */
enum itn_status trade_change_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
					  struct trade_change *ret_change) must_check;
/** Applies a client's wish. */
enum verdict trade_change(struct trade *trade, const struct trade_change *change, int64_t now, struct error *why)
	must_check;
/** The engine completes an open trade whose goods arrived: status, holds, version, updatedAt. */
void trade_complete(struct trade *trade, int64_t now);

/** Its station has too little of `item`: it is delayed for that.
 *  @return whether its status changed, and with it version and updatedAt */
bool trade_fall_short(struct trade *trade, struct str item, int64_t now);
/** `lines` were set aside for it: a shortage is over. The lines are the trade's from now on.
 *  @return as trade_fall_short() */
bool trade_reserve(struct trade *trade, struct lines lines, int64_t now);
/** Nothing is set aside for it any more, nor wanted of its station. */
void trade_release(struct trade *trade);
/** Whether it waits for a shipment: open, on none yet, and not short of anything. */
bool trade_may_load(const struct trade *trade);
/** Whether goods are set aside for it that have not left its station. */
bool trade_has_reserved(const struct trade *trade);

/** The public document, also what an event's data show and what SQLite stores: transactionId, _id, … */
void trade_write_json(struct buf *out, const struct trade *trade);
/** Reads what trade_write_json() wrote; goods, short_of and unsequenced are left 0. ITN_FAILED when it is something else. */
enum itn_status trade_read_json(struct arena *arena, struct str json, struct trade *ret_trade) must_check;

/** The members that clients' changes own (status, holds, reason), with version and updatedAt, as one JSON text: what an
 *  outbox entry carries beside `from`, the status before it (same as status for a creation). */
void trade_write_change(struct buf *out, const struct trade *trade, enum trade_status from);
/** Puts an entry's members over a newer state of the same trade, which so becomes the state right after that entry. */
enum itn_status trade_apply_change(struct arena *arena, struct str change, struct trade *trade,
				   enum trade_status *ret_from) must_check;

#endif
