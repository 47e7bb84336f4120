/* itn-gateway pushes the events of a trade network to WebSocket clients as they happen.
 *
 * It subscribes to the feed that itn-engine publishes in Redis, fills what it missed from the stream there or from
 * itn-api, and sends each event to every client at /api/updates/real-time, once and in order. It holds no state:
 * clients reconnect to any gateway. It never touches the store.
 */
#include "core/service.h"
#include "gateway/gateway.h"

int main(int argc, char **argv)
{
	const struct service service = {
		.name = "itn-gateway",
		.summary = "pushes the events of a trade network to WebSocket clients",
		.who = CONFIG_GATEWAY,
		.run = gateway_run,
		.labels = gateway_labels,
	};
	return service_main(&service, argc, argv);
}
