/** The store: what callers may ask of it, whichever engine answers (sqlite_*.c, mongo_*.c).
 *
 *  A struct store may be used by any number of threads at once. Every call returns within the configured timeout and a
 *  little: a store that does not answer is ITN_UNAVAILABLE (certainly nothing was done), one whose disk is full ITN_NO_ROOM
 *  (certainly nothing was done), or, for writes already handed over
 *  whose outcome could not be settled by reading back, ITN_UNKNOWN. A store known to be down answers at once.
 *  Results live in the caller's arena or buffer.
 */
#ifndef ITN_STORE_STORE_H
#define ITN_STORE_STORE_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/config.h"
#include "core/error.h"
#include "core/id.h"
#include "core/status.h"
#include "domain/cargo.h"
#include "domain/entry.h"
#include "domain/event.h"
#include "domain/posting.h"
#include "domain/stock.h"
#include "domain/trade.h"

/** Version of the data's layout that this program writes. */
#define STORE_SCHEMA 7
#define STORE_LOG_ID_LEN 16

struct store;

/** Opens what config->store names and makes the schema when there is none. A MongoDB server that is away is no error here
 *  (it is found when it comes); ITN_FAILED for what waiting doesn't mend (no such folder, corrupt file, newer schema,
 *  network file system, a URI with a database name), ITN_INVALID for a setting that is neither kind, ITN_UNAVAILABLE when
 *  the layout can't be made now (others hold the lock), ITN_NO_ROOM when there is no space for it. */
enum itn_status store_open(const struct config *config, struct store **ret_store, struct error *error) must_check;
/** Ends its threads and connections; calls under way end first. NULL is allowed. */
void store_close(struct store *store);
/** Whether it can be read and written now; the error says why not. */
enum itn_status store_check(struct store *store, struct error *error) must_check;

/** What everything else hangs on. */
struct store_head {
	char log[STORE_LOG_ID_LEN + 1]; /**< the log's identity: random hex, made with the schema */
	int64_t schema;
	int64_t epoch;
	int64_t last_seq;  /**< 0: nothing logged yet */
	int64_t logged_at; /**< loggedAt of the last event (kept by store_batch_commit from its last event); 0: none */
};
enum itn_status store_head(struct store *store, struct store_head *ret_head) must_check;

/* Writing (itn-api). A document and its entry are one atomic write. Calls of many threads fold into one commit.
 * Ids make each of them repeatable: a write whose entry id the store knows already is ITN_OK and changes nothing. */

/** ITN_EXISTS can't come: the id is ours; a duplicate of our own id is success. */
enum itn_status store_trade_create(struct store *store, const struct trade *trade, const struct entry *entry) must_check;
/** ITN_EXISTS: another cargo has this shipmentId. */
enum itn_status store_cargo_create(struct store *store, const struct cargo *cargo, const struct entry *entry) must_check;
/** Compare and set: only when the stored version is still `from_version`, else ITN_CONFLICT (also when there is no such
 *  document). Writes the members that clients' changes own (those of the entry); the others must be as they were read.
 *  ITN_FULL: ENTRIES_MAX entries of the document wait (requests don't count). */
enum itn_status store_trade_change(struct store *store, const struct trade *changed, int64_t from_version,
				   const struct entry *entry) must_check;
enum itn_status store_cargo_change(struct store *store, const struct cargo *changed, int64_t from_version,
				   const struct entry *entry) must_check;
/** Since when the data have reservations and shortages, and engines understand stock-takes. */
#define STORE_STOCK_SCHEMA 5

/** Stores a wish (ENTRY_REQUEST) for the engine to decide: a change of a trade or cargo, or a stock-take (entity inventory, key
 *  station). ITN_UNAVAILABLE: nothing was done; also for a stock-take while the data have a schema from before those, whose
 *  engine knows none. */
enum itn_status store_request_add(struct store *store, const struct entry *request) must_check;

/** What the engine decided. */
enum request_state { REQUEST_WAITING, REQUEST_CHANGED, REQUEST_SAME, REQUEST_ILLEGAL, REQUEST_NO_SUCH };
struct request_verdict {
	enum request_state state;
	struct str detail; /**< of REQUEST_ILLEGAL: the sentence for the client */
};
/** ITN_NOT_FOUND: no such request. */
enum itn_status store_request_verdict(struct store *store, struct arena *arena, struct str id,
				      struct request_verdict *ret_verdict) must_check;

/* Reading */

/** With goods and open; what else the engine owns and does not show may be left 0. */
enum itn_status store_trade(struct store *store, struct arena *arena, struct str id, struct trade *ret_trade) must_check;
enum itn_status store_cargo(struct store *store, struct arena *arena, struct str id, struct cargo *ret_cargo) must_check;
/** The public document appended to `out`, without a detour over structs where the engine can. */
enum itn_status store_trade_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version) must_check;
enum itn_status store_cargo_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version) must_check;
/** One station's inventory as stock_write_json() shows it; `ret_version` is the sum of its items' versions. */
enum itn_status store_inventory_json(struct store *store, struct str station, struct buf *out, int64_t *ret_version)
	must_check;

/** Since when the data have postings. A store of a schema before has no movements. */
#define STORE_LEDGER_SCHEMA 3
/** Since when a trade's or shipment's events are found by an index. A store of a schema before can't show timelines. */
#define STORE_TIMELINE_SCHEMA 7

/** What a station had on hand of each item at some moment, by name, more than 0, from the ledger's postings: nothing is
 *  known of before it was opened.
 *  @param seq   >= 0: right after this event's transaction; it must be in the log. -1: as `time` says
 *  @param time  ms: what was logged until then
 *  @return ITN_NOT_FOUND: no such station */
enum itn_status store_stock_at(struct store *store, struct arena *arena, struct str station, int64_t seq, int64_t time,
			       struct lines *ret_lines) must_check;

/** A place in a list: behind the entry with this time and key. Zero is before the first. Lists without a time have 0. */
struct store_cursor {
	int64_t time;
	struct str key;
};

enum store_list_kind {
	LIST_TRADES,
	LIST_CARGO,
	LIST_INVENTORY,
	LIST_MOVEMENTS,
	LIST_ALERTS,
	LIST_TRADE_TIMELINE,
	LIST_CARGO_TIMELINE,
};

/** Which entries; absent, 0 and -1 mean "any". Trades and cargo come by (createdAt, id), inventories by stationId, movements
 *  as the ledger has them, by (at, number), alerts by (raisedAt, id), timelines (domain/timeline.h) by place, with the
 *  time at which it was logged.
 *  What a kind does not have is ignored: cargo has status, destination, shipment (its own id) and times, inventories have
 *  a station, movements a station, item, trade, shipment and times (station, trade or shipment must be given), alerts
 *  status, kind, what they are about (trade, shipment or station) and times, timelines the trade or the shipment that
 *  they are of (which must be given). */
struct store_list {
	enum store_list_kind kind;
	int status; /**< enum trade_status, cargo_status or alert_status, -1: any */
	enum alert_kind alert; /**< ALERT_NONE: any */
	struct str destination, buyer, seller, station, shipment, item, trade;
	int64_t since, until; /**< since <= createdAt (at, raisedAt) < until */
	struct store_cursor after;
	size_t max; /**< 1..1000 entries in this slice */
};

struct store_row {
	struct str key;
	int64_t time;
	struct str json; /**< the public document; valid during the call */
};
typedef void store_row_fn(void *context, const struct store_row *row);

/** One slice of a list, read in one short transaction that has ended when the call returns; `row` must not wait for anything.
 *  Fewer than `max` rows: the list is at its end. An index serves one filter; with several of which each alone has very many
 *  entries, a slice may take longer than the timeout, as all of them are looked through.
 *  A timeline is read in several transactions, up to where the log went at first: behind that nothing is missing and
 *  nothing changes but what became of notifications. ITN_UNAVAILABLE for one of a store before STORE_TIMELINE_SCHEMA. */
enum itn_status store_list(struct store *store, const struct store_list *list, store_row_fn *row, void *context) must_check;

struct store_event_row {
	int64_t seq;
	struct str frame;
};
typedef void store_event_fn(void *context, const struct store_event_row *row);
/** Up to `max` events with seq > after, in order, without gaps. */
enum itn_status store_events(struct store *store, int64_t after, size_t max, store_event_fn *row, void *context) must_check;

enum store_progress {
	PROGRESS_ACCEPTED, /**< not in the log yet */
	PROGRESS_LOGGED,   /**< in the log, effects outstanding: a job that it causes, or an event derived from it */
	PROGRESS_DONE,     /**< in the log with all its effects */
};
/** How far each of `count` events with ids of 24 hex is; ids that nobody knows are PROGRESS_ACCEPTED. */
enum itn_status store_progress(struct store *store, const struct str *ids, size_t count, enum store_progress *ret_progress)
	must_check;

/** Every counter with this prefix, in the order of names. */
typedef void store_counter_fn(void *context, struct str name, int64_t value);
enum itn_status store_counters(struct store *store, struct str prefix, store_counter_fn *row, void *context) must_check;

#endif
