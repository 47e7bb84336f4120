/** Rule 4: where more of an item is available and trades are short of it, they are retried. */
#ifndef ITN_ENGINE_RESTOCK_H
#define ITN_ENGINE_RESTOCK_H

#include "engine/draft.h"

/** Adds a job for each station of which an inventoryUpdated was told in this batch and where something rose that trades
 *  are short of. After draft_tell_all(). */
enum itn_status restock_plan(struct draft *draft) must_check;

#endif
