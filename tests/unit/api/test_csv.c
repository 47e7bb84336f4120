#include "../unit.h"

#include "api/csv.h"

#define TRADE_HEAD "{\"_id\":\"i\",\"transactionId\":\"i\",\"buyer\":"
#define TRADE_REST ",\"items\":[{\"name\":\"a,b\",\"quantity\":2}],\"status\":\"pending\",\"version\":1}"
#define ROW(buyer) "\"i\",," buyer ",,,,\"[{\"\"name\"\":\"\"a,b\"\",\"\"quantity\"\":2}]\",,\"pending\",,,1,,,,\r\n"

static void rows(unused_arg void **state)
{
	static const struct {
		const char *name;
		enum store_list_kind kind;
		const char *json;
		const char *row;
	} cases[] = {
		{ "plain", LIST_TRADES, TRADE_HEAD "\"Ada\"" TRADE_REST, ROW("\"Ada\"") },
		{ "quotes and commas", LIST_TRADES, TRADE_HEAD "\"a\\\"b\\\\,c\"" TRADE_REST, ROW("\"a\"\"b\\,c\"") },
		{ "a formula", LIST_TRADES, TRADE_HEAD "\"=1+1\"" TRADE_REST, ROW("\"'=1+1\"") },
		{ "plus", LIST_TRADES, TRADE_HEAD "\"+1\"" TRADE_REST, ROW("\"'+1\"") },
		{ "minus", LIST_TRADES, TRADE_HEAD "\"-1\"" TRADE_REST, ROW("\"'-1\"") },
		{ "at", LIST_TRADES, TRADE_HEAD "\"@A1\"" TRADE_REST, ROW("\"'@A1\"") },
		{ "a formula further on", LIST_TRADES, TRADE_HEAD "\"a=1\"" TRADE_REST, ROW("\"a=1\"") },
		{ "no ASCII", LIST_TRADES, TRADE_HEAD "\"\xc3\xbc\"" TRADE_REST, ROW("\"\xc3\xbc\"") },
		{ "why it is delayed", LIST_TRADES,
		  "{\"transactionId\":\"i\",\"status\":\"delayed\",\"holds\":[\"size\",\"manual\"]}",
		  "\"i\",,,,,,,,\"delayed\",,,,,,\"[\"\"size\"\",\"\"manual\"\"]\",\r\n" },
		{ "what is set aside for it", LIST_TRADES,
		  "{\"transactionId\":\"i\",\"status\":\"pending\",\"reservedLines\":[{\"name\":\"a\",\"quantity\":2}]"
		  "}",
		  "\"i\",,,,,,,,\"pending\",,,,,,,\"[{\"\"name\"\":\"\"a\"\",\"\"quantity\"\":2}]\"\r\n" },
		{ "one line for each item", LIST_INVENTORY,
		  "{\"_id\":\"S\",\"stationId\":\"S\",\"items\":[{\"name\":\"=x\",\"quantity\":1,\"reserved\":0,"
		  "\"available\":1,\"incoming\":2,\"version\":3},{\"name\":\"y\",\"quantity\":0,\"reserved\":0,"
		  "\"available\":0,\"incoming\":0,\"reorderLevel\":9,\"version\":1}],\"updatedAt\":\"t\"}",
		  "\"S\",\"'=x\",1,0,1,2,,3\r\n\"S\",\"y\",0,0,0,0,9,1\r\n" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct arena *arena = arena_new(0);
		struct buf out = { 0 };

		check_bool(cases[i].name, csv_row(&out, arena, cases[i].kind, str_from(cases[i].json)), true);
		check_str(cases[i].name, buf_str(&out), str_from(cases[i].row));
		check_bool("no JSON", csv_row(&out, arena, cases[i].kind, STR("{")), false);
		buf_free(&out);
		arena_free(arena);
	}
}

static void headers(unused_arg void **state)
{
	static const char *const cases[] = {
		[LIST_TRADES] = "transactionId,stationId,buyer,buyerEmail,seller,sellerEmail,items,destination,status,"
				"shipmentId,reason,version,createdAt,updatedAt,holds,reservedLines\r\n",
		[LIST_CARGO] = "shipmentId,emailId,origin,destination,items,ownItems,capacity,tradeCount,status,"
			       "departedAt,deliveredAt,eta,location,version,createdAt,updatedAt\r\n",
		[LIST_INVENTORY] = "stationId,name,quantity,reserved,available,incoming,reorderLevel,version\r\n",
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf out = { 0 };

		csv_header(&out, (enum store_list_kind)i);
		check_str("header", buf_str(&out), str_from(cases[i]));
		buf_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows),
		cmocka_unit_test(headers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
