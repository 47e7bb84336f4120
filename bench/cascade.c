/* The engine alone under a whole market: what itn-api would write, by the store's own library from many threads, in
 * rounds; after each round the engine's sequencer (and its publication, when Redis is there) until nothing is
 * outstanding. Only the latter is timed.
 *
 * 100 stations, all of which have plenty of 50 items. A trade has 3 lines and takes them from one station to another;
 * for each 50 trades a shipment with room for about as many is created, one of the round before departs and one of the
 * round before that is delivered.
 *
 *   ITN_STORE=sqlite:PATH ITN_REDIS=unix:PATH cascade COUNT [ROUND [THREADS]]
 *
 * A line for each round: trades so far, seconds of the engine, of its processor, of the writing, events of the round.
 */
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>

#include "core/clock.h"
#include "core/config.h"
#include "core/id.h"
#include "core/log.h"
#include "engine/lease.h"
#include "engine/publisher.h"
#include "engine/sequencer.h"
#include "store/store.h"

enum { STATIONS = 100, ITEMS = 50, LINES = 3, TRADES_A_CARGO = 50, CARGO_ROOM = 300, THREADS = 64, THREADS_MAX = 512 };
/* Rounds before the first that counts: then shipments depart and arrive in each. */
enum { WARM_UP = 2 };
#define ON_HAND INT64_C(1000000000)

struct market {
	struct config config;
	struct store *store;
	char run[ID_LEN + 1]; /* in shipments' ids, so that a store can be used again */
	struct str items[ITEMS], stations[STATIONS];
	long round_size, round; /* round < 0: the stations get their goods */
	long writes;            /* of this round */
	atomic_long next;
	atomic_int failed;
	enum itn_status (*write)(struct market *market, struct arena *arena, struct buf *change, long n);
};

struct machine {
	struct lease lease;
	struct store_engine *store;
	struct sequencer *sequencer;
	struct publisher *publisher;
	long events;
};

static double seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long cargo_of_round(const struct market *market)
{
	return market->round_size / TRADES_A_CARGO;
}

static struct str shipment_id(const struct market *market, struct arena *arena, long n)
{
	return arena_printf(arena, "SH-%s-%ld", market->run, n);
}

static enum itn_status create_trade(struct market *market, struct arena *arena, struct buf *change, long n)
{
	struct line lines[LINES];
	char id[ID_LEN + 1], event[ID_LEN + 1];
	struct trade trade = {
		.station = market->stations[(n * 7 + 3) % STATIONS],
		.buyer = arena_printf(arena, "Buyer %ld", n % 1000),
		.buyer_email = STR("buyer@example.org"),
		.seller = arena_printf(arena, "Seller %ld", n % 100),
		.seller_email = STR("seller@example.org"),
		.destination = market->stations[n % STATIONS],
		.items = { lines, LINES },
	};

	for (long i = 0; i < LINES; i++)
		lines[i] = (struct line){ market->items[(n * 11 + i * 17) % ITEMS], (n + i) % 3 + 1 };
	id_new(id);
	id_new(event);
	trade_created(&trade, str_from(id), clock_now_ms(), market->config.trade_lines_limit);
	buf_reset(change, SIZE_MAX);
	trade_write_change(change, &trade, trade.status);
	return store_trade_create(market->store, &trade,
				  &(struct entry){ .id = str_from(event),
						   .kind = ENTRY_CREATE,
						   .entity = ENTITY_TRADE,
						   .key = trade.id,
						   .version = trade.version,
						   .time = trade.created_at,
						   .change = buf_str(change) });
}

static enum itn_status create_cargo(struct market *market, struct buf *change, struct cargo *cargo)
{
	char event[ID_LEN + 1];

	id_new(event);
	cargo_created(cargo, clock_now_ms(), market->config.cargo_lines_limit);
	buf_reset(change, SIZE_MAX);
	cargo_write_change(change, cargo, cargo->status);
	return store_cargo_create(market->store, cargo,
				  &(struct entry){ .id = str_from(event),
						   .kind = ENTRY_CREATE,
						   .entity = ENTITY_CARGO,
						   .key = cargo->id,
						   .version = cargo->version,
						   .time = cargo->created_at,
						   .change = buf_str(change) });
}

static enum itn_status create_shipment(struct market *market, struct arena *arena, struct buf *change, long n)
{
	struct line *lines = arena_calloc(arena, 2, sizeof(*lines));
	struct cargo cargo = {
		.id = shipment_id(market, arena, n),
		.email = STR("ops@example.org"),
		.destination = market->stations[n % STATIONS],
		.items = { lines, 1 },
		.own_items = { lines + 1, 1 },
		.capacity = CARGO_ROOM,
	};

	lines[0] = lines[1] = (struct line){ STR("Water"), 5 };
	return create_cargo(market, change, &cargo);
}

/* Goods for a station: so they are tracked there, with more than all trades will take. */
static enum itn_status create_goods(struct market *market, struct arena *arena, struct buf *change, long n)
{
	struct line *lines = arena_calloc(arena, 2 * ITEMS, sizeof(*lines));
	struct cargo cargo = {
		.id = shipment_id(market, arena, -1 - n),
		.email = STR("ops@example.org"),
		.destination = market->stations[n],
		.items = { lines, ITEMS },
		.own_items = { lines + ITEMS, ITEMS },
	};

	for (size_t i = 0; i < ITEMS; i++)
		lines[i] = lines[ITEMS + i] = (struct line){ market->items[i], ON_HAND };
	return create_cargo(market, change, &cargo);
}

static enum itn_status change_shipment(struct market *market, struct arena *arena, struct buf *entry, long n,
				       enum cargo_status to)
{
	struct cargo_change change = { .status = to };
	struct error why = { "" };
	struct cargo cargo;
	char event[ID_LEN + 1];
	enum itn_status status = store_cargo(market->store, arena, shipment_id(market, arena, n), &cargo);
	enum cargo_status from;
	int64_t version;

	if (status != ITN_OK)
		return status;
	from = cargo.status;
	version = cargo.version;
	if (cargo_change(&cargo, &change, clock_now_ms(), &why) != VERDICT_CHANGED)
		return ITN_FAILED;
	id_new(event);
	buf_reset(entry, SIZE_MAX);
	cargo_write_change(entry, &cargo, from);
	return store_cargo_change(market->store, &cargo, version,
				  &(struct entry){ .id = str_from(event),
						   .kind = ENTRY_CHANGE,
						   .entity = ENTITY_CARGO,
						   .key = cargo.id,
						   .version = cargo.version,
						   .time = cargo.updated_at,
						   .change = buf_str(entry) });
}

static enum itn_status deliver_goods(struct market *market, struct arena *arena, struct buf *change, long n)
{
	return change_shipment(market, arena, change, -1 - n, CARGO_DELIVERED);
}

/* The n-th write of a round. */
static enum itn_status trade_on(struct market *market, struct arena *arena, struct buf *change, long n)
{
	long per_cargo = TRADES_A_CARGO + 3;
	long place = n % per_cargo - 3, cargo = market->round * cargo_of_round(market) + n / per_cargo;

	switch (place) {
	case -3:
		return create_shipment(market, arena, change, cargo);
	case -2:
		return market->round < 1 ? ITN_OK
					 : change_shipment(market, arena, change, cargo - cargo_of_round(market),
							   CARGO_IN_TRANSIT);
	case -1:
		return market->round < 2 ? ITN_OK
					 : change_shipment(market, arena, change, cargo - 2 * cargo_of_round(market),
							   CARGO_DELIVERED);
	default:
		return create_trade(market, arena, change, cargo * TRADES_A_CARGO + place);
	}
}

static void *write_some(void *context)
{
	struct market *market = context;
	struct arena *arena = arena_new(0);
	struct buf change = { 0 };
	long n;

	while ((n = atomic_fetch_add(&market->next, 1)) < market->writes && !market->failed) {
		enum itn_status status = market->write(market, arena, &change, n);

		if (status != ITN_OK) {
			warnx("write %ld of round %ld: %s", n, market->round, itn_status_name(status));
			market->failed = 1;
		}
		arena_reset(arena);
	}
	buf_free(&change);
	arena_free(arena);
	return NULL;
}

static double write_all(struct market *market, int threads, long writes,
			enum itn_status (*write)(struct market *, struct arena *, struct buf *, long))
{
	pthread_t thread[THREADS_MAX];
	double began = seconds_of(CLOCK_MONOTONIC);

	market->write = write;
	market->writes = writes;
	market->next = 0;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, write_some, market))
			err(EX_OSERR, "pthread_create");
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	if (market->failed)
		exit(EX_SOFTWARE);
	return seconds_of(CLOCK_MONOTONIC) - began;
}

/* As the engine's own loop; whether there is more to do at once. */
static bool step(struct machine *machine)
{
	struct sequencer_result result = { 0 };
	enum itn_status status = sequencer_run(machine->sequencer, 0, &result);

	if (status == ITN_CONFLICT)
		return false;
	if (status != ITN_OK)
		errx(EX_SOFTWARE, "a batch: %s: %s", itn_status_name(status), store_engine_error(machine->store));
	lease_renewed(&machine->lease);
	machine->events += (long)result.events;
	if (result.events)
		publisher_follow(machine->publisher, result.last_seq);
	return result.more;
}

static void run_to_rest(struct machine *machine)
{
	enum itn_status status = ITN_OK;
	bool more = false, any = true;

	while (any && status == ITN_OK) {
		if (!more)
			status = store_backlog(machine->store, 0, &any);
		if (any && status == ITN_OK)
			more = step(machine);
	}
	if (status != ITN_OK)
		errx(EX_SOFTWARE, "the backlog: %s", itn_status_name(status));
}

static void machine_start(struct machine *machine, const struct market *market)
{
	struct error error = { "" };
	int64_t schema;

	if (store_engine_open(market->store, "bench", &machine->store, &error) != ITN_OK ||
	    publisher_new(&market->config, market->store, &machine->publisher, &error) != ITN_OK)
		errx(EX_UNAVAILABLE, "%s", error.text);
	lease_init(&machine->lease, machine->store, (int64_t)market->config.lease_ms);
	while (!machine->lease.held)
		if (lease_try(&machine->lease) != ITN_OK)
			errx(EX_UNAVAILABLE, "the lease: %s", store_engine_error(machine->store));
	if (store_migrate(machine->store, &schema) != ITN_OK)
		errx(EX_UNAVAILABLE, "the schema: %s", store_engine_error(machine->store));
	machine->sequencer = sequencer_new(&market->config, machine->store);
}

static void machine_stop(struct machine *machine)
{
	sequencer_free(machine->sequencer);
	publisher_free(machine->publisher);
	lease_release(&machine->lease);
	store_engine_close(machine->store);
}

static void market_open(struct market *market, char *program)
{
	char *none[] = { program, NULL };
	static char names[ITEMS + STATIONS][16];
	struct buf problems = { 0 };
	struct error error = { "" };

	if (config_load(&market->config, CONFIG_ENGINE, 1, none, &problems) != ITN_OK)
		errx(EX_CONFIG, "%.*s", STR_ARG(buf_str(&problems)));
	log_open("cascade", LOG_WARN, LOG_LOGFMT);
	market->config.store_timeout_ms = 60000;
	if (store_open(&market->config, &market->store, &error) != ITN_OK)
		errx(EX_UNAVAILABLE, "%s", error.text);
	id_new(market->run);
	for (int i = 0; i < ITEMS + STATIONS; i++)
		snprintf(names[i], sizeof(names[i]), i < ITEMS ? "Item %d" : "Station %d", i < ITEMS ? i : i - ITEMS);
	for (int i = 0; i < ITEMS; i++)
		market->items[i] = str_from(names[i]);
	for (int i = 0; i < STATIONS; i++)
		market->stations[i] = str_from(names[ITEMS + i]);
	buf_free(&problems);
}

static void run_round(struct market *market, struct machine *machine, int threads)
{
	double wrote = write_all(market, threads, cargo_of_round(market) * (TRADES_A_CARGO + 3), trade_on);
	double began = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID);

	machine->events = 0;
	run_to_rest(machine);
	if (market->round >= WARM_UP)
		printf("%ld %.6f %.6f %.3f %ld\n", (market->round - WARM_UP + 1) * market->round_size,
		       seconds_of(CLOCK_MONOTONIC) - began, seconds_of(CLOCK_THREAD_CPUTIME_ID) - cpu, wrote,
		       machine->events);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static struct market market;
	struct machine machine = { 0 };
	long count = argc > 1 ? atol(argv[1]) : 0;
	int threads = argc > 3 ? atoi(argv[3]) : THREADS;

	market.round_size = argc > 2 ? atol(argv[2]) : 2000;
	if (count < 1 || market.round_size < TRADES_A_CARGO || market.round_size % TRADES_A_CARGO ||
	    count % market.round_size || threads < 1 || threads > THREADS_MAX)
		errx(EX_USAGE,
		     "usage: cascade COUNT [ROUND [THREADS]]; COUNT a multiple of ROUND, that one of %d; threads at "
		     "most %d",
		     TRADES_A_CARGO, THREADS_MAX);
	market_open(&market, argv[0]);
	machine_start(&machine, &market);
	write_all(&market, threads, STATIONS, create_goods);
	run_to_rest(&machine);
	write_all(&market, threads, STATIONS, deliver_goods);
	run_to_rest(&machine);
	for (; market.round < count / market.round_size + WARM_UP; market.round++)
		run_round(&market, &machine, threads);
	machine_stop(&machine);
	store_close(market.store);
	return EX_OK;
}
