/** The engine: stands by until the lease is its own, then numbers, applies and publishes until it stops or loses it. */
#ifndef ITN_ENGINE_ENGINE_H
#define ITN_ENGINE_ENGINE_H

#include "core/config.h"

/** The `run` of the service: opens everything, loops until the service stops, closes; returns the exit status. */
int engine_run(const struct config *config);
/** Its `labels`. */
void engine_labels(void);

#endif
