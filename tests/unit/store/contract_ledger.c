#include "contract.h"

/* A ledger of three transactions on the stations Mars and Vega, whose logs end at seq 1, 2 and 3. */
static struct posting move(int64_t seq, int64_t place, int64_t at, const char *station, const char *item,
			   int64_t quantity, int64_t on_hand)
{
	return (struct posting){
		.number = (seq << POSTING_NUMBER_BITS) + place,
		.event = STR("cause"),
		.item = str_from(item),
		.quantity = quantity,
		.from = ACCOUNT_EXTERNAL,
		.to = ACCOUNT_STATION,
		.station = str_from(station),
		.at = at,
		.from_balance = -quantity,
		.to_balance = on_hand,
	};
}

static void post(struct fixture *f, const struct posting *postings, size_t count)
{
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	struct event *events = arena_calloc(f->arena, writes.event_count, sizeof(*events));
	for (size_t i = 0; i < writes.event_count; i++) {
		events[i] = writes.events[i];
		events[i].logged_at = postings[0].at;
	}
	writes.events = events;
	writes.postings = postings;
	writes.posting_count = count;
	check_status("posted", store_batch_commit(f->engine, &writes), ITN_OK);
}

static void put_stock(struct fixture *f, const char *station, const char *item)
{
	struct stock stock = { .station = str_from(station), .item = str_from(item), .version = 1, .updated_at = 1 };
	struct stock_write write = { &stock, 0 };
	check_status("a record", commit_alone(f, (struct store_writes){ .stock = &write, .stock_count = 1 }), ITN_OK);
}

static void fill(struct fixture *f)
{
	fixture_engine(f);
	put_stock(f, "Mars", "ore");
	put_stock(f, "Mars", "$tea.x");
	put_stock(f, "Mars", "air");
	put_stock(f, "Vega", "ore");
	struct posting first[] = {
		move(1, 0, 1000, "Mars", "ore", 5, 5),
		move(1, 1, 1000, "Vega", "ore", 7, 7),
		move(1, 2, 1000, "Mars", "$tea.x", 3, 3),
	};
	struct posting second[] = { move(2, 0, 1000, "Mars", "ore", 2, 7), move(2, 1, 1000, "Mars", "ore", 4, 3) };
	struct posting third[] = { move(3, 0, 2000, "Mars", "$tea.x", 3, 0) };
	second[0].shipment = STR("S/1");
	second[0].from = ACCOUNT_TRANSIT;
	second[1].shipment = STR("S/1");
	second[1].trade = STR("0123456789abcdef01234567");
	second[1].from = ACCOUNT_STATION;
	second[1].to = ACCOUNT_TRANSIT;
	second[1].from_balance = 3;
	second[1].to_balance = 4;
	third[0].from = ACCOUNT_STATION;
	third[0].to = ACCOUNT_EXTERNAL;
	third[0].from_balance = 0;
	third[0].to_balance = 0;
	post(f, first, COUNT_OF(first));
	post(f, second, COUNT_OF(second));
	post(f, third, COUNT_OF(third));
}

struct seen {
	struct fixture *f;
	struct buf numbers; /* "SEQ.PLACE " each */
	struct str last;
	struct store_cursor after;
};

static void see(void *context, const struct store_row *row)
{
	struct seen *seen = context;
	int64_t number = posting_key_number(row->key);
	buf_printf(&seen->numbers, "%lld.%lld ", (long long)(number >> POSTING_NUMBER_BITS),
		   (long long)(number & (POSTINGS_OF_SEQ_MAX - 1)));
	seen->last = arena_str(seen->f->arena, row->json);
	seen->after = (struct store_cursor){ row->time, arena_str(seen->f->arena, row->key) };
}

static void movements_are_found_by_each_filter(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		struct store_list list;
		const char *expected;
	} cases[] = {
		{ "all", { .max = 0 }, "1.0 1.2 2.0 2.1 3.0 " },
		{ "another station", { .station = STR("Vega") }, "1.1 " },
		{ "an unknown station", { .station = STR("Pluto") }, "" },
		{ "an item", { .item = STR("ore") }, "1.0 2.0 2.1 " },
		{ "a shipment", { .shipment = STR("S/1") }, "2.0 2.1 " },
		{ "a trade", { .trade = STR("0123456789abcdef01234567") }, "2.1 " },
		{ "a trade with another item", { .trade = STR("0123456789abcdef01234567"), .item = STR("air") }, "" },
		{ "since", { .since = 1001 }, "3.0 " },
		{ "since the very time", { .since = 2000 }, "3.0 " },
		{ "until", { .until = 2000 }, "1.0 1.2 2.0 2.1 " },
		{ "an item in a time", { .item = STR("$tea.x"), .since = 1000, .until = 1001 }, "1.2 " },
	};
	fill(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct store_list list = cases[i].list;
		list.kind = LIST_MOVEMENTS;
		if (!str_is_set(list.station))
			list.station = STR("Mars");
		/* In one go, and a row at a time: always the same. */
		for (int one_by_one = 0; one_by_one <= 1; one_by_one++) {
			struct seen seen = { .f = f };
			size_t before;
			list.max = one_by_one ? 1 : 10;
			list.after = (struct store_cursor){ 0 };
			do {
				before = seen.numbers.len;
				check_status(cases[i].name, store_list(f->store, &list, see, &seen), ITN_OK);
				list.after = seen.after;
			} while (one_by_one && seen.numbers.len > before);
			check_str(cases[i].name, buf_str(&seen.numbers), str_from(cases[i].expected));
			buf_free(&seen.numbers);
		}
	}
}

static void a_movement_is_shown_as_it_was_posted(void **state)
{
	struct fixture *f = *state;
	struct store_list list = { .kind = LIST_MOVEMENTS, .station = STR("Mars"), .max = 4 };
	struct seen seen = { .f = f };
	fill(f);
	check_status("list", store_list(f->store, &list, see, &seen), ITN_OK);
	check_str("json", seen.last,
		  STR("{\"eventId\":\"cause\",\"seq\":2,\"item\":\"ore\",\"quantity\":4,\"from\":\"station:Mars\","
		      "\"to\":\"transit:S/1\",\"transactionId\":\"0123456789abcdef01234567\",\"shipmentId\":\"S/1\","
		      "\"at\":\"1970-01-01T00:00:01.000Z\",\"fromBalance\":3,\"toBalance\":4}"));
	buf_free(&seen.numbers);
}

static void stock_is_known_as_of_each_moment(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		int64_t seq, time;
		const char *expected;
	} cases[] = {
		{ "before all", 0, 0, "" },
		{ "the first", 1, 0, "$tea.x 3, ore 5, " },
		{ "the second, at the same time", 2, 0, "$tea.x 3, ore 3, " },
		{ "the third: 0 is not shown", 3, 0, "ore 3, " },
		{ "a time before all", -1, 999, "" },
		{ "a time", -1, 1000, "$tea.x 3, ore 3, " },
		{ "a time between", -1, 1999, "$tea.x 3, ore 3, " },
		{ "the end", -1, INT64_C(253402300799999), "ore 3, " },
	};
	struct lines lines;
	fill(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buf text = { 0 };
		check_status(cases[i].name,
			     store_stock_at(f->store, f->arena, STR("Mars"), cases[i].seq, cases[i].time, &lines),
			     ITN_OK);
		for (size_t n = 0; n < lines.count; n++)
			buf_printf(&text, "%.*s %lld, ", STR_ARG(lines.at[n].name), (long long)lines.at[n].quantity);
		check_str(cases[i].name, buf_str(&text), str_from(cases[i].expected));
		buf_free(&text);
	}
	check_status("nowhere", store_stock_at(f->store, f->arena, STR("Pluto"), 1, 0, &lines), ITN_NOT_FOUND);
}

static void a_posting_is_made_once(void **state)
{
	struct fixture *f = *state;
	struct posting posting = move(1, 0, 1000, "Mars", "ore", 5, 5);
	fixture_engine(f);
	post(f, &posting, 1);
	check_status("twice", commit_alone(f, (struct store_writes){ .postings = &posting, .posting_count = 1 }),
		     ITN_EXISTS);
	check_status("the engine goes on", commit_alone(f, (struct store_writes){ 0 }), ITN_OK);
}

static int64_t balance(struct fixture *f, const char *account, const char *item)
{
	int64_t quantity = -1;
	begin(f, 10);
	check_status("balance", store_batch_balance(f->engine, str_from(account), str_from(item), &quantity), ITN_OK);
	store_batch_abort(f->engine);
	return quantity;
}

static void balances_are_kept_until_they_are_dropped(void **state)
{
	struct fixture *f = *state;
	struct balance_write first[] = {
		{ { STR("external"), STR("ore"), -5 }, false },
		{ { STR("transit:S/1"), STR("ore"), 5 }, false },
	};
	struct balance_write second[] = {
		{ { STR("external"), STR("ore"), -SUM_MAX }, false },
		{ { STR("transit:S/1"), STR("ore"), 0 }, true },
		{ { STR("transit:S/2"), STR("ore"), 0 }, true },
	};
	fixture_engine(f);
	check_int("nothing", balance(f, "external", "ore"), 0);
	check_status("made", commit_alone(f, (struct store_writes){ .balances = first, .balance_count = 2 }), ITN_OK);
	check_int("external", balance(f, "external", "ore"), -5);
	check_int("transit", balance(f, "transit:S/1", "ore"), 5);
	check_int("another item", balance(f, "external", "tea"), 0);
	check_status("changed", commit_alone(f, (struct store_writes){ .balances = second, .balance_count = 3 }),
		     ITN_OK);
	check_int("external", balance(f, "external", "ore"), -SUM_MAX);
	check_int("transit", balance(f, "transit:S/1", "ore"), 0);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(movements_are_found_by_each_filter),       CONTRACT(a_movement_is_shown_as_it_was_posted),
	CONTRACT(stock_is_known_as_of_each_moment),         CONTRACT(a_posting_is_made_once),
	CONTRACT(balances_are_kept_until_they_are_dropped),
};

const struct contract_group contract_ledger = { "the ledger", tests, COUNT_OF(tests) };
