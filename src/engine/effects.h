/** Effects of numbered events on cargo, trades and inventory: the rules of the cascade, as jobs.
 *
 *  A job is one cause with what is outstanding of it. Most end within the batch that numbers their cause; one that is too
 *  large, or meets a document with entries beyond the batch, is stored and goes on in a later batch. Jobs of one lane
 *  (the station that the shipments go to, or whose stock it is) run in the order of their causes. What goods leave a
 *  station for lie in other lanes than its own: a stock-take waits for departures and hand-overs that came before it,
 *  and those of its station that came after wait for it.
 */
#ifndef ITN_ENGINE_EFFECTS_H
#define ITN_ENGINE_EFFECTS_H

#include "engine/draft.h"

enum job_kind {
	JOB_TRADE_CREATED = 1, /**< rules 1 and 2 */
	JOB_TRADE_CLOSED,      /**< rules 5 and 8: canceled, or completed by hand */
	JOB_CARGO_CREATED,     /**< rules 1 and 3 */
	JOB_CARGO_FILL,        /**< rule 3: room was gained */
	JOB_CARGO_DELAYED,     /**< rule 6, last sentence */
	JOB_CARGO_DEPARTED,    /**< rule 6 */
	JOB_CARGO_DELIVERED,   /**< rule 7 */
	JOB_TRADE_READY,       /**< rule 2, after a shortage */
	JOB_RESTOCK,           /**< rule 4: there is more of some items at a station */
	JOB_STOCK_TAKE,        /**< somebody counted a station's stock */
	JOB_TRADE_RESUMED,     /**< a client ended its delay */
};

/** job.step */
enum job_step {
	STEP_RESOLVE = -1, /**< alerts about what is not delayed any more come first */
	STEP_ANNOUNCE,     /**< a criticalEvent comes first */
	STEP_BEGIN,
	STEP_GO_ON,      /**< behind job.cursor */
	STEP_TAKE,       /**< of a departure: reserved goods of the trades behind job.cursor */
	STEP_SEND,       /**< of a departure: all other goods */
	STEP_RECEIVE,    /**< of a delivery: it has departed, nothing has arrived */
	STEP_ITEMS = 16, /**< of a stock-take: at the item of this index, 0 and up, behind job.cursor */
};

enum effect_state {
	EFFECT_DONE,
	EFFECT_PARTIAL, /**< the budget is used up: goes on in the next batch */
	EFFECT_BLOCKED, /**< waits for entries beyond this batch, or for another job */
};

/** Says what jobs will read first, those of an array of pointers to struct job. */
enum itn_status effects_prefetch(struct draft *draft, struct job *const *jobs, size_t count) must_check;
/** Does what it can of a job.
 *  @param budget  documents that the draft may read before a large effect stops: draft->documents against this
 *  @return a status of the store; the job's step, cursor and derived are moved on in any case that is ITN_OK */
enum itn_status effects_run(struct draft *draft, struct job *job, size_t budget, enum effect_state *ret_state) must_check;
/** Whether goods may yet leave stations on its account. */
bool effects_take_goods(const struct job *job);

#endif
