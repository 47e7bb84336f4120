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
	check_status("ask", store_backlog(f->engine, &any), ITN_OK);
	check_bool("nothing", any, false);
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	check_status("ask", store_backlog(f->engine, &any), ITN_OK);
	check_bool("an entry", any, true);
	drain(f);
	check_status("ask", store_backlog(f->engine, &any), ITN_OK);
	check_bool("nothing", any, false);
	struct entry request = request_entry(f, &trade);
	check_status("a request", store_request_add(f->store, &request), ITN_OK);
	check_status("ask", store_backlog(f->engine, &any), ITN_OK);
	check_bool("the request", any, true);
	drain(f);
	struct job job = { .seq = 1, .lane = STR("Mars"), .key = trade.id, .cause = STR("c") };
	check_status("a job", commit_alone(f, (struct store_writes){ .jobs = &job, .job_count = 1 }), ITN_OK);
	check_status("ask", store_backlog(f->engine, &any), ITN_OK);
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

/* Writes one trade's goods, status and holds as an engine may. */
static void engine_sets(struct fixture *f, struct trade *trade, enum trade_goods goods, enum trade_status status,
			unsigned holds, struct str shipment)
{
	int64_t from = trade->version++;
	trade->goods = goods;
	trade->status = status;
	trade->holds = holds;
	trade->shipment = shipment;
	struct trade_write write = { trade, from };
	check_status("written", commit_alone(f, (struct store_writes){ .trades = &write, .trade_count = 1 }), ITN_OK);
}

static void waiting_trades_are_those_that_can_load(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		enum trade_goods goods;
		enum trade_status status;
		unsigned holds;
		bool waits;
	} cases[] = {
		{ "new", GOODS_NEW, TRADE_PENDING, 0, false },
		{ "none", GOODS_NONE, TRADE_PENDING, 0, true },
		{ "reserved", GOODS_RESERVED, TRADE_PENDING, 0, true },
		{ "loaded", GOODS_LOADED, TRADE_PENDING, 0, false },
		{ "moved", GOODS_MOVED, TRADE_PENDING, 0, false },
		{ "arrived", GOODS_ARRIVED, TRADE_PENDING, 0, false },
		{ "large", GOODS_NONE, TRADE_DELAYED, HOLD_SIZE, true },
		{ "held", GOODS_NONE, TRADE_DELAYED, HOLD_MANUAL | HOLD_SIZE, true },
		{ "short", GOODS_NONE, TRADE_DELAYED, HOLD_SHORTAGE, false },
		{ "large and short", GOODS_NONE, TRADE_DELAYED, HOLD_SHORTAGE | HOLD_SIZE, false },
		{ "completed", GOODS_NONE, TRADE_COMPLETED, 0, false },
		{ "canceled", GOODS_RESERVED, TRADE_CANCELED, 0, false },
	};
	struct trade trades[COUNT_OF(cases)], elsewhere = trade_to(f, "Venus");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		trades[i] = trade_to(f, "Mars");
		put_trade(f, &trades[i]);
	}
	put_trade(f, &elsewhere);
	drain(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		engine_sets(f, &trades[i], cases[i].goods, cases[i].status, cases[i].holds,
			    cases[i].goods >= GOODS_LOADED ? STR("S1") : STR_NONE);
	for (size_t slice = 1; slice < 7; slice++) {
		struct store_cursor after = { 0 };
		size_t next = 0, count;
		begin(f, 1);
		do {
			struct trade *got;
			check_status("slice", store_batch_waiting(f->engine, f->arena, STR("Mars"), next ? &after : NULL, slice,
								  &got, &count), ITN_OK);
			for (size_t i = 0; i < count; i++) {
				while (next < COUNT_OF(cases) && !cases[next].waits)
					next++;
				if (next == COUNT_OF(cases))
					fail_msg("too many wait");
				check_str(cases[next].name, got[i].id, trades[next].id);
				check_int(cases[next].name, got[i].goods, cases[next].goods);
				check_int(cases[next].name, got[i].unsequenced, 0);
				next++;
				after = (struct store_cursor){ got[i].created_at, got[i].id };
			}
		} while (count == slice);
		store_batch_abort(f->engine);
		while (next < COUNT_OF(cases) && !cases[next].waits)
			next++;
		check_int("all that wait", (long long)next, COUNT_OF(cases));
	}
	struct trade *got;
	size_t count;
	begin(f, 1);
	check_status("on S1", store_batch_loaded(f->engine, f->arena, STR("S1"), NULL, 10, &got, &count), ITN_OK);
	check_int("loaded and moved", (long long)count, 2);
	check_str("by time", got[0].id, trades[3].id);
	check_str("by time", got[1].id, trades[4].id);
	struct store_cursor after = { got[0].created_at, got[0].id };
	check_status("behind", store_batch_loaded(f->engine, f->arena, STR("S1"), &after, 10, &got, &count), ITN_OK);
	check_int("one more", (long long)count, 1);
	check_status("on none", store_batch_loaded(f->engine, f->arena, STR("S2"), NULL, 10, &got, &count), ITN_OK);
	check_int("none", (long long)count, 0);
}

static void a_client_s_change_ends_the_waiting(void **state)
{
	struct fixture *f = *state;
	struct trade a = trade_to(f, "Mars"), b = trade_to(f, "Mars"), *got;
	size_t count;
	put_trade(f, &a);
	put_trade(f, &b);
	drain(f);
	check_status("canceled", change_trade(f, &a, TRADE_CANCELED), ITN_OK);
	check_status("held", change_trade(f, &b, TRADE_DELAYED), ITN_OK);
	begin(f, 10);
	check_status("waiting", store_batch_waiting(f->engine, f->arena, STR("Mars"), NULL, 10, &got, &count), ITN_OK);
	check_int("one", (long long)count, 1);
	check_str("the one that is held by hand", got[0].id, b.id);
	check_int("with its entry", got[0].unsequenced, 1);
}

static void loaded_trades_keep_their_place_whatever_their_status(void **state)
{
	struct fixture *f = *state;
	struct trade trades[4], *got;
	size_t count;
	static const enum trade_status statuses[] = { TRADE_PENDING, TRADE_CANCELED, TRADE_COMPLETED, TRADE_DELAYED };
	for (int i = 0; i < 4; i++) {
		trades[i] = trade_to(f, "Mars");
		put_trade(f, &trades[i]);
	}
	drain(f);
	for (int i = 0; i < 4; i++)
		engine_sets(f, &trades[i], GOODS_MOVED, statuses[i], i == 3 ? HOLD_SHORTAGE : 0, STR("S1"));
	begin(f, 1);
	check_status("read", store_batch_loaded(f->engine, f->arena, STR("S1"), NULL, 10, &got, &count), ITN_OK);
	check_int("all four", (long long)count, 4);
	for (int i = 0; i < 4; i++)
		check_str("by time", got[i].id, trades[i].id);
}

static void open_cargo_comes_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct cargo cargo[6], *got;
	size_t count;
	int64_t base = f->now;
	for (int i = 0; i < 6; i++) {
		cargo[i] = cargo_to(f, i == 4 ? "Venus" : "Mars");
		cargo[i].id = arena_printf(f->arena, "s%d", 6 - i);
		cargo[i].created_at = base + i / 2;
		put_cargo(f, &cargo[i]);
	}
	begin(f, 1);
	check_status("none is open yet", store_batch_open_cargo(f->engine, f->arena, STR("Mars"), NULL, 10, &got, &count),
		     ITN_OK);
	check_int("none", (long long)count, 0);
	store_batch_abort(f->engine);
	drain(f);
	check_status("departs", change_cargo(f, &cargo[0], CARGO_IN_TRANSIT), ITN_OK);
	begin(f, 10);
	check_status("read", store_batch_open_cargo(f->engine, f->arena, STR("Mars"), NULL, 10, &got, &count), ITN_OK);
	check_int("the engine has not seen it depart", (long long)count, 5);
	store_batch_abort(f->engine);
	drain(f);
	struct store_cursor after = { 0 };
	static const char *const order[] = { "s5", "s3", "s4", "s1" };
	begin(f, 1);
	for (size_t i = 0; i < COUNT_OF(order); i++) {
		check_status("read", store_batch_open_cargo(f->engine, f->arena, STR("Mars"), &after, 1, &got, &count), ITN_OK);
		check_int("one", (long long)count, 1);
		check_str("by time, then id", got[0].id, str_from(order[i]));
		after = (struct store_cursor){ got[0].created_at, got[0].id };
	}
	check_status("end", store_batch_open_cargo(f->engine, f->arena, STR("Mars"), &after, 1, &got, &count), ITN_OK);
	check_int("none", (long long)count, 0);
}

static void jobs_are_kept_in_lanes(void **state)
{
	struct fixture *f = *state;
	struct job jobs[] = {
		{ .seq = 9, .lane = STR("Venus"), .kind = 2, .key = STR("k9"), .cause = STR("c9") },
		{ .seq = 3, .lane = STR("Mars"), .kind = 1, .key = STR("k3"), .cause = STR("c3"), .step = 4, .derived = 5,
		  .cursor = { 6, STR("at") } },
		{ .seq = 5, .lane = STR("Mars"), .kind = 1, .key = STR("k5"), .cause = STR("c5") },
	};
	bool busy = true;
	begin(f, 1);
	check_status("lane", store_batch_lane_busy(f->engine, STR("Mars"), &busy), ITN_OK);
	check_bool("free", busy, false);
	store_batch_abort(f->engine);
	check_status("stored", commit_alone(f, (struct store_writes){ .jobs = jobs, .job_count = 3 }), ITN_OK);
	struct store_batch batch;
	check_status("begin", store_batch_begin(f->engine, f->arena, 1, 2, &batch), ITN_OK);
	check_int("two", (long long)batch.job_count, 2);
	check_bool("more", batch.more_jobs, true);
	check_int("by seq", batch.jobs[0].seq, 3);
	check_int("by seq", batch.jobs[1].seq, 5);
	const struct job *job = &batch.jobs[0];
	check_str("lane", job->lane, STR("Mars"));
	check_int("kind", job->kind, 1);
	check_str("key", job->key, STR("k3"));
	check_str("cause", job->cause, STR("c3"));
	check_int("step", job->step, 4);
	check_int("derived", job->derived, 5);
	check_int("cursor's time", job->cursor.time, 6);
	check_str("cursor's key", job->cursor.key, STR("at"));
	check_int("no cursor", batch.jobs[1].cursor.time, 0);
	check_status("lane", store_batch_lane_busy(f->engine, STR("Mars"), &busy), ITN_OK);
	check_bool("busy", busy, true);
	store_batch_abort(f->engine);
	jobs[1].step = 40;
	jobs[1].cursor = (struct store_cursor){ 60, STR("on") };
	int64_t done[] = { 5, 9 };
	struct store_writes writes = { .jobs = &jobs[1], .job_count = 1, .jobs_done = done, .job_done_count = 2 };
	check_status("gone on", commit_alone(f, writes), ITN_OK);
	batch = begin(f, 1);
	check_int("one", (long long)batch.job_count, 1);
	check_bool("no more", batch.more_jobs, false);
	check_int("step", batch.jobs[0].step, 40);
	check_str("cursor's key", batch.jobs[0].cursor.key, STR("on"));
	check_status("lane", store_batch_lane_busy(f->engine, STR("Venus"), &busy), ITN_OK);
	check_bool("free again", busy, false);
}

static void progress_is_told_by_event(void **state)
{
	struct fixture *f = *state;
	struct str ids[4] = { [3] = STR("unknown") };
	for (int i = 0; i < 3; i++) {
		struct trade trade = trade_to(f, "Mars");
		ids[i] = put_trade(f, &trade);
	}
	struct store_batch batch = begin(f, 2);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	struct job job = { .seq = 2, .lane = STR("Mars"), .key = STR("k"), .cause = ids[1] };
	writes.jobs = &job;
	writes.job_count = 1;
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	enum store_progress progress[4];
	check_status("progress", store_progress(f->store, ids, 4, progress), ITN_OK);
	check_int("done", progress[0], PROGRESS_DONE);
	check_int("a job is left", progress[1], PROGRESS_LOGGED);
	check_int("waits", progress[2], PROGRESS_ACCEPTED);
	check_int("unknown", progress[3], PROGRESS_ACCEPTED);
	int64_t done = 2;
	batch = begin(f, 10);
	writes = number_entries(f, f->engine, &batch);
	writes.jobs_done = &done;
	writes.job_done_count = 1;
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	check_status("progress", store_progress(f->store, ids, 4, progress), ITN_OK);
	check_int("the job is done", progress[1], PROGRESS_DONE);
	check_int("the last one too", progress[2], PROGRESS_DONE);
	check_status("none asked for", store_progress(f->store, NULL, 0, NULL), ITN_OK);
}

static void verdicts_are_told(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum request_state state;
		struct str detail;
	} cases[] = {
		{ REQUEST_CHANGED, { 0 } },
		{ REQUEST_SAME, { 0 } },
		{ REQUEST_ILLEGAL, { "from canceled to nothing", 24 } },
		{ REQUEST_NO_SUCH, { 0 } },
	};
	struct trade trade = trade_to(f, "Mars");
	struct entry requests[COUNT_OF(cases)];
	struct verdict_write verdicts[COUNT_OF(cases)];
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		requests[i] = request_entry(f, &trade);
		check_status("added", store_request_add(f->store, &requests[i]), ITN_OK);
		verdicts[i] = (struct verdict_write){ requests[i].id, cases[i].state, cases[i].detail };
	}
	struct store_batch batch = begin(f, 10);
	struct store_writes writes = nothing(f, &batch);
	writes.verdicts = verdicts;
	writes.verdict_count = COUNT_OF(cases);
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct request_verdict verdict;
		check_status("known", store_request_verdict(f->store, f->arena, requests[i].id, &verdict), ITN_OK);
		check_int("state", verdict.state, cases[i].state);
		check_str("detail", verdict.detail, cases[i].detail);
	}
	check_int("they left the backlog", (long long)begin(f, 10).count, 0);
}

static void a_request_can_go_to_the_end(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars"), later = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct entry request = request_entry(f, &trade);
	check_status("added", store_request_add(f->store, &request), ITN_OK);
	later.created_at = later.updated_at = f->now++;
	put_trade(f, &later);
	struct store_batch batch = begin(f, 2);
	check_str("the request is second", batch.entries[1].id, request.id);
	struct store_writes writes = number_entries(f, f->engine, &batch);
	writes.event_count = 1;
	writes.last_seq = 1;
	struct verdict_write postponed = { .request = request.id, .state = REQUEST_WAITING };
	writes.verdicts = &postponed;
	writes.verdict_count = 1;
	check_status("commit", store_batch_commit(f->engine, &writes), ITN_OK);
	struct request_verdict verdict;
	check_status("known", store_request_verdict(f->store, f->arena, request.id, &verdict), ITN_OK);
	check_int("waits", verdict.state, REQUEST_WAITING);
	batch = begin(f, 10);
	check_int("two wait", (long long)batch.count, 2);
	check_str("the later trade", batch.entries[0].key, later.id);
	check_str("then the request", batch.entries[1].id, request.id);
	check_str("as it was", batch.entries[1].change, request.change);
	check_int("of its kind", batch.entries[1].kind, ENTRY_REQUEST);
	store_batch_abort(f->engine);
	check_int("and can be decided", (long long)drain(f), 2);
}

struct sums {
	struct buf text;
};

static void add_counter(void *context, struct str name, int64_t value)
{
	struct sums *sums = context;
	buf_printf(&sums->text, "%.*s=%lld ", STR_ARG(name), (long long)value);
}

static void check_counters(struct fixture *f, const char *prefix, const char *expected)
{
	struct sums sums = { 0 };
	check_status("counters", store_counters(f->store, str_from(prefix), add_counter, &sums), ITN_OK);
	check_str(prefix, buf_str(&sums.text), str_from(expected));
	buf_free(&sums.text);
}

static void counters_add_up_and_go(void **state)
{
	struct fixture *f = *state;
	struct counter_write first[] = { { STR("m:01"), 1 }, { STR("m:02"), 2 }, { STR("m:10"), 3 }, { STR("n"), -4 } };
	struct counter_write second[] = { { STR("m:02"), 40 }, { STR("m"), 5 }, { STR("m;"), 7 } };
	check_counters(f, "", "");
	check_status("first", commit_alone(f, (struct store_writes){ .counters = first, .counter_count = 4 }), ITN_OK);
	check_status("second", commit_alone(f, (struct store_writes){ .counters = second, .counter_count = 3 }), ITN_OK);
	check_counters(f, "", "m=5 m:01=1 m:02=42 m:10=3 m;=7 n=-4 ");
	check_counters(f, "m:", "m:01=1 m:02=42 m:10=3 ");
	check_counters(f, "m:0", "m:01=1 m:02=42 ");
	check_counters(f, "x", "");
	check_counters(f, "m:01", "m:01=1 ");
	struct store_writes drop = { .counters_from = STR("m:01"), .counters_below = STR("m:10") };
	check_status("drop", commit_alone(f, drop), ITN_OK);
	check_counters(f, "", "m=5 m:10=3 m;=7 n=-4 ");
	drop = (struct store_writes){ .counters_from = STR("m") };
	check_status("half a range is none", commit_alone(f, drop), ITN_OK);
	check_counters(f, "m:", "m:10=3 ");
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
	CONTRACT(waiting_trades_are_those_that_can_load),
	CONTRACT(a_client_s_change_ends_the_waiting),
	CONTRACT(loaded_trades_keep_their_place_whatever_their_status),
	CONTRACT(open_cargo_comes_oldest_first),
	CONTRACT(jobs_are_kept_in_lanes),
	CONTRACT(progress_is_told_by_event),
	CONTRACT(verdicts_are_told),
	CONTRACT(a_request_can_go_to_the_end),
	CONTRACT(counters_add_up_and_go),
};

const struct contract_group contract_batch = { "batches", tests, COUNT_OF(tests) };
