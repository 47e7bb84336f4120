/** Everything that a store has, row by row, for those who check it (src/audit). Reads change nothing, and hold nothing
 *  but the row at hand: what a row points to is valid during the call. A callback that returns false ends its scan,
 * which is ITN_OK all the same. Callbacks must not wait for anything, nor call the store.
 *
 *  The data must have STORE_SCHEMA: look at the head first.
 */
#ifndef ITN_STORE_SCAN_H
#define ITN_STORE_SCAN_H

#include "store/batch.h"
#include "store/claims.h"

enum scan_kind { SCAN_HEAD, SCAN_COUNTER, SCAN_STOCK, SCAN_BALANCE, SCAN_TRADE, SCAN_CARGO, SCAN_JOB, SCAN_ALERT };

/** A row of the state; which members are set depends on the kind. */
struct scan_row {
	enum scan_kind kind;

	struct store_head head; /**< SCAN_HEAD */
	int64_t last_event;     /**< the largest seq in the log, 0 when it is empty */

	struct str name; /**< SCAN_COUNTER */
	int64_t value;

	const struct stock *stock;     /**< SCAN_STOCK */
	const struct balance *balance; /**< SCAN_BALANCE */
	struct str destination;        /**< of goods in transit: the shipment's; absent: there is no such shipment */
	const struct job *job;         /**< SCAN_JOB */
	const struct alert *alert;     /**< SCAN_ALERT */

	/** SCAN_TRADE: id, station, destination, status, holds, shipment, goods, version, unsequenced; `items` and
	 *  `reserved` only of one whose goods are reserved or loaded. */
	const struct trade *trade;
	bool shipment_open; /**< its goods are loaded, on a shipment that has not departed for the engine */
	/** It is open or its goods are under way, on a shipment that was delivered, and nothing is outstanding of that:
	 * no entry of the shipment, no job of its lane. */
	bool shipment_settled;

	/** SCAN_CARGO: id, destination, status, open, version, unsequenced, and while it is open (for the engine) its
	 *  items, own items and number of trades. */
	const struct cargo *cargo;
};
typedef bool store_scan_fn(void *context, const struct scan_row *row);

/** The whole state as of one moment, in one transaction that only reads: the head first, the rest in any order. It
 * lasts as long as that takes: in SQLite the write-ahead log can't begin anew meanwhile, in MongoDB the server ends a
 *  transaction after transactionLifetimeLimitSeconds (ITN_UNAVAILABLE). */
enum itn_status store_scan_state(struct store *store, store_scan_fn *row, void *context,
				 struct error *error) must_check;

/** Events with after < seq <= until, by seq, without their `data`, which are in the frame. What is logged never
 * changes, so nothing needs a snapshot. */
typedef void store_scan_event_fn(void *context, const struct event *event);
enum itn_status store_scan_log(struct store *store, int64_t after, int64_t until, store_scan_event_fn *row,
			       void *context) must_check;
/** Postings whose seq is within after < seq <= until, by number. */
typedef void store_scan_posting_fn(void *context, const struct posting *posting);
enum itn_status store_scan_postings(struct store *store, int64_t after, int64_t until, store_scan_posting_fn *row,
				    void *context) must_check;
/** The ids of all events in their order, each with its seq. */
typedef bool store_scan_id_fn(void *context, struct str id, int64_t seq);
enum itn_status store_scan_ids(struct store *store, store_scan_id_fn *row, void *context) must_check;

/** A document as it is now. */
struct scan_document {
	struct str key;
	int64_t version;
	struct str json;           /**< of a trade, cargo or alert: as the list shows it */
	const struct stock *stock; /**< of ENTITY_INVENTORY */
};
typedef void store_scan_document_fn(void *context, const struct scan_document *document);
/** Those of these keys that are there, in any order. Of ENTITY_INVENTORY a key is "stationId\nitem". */
enum itn_status store_scan_documents(struct store *store, enum entity_kind entity, const struct str *keys, size_t count,
				     store_scan_document_fn *row, void *context) must_check;

/** Up to `max` claims with larger keys than `after`, by key. */
typedef void store_scan_claim_fn(void *context, const struct claim *claim);
enum itn_status store_scan_claims(struct store *store, struct str after, size_t max, store_scan_claim_fn *row,
				  void *context) must_check;

#endif
