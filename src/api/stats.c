#include <string.h>

#include "api/api.h"
#include "api/body.h"
#include "api/position.h"
#include "core/clock.h"
#include "core/map.h"
#include "domain/alert.h"
#include "store/store.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* Created trades by time: counter names are the prefix and the beginning of the RFC 3339 time. */
static const struct series {
	const char *member;
	const char *prefix;
	size_t time_len, coarse_len;
	int64_t step_ms;
	int count;
} series[] = {
	{ "perMinute", "trades.created.minute.", 16, 13, MINUTE_MS, 60 },
	{ "perHour", "trades.created.hour.", 13, 10, HOUR_MS, 48 },
	{ "perDay", "trades.created.day.", 10, 7, DAY_MS, 30 },
};

#define SERIES (sizeof(series) / sizeof(series[0]))

struct counters {
	struct arena *arena;
	struct map values;
};

static void keep(void *context, struct str name, int64_t value)
{
	struct counters *counters = context;
	int64_t *kept = arena_alloc(counters->arena, sizeof(*kept));

	*kept = value;
	map_put(&counters->values, arena_str(counters->arena, name), kept);
}

static int64_t counter(const struct counters *counters, const char *prefix, const char *name)
{
	const int64_t *value = map_get(&counters->values, arena_printf(counters->arena, "%s%s", prefix, name));

	return value ? *value : 0;
}

static void write_by_status(struct json_out *out, const struct counters *counters, const char *prefix,
			    const char *(*name)(unsigned status), unsigned count)
{
	json_out_key(out, "byStatus");
	json_out_object(out);
	for (unsigned i = 0; i < count; i++)
		json_out_member_int(out, name(i), counter(counters, prefix, name(i)));
	json_out_object_end(out);
}

static const char *trade_name(unsigned status)
{
	return trade_status_name((enum trade_status)status);
}

static const char *cargo_name(unsigned status)
{
	return cargo_status_name((enum cargo_status)status);
}

/* The last `count` steps, oldest first, the current one last. */
static int64_t series_start(const struct series *s, int64_t now)
{
	return now - now % s->step_ms - (s->count - 1) * s->step_ms;
}

static void write_series(struct json_out *out, const struct counters *counters, const struct series *s, int64_t now)
{
	int64_t at = series_start(s, now);
	char text[TIME_LEN + 1];

	json_out_key(out, s->member);
	json_out_array(out);
	for (int i = 0; i < s->count; i++, at += s->step_ms) {
		time_format(at, text);
		text[s->time_len] = '\0';
		json_out_object(out);
		json_out_member_time(out, "at", at);
		json_out_member_int(out, "count", counter(counters, s->prefix, text));
		json_out_object_end(out);
	}
	json_out_array_end(out);
}

static void write_trades(struct json_out *out, const struct counters *counters, int64_t now)
{
	json_out_key(out, "trades");
	json_out_object(out);
	json_out_member_int(out, "total", counter(counters, "trades.created.", "total"));
	write_by_status(out, counters, "trades.status.", trade_name, TRADE_STATUSES);
	for (size_t i = 0; i < SERIES; i++)
		write_series(out, counters, &series[i], now);
	json_out_object_end(out);
}

static void write_cargo(struct json_out *out, const struct counters *counters)
{
	int64_t active = 0;

	for (unsigned i = 0; i < CARGO_STATUSES; i++)
		if (i != CARGO_DELIVERED)
			active += counter(counters, "cargo.status.", cargo_name(i));
	json_out_key(out, "cargo");
	json_out_object(out);
	write_by_status(out, counters, "cargo.status.", cargo_name, CARGO_STATUSES);
	json_out_member_int(out, "active", active);
	json_out_object_end(out);
}

static const char *alert_name(unsigned status)
{
	return alert_status_name((enum alert_status)status);
}

static void write_alerts(struct json_out *out, const struct counters *counters)
{
	json_out_key(out, "alerts");
	json_out_object(out);
	json_out_member_int(out, "raised", counter(counters, "alerts.", "total"));
	write_by_status(out, counters, "alerts.status.", alert_name, ALERT_STATUSES);
	json_out_object_end(out);
}

static void write_one(struct json_out *out, const char *group, const char *member, int64_t value)
{
	json_out_key(out, group);
	json_out_object(out);
	json_out_member_int(out, member, value);
	json_out_object_end(out);
}

/* Only what the series shows: its counters are read by the coarser time that they share. */
static enum itn_status read_series(struct store *store, struct counters *counters, const struct series *s, int64_t now)
{
	int64_t at = series_start(s, now);
	char text[TIME_LEN + 1], read[TIME_LEN + 1] = "";
	enum itn_status status = ITN_OK;

	for (int i = 0; status == ITN_OK && i < s->count; i++, at += s->step_ms) {
		time_format(at, text);
		text[s->coarse_len] = '\0';
		if (strcmp(text, read) == 0)
			continue;
		strcpy(read, text);
		status = store_counters(store, arena_printf(counters->arena, "%s%s", s->prefix, text), keep, counters);
	}
	return status;
}

static enum itn_status read_counters(struct store *store, struct counters *counters, int64_t now)
{
	static const char *const prefixes[] = {
		"trades.created.total", "trades.status.", "cargo.status.",
		"stock.total",          "alerts.total",   "alerts.status.", "events.total",
	};
	enum itn_status status = ITN_OK;

	for (size_t i = 0; status == ITN_OK && i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		status = store_counters(store, str_from(prefixes[i]), keep, counters);
	for (size_t i = 0; status == ITN_OK && i < SERIES; i++)
		status = read_series(store, counters, &series[i], now);
	return status;
}

void stats_show(struct api *api, struct http_request *req, struct http_response *res)
{
	struct counters counters = { .arena = req->arena };
	int64_t now = clock_now_ms();
	enum itn_status status;
	struct json_out out;

	if (!position_set(api, res))
		return;
	map_init(&counters.values, req->arena);
	status = read_counters(api->store, &counters, now);
	if (status != ITN_OK) {
		store_failure_reply(res, status);
		return;
	}
	out = http_json(res, 200);
	json_out_object(&out);
	write_trades(&out, &counters, now);
	write_cargo(&out, &counters);
	write_one(&out, "stock", "quantity", counter(&counters, "stock.", "total"));
	write_alerts(&out, &counters);
	write_one(&out, "events", "total", counter(&counters, "events.", "total"));
	json_out_object_end(&out);
}
