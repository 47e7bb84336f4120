/** Goods on their way: what moves when a shipment departs and when it arrives, as postings and stock. */
#ifndef ITN_ENGINE_TRAVEL_H
#define ITN_ENGINE_TRAVEL_H

#include "engine/draft.h"

/** Has what the cargo's goods are posted to read at once, before they leave or arrive. */
enum itn_status travel_prefetch(struct draft *draft, const struct cargo *cargo) must_check;
/** Rule 6: what its station set aside for a trade on this cargo leaves it. */
enum itn_status travel_take(struct draft *draft, const struct cargo *cargo, struct draft_trade *trade,
			    struct job *job) must_check;
/** Rule 6: what of the manifest is not in transit yet comes from outside. */
enum itn_status travel_send(struct draft *draft, const struct cargo *cargo, struct job *job) must_check;
/** Rule 7: goods in transit are on hand now. `trade` is absent for cargo's own. */
enum itn_status travel_receive(struct draft *draft, struct str shipment, struct str station, struct str trade,
			       const struct lines *lines, struct job *job) must_check;

#endif
