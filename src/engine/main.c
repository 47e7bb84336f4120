/* itn-engine takes what workers stored, gives every event its number in the one order of the log, applies what
 * follows from it to cargo, trades and inventory in the same transaction, and publishes the log to Redis. One engine of a
 * network is active; any number stand by and take over when it falls silent. */
#include "core/service.h"
#include "engine/engine.h"

static const struct service engine = {
	.name = "itn-engine",
	.summary = "numbers events, applies their effects and publishes them",
	.who = CONFIG_ENGINE,
	.run = engine_run,
	.labels = engine_labels,
};

int main(int argc, char **argv)
{
	return service_main(&engine, argc, argv);
}
