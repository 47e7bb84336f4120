/** Rule 9: cargo whose eta has passed. What the time brings about, not a client: each has an event with an id of its own. */
#ifndef ITN_ENGINE_LATENESS_H
#define ITN_ENGINE_LATENESS_H

#include "engine/draft.h"

/** Tells that cargo, which is due, is late: it becomes delayed, a criticalEvent and an alert say so, and mails to the
 *  administrators; of cargo that is delayed already only a criticalEvent and an alert. Nothing of its lane may be
 *  outstanding, nor entries of its own. */
enum itn_status lateness_tell(struct draft *draft, struct draft_cargo *cargo) must_check;

#endif
