/** Counts the calls to a store that fail, for GET /metrics. */
#ifndef ITN_STORE_MEASURE_H
#define ITN_STORE_MEASURE_H

#include "core/status.h"

/** Says which values the label kind has; before metrics_open(). */
void store_measure_labels(void);
/** Counts a call's failure, if it is one; a call that was answered (not found, exists, conflict) is none. Returns
 * `status`. */
enum itn_status store_measure(enum itn_status status);

#endif
