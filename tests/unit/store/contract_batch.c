#include "contract.h"

static void entries_come_in_the_order_of_their_writing(void **state)
{
	struct fixture *f = *state;
	struct trade trades[3];
	struct str expected[6];
	for (int i = 0; i < 3; i++) {
		trades[i] = trade_to(f, "Mars");
		expected[i] = put_trade(f, &trades[i]);
	}
	static const int changed[] = { 2, 0, 2 };
	for (int i = 0; i < 3; i++)
		check_status("change", change_trade(f, &trades[changed[i]], i == 2 ? TRADE_PENDING : TRADE_DELAYED), ITN_OK);
	struct store_batch batch = begin(f, 100);
	check_int("entries", (long long)batch.count, 6);
	for (int i = 0; i < 3; i++)
		check_str("creations first", batch.entries[i].id, expected[i]);
	for (int i = 0; i < 3; i++)
		check_str("changes then", batch.entries[3 + i].key, trades[changed[i]].id);
	const struct entry *last = &batch.entries[5];
	check_int("kind", last->kind, ENTRY_CHANGE);
	check_int("entity", last->entity, ENTITY_TRADE);
	check_int("version", last->version, 3);
	check_int("time", last->time, trades[2].updated_at);
	struct trade read = trades[2];
	enum trade_status from;
	check_status("the change is kept", trade_apply_change(f->arena, last->change, &read, &from), ITN_OK);
	check_int("status", read.status, TRADE_PENDING);
}

static void a_batch_is_the_front_of_the_backlog(void **state)
{
	struct fixture *f = *state;
	for (int i = 0; i < 5; i++) {
		struct trade trade = trade_to(f, "Mars");
		put_trade(f, &trade);
	}
	struct store_batch batch = begin(f, 3);
	check_int("three", (long long)batch.count, 3);
	check_bool("and more", batch.more, true);
	struct str fourth;
	struct store_writes writes = number_entries(f, f->engine, &batch);
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	batch = begin(f, 2);
	check_int("the rest", (long long)batch.count, 2);
	check_bool("no more", batch.more, false);
	fourth = batch.entries[0].id;
	store_batch_abort(f->engine);
	batch = begin(f, 2);
	check_str("an aborted batch leaves no trace", batch.entries[0].id, fourth);
	check_int("head", batch.head.last_seq, 3);
}

static void a_backlog_is_seen_from_outside(void **state)
{
	struct fixture *f = *state;
	bool any = true;
	fixture_engine(f);
	check_status("ask", store_backlog(f->engine, 0, &any), ITN_OK);
	check_bool("nothing", any, false);
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	check_status("ask", store_backlog(f->engine, 0, &any), ITN_OK);
	check_bool("an entry", any, true);
	drain(f);
	check_status("ask", store_backlog(f->engine, 0, &any), ITN_OK);
	check_bool("nothing", any, false);
	struct entry request = request_entry(f, &trade);
	check_status("a request", store_request_add(f->store, &request), ITN_OK);
	check_status("ask", store_backlog(f->engine, 0, &any), ITN_OK);
	check_bool("the request", any, true);
	drain(f);
	struct job job = { .seq = 1, .lane = STR("Mars"), .key = trade.id, .cause = STR("c") };
	check_status("a job", commit_alone(f, (struct store_writes){ .jobs = &job, .job_count = 1 }), ITN_OK);
	check_status("ask", store_backlog(f->engine, 0, &any), ITN_OK);
	check_bool("the job", any, true);
}

struct seen_events {
	struct fixture *f;
	int64_t seq[64];
	struct str frame[64];
	size_t count;
};

static void see_event(void *context, const struct store_event_row *row)
{
	struct seen_events *seen = context;
	assert_true(seen->count < COUNT_OF(seen->seq));
	seen->seq[seen->count] = row->seq;
	seen->frame[seen->count++] = arena_str(seen->f->arena, row->frame);
}

static void events_are_read_without_gaps(void **state)
{
	struct fixture *f = *state;
	struct str ids[7];
	struct store_writes writes = { 0 };
	for (int i = 0; i < 7; i++) {
		struct trade trade = trade_to(f, "Mars");
		ids[i] = put_trade(f, &trade);
		if (i % 3 == 2)
			drain(f);
	}
	struct store_batch batch = begin(f, 10);
	writes = number_entries(f, f->engine, &batch);
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	struct seen_events seen = { .f = f };
	for (int64_t after = 0; after < 7; after = seen.seq[seen.count - 1]) {
		size_t before = seen.count;
		check_status("a slice", store_events(f->store, after, 3, see_event, &seen), ITN_OK);
		check_int("as many as asked for", (long long)(seen.count - before), after < 6 ? 3 : 1);
	}
	for (int i = 0; i < 7; i++) {
		check_int("seq", seen.seq[i], i + 1);
		check_has("the frame", seen.frame[i].ptr, ids[i].ptr);
	}
	check_str("the frame as it was given", seen.frame[6], writes.events[0].frame);
	seen.count = 0;
	check_status("behind the end", store_events(f->store, 7, 10, see_event, &seen), ITN_OK);
	check_int("nothing", (long long)seen.count, 0);
	struct store_head head;
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("last", head.last_seq, 7);
	check_int("when", head.logged_at, writes.events[0].logged_at);
	check_status("a batch without events", commit_alone(f, (struct store_writes){ 0 }), ITN_OK);
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("still", head.logged_at, writes.events[0].logged_at);
}

static void an_event_is_logged_once(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	check_status("once", store_batch_commit(f->engine, &writes), ITN_OK);
	struct event again = writes.events[0];
	again.seq = 2;
	check_status("twice", commit_alone(f, (struct store_writes){ .events = &again, .event_count = 1 }), ITN_EXISTS);
	struct store_head head;
	check_status("head", store_head(f->store, &head), ITN_OK);
	check_int("one event", head.last_seq, 1);
	check_status("the engine goes on", commit_alone(f, (struct store_writes){ 0 }), ITN_OK);
}

static void numbers_follow_the_head_s(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	static const int64_t wrong[][2] = { { 2, 2 }, { 1, 2 }, { 2, 1 }, { 0, 0 } };
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct store_batch batch = begin(f, 10);
		struct store_writes writes = number_entries(f, f->engine, &batch);
		struct event event = writes.events[0];
		event.seq = wrong[i][0];
		writes.last_seq = wrong[i][1];
		writes.events = &event;
		check_status("a gap", store_batch_commit(f->engine, &writes), ITN_FAILED);
	}
	check_int("nothing was done", (long long)drain(f), 1);
}

/* Nothing of a batch is seen when one of its guards fails. */
static void check_no_trace(struct fixture *f, const char *name, const struct trade *trade)
{
	struct store_head head;
	check_status(name, store_head(f->store, &head), ITN_OK);
	check_int(name, head.last_seq, 2);
	check_int(name, stored_trade(f, trade->id).version, 1);
	struct store_batch batch = begin(f, 10);
	check_int(name, (long long)batch.count, 1);
	check_int(name, (long long)batch.job_count, 0);
	store_batch_abort(f->engine);
}

static void a_failed_guard_undoes_the_batch(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), waiting = trade_to(f, "Mars");
	struct cargo cargo = cargo_to(f, "Mars");
	put_trade(f, &trade);
	put_cargo(f, &cargo);
	drain(f);
	put_trade(f, &waiting);
	struct trade newer = trade;
	newer.version = 2;
	struct stock stock = { .station = STR("Mars"), .item = STR("ore"), .version = 1, .updated_at = 1 };
	struct trade_write good = { &newer, 1 }, bad_trade = { &newer, 7 };
	struct cargo_write bad_cargo = { &cargo, 7 };
	struct stock_write bad_stock = { &stock, 7 };
	struct job job = { .seq = 1, .lane = STR("Mars"), .key = trade.id, .cause = STR("c") };
	struct counter_write counter = { STR("n"), 1 };
	const struct {
		const char *name;
		struct store_writes writes;
	} cases[] = {
		{ "trade", { .trades = &bad_trade, .trade_count = 1 } },
		{ "cargo", { .trades = &good, .trade_count = 1, .cargo = &bad_cargo, .cargo_count = 1 } },
		{ "stock", { .trades = &good, .trade_count = 1, .stock = &bad_stock, .stock_count = 1 } },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct store_batch batch = begin(f, 10);
		struct store_writes writes = number_entries(f, f->engine, &batch), fault = cases[i].writes;
		fault.batch = writes.batch;
		fault.last_seq = writes.last_seq;
		fault.events = writes.events;
		fault.event_count = writes.event_count;
		fault.jobs = &job;
		fault.job_count = 1;
		fault.counters = &counter;
		fault.counter_count = 1;
		check_status(cases[i].name, store_batch_commit(f->engine, &fault), ITN_CONFLICT);
		check_no_trace(f, cases[i].name, &trade);
	}
	check_int("it goes on", (long long)drain(f), 1);
}

static void a_stock_record_is_made_once(void **state)
{
	struct fixture *f = *state;
	struct stock stock = {
		.station = STR("Mars"), .item = STR("a.$b"), .on_hand = SUM_MAX, .reserved = 1, .incoming = 2,
		.reorder_level = 3, .tracked = true, .version = 1, .updated_at = 77,
	};
	struct stock_write new_one = { &stock, 0 }, newer = { &stock, 1 };
	struct stock read;
	begin(f, 1);
	check_status("none", store_batch_stock(f->engine, f->arena, STR("Mars"), STR("a.$b"), &read), ITN_NOT_FOUND);
	store_batch_abort(f->engine);
	check_status("made", commit_alone(f, (struct store_writes){ .stock = &new_one, .stock_count = 1 }), ITN_OK);
	check_status("not twice", commit_alone(f, (struct store_writes){ .stock = &new_one, .stock_count = 1 }), ITN_CONFLICT);
	begin(f, 1);
	check_status("read", store_batch_stock(f->engine, f->arena, STR("Mars"), STR("a.$b"), &read), ITN_OK);
	store_batch_abort(f->engine);
	check_str("station", read.station, stock.station);
	check_str("item", read.item, stock.item);
	check_int("on hand", read.on_hand, SUM_MAX);
	check_int("reserved", read.reserved, 1);
	check_int("incoming", read.incoming, 2);
	check_int("level", read.reorder_level, 3);
	check_bool("tracked", read.tracked, true);
	check_int("version", read.version, 1);
	check_int("time", read.updated_at, 77);
	stock.version = 2;
	stock.on_hand = 0;
	stock.tracked = false;
	check_status("changed", commit_alone(f, (struct store_writes){ .stock = &newer, .stock_count = 1 }), ITN_OK);
	check_status("stale", commit_alone(f, (struct store_writes){ .stock = &newer, .stock_count = 1 }), ITN_CONFLICT);
	begin(f, 1);
	check_status("read", store_batch_stock(f->engine, f->arena, STR("Mars"), STR("a.$b"), &read), ITN_OK);
	check_int("on hand", read.on_hand, 0);
	check_bool("tracked", read.tracked, false);
}

static void batches_read_documents(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), read;
	struct cargo cargo = cargo_to(f, "Mars"), read_cargo;
	put_trade(f, &trade);
	put_cargo(f, &cargo);
	check_status("changed", change_trade(f, &trade, TRADE_DELAYED), ITN_OK);
	begin(f, 1);
	check_status("trade", store_batch_trade(f->engine, f->arena, trade.id, &read), ITN_OK);
	check_status("cargo", store_batch_cargo(f->engine, f->arena, cargo.id, &read_cargo), ITN_OK);
	check_int("goods", read.goods, GOODS_NEW);
	check_int("its entries", read.unsequenced, 2);
	check_int("status", read.status, TRADE_DELAYED);
	check_bool("open", read_cargo.open, false);
	check_int("its entries", read_cargo.unsequenced, 1);
	check_status("none", store_batch_trade(f->engine, f->arena, cargo.id, &read), ITN_NOT_FOUND);
	check_status("none", store_batch_cargo(f->engine, f->arena, trade.id, &read_cargo), ITN_NOT_FOUND);
	check_status("the batch goes on", store_batch_trade(f->engine, f->arena, trade.id, &read), ITN_OK);
	store_batch_abort(f->engine);
	drain(f);
	begin(f, 1);
	check_status("trade", store_batch_trade(f->engine, f->arena, trade.id, &read), ITN_OK);
	check_int("goods", read.goods, GOODS_NONE);
	check_int("no entries", read.unsequenced, 0);
}

static void engines_write_whole_documents(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), read;
	struct cargo cargo = cargo_to(f, "Mars"), read_cargo;
	put_trade(f, &trade);
	put_cargo(f, &cargo);
	drain(f);
	begin(f, 1);
	check_status("trade", store_batch_trade(f->engine, f->arena, trade.id, &trade), ITN_OK);
	check_status("cargo", store_batch_cargo(f->engine, f->arena, cargo.id, &cargo), ITN_OK);
	store_batch_abort(f->engine);
	cargo_load(&cargo, f->arena, &trade);
	cargo.version++;
	trade.version++;
	struct trade_write trade_write = { &trade, 1 };
	struct cargo_write cargo_write = { &cargo, 1 };
	struct store_writes writes = { .trades = &trade_write, .trade_count = 1, .cargo = &cargo_write, .cargo_count = 1 };
	check_status("loaded", commit_alone(f, writes), ITN_OK);
	begin(f, 1);
	check_status("trade", store_batch_trade(f->engine, f->arena, trade.id, &read), ITN_OK);
	check_status("cargo", store_batch_cargo(f->engine, f->arena, cargo.id, &read_cargo), ITN_OK);
	check_str("shipment", read.shipment, cargo.id);
	check_int("goods", read.goods, GOODS_LOADED);
	check_int("manifest", read_cargo.items.at[0].quantity, 10);
	check_int("trades", read_cargo.trade_count, 1);
	check_bool("still open", read_cargo.open, true);
	store_batch_abort(f->engine);
	struct buf out = { 0 };
	int64_t version;
	check_status("as clients see it", store_trade_json(f->store, trade.id, &out, &version), ITN_OK);
	check_has("on the shipment", arena_cstr(f->arena, buf_str(&out)), cargo.id.ptr);
	check_int("version", version, 2);
	buf_free(&out);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(entries_come_in_the_order_of_their_writing),
	CONTRACT(a_batch_is_the_front_of_the_backlog),
	CONTRACT(a_backlog_is_seen_from_outside),
	CONTRACT(events_are_read_without_gaps),
	CONTRACT(an_event_is_logged_once),
	CONTRACT(numbers_follow_the_head_s),
	CONTRACT(a_failed_guard_undoes_the_batch),
	CONTRACT(a_stock_record_is_made_once),
	CONTRACT(batches_read_documents),
	CONTRACT(engines_write_whole_documents),
};

const struct contract_group contract_batch = { "batches", tests, COUNT_OF(tests) };
