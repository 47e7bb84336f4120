/** Cargo: a shipment with its manifest, and its life from pending to delivered. Pure: no I/O, no clock. */
#ifndef ITN_DOMAIN_CARGO_H
#define ITN_DOMAIN_CARGO_H

#include "domain/line.h"
#include "domain/trade.h"

enum cargo_status { CARGO_PENDING, CARGO_IN_TRANSIT, CARGO_DELAYED, CARGO_DELIVERED, CARGO_STATUSES };

struct cargo {
	struct str id; /**< shipmentId, chosen by the client */
	struct str email; /**< emailId */
	struct str origin; /**< absent: not said */
	struct str destination;
	struct lines items;     /**< the manifest: own lines and trades', one line per name, at most LINES_MAX */
	struct lines own_items; /**< one line per name; 0 or more */
	int64_t capacity;       /**< total quantity; 0: no limit */
	int64_t trade_count;
	enum cargo_status status;
	int64_t departed_at, delivered_at, eta; /**< 0: not (known) */
	struct str location;                    /**< absent: not said */
	int64_t version;
	int64_t created_at, updated_at;
	bool open;            /**< owned by the engine, not shown: its creation was applied and it has not departed */
	int64_t reserved_trades; /**< as open: how many of its trades have goods set aside that it did not take yet */
	int64_t late_eta;        /**< as open: the eta whose passing was told; 0: none */
	unsigned unsequenced;    /**< as in struct trade */
};

struct cargo_change {
	enum cargo_status status;
	struct str location; /**< absent: stays */
	int64_t eta;         /**< 0: stays */
};

const char *cargo_status_name(enum cargo_status status); /**< "pending", "in transit", "delayed", "delivered" */
bool cargo_status_parse(struct str name, enum cargo_status *ret_status);

/** Reads a creation's body: shipmentId, emailId, items, destination, origin?, capacity?, eta?, location?. As trade_from_request().
 *  Lines of the same name are merged; items may be missing or empty. Own lines beyond the capacity are a fault. */
enum itn_status cargo_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
				   struct cargo *ret_cargo) must_check;
/** Pending, or delayed with more than `lines_limit` own lines as sent; version 1; manifest = own lines. */
void cargo_created(struct cargo *cargo, int64_t now, uint64_t lines_limit);
enum itn_status cargo_change_from_request(const struct json_in *doc, struct arena *arena, struct faults *faults,
					  struct cargo_change *ret_change) must_check;
/** Applies a client's wish. `in transit` sets departedAt when it is not set,
 *  `delivered` sets deliveredAt, and departedAt when it is not set. The same status with a new location or eta is a change. */
enum verdict cargo_change(struct cargo *cargo, const struct cargo_change *change, int64_t now, struct error *why)
	must_check;

/** When it will be late if it is not delivered: its eta, at least 1; 0: never, also when that was told already. */
int64_t cargo_due(const struct cargo *cargo);
/** Its eta has passed: that is told once. It becomes delayed unless it is.
 *  @return whether its status changed, and with it version and updatedAt */
bool cargo_be_late(struct cargo *cargo, int64_t now);

/** Whether the trade's lines fit: capacity, LINES_MAX lines, sums within SUM_MAX. */
bool cargo_has_room(const struct cargo *cargo, const struct trade *trade);
/** Puts a trade's lines on the manifest and sets the trade's shipment and goods; versions and times are the caller's. */
void cargo_load(struct cargo *cargo, struct arena *arena, struct trade *trade);
/** Takes them off again (before departure); the trade is on no shipment then, what is set aside for it stays so. */
void cargo_unload(struct cargo *cargo, struct trade *trade);

void cargo_write_json(struct buf *out, const struct cargo *cargo);
enum itn_status cargo_read_json(struct arena *arena, struct str json, struct cargo *ret_cargo) must_check;

/** What clients' changes own: status, departedAt, deliveredAt, eta, location, version, updatedAt, and `from`. */
void cargo_write_change(struct buf *out, const struct cargo *cargo, enum cargo_status from);
enum itn_status cargo_apply_change(struct arena *arena, struct str change, struct cargo *cargo,
				   enum cargo_status *ret_from) must_check;

#endif
