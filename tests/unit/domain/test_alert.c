#include "../unit.h"

#include "domain/alert.h"

static void its_status_is_what_was_noted(void **state unused_arg)
{
	struct alert alert = { .version = 1 };

	check_text("raised", alert_status_name(alert_status_of(&alert)), "open");
	check_bool("somebody has seen it", alert_become_acknowledged(&alert, 5), true);
	check_text("seen", alert_status_name(alert_status_of(&alert)), "acknowledged");
	check_bool("once", alert_become_acknowledged(&alert, 6), false);
	check_int("when", alert.acknowledged_at, 5);
	check_bool("it is over", alert_become_resolved(&alert, 7), true);
	check_text("over", alert_status_name(alert_status_of(&alert)), "resolved");
	check_bool("once", alert_become_resolved(&alert, 8), false);
	check_int("when", alert.resolved_at, 7);
	check_int("version", alert.version, 3);
}

static void what_is_over_can_be_seen_still(void **state unused_arg)
{
	struct alert alert = { .version = 1, .resolved_at = 5 };

	check_bool("seen", alert_become_acknowledged(&alert, 6), true);
	check_text("it stays", alert_status_name(alert_status_of(&alert)), "resolved");
	check_int("version", alert.version, 2);
}

static void statuses_and_kinds_have_their_names(void **state unused_arg)
{
	static const char *const kinds[] = { "lateness", "stockShortage", "lowStock", "oversize" };
	enum alert_status status;
	enum alert_kind kind;

	for (unsigned i = 0; i < ALERT_STATUSES; i++) {
		const char *name = alert_status_name((enum alert_status)i);

		check_bool(name, alert_status_parse(str_from(name), &status) && status == i, true);
	}
	check_bool("no status", alert_status_parse(STR("Open"), &status), false);
	for (unsigned i = 0; i < COUNT_OF(kinds); i++) {
		check_bool(kinds[i], alert_kind_parse(str_from(kinds[i]), &kind), true);
		check_text(kinds[i], alert_kind_name(kind), kinds[i]);
	}
	check_bool("no kind", alert_kind_parse(STR("none"), &kind), false);
}

static void json_goes_there_and_back(void **state unused_arg)
{
	static const struct {
		struct alert alert;
		const char *json;
	} cases[] = {
		{ { .id = STR("e.1"),
		    .kind = ALERT_OVERSIZE,
		    .about = { ENTITY_TRADE, STR("t"), { NULL, 0 } },
		    .message = STR(MESSAGE_DELAYED),
		    .raised_at = 1000,
		    .version = 1 },
		  "{\"_id\":\"e.1\",\"id\":\"e.1\",\"kind\":\"oversize\",\"entity\":\"trade\",\"transactionId\":\"t\","
		  "\"message\":\"Delayed shipment detected!\",\"status\":\"open\",\"raisedAt\":\"1970-01-01T00:00:01.000Z\","
		  "\"version\":1}" },
		{ { .id = STR("e"),
		    .kind = ALERT_LATENESS,
		    .about = { ENTITY_CARGO, STR("s"), { NULL, 0 } },
		    .message = STR("m"),
		    .raised_at = 1000,
		    .acknowledged_at = 2000,
		    .resolved_at = 3000,
		    .version = 3 },
		  "{\"_id\":\"e\",\"id\":\"e\",\"kind\":\"lateness\",\"entity\":\"cargo\",\"shipmentId\":\"s\",\"message\":\"m\","
		  "\"status\":\"resolved\",\"raisedAt\":\"1970-01-01T00:00:01.000Z\","
		  "\"acknowledgedAt\":\"1970-01-01T00:00:02.000Z\",\"resolvedAt\":\"1970-01-01T00:00:03.000Z\",\"version\":3}" },
		{ { .id = STR("e.2"),
		    .kind = ALERT_LOW_STOCK,
		    .about = { ENTITY_INVENTORY, STR("Vega"), STR("ore") },
		    .message = STR("m"),
		    .raised_at = 1000,
		    .acknowledged_at = 2000,
		    .version = 2 },
		  "{\"_id\":\"e.2\",\"id\":\"e.2\",\"kind\":\"lowStock\",\"entity\":\"inventory\",\"stationId\":\"Vega\","
		  "\"item\":\"ore\",\"message\":\"m\",\"status\":\"acknowledged\",\"raisedAt\":\"1970-01-01T00:00:01.000Z\","
		  "\"acknowledgedAt\":\"1970-01-01T00:00:02.000Z\",\"version\":2}" },
	};
	struct arena *arena = arena_new(1024);

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf out = { 0 }, again = { 0 };
		struct alert alert;

		alert_write_json(&out, &cases[i].alert);
		check_str("written", buf_str(&out), str_from(cases[i].json));
		check_int("read", alert_read_json(arena, buf_str(&out), &alert), ITN_OK);
		alert_write_json(&again, &alert);
		check_str("and written again", buf_str(&again), buf_str(&out));
		buf_free(&out);
		buf_free(&again);
	}
	arena_free(arena);
}

static void what_is_no_alert_is_not_read(void **state unused_arg)
{
	static const char *const cases[] = {
		"{}",
		"[]",
		"{\"id\":\"e\",\"kind\":\"oversize\",\"entity\":\"alert\",\"message\":\"m\",\"raisedAt\":\"1970-01-01T00:00:01Z\","
		"\"version\":1}",
		"{\"id\":\"e\",\"kind\":\"none\",\"entity\":\"trade\",\"transactionId\":\"t\",\"message\":\"m\","
		"\"raisedAt\":\"1970-01-01T00:00:01Z\",\"version\":1}",
		"{\"id\":\"e\",\"kind\":\"oversize\",\"entity\":\"trade\",\"shipmentId\":\"t\",\"message\":\"m\","
		"\"raisedAt\":\"1970-01-01T00:00:01Z\",\"version\":1}",
	};
	struct arena *arena = arena_new(1024);
	struct alert alert;

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_int(cases[i], alert_read_json(arena, str_from(cases[i]), &alert), ITN_FAILED);
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_status_is_what_was_noted),
		cmocka_unit_test(what_is_over_can_be_seen_still),
		cmocka_unit_test(statuses_and_kinds_have_their_names),
		cmocka_unit_test(json_goes_there_and_back),
		cmocka_unit_test(what_is_no_alert_is_not_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
