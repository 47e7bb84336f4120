/** An audit of the ledger: every posting is balanced, every crate where the log says. */
#ifndef ITN_SIMULATION_LEDGER_H
#define ITN_SIMULATION_LEDGER_H

#include "model.h"
#include "sim.h"

/** At rest. `events` is the length of the log. */
void ledger_check(const struct model *model, int64_t events);

#endif
