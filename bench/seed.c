/* Fills a store with trades for measurements, by the store's own library: what itn-api writes for POST /api/trades,
 * from many threads, so that writes fold. An engine numbers them afterwards as it does any other.
 *
 *   ITN_STORE=sqlite:PATH ITN_NETWORK=itn seed COUNT [THREADS]
 */
#include <err.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "core/clock.h"
#include "core/config.h"
#include "core/id.h"
#include "store/store.h"

enum { THREADS_MAX = 512, THREADS = 128 };

struct seed {
	struct config config;
	struct store *store;
	long count;
	atomic_long next;
	atomic_int failed;
};

static enum itn_status trade_seed(struct seed *seed, struct arena *arena, struct buf *change, long n)
{
	struct line lines[2] = { { STR("Dilithium"), n % 97 + 1 }, { STR("Self-sealing stem bolts"), n % 13 + 1 } };
	char id[ID_LEN + 1], event[ID_LEN + 1];
	struct trade trade = {
		.buyer = arena_printf(arena, "Buyer %ld", n % 1000),
		.buyer_email = STR("buyer@example.org"),
		.seller = arena_printf(arena, "Seller %ld", n % 100),
		.seller_email = STR("seller@example.org"),
		.destination = arena_printf(arena, "Station %ld", n % 50),
		.items = { lines, 2 },
	};

	id_new(id);
	id_new(event);
	trade_created(&trade, str_from(id), clock_now_ms(), seed->config.trade_lines_limit);
	buf_reset(change, SIZE_MAX);
	trade_write_change(change, &trade, trade.status);
	return store_trade_create(seed->store, &trade, &(struct entry){
		.id = str_from(event), .kind = ENTRY_CREATE, .entity = ENTITY_TRADE, .key = trade.id,
		.version = trade.version, .time = trade.created_at, .change = buf_str(change) });
}

static void *seed_run(void *context)
{
	struct seed *seed = context;
	struct arena *arena = arena_new(0);
	struct buf change = { 0 };
	long n;

	while ((n = atomic_fetch_add(&seed->next, 1)) < seed->count && !seed->failed) {
		enum itn_status status = trade_seed(seed, arena, &change, n);
		if (status != ITN_OK) {
			warnx("trade %ld: %s", n, itn_status_name(status));
			seed->failed = 1;
		}
		arena_reset(arena);
	}
	buf_free(&change);
	arena_free(arena);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct seed seed;
	pthread_t threads[THREADS_MAX];
	struct buf problems = { 0 };
	struct error error = { "" };
	char *none[] = { argv[0], NULL };

	seed.count = argc > 1 ? atol(argv[1]) : 0;
	int count = argc > 2 ? atoi(argv[2]) : THREADS;
	if (seed.count < 1 || count < 1 || count > THREADS_MAX)
		errx(EX_USAGE, "usage: seed COUNT [THREADS]; threads at most %d", THREADS_MAX);
	if (config_load(&seed.config, CONFIG_API, 1, none, &problems) != ITN_OK)
		errx(EX_CONFIG, "%.*s", STR_ARG(buf_str(&problems)));
	seed.config.store_timeout_ms = 60000;
	if (store_open(&seed.config, &seed.store, &error) != ITN_OK)
		errx(EX_UNAVAILABLE, "%s", error.text);
	int64_t began = clock_monotonic_ms();
	for (int n = 0; n < count; n++)
		if (pthread_create(&threads[n], NULL, seed_run, &seed))
			err(EX_OSERR, "pthread_create");
	for (int n = 0; n < count; n++)
		pthread_join(threads[n], NULL);
	store_close(seed.store);
	buf_free(&problems);
	double seconds = (double)(clock_monotonic_ms() - began) / 1000;
	printf("%ld trades in %.1f s, %.0f a second\n", seed.count, seconds, (double)seed.count / seconds);
	return seed.failed ? EX_SOFTWARE : EX_OK;
}
