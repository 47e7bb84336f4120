#include "faults_text.h"

#include "domain/trade.h"

#define REST                      "\"buyerEmail\":\"a@b\",\"seller\":\"B\",\"sellerEmail\":\"b@c\",\"destination\":\"V\"}"
#define WITH_ITEMS(items)         "{\"buyer\":\"A\",\"items\":" items "," REST
#define WITH_LINE(name, quantity) WITH_ITEMS("[{\"name\":" name ",\"quantity\":" quantity "}]")
#define WITH(member)              "{" member ",\"buyer\":\"A\",\"items\":[{\"name\":\"x\",\"quantity\":1}]," REST
#define BUYER(value)              "{\"buyer\":" value ",\"items\":[{\"name\":\"x\",\"quantity\":1}]," REST
#define EMAIL(value)                                                                                                   \
	"{\"buyer\":\"A\",\"seller\":\"B\",\"sellerEmail\":\"b@c\",\"destination\":\"V\","                             \
	"\"items\":[{\"name\":\"x\",\"quantity\":1}],\"buyerEmail\":" value "}"
#define QUANTITY_FAULT "/items/0/quantity must be an integer from 1 to 1000000000000"
#define EMAIL_FAULT    "/buyerEmail must be an e-mail address: exactly one @ and no white space"

static enum itn_status read(struct arena *arena, struct str body, struct faults *faults, struct trade *ret_trade,
			    struct json_in **ret_doc)
{
	faults_init(faults, arena);
	if (json_in_parse(arena, body, faults, ret_doc) != ITN_OK)
		fail_msg("no JSON: %.*s", STR_ARG(body));
	return trade_from_request(*ret_doc, arena, faults, ret_trade);
}

static void faults_by_pointer(unused_arg void **state)
{
	static const struct {
		const char *body;
		const char *faults;
	} cases[] = {
		{ "{}", "/buyer is required; /buyerEmail is required; /seller is required; /sellerEmail is required; "
			"/destination is required; /items is required" },
		{ "[]", " must be a JSON object" },
		{ "null", " must be a JSON object" },
		{ "\"x\"", " must be a JSON object" },
		{ BUYER("{\"$gt\":\"\"}"), "/buyer must be a string" },
		{ BUYER("null"), "/buyer must be a string" },
		{ BUYER("1"), "/buyer must be a string" },
		{ BUYER("[\"A\"]"), "/buyer must be a string" },
		{ BUYER("\"\""), "/buyer must have 1 to 128 characters" },
		{ BUYER("\"a\\u0000b\""), "/buyer must not contain control characters" },
		{ BUYER("\"a\\nb\""), "/buyer must not contain control characters" },
		{ BUYER("\"a\\u0085b\""), "/buyer must not contain control characters" },
		{ WITH("\"buyer\":\"A\""), "/buyer is given more than once" },
		{ WITH("\"stationId\":\" x\""), "/stationId must not begin or end with white space" },
		{ WITH("\"stationId\":\"x\\u00a0\""), "/stationId must not begin or end with white space" },
		{ WITH("\"stationId\":\"\""), "/stationId must have 1 to 64 characters" },
		{ WITH("\"stationId\":7"), "/stationId must be a string" },
		{ WITH_ITEMS("[]"), "/items must have 1 to 1000 lines" },
		{ WITH_ITEMS("{}"), "/items must be an array of lines" },
		{ WITH_ITEMS("\"x\""), "/items must be an array of lines" },
		{ WITH_ITEMS("[1,null]"), "/items/0 must be an object with name and quantity; "
					  "/items/1 must be an object with name and quantity" },
		{ WITH_ITEMS("[{}]"), "/items/0/name is required; /items/0/quantity is required" },
		{ WITH_LINE("{\"$gt\":\"\"}", "1"), "/items/0/name must be a string" },
		{ WITH_LINE("\"x\"", "0"), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "-1"), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "1.5"), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "1000000000001"), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "1e400"), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "\"ten\""), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "\" 10\""), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "\"\""), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "true"), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "null"), QUANTITY_FAULT },
		{ WITH_LINE("\"x\"", "1,\"quantity\":2"), "/items/0/quantity is given more than once" },
		{ EMAIL("\"ab\""), "/buyerEmail must have 3 to 254 characters" },
		{ EMAIL("\"abc\""), EMAIL_FAULT },
		{ EMAIL("\"a@b@c\""), EMAIL_FAULT },
		{ EMAIL("\"a b@c\""), EMAIL_FAULT },
		{ EMAIL("\"a@\\u2003c\""), EMAIL_FAULT },
		{ EMAIL("\"a@b\\r\\nBcc: x\""), "/buyerEmail must not contain control characters" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct faults faults;
		struct json_in *doc;
		struct trade trade;

		check_int(cases[i].body, read(arena, str_from(cases[i].body), &faults, &trade, &doc), ITN_INVALID);
		check_str(cases[i].body, faults_text(&faults), str_from(cases[i].faults));
		json_in_free(doc);
		arena_free(arena);
	}
}

static void quantities_have_many_spellings(unused_arg void **state)
{
	static const struct {
		const char *body;
		int64_t quantity;
	} cases[] = {
		{ WITH_LINE("\"x\"", "10"), 10 },
		{ WITH_LINE("\"x\"", "\"10\""), 10 },
		{ WITH_LINE("\"x\"", "1e1"), 10 },
		{ WITH_LINE("\"x\"", "10.0"), 10 },
		{ WITH_LINE("\"x\"", "\"1e1\""), 10 },
		{ WITH_LINE("\"x\"", "1"), 1 },
		{ WITH_LINE("\"x\"", "1000000000000"), QUANTITY_MAX },
		{ WITH_LINE("\"x\"", "1e12"), QUANTITY_MAX },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct faults faults;
		struct json_in *doc;
		struct trade trade;

		check_int(cases[i].body, read(arena, str_from(cases[i].body), &faults, &trade, &doc), ITN_OK);
		check_int(cases[i].body, trade.items.at[0].quantity, cases[i].quantity);
		json_in_free(doc);
		arena_free(arena);
	}
}

/* A body whose `member` is a text of so many two-byte characters. */
static struct str long_text(struct arena *arena, const char *body_around, size_t characters, const char *tail)
{
	char *text = arena_alloc(arena, characters * 2 + 1);

	for (size_t i = 0; i < characters; i++)
		memcpy(text + 2 * i, "\xc3\xa9", 2);
	text[characters * 2] = '\0';
	return arena_printf(arena, body_around, text, tail);
}

static void lengths_are_code_points(unused_arg void **state)
{
	static const char body[] =
		"{\"buyer\":\"%s\",\"items\":[{\"name\":\"x\",\"quantity\":1}],\"buyerEmail\":\"a@b\","
		"\"seller\":\"B\",\"sellerEmail\":\"b@c\",\"destination\":\"V\"%s}";
	static const char station[] =
		"{\"stationId\":\"%s\",\"buyer\":\"A\",\"items\":[{\"name\":\"x\",\"quantity\":1}],"
		"\"buyerEmail\":\"a@b\",\"seller\":\"B\",\"sellerEmail\":\"b@c\",\"destination\":\"V\"%s}";
	static const char email[] =
		"{\"buyerEmail\":\"%s@b\",\"buyer\":\"A\",\"items\":[{\"name\":\"x\",\"quantity\":1}],"
		"\"seller\":\"B\",\"sellerEmail\":\"b@c\",\"destination\":\"V\"%s}";
	static const struct {
		const char *body;
		size_t characters;
		enum itn_status status;
	} cases[] = {
		{ body, 128, ITN_OK },        { body, 129, ITN_INVALID }, { station, 64, ITN_OK },
		{ station, 65, ITN_INVALID }, { email, 252, ITN_OK },     { email, 253, ITN_INVALID },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct faults faults;
		struct json_in *doc;
		struct trade trade;

		check_int(cases[i].body,
			  read(arena, long_text(arena, cases[i].body, cases[i].characters, ""), &faults, &trade, &doc),
			  cases[i].status);
		json_in_free(doc);
		arena_free(arena);
	}
}

static void a_thousand_lines_and_no_more(unused_arg void **state)
{
	for (size_t count = LINES_MAX; count <= LINES_MAX + 1; count++) {
		struct arena *arena = arena_new(0);
		struct buf body = { 0 };
		struct faults faults;
		struct json_in *doc;
		struct trade trade;

		buf_add_cstr(&body, "{\"buyer\":\"A\",\"items\":[");
		for (size_t i = 0; i < count; i++)
			buf_printf(&body, "%s{\"name\":\"n%zu\",\"quantity\":1}", i ? "," : "", i);
		buf_add_cstr(&body, "]," REST);
		check_int("status", read(arena, buf_str(&body), &faults, &trade, &doc),
			  count == LINES_MAX ? ITN_OK : ITN_INVALID);
		if (count > LINES_MAX)
			check_str("fault", faults_text(&faults), STR("/items must have 1 to 1000 lines"));
		json_in_free(doc);
		buf_free(&body);
		arena_free(arena);
	}
}

static void what_the_server_owns_is_ignored(unused_arg void **state)
{
	static const char body[] =
		WITH("\"status\":\"completed\",\"version\":\"x\",\"_id\":1,\"transactionId\":[],\"createdAt\":{},"
		     "\"holds\":3,\"shipmentId\":7,\"reason\":1,\"nonsense\":1,\"nonsense\":2,\"stationId\":null");
	struct arena *arena = arena_new(0);
	struct faults faults;
	struct json_in *doc;
	struct trade trade;

	check_int("status", read(arena, str_from(body), &faults, &trade, &doc), ITN_OK);
	check_str("shipment", trade.shipment, STR_NONE);
	check_str("null is absent", trade.station, STR_NONE);
	check_str("id", trade.id, STR_NONE);
	json_in_free(doc);
	arena_free(arena);
}

static void operators_are_plain_text(unused_arg void **state)
{
	static const char body[] = "{\"buyer\":\"$where\",\"items\":[{\"name\":\"$gt\",\"quantity\":1},"
				   "{\"name\":\"a.b\",\"quantity\":2}]," REST;
	struct arena *arena = arena_new(0);
	struct faults faults;
	struct json_in *doc;
	struct trade trade;

	check_int("status", read(arena, str_from(body), &faults, &trade, &doc), ITN_OK);
	check_str("buyer", trade.buyer, STR("$where"));
	check_str("first", trade.items.at[0].name, STR("$gt"));
	check_str("second", trade.items.at[1].name, STR("a.b"));
	json_in_free(doc);
	arena_free(arena);
}

static void wishes(unused_arg void **state)
{
	static const struct {
		const char *body;
		const char *faults;
	} cases[] = {
		{ "{\"status\":\"delayed\"}", "" },
		{ "{\"status\":\"canceled\",\"reason\":\"\"}", "" },
		{ "{\"status\":\"canceled\",\"reason\":null}", "" },
		{ "{}", "/status is required" },
		{ "[]", " must be a JSON object" },
		{ "{\"status\":1,\"reason\":2}", "/status must be a string; /reason must be a string" },
		{ "{\"status\":\"lost\"}", "/status must be one of pending, completed, canceled, delayed" },
		{ "{\"status\":\"in transit\"}", "/status must be one of pending, completed, canceled, delayed" },
		{ "{\"status\":\"pending\",\"status\":\"delayed\"}", "/status is given more than once" },
		{ "{\"status\":\"pending\",\"reason\":\"a\\tb\"}", "/reason must not contain control characters" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct trade_change change;
		struct faults faults;
		struct json_in *doc;

		faults_init(&faults, arena);
		check_int(cases[i].body, json_in_parse(arena, str_from(cases[i].body), &faults, &doc), ITN_OK);
		check_int(cases[i].body, trade_change_from_request(doc, arena, &faults, &change),
			  cases[i].faults[0] ? ITN_INVALID : ITN_OK);
		check_str(cases[i].body, faults_text(&faults), str_from(cases[i].faults));
		json_in_free(doc);
		arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faults_by_pointer),
		cmocka_unit_test(quantities_have_many_spellings),
		cmocka_unit_test(lengths_are_code_points),
		cmocka_unit_test(a_thousand_lines_and_no_more),
		cmocka_unit_test(what_the_server_owns_is_ignored),
		cmocka_unit_test(operators_are_plain_text),
		cmocka_unit_test(wishes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
