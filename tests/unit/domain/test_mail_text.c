#include "../unit.h"

#include "core/utf8.h"
#include "domain/mail_text.h"

static int begin(void **state)
{
	*state = arena_new(0);
	return 0;
}

static int end(void **state)
{
	arena_free(*state);
	return 0;
}

static struct trade some_trade(struct line *lines, size_t count)
{
	return (struct trade){
		.id = STR("6b044a02bb6b76ae6ddd39bd"),
		.buyer = STR("Ada"),
		.buyer_email = STR("ada@example.org"),
		.seller = STR("Bo"),
		.destination = STR("Mars"),
		.items = { lines, count },
	};
}

static void a_trade_s_status_is_told_with_all_that_is_known(void **state)
{
	struct line lines[] = { { STR("Dilithium"), 10 }, { STR("Ünobtainium"), 1000000000000 } };
	struct trade trade = some_trade(lines, 2);
	struct notification mail = { 0 };
	trade.status = TRADE_CANCELED;
	trade.station = STR("Vega");
	trade.shipment = STR("SH-1");
	trade.reason = STR("too late");
	mail_trade_changed(*state, &trade, TRADE_PENDING, &mail);
	check_str("to", mail.to, STR("ada@example.org"));
	check_str("subject", mail.subject, STR("Your trade 6b044a02bb6b76ae6ddd39bd is canceled"));
	check_str("body", mail.body,
		  STR("Your trade 6b044a02bb6b76ae6ddd39bd is canceled; it was pending.\n\n"
		      "Buyer: Ada\nSeller: Bo\nFrom: Vega\nDestination: Mars\nShipment: SH-1\nReason: too late\n"
		      "Goods:\n  10 Dilithium\n  1000000000000 Ünobtainium\n\n"
		      "This mail was sent because ada@example.org is the buyer's address of this trade.\n"));
}

static void of_many_lines_the_first_are_shown(void **state)
{
	struct line lines[1000];
	struct notification mail = { 0 };
	for (int i = 0; i < 1000; i++)
		lines[i] = (struct line){ STR("x"), 1 };
	struct trade trade = some_trade(lines, 1000);
	mail_trade_too_large(*state, &trade, &mail);
	check_str("subject", mail.subject, STR("Your trade 6b044a02bb6b76ae6ddd39bd is delayed for its size"));
	check_has("how many there are", mail.body.ptr, "it has 1000 lines.\n");
	check_has("those that are left out", mail.body.ptr, "  1 x\n  and 980 more\n");
	check_bool("short", mail.body.len < 1000, true);
}

static void cargo_is_told_to_its_address(void **state)
{
	struct line line = { STR("Water"), 5 };
	struct cargo cargo = {
		.id = STR("SH-1"),
		.email = STR("ops@example.org"),
		.destination = STR("Mars"),
		.items = { &line, 1 },
		.own_items = { &line, 1 },
		.location = STR("Dock 4"),
		.departed_at = INT64_C(1764000000000),
		.delivered_at = INT64_C(1764000001000),
		.trade_count = 2,
	};
	struct notification mail = { 0 };
	mail_cargo_delivered(*state, &cargo, &mail);
	check_str("to", mail.to, STR("ops@example.org"));
	check_str("subject", mail.subject, STR("Shipment SH-1 was delivered"));
	check_str("body", mail.body,
		  STR("Shipment SH-1 was delivered.\n\nDestination: Mars\nLocation: Dock 4\n"
		      "Departed: 2025-11-24T16:00:00.000Z\nDelivered: 2025-11-24T16:00:01.000Z\nTrades: 2\n"
		      "Goods:\n  5 Water\n\nThis mail was sent because ops@example.org is this shipment's address.\n"));
	mail_cargo_too_large(*state, &cargo, &mail);
	check_str("subject", mail.subject, STR("Shipment SH-1 is delayed for its size"));
	check_has("body", mail.body.ptr, "Shipment SH-1 is delayed for its size: it has 1 lines of its own.\n\n");
	mail_cargo_delayed(*state, &cargo, STR("root@example.org"), &mail);
	check_str("to", mail.to, STR("root@example.org"));
	check_str("subject", mail.subject, STR("Shipment SH-1 is delayed"));
	check_has("why", mail.body.ptr, "because root@example.org is an administrator's address.\n");
}

/* The API refuses control characters; the texts do not rely on it. */
static void no_value_breaks_out_of_its_line(void **state)
{
	static const struct str names[] = {
		{ "a\r\nBcc: x@y", 11 }, { "a\nb", 3 },
		{ "a\rb", 3 },           { "a\0b", 3 },
		{ "a\x1b[2Jb", 6 },      { "a\x7f\xc2\x85\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae\xe2\x81\xa6z", 17 },
		{ "a\xff\xc3z", 4 },
	};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct line line = { names[i], 1 };
		struct trade trade = some_trade(&line, 1);
		struct cargo cargo = {
			.id = names[i], .email = names[i], .destination = names[i], .items = { &line, 1 }
		};
		struct notification mail[2] = { 0 };
		trade.buyer = trade.seller = trade.destination = trade.reason = trade.buyer_email = names[i];
		mail_trade_changed(*state, &trade, TRADE_PENDING, &mail[0]);
		mail_cargo_delivered(*state, &cargo, &mail[1]);
		for (int n = 0; n < 2; n++) {
			size_t lines = 0;
			for (size_t at = 0; at < mail[n].body.len; at++)
				lines += mail[n].body.ptr[at] == '\n';
			check_int("lines", (long long)lines, n ? 8 : 10);
			check_bool("subject", utf8_valid(mail[n].subject, NULL) && !utf8_has_control(mail[n].subject),
				   true);
			check_bool("body", utf8_valid(mail[n].body, NULL), true);
			for (size_t at = 0; at < mail[n].body.len; at++)
				check_bool("body",
					   (unsigned char)mail[n].body.ptr[at] >= ' ' || mail[n].body.ptr[at] == '\n',
					   true);
		}
	}
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_trade_s_status_is_told_with_all_that_is_known),
		TEST(of_many_lines_the_first_are_shown),
		TEST(cargo_is_told_to_its_address),
		TEST(no_value_breaks_out_of_its_line),
	};
	return cmocka_run_group_tests_name("mail texts", tests, NULL, NULL);
}
