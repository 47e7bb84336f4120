#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "contract.h"

#define WRITERS	   6
#define PER_WRITER 25

/* One thread that creates trades; it notes results, the test's thread judges them. */
struct writer {
	struct fixture f;
	pthread_t thread;
	size_t count;
	struct trade trades[PER_WRITER];
	struct entry entries[PER_WRITER];
	enum itn_status results[PER_WRITER];
	int64_t longest_ms;
};

static void *writer_main(void *arg)
{
	struct writer *writer = arg;
	for (size_t i = 0; i < writer->count; i++) {
		int64_t start = clock_monotonic_ms();
		writer->results[i] = store_trade_create(writer->f.store, &writer->trades[i], &writer->entries[i]);
		int64_t took = clock_monotonic_ms() - start;
		if (took > writer->longest_ms)
			writer->longest_ms = took;
	}
	return NULL;
}

static struct writer *writers_start(struct fixture *f, struct store *store, size_t count)
{
	struct writer *writers = arena_calloc(f->arena, WRITERS, sizeof(*writers));
	for (size_t w = 0; w < WRITERS; w++) {
		writers[w].f.store = store;
		writers[w].count = count;
		for (size_t i = 0; i < count; i++) {
			writers[w].trades[i] = trade_to(f, "Mars");
			writers[w].entries[i] = trade_entry(f, &writers[w].trades[i], ENTRY_CREATE);
		}
	}
	for (size_t w = 0; w < WRITERS; w++)
		assert_int_equal(pthread_create(&writers[w].thread, NULL, writer_main, &writers[w]), 0);
	return writers;
}

static void writers_join(struct writer *writers)
{
	for (size_t w = 0; w < WRITERS; w++)
		pthread_join(writers[w].thread, NULL);
}

/* A thread that walks through the list again and again, the last time when it was told to stop already; `wrong` when an
 * entry comes out of order or too seldom. */
struct lister {
	struct store *store;
	pthread_t thread;
	atomic_bool under_way, stop;
	bool wrong;
	enum itn_status status;
	int64_t time;
	char key[ID_LEN + 1];
	size_t rows, before;
};

static void walk_row(void *context, const struct store_row *row)
{
	struct lister *lister = context;
	int order = row->time > lister->time ? 1 : row->time < lister->time ? -1 : str_cmp(row->key, str_from(lister->key));
	if (order <= 0 || row->key.len != ID_LEN || !row->json.len)
		lister->wrong = true;
	lister->time = row->time;
	snprintf(lister->key, sizeof(lister->key), "%.*s", STR_ARG(row->key));
	lister->rows++;
}

static void *lister_main(void *arg)
{
	struct lister *lister = arg;
	bool last;
	do {
		last = lister->stop;
		lister->time = 0;
		lister->key[0] = '\0';
		size_t before = lister->rows = 0;
		struct store_list list = { .kind = LIST_TRADES, .status = -1, .max = 7 };
		do {
			before = lister->rows;
			lister->status = store_list(lister->store, &list, walk_row, lister);
			list.after = (struct store_cursor){ lister->time, str_from(lister->key) };
		} while (!lister->status && lister->rows == before + 7);
		lister->wrong |= lister->rows < lister->before;
		lister->before = lister->rows;
		lister->under_way = true;
	} while (!last && !lister->status);
	return NULL;
}

struct log {
	int64_t next;
	bool gap;
};

static void follow_event(void *context, const struct store_event_row *row)
{
	struct log *log = context;
	log->gap |= row->seq != log->next;
	log->next = row->seq + 1;
}

static void check_log(struct fixture *f, int64_t count)
{
	struct log log = { .next = 1 };
	int64_t before;
	do {
		before = log.next;
		check_status("events", store_events(f->store, log.next - 1, 100, follow_event, &log), ITN_OK);
	} while (log.next != before);
	check_bool("a gap in the log", log.gap, false);
	check_int("events in the log", log.next - 1, count);
}

static void many_writers_an_engine_and_readers_work_at_once(void **state)
{
	struct fixture *f = *state;
	fixture_engine(f);
	struct lister lister = { .store = f->store };
	assert_int_equal(pthread_create(&lister.thread, NULL, lister_main, &lister), 0);
	while (!lister.under_way)
		sched_yield();
	struct writer *writers = writers_start(f, f->store, PER_WRITER);
	size_t logged = 0;
	while (logged < WRITERS * PER_WRITER / 2)
		logged += drain(f);
	writers_join(writers);
	logged += drain(f);
	lister.stop = true;
	pthread_join(lister.thread, NULL);
	for (size_t w = 0; w < WRITERS; w++)
		for (size_t i = 0; i < PER_WRITER; i++) {
			enum store_progress progress;
			check_status("created", writers[w].results[i], ITN_OK);
			check_status("progress", store_progress(f->store, &writers[w].entries[i].id, 1, &progress), ITN_OK);
			check_int("logged", progress, PROGRESS_DONE);
		}
	check_int("entries", (long long)logged, WRITERS * PER_WRITER);
	check_log(f, WRITERS * PER_WRITER);
	check_status("the list", lister.status, ITN_OK);
	check_bool("a wrong list", lister.wrong, false);
	check_int("the last list's entries", (long long)lister.rows, WRITERS * PER_WRITER);
}

static void *racer_main(void *arg)
{
	struct writer *racer = arg;
	racer->results[0] = store_trade_change(racer->f.store, &racer->trades[0], racer->trades[0].version - 1,
					       &racer->entries[0]);
	return NULL;
}

static void one_of_many_racers_wins_each_version(void **state)
{
	struct fixture *f = *state;
	struct trade trade = trade_to(f, "Mars");
	put_trade(f, &trade);
	struct writer *racers = arena_calloc(f->arena, WRITERS, sizeof(*racers));
	for (int round = 0; round < 10; round++) {
		trade.version++;
		trade.updated_at = f->now++;
		trade.status = round % 2 ? TRADE_PENDING : TRADE_DELAYED;
		for (size_t r = 0; r < WRITERS; r++) {
			racers[r].f.store = f->store;
			racers[r].trades[0] = trade;
			racers[r].entries[0] = trade_entry(f, &trade, ENTRY_CHANGE);
			assert_int_equal(pthread_create(&racers[r].thread, NULL, racer_main, &racers[r]), 0);
		}
		writers_join(racers);
		size_t won = 0, lost = 0;
		for (size_t r = 0; r < WRITERS; r++) {
			won += racers[r].results[0] == ITN_OK;
			lost += racers[r].results[0] == ITN_CONFLICT;
		}
		check_int("one wins", (long long)won, 1);
		check_int("the others know", (long long)lost, WRITERS - 1);
	}
	check_int("entries", (long long)drain(f), 11);
}

/* Every trade that was acknowledged is there, every one that certainly was not done is not. */
static void check_results(struct fixture *f, struct writer *writers)
{
	for (size_t w = 0; w < WRITERS; w++)
		for (size_t i = 0; i < writers[w].count; i++) {
			struct trade trade;
			enum itn_status there = store_trade(f->store, f->arena, writers[w].trades[i].id, &trade);
			if (writers[w].results[i] == ITN_OK)
				check_status("acknowledged", there, ITN_OK);
			else if (writers[w].results[i] == ITN_UNAVAILABLE)
				check_status("not done", there, ITN_NOT_FOUND);
			else
				check_status("otherwise the outcome is unknown", writers[w].results[i], ITN_UNKNOWN);
		}
}

static void a_stopped_process_delays_nobody_beyond_the_timeout(void **state)
{
	struct fixture *f = *state;
	struct child child = child_start(f, "hold");
	char line[64];
	check_bool("it stands in a batch", child_line(&child, line, sizeof(line)), true);
	child_signal(&child, SIGSTOP);
	f->config.store_timeout_ms = 300;
	struct store *hasty = fixture_open_again(f);
	struct writer *writers = writers_start(f, hasty, 3);
	writers_join(writers);
	for (size_t w = 0; w < WRITERS; w++)
		if (writers[w].longest_ms > 300 + 1500)
			fail_msg("a call took %lld ms", (long long)writers[w].longest_ms);
	struct store_head head;
	check_status("reads go on", store_head(hasty, &head), ITN_OK);
	check_results(f, writers);
	child_signal(&child, SIGKILL);
	struct trade trade = trade_to(f, "Mars");
	struct entry entry = trade_entry(f, &trade, ENTRY_CREATE);
	int64_t until = clock_monotonic_ms() + 70000;
	enum itn_status status;
	while ((status = store_trade_create(hasty, &trade, &entry)) && clock_monotonic_ms() < until)
		continue;
	check_status("once it is dead, writes go on", status, ITN_OK);
	check_results(f, writers);
	store_close(hasty);
}

/* Reads acknowledgements, "TRADE EVENT", of which `line` may be the last. */
static void check_acknowledged(struct fixture *f, const char *line, struct str *ret_event)
{
	struct trade trade;
	check_status("acknowledged", store_trade(f->store, f->arena, (struct str){ line, ID_LEN }, &trade), ITN_OK);
	*ret_event = arena_str(f->arena, str_from(line + ID_LEN + 1));
}

#define KILLS	 6
#define ACKS_MAX 4096
static void what_a_killed_writer_was_told_is_there(void **state)
{
	struct fixture *f = *state;
	struct str events[ACKS_MAX];
	size_t count = 0;
	for (int kill = 0; kill < KILLS; kill++) {
		struct child child = child_start(f, "write");
		char line[64];
		size_t acks = 0;
		while (acks < (size_t)(3 + 7 * kill) && child_line(&child, line, sizeof(line))) {
			check_acknowledged(f, line, &events[count++]);
			acks++;
		}
		check_bool("it wrote", acks > 0, true);
		child_signal(&child, SIGKILL);
		while (count < ACKS_MAX && child_line(&child, line, sizeof(line)))
			check_acknowledged(f, line, &events[count++]);
	}
	drain(f);
	for (size_t i = 0; i < count; i++) {
		enum store_progress progress;
		check_status("progress", store_progress(f->store, &events[i], 1, &progress), ITN_OK);
		check_int("its event is in the log", progress, PROGRESS_DONE);
	}
}

static void a_killed_engine_leaves_a_whole_log(void **state)
{
	struct fixture *f = *state;
	int64_t count = 0;
	for (int kill = 0; kill < KILLS; kill++) {
		struct child child = child_start(f, "drain");
		char line[64];
		for (int i = 0; i < 12; i++, count++) {
			struct trade trade = trade_to(f, "Mars");
			put_trade(f, &trade);
			if (i % 4 == kill % 4)
				check_bool("it numbers", child_line(&child, line, sizeof(line)), true);
		}
		child_signal(&child, SIGKILL);
	}
	drain(f);
	check_log(f, count);
}

static void no_process_starves(void **state)
{
	struct fixture *f = *state;
	struct child children[2] = { child_start(f, "write"), child_start(f, "write") };
	char line[64];
	for (int i = 0; i < 2; i++)
		check_bool("it writes", child_line(&children[i], line, sizeof(line)), true);
	for (int n = 0; n < 40; n++) {
		struct trade trade = trade_to(f, "Mars");
		put_trade(f, &trade);
		for (int i = 0; i < 2; i++)
			check_bool("it writes on", child_line(&children[i], line, sizeof(line)), true);
	}
	for (int i = 0; i < 2; i++)
		child_signal(&children[i], SIGKILL);
}

static const struct CMUnitTest tests[] = {
	CONTRACT(many_writers_an_engine_and_readers_work_at_once),
	CONTRACT(one_of_many_racers_wins_each_version),
};

const struct contract_group contract_crowd = { "crowds", tests, COUNT_OF(tests) };

static const struct CMUnitTest process_tests[] = {
	CONTRACT(a_stopped_process_delays_nobody_beyond_the_timeout),
	CONTRACT(what_a_killed_writer_was_told_is_there),
	CONTRACT(a_killed_engine_leaves_a_whole_log),
	CONTRACT(no_process_starves),
};

const struct contract_group contract_processes = { "processes", process_tests, COUNT_OF(process_tests) };
