/** itn-api: answers the REST requests of one trade network.
 *
 *  A FastCGI worker behind nginx. It writes a document and its event in one atomic write, wakes the engine and replies; it
 *  holds no state of its own, so any number of them can serve one store. SIGTERM drains: what has begun is answered.
 */
#include "api/worker.h"
#include "core/service.h"

int main(int argc, char **argv)
{
	static const struct service service = {
		.name = "itn-api",
		.summary = "answers the REST requests of one trade network",
		.who = CONFIG_API,
		.run = worker_run,
		.labels = worker_labels,
	};
	return service_main(&service, argc, argv);
}
