/** One worker from its settings to its end: store, wake-up, waiting requests, then serving. */
#ifndef ITN_API_WORKER_H
#define ITN_API_WORKER_H

#include "core/config.h"

/** The `run` of the service. */
int worker_run(const struct config *config);
/** Its `labels`. */
void worker_labels(void);

#endif
