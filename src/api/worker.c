#include "api/worker.h"

#include <sysexits.h>

#include "api/api.h"
#include "api/serve.h"
#include "api/waiter.h"
#include "bus/wake.h"
#include "core/log.h"
#include "http/measure.h"
#include "store/measure.h"
#include "store/store.h"

void worker_labels(void)
{
	measure_labels(api_routes, api_route_count);
	store_measure_labels();
}

static bool store_is_ready(void *context, struct buf *reason)
{
	const struct api *api = context;
	struct error error = { "" };

	if (store_check(api->store, &error) == ITN_OK)
		return true;
	buf_printf(reason, "store: %s", error.text);
	return false;
}

static enum itn_status open_all(struct api *api, struct error *error)
{
	const struct config *config = api->config;
	unsigned waiting_max = config->threads < 8 ? 1 : (unsigned)config->threads / 4;
	enum itn_status status = store_open(config, &api->store, error);

	if (status == ITN_OK)
		status = waiter_new(api->store, waiting_max, &api->waiter, error);
	if (status == ITN_OK)
		status = bus_wake_new(config->redis, config->network, &api->wake, error);
	return status;
}

int worker_run(const struct config *config)
{
	struct api api = { .config = config };
	struct error error = { "" };
	enum itn_status status = open_all(&api, &error);
	int exit_status = status == ITN_INVALID ? EX_CONFIG : EX_UNAVAILABLE;

	api.checks[api.check_count++] = (struct health_check){ "store", store_is_ready, &api };
	if (status == ITN_OK)
		exit_status = api_serve(&api);
	else
		log_error("worker can't start", LOG_CSTR("why", error.text));
	waiter_free(api.waiter);
	bus_wake_free(api.wake);
	store_close(api.store);
	return exit_status;
}
