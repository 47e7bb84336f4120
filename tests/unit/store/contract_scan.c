#include "contract.h"

#include <string.h>

#include "store/alerts.h"
#include "store/scan.h"

/* Rows as one line each, in the order in which they come. */
struct seen {
	struct buf text;
	size_t stop_after; /* 0: never */
	size_t count;
	bool settled, open; /* of the last trade */
};

static void see_trade(struct seen *seen, const struct scan_row *row)
{
	const struct trade *trade = row->trade;
	buf_printf(&seen->text, "trade %lld-%u %s %d %.*s %.*s %zu; ", (long long)trade->version, trade->unsequenced,
		   trade_status_name(trade->status), (int)trade->goods, STR_ARG(trade->destination),
		   STR_ARG(trade->shipment), trade->goods == GOODS_LOADED ? trade->items.count : 0);
	seen->settled = row->shipment_settled;
	seen->open = row->shipment_open;
}

static bool see(void *context, const struct scan_row *row)
{
	struct seen *seen = context;
	switch (row->kind) {
	case SCAN_HEAD:
		buf_printf(&seen->text, "head %lld %lld %lld; ", (long long)row->head.schema,
			   (long long)row->head.last_seq, (long long)row->last_event);
		break;
	case SCAN_COUNTER:
		buf_printf(&seen->text, "counter %.*s %lld; ", STR_ARG(row->name), (long long)row->value);
		break;
	case SCAN_STOCK:
		buf_printf(&seen->text, "stock %.*s %.*s %lld; ", STR_ARG(row->stock->station),
			   STR_ARG(row->stock->item), (long long)row->stock->on_hand);
		break;
	case SCAN_BALANCE:
		buf_printf(&seen->text, "balance %.*s %.*s %lld to %.*s; ", STR_ARG(row->balance->account),
			   STR_ARG(row->balance->item), (long long)row->balance->quantity, STR_ARG(row->destination));
		break;
	case SCAN_TRADE:
		see_trade(seen, row);
		break;
	case SCAN_CARGO:
		buf_printf(&seen->text, "cargo %lld-%u %s %d %zu; ", (long long)row->cargo->version,
			   row->cargo->unsequenced, cargo_status_name(row->cargo->status), row->cargo->open,
			   row->cargo->open ? row->cargo->own_items.count : 0);
		break;
	case SCAN_JOB:
		buf_printf(&seen->text, "job %lld %.*s %.*s; ", (long long)row->job->seq, STR_ARG(row->job->lane),
			   STR_ARG(row->job->cause));
		break;
	case SCAN_ALERT:
		buf_printf(&seen->text, "alert %.*s %s %lld; ", STR_ARG(row->alert->id),
			   alert_status_name(alert_status_of(row->alert)), (long long)row->alert->version);
		break;
	}
	return ++seen->count != seen->stop_after;
}

static struct seen scan(struct fixture *f)
{
	struct seen seen = { 0 };
	struct error error = { "" };
	check_status("the state", store_scan_state(f->store, see, &seen, &error), ITN_OK);
	return seen;
}

static void check_row(const struct seen *seen, const char *what)
{
	if (!memmem(seen->text.ptr, seen->text.len, what, strlen(what)))
		fail_msg("'%s' is not in '%.*s'", what, (int)seen->text.len, seen->text.ptr);
}

/* Expects the rows, apart from their order. */
static void check_rows(struct fixture *f, const char *const *rows, size_t count)
{
	struct seen seen = scan(f);
	check_int("so many rows", (long long)seen.count, (long long)count);
	for (size_t i = 0; i < count; i++)
		check_row(&seen, rows[i]);
	assert_memory_equal(seen.text.ptr, "head ", 5);
	buf_free(&seen.text);
}

static void an_empty_store_has_a_head(void **state)
{
	static const char *const rows[] = { "head 7 0 0; " };
	_Static_assert(STORE_SCHEMA == 7, "the row above says so");
	check_rows(*state, rows, COUNT_OF(rows));
}

static struct alert an_alert(void)
{
	return (struct alert){ .id = STR("c.1"),
			       .kind = ALERT_LOW_STOCK,
			       .about = { ENTITY_INVENTORY, STR("Mars"), STR("ore") },
			       .message = STR("Look!"),
			       .raised_at = 1,
			       .version = 1 };
}

static void each_row_of_the_state_is_shown(void **state)
{
	static const char *const rows[] = {
		"head 7 2 2; ",
		"trade 1-1 pending 0 Vega  0; ",
		"trade 1-0 pending 3 Mars SH 1; ",
		"cargo 1-0 pending 1 1; ",
		"job 2 Mars c; ",
		"counter a.b 7; ",
		"alert c.1 open 1; ",
		"stock Mars $ore.x 5; ",
		"balance external ore -5 to ; ",
		"balance transit:a:b ore 5 to ; ",
	};
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), late = trade_to(f, "Vega");
	struct cargo cargo = cargo_to(f, "Mars");
	cargo.own_items = cargo.items = trade.items;
	fixture_engine(f);
	put_trade(f, &trade);
	put_cargo(f, &cargo);
	drain(f);
	trade = stored_trade(f, trade.id);
	trade.goods = GOODS_LOADED;
	trade.shipment = STR("SH");
	struct trade_write trade_write = { &trade, trade.version };
	struct stock stock = {
		.station = STR("Mars"), .item = STR("$ore.x"), .on_hand = 5, .version = 1, .updated_at = 1
	};
	struct stock_write stock_write = { &stock, 0 };
	struct balance_write balances[] = { { { STR("external"), STR("ore"), -5 }, false },
					    { { STR("transit:a:b"), STR("ore"), 5 }, false } };
	struct job job = { .seq = 2, .lane = STR("Mars"), .kind = 1, .key = STR("k"), .cause = STR("c") };
	struct counter_write counter = { STR("a.b"), 7 };
	struct alert alert = an_alert();
	struct alert_write alert_write = { &alert, 0 };
	check_status("all of it",
		     commit_alone(f, (struct store_writes){ .trades = &trade_write,
							    .trade_count = 1,
							    .stock = &stock_write,
							    .stock_count = 1,
							    .balances = balances,
							    .balance_count = 2,
							    .jobs = &job,
							    .job_count = 1,
							    .counters = &counter,
							    .counter_count = 1,
							    .alerts = &alert_write,
							    .alert_count = 1 }),
		     ITN_OK);
	put_trade(f, &late);
	check_rows(f, rows, COUNT_OF(rows));
}

/* A trade on a shipment in the state that is given. */
static struct seen trade_on(struct fixture *f, struct cargo *cargo, bool delivered, bool with_job)
{
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	put_cargo(f, cargo);
	drain(f);
	trade = stored_trade(f, trade.id);
	trade.goods = GOODS_LOADED;
	trade.shipment = cargo->id;
	struct trade_write trade_write = { &trade, trade.version };
	struct cargo changed = stored_cargo(f, cargo->id);
	changed.status = delivered ? CARGO_DELIVERED : CARGO_PENDING;
	changed.open = !delivered;
	struct cargo_write cargo_write = { &changed, changed.version };
	struct job job = { .seq = 1, .lane = STR("Mars"), .kind = 1, .key = STR("k"), .cause = STR("c") };
	check_status("aboard",
		     commit_alone(f, (struct store_writes){ .trades = &trade_write,
							    .trade_count = 1,
							    .cargo = &cargo_write,
							    .cargo_count = 1,
							    .jobs = &job,
							    .job_count = with_job }),
		     ITN_OK);
	return scan(f);
}

static void a_trade_knows_whether_its_shipment_is_open(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo = cargo_to(f, "Mars");
	fixture_engine(f);
	struct seen seen = trade_on(f, &cargo, false, false);
	check_int("open", seen.open, true);
	check_int("not settled", seen.settled, false);
	buf_free(&seen.text);
}

static void a_trade_knows_whether_its_delivery_is_settled(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo = cargo_to(f, "Mars");
	fixture_engine(f);
	struct seen seen = trade_on(f, &cargo, true, false);
	check_int("not open", seen.open, false);
	check_int("settled", seen.settled, true);
	buf_free(&seen.text);
	cargo = stored_cargo(f, cargo.id);
	check_status("a change that waits", change_cargo(f, &cargo, CARGO_DELIVERED), ITN_OK);
	seen = scan(f);
	check_int("not settled while it waits", seen.settled, false);
	buf_free(&seen.text);
}

static void a_delivery_with_effects_outstanding_is_not_settled(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo = cargo_to(f, "Mars");
	fixture_engine(f);
	struct seen seen = trade_on(f, &cargo, true, true);
	check_int("not settled", seen.settled, false);
	buf_free(&seen.text);
}

static void whoever_wants_no_more_gets_no_more(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { .stop_after = 2 };
	struct trade trades[] = { trade_to(f, "Mars"), trade_to(f, "Mars"), trade_to(f, "Mars") };
	for (size_t i = 0; i < COUNT_OF(trades); i++)
		put_trade(f, &trades[i]);
	check_status("a part", store_scan_state(f->store, see, &seen, NULL), ITN_OK);
	check_int("two rows", (long long)seen.count, 2);
	buf_free(&seen.text);
	seen = scan(f);
	check_int("all of them afterwards", (long long)seen.count, 4);
	buf_free(&seen.text);
}

struct log_seen {
	struct buf text;
	struct arena *arena;
	struct str last;
};

static void see_event(void *context, const struct event *event)
{
	struct log_seen *seen = context;
	buf_printf(&seen->text, "%lld %s %s %.*s %lld %d; ", (long long)event->seq, event_name(event->kind),
		   entity_name(event->entity), STR_ARG(event->key), (long long)event->entity_version,
		   event->frame.len > 0);
	seen->last = arena_str(seen->arena, event->id);
}

static bool see_id(void *context, struct str id, int64_t seq)
{
	struct log_seen *seen = context;
	if (str_is_set(seen->last) && str_cmp(seen->last, id) >= 0)
		fail_msg("ids are not in their order");
	seen->last = arena_str(seen->arena, id);
	buf_printf(&seen->text, "%lld ", (long long)seq);
	return seq < 1000;
}

static void goods_in_transit_know_where_they_go(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo = cargo_to(f, "Mars");
	struct balance_write balance = { { STR_NONE, STR("ore"), 5 }, false };
	char expected[256];
	fixture_engine(f);
	put_cargo(f, &cargo);
	drain(f);
	balance.balance.account = arena_printf(f->arena, "transit:%.*s", STR_ARG(cargo.id));
	check_status("on their way", commit_alone(f, (struct store_writes){ .balances = &balance, .balance_count = 1 }),
		     ITN_OK);
	struct seen seen = scan(f);
	snprintf(expected, sizeof(expected), "balance transit:%.*s ore 5 to Mars; ", STR_ARG(cargo.id));
	check_row(&seen, expected);
	buf_free(&seen.text);
}

static void the_log_is_read_in_ranges(void **state)
{
	struct fixture *f = *state;
	struct log_seen seen = { .arena = f->arena };
	struct cargo cargo = cargo_to(f, "Mars");
	char expected[256];
	for (int i = 0; i < 4; i++) {
		struct trade trade = trade_to(f, "Mars");
		put_trade(f, &trade);
	}
	put_cargo(f, &cargo);
	drain(f);
	check_status("a part", store_scan_log(f->store, 4, 5, see_event, &seen), ITN_OK);
	snprintf(expected, sizeof(expected), "5 cargoUpdated cargo %.*s 1 1; ", STR_ARG(cargo.id));
	check_str("the fifth", buf_str(&seen.text), str_from(expected));
	buf_reset(&seen.text, 0);
	check_status("beyond", store_scan_log(f->store, 5, 500, see_event, &seen), ITN_OK);
	check_int("nothing", (long long)seen.text.len, 0);
	seen.last = STR_NONE;
	check_status("ids", store_scan_ids(f->store, see_id, &seen), ITN_OK);
	check_int("five ids of one digit", (long long)seen.text.len, 10);
	buf_free(&seen.text);
}

static void see_posting(void *context, const struct posting *posting)
{
	struct buf *text = context;
	buf_printf(text, "%lld %.*s %lld %d-%d %lld %lld; ", (long long)posting_seq(posting), STR_ARG(posting->item),
		   (long long)posting->quantity, (int)posting->from, (int)posting->to, (long long)posting->from_balance,
		   (long long)posting->to_balance);
}

static void postings_are_read_in_ranges(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 };
	struct posting postings[3] = { 0 };
	fixture_engine(f);
	for (int64_t i = 0; i < 3; i++)
		postings[i] = (struct posting){
			.number = i == 2 ? INT64_C(3) << POSTING_NUMBER_BITS : i,
			.event = STR("c"),
			.item = STR("ore"),
			.quantity = i + 1,
			.from = ACCOUNT_EXTERNAL,
			.to = ACCOUNT_STATION,
			.station = STR("Mars"),
			.at = 1,
			.from_balance = -i,
			.to_balance = i,
		};
	check_status("postings", commit_alone(f, (struct store_writes){ .postings = postings, .posting_count = 3 }),
		     ITN_OK);
	check_status("of seq 0", store_scan_postings(f->store, -1, 2, see_posting, &text), ITN_OK);
	check_str("two", buf_str(&text), STR("0 ore 1 0-1 0 0; 0 ore 2 0-1 -1 1; "));
	buf_reset(&text, 0);
	check_status("of seq 3", store_scan_postings(f->store, 2, 3, see_posting, &text), ITN_OK);
	check_str("one", buf_str(&text), STR("3 ore 3 0-1 -2 2; "));
	buf_free(&text);
}

static void see_document(void *context, const struct scan_document *document)
{
	struct buf *text = context;
	if (document->stock)
		buf_printf(text, "%.*s %lld; ", STR_ARG(document->stock->item), (long long)document->version);
	else
		buf_add_str(text, document->json);
}

static void documents_are_found_by_their_keys(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 }, json = { 0 };
	struct trade trade = trade_to(f, "Mars");
	struct stock stock = { .station = STR("Mars"), .item = STR("ore"), .version = 3, .updated_at = 1 };
	struct stock_write write = { &stock, 0 };
	struct alert alert = an_alert();
	struct alert_write alert_write = { &alert, 0 };
	struct str alerts[] = { STR("nobody"), alert.id };
	int64_t version;
	fixture_engine(f);
	check_status("a record and an alert",
		     commit_alone(f, (struct store_writes){ .stock = &write,
							    .stock_count = 1,
							    .alerts = &alert_write,
							    .alert_count = 1 }),
		     ITN_OK);
	put_trade(f, &trade);
	struct str keys[] = { STR("nobody"), trade.id }, items[] = { STR("Mars\nore"), STR("Mars\ntea"), STR("ore") };
	check_status("json", store_trade_json(f->store, trade.id, &json, &version), ITN_OK);
	check_status("trades", store_scan_documents(f->store, ENTITY_TRADE, keys, 2, see_document, &text), ITN_OK);
	check_str("as it is shown", buf_str(&text), buf_str(&json));
	buf_reset(&text, 0);
	check_status("cargo", store_scan_documents(f->store, ENTITY_CARGO, keys, 2, see_document, &text), ITN_OK);
	check_int("no cargo", (long long)text.len, 0);
	check_status("stock", store_scan_documents(f->store, ENTITY_INVENTORY, items, 3, see_document, &text), ITN_OK);
	check_str("one record", buf_str(&text), STR("ore 3; "));
	buf_reset(&text, 0);
	buf_reset(&json, 0);
	check_status("json", store_alert_json(f->store, alert.id, &json, &version), ITN_OK);
	check_status("alerts", store_scan_documents(f->store, ENTITY_ALERT, alerts, 2, see_document, &text), ITN_OK);
	check_str("as it is shown", buf_str(&text), buf_str(&json));
	buf_free(&text);
	buf_free(&json);
}

static void see_claim(void *context, const struct claim *claim)
{
	struct buf *text = context;
	buf_printf(text, "%.*s %lld; ", STR_ARG(claim->key), (long long)claim->at);
}

static void claims_are_read_by_their_keys(void **state)
{
	struct fixture *f = *state;
	struct buf text = { 0 };
	int64_t now = clock_now_ms();
	static const char *const keys[] = { "b", "a", "c" };
	char expected[128];
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		struct claim claim = { .key = str_from(keys[i]),
				       .print = STR("p"),
				       .document = STR("d"),
				       .version = 1,
				       .event = str_from(keys[i]),
				       .at = now,
				       .expires_at = now + 60000 };
		check_status("a claim", store_claim_add(f->store, &claim), ITN_OK);
	}
	check_status("one", store_scan_claims(f->store, STR(""), 1, see_claim, &text), ITN_OK);
	check_status("behind it", store_scan_claims(f->store, STR("a"), 10, see_claim, &text), ITN_OK);
	check_status("at the end", store_scan_claims(f->store, STR("c"), 10, see_claim, &text), ITN_OK);
	snprintf(expected, sizeof(expected), "a %lld; b %lld; c %lld; ", (long long)now, (long long)now,
		 (long long)now);
	check_str("each once", buf_str(&text), str_from(expected));
	buf_free(&text);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(an_empty_store_has_a_head),
	CONTRACT(each_row_of_the_state_is_shown),
	CONTRACT(a_trade_knows_whether_its_shipment_is_open),
	CONTRACT(a_trade_knows_whether_its_delivery_is_settled),
	CONTRACT(a_delivery_with_effects_outstanding_is_not_settled),
	CONTRACT(whoever_wants_no_more_gets_no_more),
	CONTRACT(goods_in_transit_know_where_they_go),
	CONTRACT(the_log_is_read_in_ranges),
	CONTRACT(postings_are_read_in_ranges),
	CONTRACT(documents_are_found_by_their_keys),
	CONTRACT(claims_are_read_by_their_keys),
};

const struct contract_group contract_scan = { "scans", tests, COUNT_OF(tests) };
