/** Postings: every movement of goods, from one account to another, and what accounts hold. Pure: no I/O, no clock.
 *
 *  Goods are at a station, in transit on a shipment, or outside of the network. What one account loses another gains,
 * so the sum over all accounts is always 0: `external` has the negative of what the network holds. It holds at most
 * SUM_MAX of an item; what would come in beyond that stays outside. So no sum can leave its bounds.
 */
#ifndef ITN_DOMAIN_POSTING_H
#define ITN_DOMAIN_POSTING_H

#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/str.h"

enum account_kind { ACCOUNT_EXTERNAL, ACCOUNT_STATION, ACCOUNT_TRANSIT };

struct account {
	enum account_kind kind;
	struct str id; /**< stationId or shipmentId; absent for ACCOUNT_EXTERNAL */
};

/** "external", "station:ID", "transit:ID" */
struct str account_name(struct arena *arena, struct account account);
/** How much an account that has `balance` of an item can give away. */
int64_t account_can_give(enum account_kind kind, int64_t balance);

/** What an account holds of an item. A station's is its stock's on_hand. */
struct balance {
	struct str account; /**< its name */
	struct str item;
	int64_t quantity; /**< 0..SUM_MAX; of external -SUM_MAX..0 */
};

/** Postings of one seq have numbers of their own behind it. */
#define POSTING_NUMBER_BITS 24
#define POSTINGS_OF_SEQ_MAX (INT64_C(1) << POSTING_NUMBER_BITS)

struct posting {
	/** seq << POSTING_NUMBER_BITS | place: its identity, and the order of the ledger. The seq is that of the first
	 *  inventoryUpdated of the transaction that moved the goods. */
	int64_t number;
	struct str event; /**< id of the event that caused it; absent: what was there when the ledger was opened */
	struct str item;
	int64_t quantity;                 /**< 1..SUM_MAX */
	enum account_kind from, to;       /**< two different ones */
	struct str station;               /**< of ACCOUNT_STATION; absent when it is neither */
	struct str trade, shipment;       /**< absent: none has to do with it. A transit account is its shipment's */
	int64_t at;                       /**< loggedAt of its seq */
	int64_t from_balance, to_balance; /**< right after it */
};

/** The number as a key: 16 hex digits, which sort as numbers do. */
#define POSTING_KEY_LEN 16
void posting_key(int64_t number, char ret[POSTING_KEY_LEN + 1]);
/** The inverse; 0 for what is no key. */
int64_t posting_key_number(struct str key);
int64_t posting_seq(const struct posting *posting);
/** {eventId?, seq, item, quantity, from, to, transactionId?, shipmentId?, at, fromBalance, toBalance} on one line. */
void posting_write_json(struct buf *out, const struct posting *posting);

#endif
