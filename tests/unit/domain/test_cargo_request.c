#include "faults_text.h"

#include "domain/cargo.h"

#define WITH(member) "{\"shipmentId\":\"S\",\"emailId\":\"a@b\",\"destination\":\"V\"," member "}"
#define TIME_FAULT   " must be an RFC 3339 time after 1970, such as \"2031-05-04T12:00:00Z\""

static void bodies(unused_arg void **state)
{
	static const struct {
		const char *body;
		const char *faults;
	} cases[] = {
		{ WITH("\"items\":[]"), "" },
		{ WITH("\"items\":null"), "" },
		{ WITH("\"capacity\":\"5\",\"items\":[{\"name\":\"x\",\"quantity\":5}]"), "" },
		{ WITH("\"eta\":\"2031-05-04T12:00:00+02:00\",\"location\":\"Ceres\",\"origin\":\"Sol\""), "" },
		{ WITH("\"status\":\"delivered\",\"tradeCount\":\"x\",\"version\":{},\"ownItems\":1"), "" },
		{ "{}", "/shipmentId is required; /emailId is required; /destination is required" },
		{ "7", " must be a JSON object" },
		{ WITH("\"shipmentId\":\"T\""), "/shipmentId is given more than once" },
		{ WITH("\"items\":[{\"name\":\"x\",\"quantity\":0},{\"name\":\"\",\"quantity\":1}]"),
		  "/items/0/quantity must be an integer from 1 to 1000000000000; "
		  "/items/1/name must have 1 to 128 characters" },
		{ WITH("\"items\":7"), "/items must be an array of lines" },
		{ WITH("\"capacity\":0"), "/capacity must be an integer from 1 to 9007199254740991" },
		{ WITH("\"capacity\":1.5"), "/capacity must be an integer from 1 to 9007199254740991" },
		{ WITH("\"capacity\":5,\"items\":[{\"name\":\"x\",\"quantity\":3},{\"name\":\"x\",\"quantity\":3}]"),
		  "/capacity must not be less than what the own lines need, 6" },
		{ WITH("\"eta\":\"tomorrow\""), "/eta" TIME_FAULT },
		{ WITH("\"eta\":1795381200000"), "/eta" TIME_FAULT },
		{ WITH("\"eta\":\"1969-01-01T00:00:00Z\""), "/eta" TIME_FAULT },
		{ WITH("\"location\":{\"$gt\":\"\"}"), "/location must be a string" },
		{ WITH("\"origin\":\"x \""), "/origin must not begin or end with white space" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct faults faults;
		struct json_in *doc;
		struct cargo cargo;

		faults_init(&faults, arena);
		check_int(cases[i].body, json_in_parse(arena, str_from(cases[i].body), &faults, &doc), ITN_OK);
		check_int(cases[i].body, cargo_from_request(doc, arena, &faults, &cargo),
			  cases[i].faults[0] ? ITN_INVALID : ITN_OK);
		check_str(cases[i].body, faults_text(&faults), str_from(cases[i].faults));
		json_in_free(doc);
		arena_free(arena);
	}
}

static void own_lines_are_merged(unused_arg void **state)
{
	static const char body[] = WITH("\"items\":[{\"name\":\"x\",\"quantity\":3},{\"name\":\"y\",\"quantity\":1},"
					"{\"name\":\"x\",\"quantity\":\"4\"}]");
	struct arena *arena = arena_new(0);
	struct faults faults;
	struct json_in *doc;
	struct cargo cargo;

	faults_init(&faults, arena);
	check_int("JSON", json_in_parse(arena, str_from(body), &faults, &doc), ITN_OK);
	check_int("read", cargo_from_request(doc, arena, &faults, &cargo), ITN_OK);
	cargo_created(&cargo, 1, 2);
	check_int("delayed for three lines as sent", cargo.status, CARGO_DELAYED);
	check_int("lines", (long long)cargo.own_items.count, 2);
	check_int("x", cargo.own_items.at[0].quantity, 7);
	check_int("manifest", (long long)cargo.items.count, 2);
	json_in_free(doc);
	arena_free(arena);
}

static void wishes(unused_arg void **state)
{
	static const struct {
		const char *body;
		const char *faults;
	} cases[] = {
		{ "{\"status\":\"in transit\"}", "" },
		{ "{\"status\":\"delayed\",\"location\":\"x\",\"eta\":\"2031-05-04T12:00:00Z\"}", "" },
		{ "{\"status\":\"delayed\",\"location\":null,\"eta\":null}", "" },
		{ "{\"status\":\"completed\"}", "/status must be one of pending, in transit, delayed, delivered" },
		{ "{\"location\":\"\",\"eta\":true}",
		  "/status is required; /location must have 1 to 128 characters; /eta" TIME_FAULT },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct cargo_change change;
		struct faults faults;
		struct json_in *doc;

		faults_init(&faults, arena);
		check_int(cases[i].body, json_in_parse(arena, str_from(cases[i].body), &faults, &doc), ITN_OK);
		check_int(cases[i].body, cargo_change_from_request(doc, arena, &faults, &change),
			  cases[i].faults[0] ? ITN_INVALID : ITN_OK);
		check_str(cases[i].body, faults_text(&faults), str_from(cases[i].faults));
		json_in_free(doc);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bodies),
		cmocka_unit_test(own_lines_are_merged),
		cmocka_unit_test(wishes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
