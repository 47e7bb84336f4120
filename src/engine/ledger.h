/** The draft's ledger: movements of goods as postings, together with what they change. */
#ifndef ITN_ENGINE_LEDGER_H
#define ITN_ENGINE_LEDGER_H

#include "domain/posting.h"
#include "engine/draft.h"

/** Goods that shall move. */
struct movement {
	struct str item;
	int64_t quantity;
	struct account from, to;    /**< two different kinds */
	struct str trade, shipment; /**< absent: none */
};

/** Posts what of it the giving account has, and changes both accounts: a station's stock is told by the end of the
 * batch. At least one stock record must be told in this batch in any case: the station's, or that of the goods'
 * destination.
 *  @param ret_moved  may be NULL */
enum itn_status ledger_move(struct draft *draft, const struct movement *movement, struct job *cause,
			    int64_t *ret_moved) must_check;
/** Says that goods of these lines will go between outside and the shipment: see draft_want(). */
void ledger_want(struct draft *draft, struct str shipment, const struct lines *lines);
/** What is in transit on a shipment, or outside, of an item. */
enum itn_status ledger_balance(struct draft *draft, struct account account, struct str item, int64_t *ret) must_check;
/** Numbers the postings of the batch, whose first inventoryUpdated has this seq, and puts them into the writes. */
void ledger_writes(struct draft *draft, int64_t seq, struct store_writes *writes);

#endif
