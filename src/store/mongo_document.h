/** What the documents of the store look like in MongoDB: trades, cargo, stock, and the outbox that rides in them. */
#ifndef ITN_STORE_MONGO_DOCUMENT_H
#define ITN_STORE_MONGO_DOCUMENT_H

#include "domain/cargo.h"
#include "domain/entry.h"
#include "domain/stock.h"
#include "domain/trade.h"
#include "store/mongo_bson.h"

/* `doc` and `update` are empty documents of the caller's, to which members are appended. */

/** A document as it is first stored: all members and its outbox with the one entry, accepted at `at` (store's time,
 * ms). */
void trade_bson(const struct trade *trade, const struct entry *entry, int64_t at, bson_t *doc);
void cargo_bson(const struct cargo *cargo, const struct entry *entry, int64_t at, bson_t *doc);
/** A client's change: the members that it owns and one more entry, as an update's operators. */
void trade_bson_change(const struct trade *trade, const struct entry *entry, int64_t at, bson_t *update);
void cargo_bson_change(const struct cargo *cargo, const struct entry *entry, int64_t at, bson_t *update);
/** What the engine writes: its own and the clients' members into `set`, the absent ones into `unset`. */
void trade_bson_write(const struct trade *trade, bson_t *set, bson_t *unset);
void cargo_bson_write(const struct cargo *cargo, bson_t *set, bson_t *unset);
void stock_bson(const struct stock *stock, unsigned owners, bson_t *set);

/** Reads a document, with `unsequenced` from its outbox; as members_read(). */
bool trade_from_bson(const bson_t *doc, struct arena *arena, bool copy, struct trade *ret_trade) must_check;
bool cargo_from_bson(const bson_t *doc, struct arena *arena, bool copy, struct cargo *ret_cargo) must_check;
bool stock_from_bson(const bson_t *doc, struct arena *arena, struct stock *ret_stock) must_check;

/** The `_id` of a stock record: station, a line feed (which no name has), item: so records sort by (station, item).
 *  `end` is what follows the station: the item behind a line feed, or the character that bounds a range. */
struct str stock_key(struct arena *arena, struct str station, char end, struct str item);

/** Reads an entry of an outbox and its store's time; entity and key are the document's and left alone. Texts are copied
 * into the arena. */
bool entry_from_bson(const bson_t *doc, struct arena *arena, struct entry *ret_entry, int64_t *ret_at) must_check;

/** A request as a document; the inverse gives an ENTRY_REQUEST. */
void request_bson(const struct entry *request, int64_t at, bson_t *doc);
bool request_from_bson(const bson_t *doc, struct arena *arena, struct entry *ret_request, int64_t *ret_at) must_check;

#endif
