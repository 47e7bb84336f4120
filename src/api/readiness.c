#include "api/readiness.h"

#include <inttypes.h>
#include <string.h>

#include "core/clock.h"
#include "core/metrics.h"
#include "store/store.h"

#define LOG_BEHIND_US  INT64_C(5000000)
#define FEED_BEHIND    1000
#define CLOCK_APART_US INT64_C(1000000)
#define STUCK_US       INT64_C(10000000)

static const char *const words[REASONS] = {
	[REASON_NONE] = "",
#define REASON(key, word, meaning, remedy) [REASON_##key] = word,
#define SEEN(key, word, meaning, remedy)   [REASON_##key] = word,
#include "api/readiness.def"
#undef REASON
#undef SEEN
};

const char *reason_word(enum reason reason)
{
	return words[reason];
}

/* The next process of a program in this network, from `*at` on, which goes behind it. */
static bool next_process(const struct metrics_reading *reading, const char *program, const char *network, size_t *at,
			 size_t *ret)
{
	while (*at < metrics_process_count(reading)) {
		size_t process = (*at)++;

		if (strcmp(metrics_process_program(reading, process), program) != 0 ||
		    strcmp(metrics_process_network(reading, process), network) != 0)
			continue;
		*ret = process;
		return true;
	}
	return false;
}

/* What it says of itself is as old as its last progress. */
static bool is_stuck(const struct metrics_reading *reading, size_t process)
{
	int64_t at_us;

	return metrics_process_value(reading, process, METRIC_PROGRESS, &at_us) &&
	       clock_now_ms() * 1000 - at_us > STUCK_US;
}

/* The engine that works, or believes to, when it is on this host. */
static bool find_holder(const struct metrics_reading *reading, const char *network, bool stuck, size_t *ret)
{
	size_t at = 0;
	int64_t held;

	while (next_process(reading, "itn-engine", network, &at, ret))
		if (metrics_process_value(reading, *ret, METRIC_ENGINE_LEASE, &held) && held &&
		    is_stuck(reading, *ret) == stuck)
			return true;
	return false;
}

static bool active_value(const struct metrics_reading *reading, const char *network, enum metric metric, int64_t *ret)
{
	size_t process;

	return find_holder(reading, network, false, &process) && metrics_process_value(reading, process, metric, ret);
}

static bool has_no_room(const struct metrics_reading *reading, size_t process)
{
	int64_t no_room;

	return metrics_process_value(reading, process, METRIC_ENGINE_NO_ROOM, &no_room) && no_room;
}

static enum reason look_at_engine(const struct metrics_reading *reading, const char *network, struct buf *detail)
{
	size_t process, at = 0;

	if (find_holder(reading, network, false, &process)) {
		buf_printf(detail, "%s has the lease", metrics_process_name(reading, process));
		return has_no_room(reading, process) ? REASON_ENGINE_NO_ROOM : REASON_NONE;
	}
	if (find_holder(reading, network, true, &process)) {
		buf_add_cstr(detail, metrics_process_name(reading, process));
		return REASON_ENGINE_STUCK;
	}
	return next_process(reading, "itn-engine", network, &at, &process) ? REASON_ENGINE_IDLE : REASON_ENGINE_ABSENT;
}

static void add_seconds(struct buf *out, int64_t us)
{
	buf_printf(out, "%s%" PRId64 ".%03" PRId64 " s", us < 0 ? "-" : "", (us < 0 ? -us : us) / 1000000,
		   (us < 0 ? -us : us) / 1000 % 1000);
}

static enum reason look_at_log(const struct metrics_reading *reading, const char *network, struct buf *detail)
{
	int64_t oldest_us, entries;

	if (!active_value(reading, network, METRIC_OUTBOX_OLDEST, &oldest_us) ||
	    !active_value(reading, network, METRIC_OUTBOX_ENTRIES, &entries))
		return REASON_NONE;
	buf_printf(detail, "%" PRId64 " wait, the oldest since ", entries);
	add_seconds(detail, oldest_us);
	return oldest_us > LOG_BEHIND_US ? REASON_LOG_BEHIND : REASON_NONE;
}

static enum reason look_at_feed(const struct metrics_reading *reading, const char *network, struct buf *detail)
{
	int64_t behind;

	if (!active_value(reading, network, METRIC_PUBLICATION_LAG, &behind))
		return REASON_NONE;
	buf_printf(detail, "%" PRId64 " events are not published", behind);
	return behind > FEED_BEHIND ? REASON_FEED_BEHIND : REASON_NONE;
}

static enum reason look_at_clock(const struct metrics_reading *reading, const char *network, struct buf *detail)
{
	int64_t offset_us;

	if (!active_value(reading, network, METRIC_STORE_CLOCK_OFFSET, &offset_us))
		return REASON_NONE;
	buf_add_cstr(detail, "the store's clock is ahead by ");
	add_seconds(detail, offset_us);
	return offset_us > CLOCK_APART_US || offset_us < -CLOCK_APART_US ? REASON_CLOCK_APART : REASON_NONE;
}

static enum reason look_at_schema(const struct metrics_reading *reading, const char *network, struct buf *detail)
{
	int64_t schema;

	if (!active_value(reading, network, METRIC_STORE_SCHEMA, &schema))
		return REASON_NONE;
	buf_printf(detail, "the store has %" PRId64 ", this program %d", schema, STORE_SCHEMA);
	return schema < STORE_SCHEMA ? REASON_SCHEMA_OLD : REASON_NONE;
}

static enum reason look_at_gateways(const struct metrics_reading *reading, const char *network, struct buf *detail)
{
	size_t process, at = 0, count = 0;
	int64_t live;

	while (next_process(reading, "itn-gateway", network, &at, &process)) {
		bool stuck = is_stuck(reading, process);

		count++;
		if (!stuck && metrics_process_value(reading, process, METRIC_GATEWAY_LIVE, &live) && live)
			continue;
		buf_add_cstr(detail, metrics_process_name(reading, process));
		return stuck ? REASON_GATEWAY_STUCK : REASON_GATEWAY_BEHIND;
	}
	return count ? REASON_NONE : REASON_GATEWAY_ABSENT;
}

const struct sight sights[] = {
	{ "engine", look_at_engine }, { "log", look_at_log },       { "feed", look_at_feed },
	{ "clock", look_at_clock },   { "schema", look_at_schema }, { "gateway", look_at_gateways },
};

const size_t sight_count = sizeof(sights) / sizeof(sights[0]);
