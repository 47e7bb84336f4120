#include "engine/lease.h"

#include <string.h>

#include "core/clock.h"

void lease_init(struct lease *lease, struct store_engine *store, int64_t lease_ms)
{
	*lease = (struct lease){ .store = store, .lease_ms = lease_ms };
}

static bool is_same(const struct store_lease *a, const struct store_lease *b)
{
	return a->epoch == b->epoch && a->beat == b->beat && strcmp(a->holder, b->holder) == 0;
}

static bool may_take(const struct lease *lease, int64_t now)
{
	return lease->seen.holder[0] == '\0' || now - lease->seen_at >= lease->lease_ms;
}

enum itn_status lease_try(struct lease *lease)
{
	struct store_lease current;
	int64_t now = clock_monotonic_ms();
	enum itn_status status = store_lease_read(lease->store, &current);

	if (status != ITN_OK)
		return status;
	if (!lease->watching || !is_same(&current, &lease->seen)) {
		lease->watching = true;
		lease->seen = current;
		lease->seen_at = now;
	}
	if (!may_take(lease, now))
		return ITN_OK;
	status = store_lease_take(lease->store, &lease->seen);
	if (status == ITN_OK) {
		lease->held = true;
		lease->epoch = lease->seen.epoch + 1;
		lease_renewed(lease);
	}
	return status == ITN_LOST_LEASE ? ITN_OK : status;
}

void lease_renewed(struct lease *lease)
{
	lease->renewed_at = clock_monotonic_ms();
}

enum itn_status lease_keep(struct lease *lease)
{
	enum itn_status status;

	if (clock_monotonic_ms() - lease->renewed_at < lease->lease_ms / 3)
		return ITN_OK;
	status = store_lease_renew(lease->store);
	if (status == ITN_OK)
		lease_renewed(lease);
	return status;
}

void lease_lose(struct lease *lease)
{
	lease->held = false;
	lease->watching = false;
}

void lease_release(struct lease *lease)
{
	if (lease->held)
		store_lease_release(lease->store);
	lease_lose(lease);
}
