/** Who could be loaded onto what: cargo of a lane that takes trades, trades that wait for cargo, trades on a shipment;
 *  and trades that want something of a station, or have it.
 *
 *  Each walks the snapshot's order (createdAt, id), one of them downwards, and puts the draft's own documents in
 *  their places, so that what this batch has changed already is seen as it is now.
 */
#ifndef ITN_ENGINE_LANE_H
#define ITN_ENGINE_LANE_H

#include "engine/draft.h"

/** Cargo to one destination that was found open in this batch, in order. */
struct lane {
	struct str name;
	struct draft_list cargo; /**< struct draft_cargo, by (createdAt, id); some may have closed since */
	struct store_cursor fetched;
	bool all_fetched;
};

struct lane *lane_of(struct draft *draft, struct str name);
/** Cargo whose creation is applied now takes its place. */
void lane_add_cargo(struct draft *draft, struct lane *lane, struct draft_cargo *cargo);
/** The open cargo at place `index`, read from the store as far as needed; NULL: no more. */
enum itn_status lane_cargo(struct draft *draft, struct lane *lane, size_t index, struct draft_cargo **ret) must_check;

enum walk_kind {
	WALK_WAITING,  /**< trades that wait for a shipment to `key` */
	WALK_LOADED,   /**< trades on shipment `key` whose goods have not arrived */
	WALK_SHORT,    /**< trades short of `item` at station `key` */
	WALK_RESERVED, /**< trades that have goods set aside at station `key`, the youngest first */
};

/** A walk over trades. */
struct walk {
	struct draft *draft;
	enum walk_kind kind;
	struct str key, item;
	struct store_cursor at;
	struct trade *fetched;
	size_t fetched_count, fetched_next;
	bool all_fetched;
	struct draft_list own; /**< the draft's own candidates, in order */
	size_t own_next;
};

/** Begins behind `after`; zero: at the beginning of the order. */
void walk_waiting(struct walk *walk, struct draft *draft, struct str destination, const struct store_cursor *after);
void walk_loaded(struct walk *walk, struct draft *draft, struct str shipment, const struct store_cursor *after);
void walk_short(struct walk *walk, struct draft *draft, struct str station, struct str item,
		const struct store_cursor *after);
void walk_reserved(struct walk *walk, struct draft *draft, struct str station, const struct store_cursor *after);
/** The next that is a candidate as it is now; NULL: no more. walk->at is its place. */
enum itn_status walk_next(struct walk *walk, struct draft_trade **ret) must_check;

#endif
