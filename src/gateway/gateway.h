/** The gateway: clients on one side, the feed on the other, one loop. */
#ifndef ITN_GATEWAY_GATEWAY_H
#define ITN_GATEWAY_GATEWAY_H

#include "core/config.h"

/** Runs until the service is to stop, then closes the clients (1001) and waits for them drain_ms at most.
 *  @return an exit status of sysexits.h */
int gateway_run(const struct config *config);
/** Its `labels`. */
void gateway_labels(void);

#endif
