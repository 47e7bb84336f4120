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

static enum reason store_fault(void *context, struct buf *detail)
{
	const struct api *api = context;
	struct error error = { "" };
	enum itn_status status = store_check(api->store, &error);

	if (status == ITN_OK)
		return REASON_NONE;
	buf_add_cstr(detail, error.text);
	if (status == ITN_NO_ROOM)
		return REASON_STORE_FULL;
	return status == ITN_FAILED ? REASON_STORE_UNUSABLE : REASON_STORE_UNAVAILABLE;
}

static enum reason redis_fault(void *context, unused_arg struct buf *detail)
{
	const struct api *api = context;

	return bus_wake_connected(api->wake) ? REASON_NONE : REASON_REDIS_AWAY;
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

	api.checks[api.check_count++] = (struct health_check){ "store", store_fault, &api };
	api.seen[api.seen_count++] = (struct health_check){ "redis", redis_fault, &api };
	if (status == ITN_OK)
		exit_status = api_serve(&api);
	else
		log_error("worker can't start", LOG_CSTR("why", error.text));
	waiter_free(api.waiter);
	bus_wake_free(api.wake);
	store_close(api.store);
	return exit_status;
}
