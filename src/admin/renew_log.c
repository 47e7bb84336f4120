#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "admin/command.h"
#include "core/clock.h"
#include "store/inspect.h"

#define LOOK_MS 50
#define HOLDER  "itn-admin renew-log"

/* Takes the lease as a standby does: when nobody has it, or its holder was silent for lease_ms. */
static enum itn_status lease_wait(struct store_engine *engine, int64_t lease_ms)
{
	int64_t began = clock_monotonic_ms();
	struct store_lease first, now;
	enum itn_status status = store_lease_read(engine, &first);

	if (status != ITN_OK)
		return status;
	now = first;
	while (status == ITN_OK && now.holder[0] && clock_monotonic_ms() - began < lease_ms) {
		nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
		status = store_lease_read(engine, &now);
		if (status == ITN_OK && (now.beat != first.beat || now.epoch != first.epoch))
			return ITN_LOST_LEASE;
	}
	return status == ITN_OK ? store_lease_take(engine, &now) : status;
}

static enum itn_status renew(struct store_engine *engine, int64_t lease_ms)
{
	enum itn_status status = lease_wait(engine, lease_ms);

	if (status != ITN_OK)
		return status;
	status = store_log_renew(engine);
	store_lease_release(engine);
	return status;
}

static int renew_and_tell(struct store *store, struct store_engine *engine, int64_t lease_ms)
{
	struct store_head before, after;
	enum itn_status status = store_head(store, &before);

	if (status == ITN_OK)
		status = renew(engine, lease_ms);
	if (status == ITN_OK)
		status = store_head(store, &after);
	if (status == ITN_LOST_LEASE)
		return command_fail(EX_TEMPFAIL, "an engine is at work on this store: stop all itn-engine first");
	if (status != ITN_OK)
		return command_fail(EX_UNAVAILABLE, "the store can't be written (%s): %s", itn_status_name(status),
				    store_engine_error(engine));
	printf("the log was %s and is %s now; it ends at %lld\n", before.log, after.log, (long long)after.last_seq);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

int renew_log_run(const struct config *config, const struct command_options *options unused_arg)
{
	struct store *store = NULL;
	struct store_engine *engine = NULL;
	struct error error = { "" };
	enum itn_status status = store_open_existing(config, &store, &error);
	int exit_status;

	if (status == ITN_OK)
		status = store_engine_open(store, HOLDER, &engine, &error);
	if (status == ITN_OK)
		exit_status = renew_and_tell(store, engine, (int64_t)config->lease_ms);
	else
		exit_status = command_fail(EX_UNAVAILABLE, "%s", error.text);
	store_engine_close(engine);
	store_close(store);
	return exit_status;
}
