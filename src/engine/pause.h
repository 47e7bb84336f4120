/** How the engine's loop waits. Apart, so that a simulation can let its own time pass instead. */
#ifndef ITN_ENGINE_PAUSE_H
#define ITN_ENGINE_PAUSE_H

#include "bus/listener.h"

/** Feeds the watchdog meanwhile. Until `ms` have passed, the service is to stop, or `listener` has heard something
 * (NULL: nobody listens). */
void engine_pause(struct bus_listener *listener, int ms);

#endif
