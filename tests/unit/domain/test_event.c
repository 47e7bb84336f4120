#include "../unit.h"

#include "domain/event.h"
#include "domain/stock.h"

#define TIME INT64_C(1795381200123)

static void frames(unused_arg void **state)
{
	static const struct {
		struct event event;
		const char *frame;
	} cases[] = {
		{ { .id = STR("0123456789abcdef01234567"),
		    .seq = 4711,
		    .kind = EVENT_TRADE_UPDATED,
		    .time = TIME,
		    .data = STR("{\"a\":[1]}") },
		  "{\"event\":\"tradeUpdated\",\"id\":\"0123456789abcdef01234567\",\"seq\":4711,"
		  "\"time\":\"2026-11-22T21:00:00.123Z\",\"data\":{\"a\":[1]}}" },
		{ { .id = STR("0123456789abcdef01234567.2"),
		    .seq = 1,
		    .kind = EVENT_CRITICAL,
		    .time = TIME,
		    .caused_by = STR("0123456789abcdef01234567"),
		    .message = STR(MESSAGE_DELAYED),
		    .alert = ALERT_LATENESS,
		    .data = STR("{}") },
		  "{\"event\":\"criticalEvent\",\"id\":\"0123456789abcdef01234567.2\",\"seq\":1,"
		  "\"time\":\"2026-11-22T21:00:00.123Z\",\"causedBy\":\"0123456789abcdef01234567\","
		  "\"kind\":\"lateness\",\"message\":\"Delayed shipment detected!\",\"data\":{}}" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf out = { 0 };

		event_write_frame(&out, &cases[i].event);
		check_str("frame", buf_str(&out), str_from(cases[i].frame));
		buf_free(&out);
	}
}

static void names(unused_arg void **state)
{
	static const char *const events[EVENT_KINDS] = { "tradeCreate",      "tradeUpdated",  "cargoUpdated",
							 "inventoryUpdated", "criticalEvent", "alertUpdated",
							 "stockTaken" };
	static const char *const entities[ENTITY_KINDS] = { "trade", "cargo", "inventory", "alert" };

	for (unsigned i = 0; i < EVENT_KINDS; i++)
		check_text("event", event_name((enum event_kind)i), events[i]);
	for (unsigned i = 0; i < ENTITY_KINDS; i++)
		check_text("entity", entity_name((enum entity_kind)i), entities[i]);
}

static void inventories(unused_arg void **state)
{
	const struct stock records[] = {
		{ .station = STR("Vega"),
		  .item = STR("a.b"),
		  .on_hand = 7,
		  .reserved = 2,
		  .incoming = 3,
		  .version = 4,
		  .updated_at = TIME + 1 },
		{ .station = STR("Vega"), .item = STR("tin"), .reorder_level = 5, .version = 1, .updated_at = TIME },
	};
	struct buf out = { 0 };

	stock_write_json(&out, records, 2);
	check_str("inventory", buf_str(&out),
		  STR("{\"_id\":\"Vega\",\"stationId\":\"Vega\",\"items\":[{\"name\":\"a.b\",\"quantity\":7,"
		      "\"reserved\":2,"
		      "\"available\":5,\"incoming\":3,\"version\":4},{\"name\":\"tin\",\"quantity\":0,\"reserved\":0,"
		      "\"available\":0,\"incoming\":0,\"reorderLevel\":5,\"version\":1}],"
		      "\"updatedAt\":\"2026-11-22T21:00:00.124Z\"}"));
	buf_reset(&out, 4096);
	stock_write_item(&out, &records[1]);
	check_str(
		"item", buf_str(&out),
		STR("{\"name\":\"tin\",\"quantity\":0,\"reserved\":0,\"available\":0,\"incoming\":0,\"reorderLevel\":5,"
		    "\"version\":1}"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames),
		cmocka_unit_test(names),
		cmocka_unit_test(inventories),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
