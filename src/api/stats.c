#include "api/api.h"
#include "api/body.h"
#include "api/position.h"
#include "core/clock.h"
#include "store/store.h"

/* Counters of the engine, copied while they are read. */
struct counters {
	struct arena *arena;
	struct counter {
		struct str name;
		int64_t value;
	} *at;
	size_t count, capacity;
};

static void take(void *context, struct str name, int64_t value)
{
	struct counters *counters = context;

	if (counters->count == counters->capacity) {
		size_t capacity = counters->capacity ? counters->capacity * 2 : 256;
		struct counter *at = arena_calloc(counters->arena, capacity, sizeof(*at));

		if (counters->count)
			memcpy(at, counters->at, counters->count * sizeof(*at));
		counters->at = at;
		counters->capacity = capacity;
	}
	counters->at[counters->count++] = (struct counter){ arena_str(counters->arena, name), value };
}

static int64_t value_of(const struct counters *counters, struct str name)
{
	size_t low = 0, high = counters->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(counters->at[middle].name, name);

		if (order == 0)
			return counters->at[middle].value;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

static int64_t status_count(const struct counters *counters, const char *what, const char *status)
{
	return value_of(counters, arena_printf(counters->arena, "%s.status.%s", what, status));
}

/* The last `count` minutes, hours or days that have trades, the newest last. */
static void write_volume(struct json_out *out, const struct counters *counters, const char *member, const char *unit,
			 size_t name_len, size_t count, int64_t unit_ms)
{
	int64_t now = clock_now_ms();

	json_out_key(out, member);
	json_out_array(out);
	for (size_t i = 0; i < count; i++) {
		char at[TIME_LEN + 1];
		int64_t value;

		time_format((now / unit_ms - (int64_t)(count - 1 - i)) * unit_ms, at);
		value = value_of(counters,
				 arena_printf(counters->arena, "trades.created.%s.%.*s", unit, (int)name_len, at));
		if (!value)
			continue;
		json_out_object(out);
		json_out_member_str(out, "at", str_from(at));
		json_out_member_int(out, "count", value);
		json_out_object_end(out);
	}
	json_out_array_end(out);
}

static void write_trades(struct json_out *out, const struct counters *counters)
{
	json_out_key(out, "trades");
	json_out_object(out);
	json_out_member_int(out, "total", value_of(counters, STR("trades.created.total")));
	json_out_key(out, "byStatus");
	json_out_object(out);
	for (unsigned i = 0; i < TRADE_STATUSES; i++) {
		const char *name = trade_status_name((enum trade_status)i);

		json_out_member_int(out, name, status_count(counters, "trades", name));
	}
	json_out_object_end(out);
	write_volume(out, counters, "perMinute", "minute", 16, 60, 60000);
	write_volume(out, counters, "perHour", "hour", 13, 48, 3600000);
	write_volume(out, counters, "perDay", "day", 10, 30, 86400000);
	json_out_object_end(out);
}

static void write_cargo(struct json_out *out, const struct counters *counters)
{
	int64_t active = 0;

	json_out_key(out, "cargo");
	json_out_object(out);
	json_out_key(out, "byStatus");
	json_out_object(out);
	for (unsigned i = 0; i < CARGO_STATUSES; i++) {
		const char *name = cargo_status_name((enum cargo_status)i);
		int64_t count = status_count(counters, "cargo", name);

		json_out_member_int(out, name, count);
		active += i == CARGO_DELIVERED ? 0 : count;
	}
	json_out_object_end(out);
	json_out_member_int(out, "active", active);
	json_out_object_end(out);
}

static void write_sum(struct json_out *out, const char *member, const char *name, int64_t value)
{
	json_out_key(out, member);
	json_out_object(out);
	json_out_member_int(out, name, value);
	json_out_object_end(out);
}

void stats_show(struct api *api, struct http_request *req, struct http_response *res)
{
	struct counters counters = { .arena = req->arena };
	struct json_out out;
	enum itn_status status;

	if (!position_set(api, res))
		return;
	status = store_counters(api->store, STR(""), take, &counters);
	if (status != ITN_OK) {
		http_response_restart(res);
		store_failure_reply(res, status);
		return;
	}
	out = http_json(res, 200);
	json_out_object(&out);
	write_trades(&out, &counters);
	write_cargo(&out, &counters);
	write_sum(&out, "stock", "quantity", value_of(&counters, STR("stock.total")));
	write_sum(&out, "alerts", "raised", value_of(&counters, STR("alerts.total")));
	write_sum(&out, "events", "total", value_of(&counters, STR("events.total")));
	json_out_object_end(&out);
}
