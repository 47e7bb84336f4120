#include "bus/redis.h"

#include <stdio.h>
#include <string.h>

#include "core/clock.h"

static bool network_valid(const char *network)
{
	size_t len = strlen(network);
	return len >= 1 && len <= BUS_NETWORK_MAX && strspn(network, "abcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

enum itn_status bus_redis_parse(const char *redis, const char *network, struct bus_redis *ret, struct error *error)
{
	if (!network_valid(network))
		return error_set(error, ITN_INVALID, "network: must have 1 to %d characters of a-z, 0-9, '-', '_'",
				 BUS_NETWORK_MAX);
	struct bus_redis parsed = { 0 };
	struct error why = { "" };
	if (net_address_parse(redis, &parsed.address, &why) != ITN_OK)
		return error_set(error, ITN_INVALID, "redis: %s", why.text);
	snprintf(parsed.wake, sizeof(parsed.wake), "%s:wake", network);
	snprintf(parsed.feed, sizeof(parsed.feed), "%s:feed", network);
	snprintf(parsed.stream, sizeof(parsed.stream), "%s:stream", network);
	snprintf(parsed.log, sizeof(parsed.log), "%s:log", network);
	*ret = parsed;
	return ITN_OK;
}

static uint64_t random_next(uint64_t *state)
{
	if (*state == 0)
		*state = (uint64_t)clock_monotonic_us() * 2654435761u ^ (uint64_t)(uintptr_t)state;
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 33;
}

unsigned bus_backoff_next(struct bus_backoff *backoff)
{
	unsigned base = backoff->next_ms ? backoff->next_ms : backoff->first_ms;
	backoff->next_ms = base < backoff->most_ms / 2 ? base * 2 : backoff->most_ms;
	unsigned spread = base / 2;
	return base - spread / 2 + (unsigned)(random_next(&backoff->random) % (spread + 1));
}

void bus_backoff_reset(struct bus_backoff *backoff)
{
	backoff->next_ms = 0;
}
