#include "faults_text.h"

#include "domain/stock_take.h"

#define WITH_ITEMS(items) "{\"items\":" items "}"
#define WITH_ITEM(item)   WITH_ITEMS("[" item "]")
#define WITH_LEVEL(level) WITH_ITEM("{\"name\":\"x\",\"quantity\":1,\"reorderLevel\":" level "}")
#define COUNT_FAULT       "/items must have 1 to 1000 items"
#define ARRAY_FAULT       "/items must be an array of items"
#define QUANTITY_FAULT    "/items/0/quantity must be an integer from 0 to 1000000000000"
#define LEVEL_FAULT       "/items/0/reorderLevel must be an integer from 0 to 1000000000000"

static enum itn_status read(struct arena *arena, struct str body, struct faults *faults, struct stock_take *ret_take)
{
	struct json_in *doc;
	enum itn_status status;

	faults_init(faults, arena);
	if (json_in_parse(arena, body, faults, &doc) != ITN_OK)
		fail_msg("no JSON: %.*s", STR_ARG(body));
	status = stock_take_from_request(doc, arena, faults, ret_take);
	for (size_t i = 0; !status && i < ret_take->count; i++)
		ret_take->at[i].item = arena_str(arena, ret_take->at[i].item);
	json_in_free(doc);
	return status;
}

static void faults_by_pointer(unused_arg void **state)
{
	static const struct {
		const char *body;
		const char *faults;
	} cases[] = {
		{ "{}", "/items is required" },
		{ "[]", " must be a JSON object" },
		{ WITH_ITEMS("[]"), COUNT_FAULT },
		{ WITH_ITEMS("{}"), ARRAY_FAULT },
		{ WITH_ITEMS("null"), ARRAY_FAULT },
		{ WITH_ITEMS("[1],\"items\":[2]"), "/items is given more than once" },
		{ WITH_ITEM("1,null"), "/items/0 must be an object with name and quantity; "
				       "/items/1 must be an object with name and quantity" },
		{ WITH_ITEM("{}"), "/items/0/name is required; /items/0/quantity is required" },
		{ WITH_ITEM("{\"name\":\"\",\"quantity\":1}"), "/items/0/name must have 1 to 128 characters" },
		{ WITH_ITEM("{\"name\":\"x\",\"quantity\":-1}"), QUANTITY_FAULT },
		{ WITH_ITEM("{\"name\":\"x\",\"quantity\":0.5}"), QUANTITY_FAULT },
		{ WITH_ITEM("{\"name\":\"x\",\"quantity\":null}"), QUANTITY_FAULT },
		{ WITH_ITEM("{\"name\":\"x\",\"quantity\":1000000000001}"), QUANTITY_FAULT },
		{ WITH_LEVEL("-1"), LEVEL_FAULT },
		{ WITH_LEVEL("1000000000001"), LEVEL_FAULT },
		{ WITH_LEVEL("\"low\""), LEVEL_FAULT },
		{ WITH_LEVEL("1,\"reorderLevel\":null"), "/items/0/reorderLevel is given more than once" },
		{ WITH_LEVEL("null,\"reorderLevel\":1"), "/items/0/reorderLevel is given more than once" },
		{ WITH_ITEMS("[{\"name\":\"x\",\"quantity\":1},{\"name\":\"y\",\"quantity\":1},{\"name\":\"x\","
			     "\"quantity\":2}]"),
		  "/items/2/name must not be named twice in a stock-take" },
		{ WITH_ITEMS("[{\"name\":\"x\",\"quantity\":-1},{\"name\":\"y\"}]"),
		  QUANTITY_FAULT "; /items/1/quantity is required" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct faults faults;
		struct stock_take take;

		check_int(cases[i].body, read(arena, str_from(cases[i].body), &faults, &take), ITN_INVALID);
		check_str(cases[i].body, faults_text(&faults), str_from(cases[i].faults));
		arena_free(arena);
	}
}

static void levels(unused_arg void **state)
{
	static const struct {
		const char *body;
		int64_t level;
	} cases[] = {
		{ WITH_ITEM("{\"name\":\"x\",\"quantity\":1}"), -1 },
		{ WITH_LEVEL("null"), -1 },
		{ WITH_LEVEL("0"), 0 },
		{ WITH_LEVEL("\"7\""), 7 },
		{ WITH_LEVEL("1000000000000"), QUANTITY_MAX },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct faults faults;
		struct stock_take take;

		check_int(cases[i].body, read(arena, str_from(cases[i].body), &faults, &take), ITN_OK);
		check_int(cases[i].body, (long long)take.count, 1);
		check_int(cases[i].body, take.at[0].reorder_level, cases[i].level);
		arena_free(arena);
	}
}

/* A body with so many items, i of item i; every third names a level. */
static struct str body_of(struct arena *arena, int items)
{
	struct buf body = { 0 };
	struct str kept;

	buf_add_str(&body, STR("{\"items\":["));
	for (int i = 0; i < items; i++) {
		buf_printf(&body, "%s{\"name\":\"item \xc3\xa9 %d\",\"quantity\":%d", i ? "," : "", i, i);
		if (i % 3 == 0)
			buf_printf(&body, ",\"reorderLevel\":%d", i * 2);
		buf_add_char(&body, '}');
	}
	buf_add_str(&body, STR("]}"));
	kept = arena_str(arena, buf_str(&body));
	buf_free(&body);
	return kept;
}

static void it_goes_through_a_request_as_it_was_counted(unused_arg void **state)
{
	struct arena *arena = arena_new(0);
	struct faults faults;
	struct stock_take take;
	struct str body = body_of(arena, LINES_MAX);
	struct buf out = { 0 };

	check_int("as many as may be", read(arena, body, &faults, &take), ITN_OK);
	check_int("all of them", (long long)take.count, LINES_MAX);
	check_str("in their order", take.at[999].item, STR("item \xc3\xa9 999"));
	check_int("with their quantities", take.at[999].quantity, 999);
	stock_take_write_body(&out, &take);
	check_str("written again", buf_str(&out), body);
	buf_free(&out);
	check_int("one too many", read(arena, body_of(arena, LINES_MAX + 1), &faults, &take), ITN_INVALID);
	check_str("says so", faults_text(&faults), STR(COUNT_FAULT));
	arena_free(arena);
}

static void the_event_names_the_station(unused_arg void **state)
{
	struct count counts[] = { { STR("tea"), 0, -1 }, { STR("\"ore\""), 3, 0 } };
	struct stock_take take = { counts, COUNT_OF(counts) };
	struct buf out = { 0 };

	stock_take_write_json(&out, STR("Vega"), &take);
	check_str("event", buf_str(&out),
		  STR("{\"_id\":\"Vega\",\"stationId\":\"Vega\",\"items\":[{\"name\":\"tea\",\"quantity\":0},"
		      "{\"name\":\"\\\"ore\\\"\",\"quantity\":3,\"reorderLevel\":0}]}"));
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_by_pointer),
		cmocka_unit_test(levels),
		cmocka_unit_test(it_goes_through_a_request_as_it_was_counted),
		cmocka_unit_test(the_event_names_the_station),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
