/** Goods that a station sets aside for a trade: rules 4, 5 and 8 of the cascade.
 *
 *  A trade's tracked lines are reserved all or none. Reserved goods are on hand until they leave: reserved never exceeds
 *  on_hand. What is told of trade and stock follows at the end of the batch unless a function says otherwise.
 */
#ifndef ITN_ENGINE_RESERVATION_H
#define ITN_ENGINE_RESERVATION_H

#include "engine/draft.h"

enum reservation {
	RESERVATION_NOTHING, /**< its station tracks none of its items: all comes from outside */
	RESERVATION_MADE,
	RESERVATION_SHORT,
};

/** For a trade just created, with a station: sets aside, or else tells of the shortage at once. */
enum itn_status reservation_try(struct draft *draft, struct draft_trade *trade, struct job *job,
				enum reservation *ret_outcome) must_check;
/** For a trade that is short: when all fits now this is told at once, and a job that loads it is added. */
enum itn_status reservation_retry(struct draft *draft, struct draft_trade *trade, struct job *job) must_check;
/** Gives back what is set aside, for others to have. */
enum itn_status reservation_end(struct draft *draft, struct draft_trade *trade, struct job *job) must_check;
/** The buyer takes what is set aside: it leaves the station for outside. */
enum itn_status reservation_hand_over(struct draft *draft, struct draft_trade *trade, struct job *job) must_check;
/** Takes a trade's goods back because less of `item` was counted, which is told at once; it is on no cargo. An open one
 *  is short then. */
enum itn_status reservation_revoke(struct draft *draft, struct draft_trade *trade, struct str item, struct job *job)
	must_check;
/** Whether goods may not leave the trade's station yet: a stock-take that came before the job is outstanding there. */
enum itn_status reservation_must_wait(struct draft *draft, const struct draft_trade *trade, const struct job *job,
				      bool *ret_waits) must_check;

#endif
