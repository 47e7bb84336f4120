/* simulate [--seeds A..B | --seed N] [--trace] [--twice]: runs each seed, and says what went wrong on the way and that
 * nothing came of it; or which seed failed. Of COUNTED_FROM seeds and more every fault and every rule must have been
 * met. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "core/log.h"
#include "sim.h"

#define COUNTED_FROM     200
#define OPERATIONS_LEAST 200

static struct {
	uint64_t faults[FAULTS], rules[RULES], operations, steps, events, audits;
} sum;

static void world_begin(uint64_t seed, bool with_trace)
{
	struct error error = { "" };

	memset(&sim, 0, sizeof(sim));
	sim.seed = seed;
	sim.trace = with_trace;
	sim.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	sim.arena = arena_new((size_t)1 << 20);
	sim.batches = arena_calloc(sim.arena, BATCHES_MAX, sizeof(*sim.batches));
	config_defaults(&sim.config);
	sim.config.store = "memory:simulation";
	sim.config.network = "simulation";
	sim.config.mail_admins = "ann@example.org,bob@example.org";
	sim.config.lease_ms = 300;
	sim.config.stream_max = sim_pick(3) ? 10000 : 100;
	sim.peace = (const unsigned[]){ 1, 2, 3, 5 }[sim_pick(4)];
	sim.sources = sim_pick(4);
	sim.worker_seats = 1 + sim_pick(SEAT_MAX);
	sim.engine_seats = 1 + sim_pick(SEAT_MAX);
	sim.gateway_seats = 1 + sim_pick(2);
	if (store_open(&sim.config, &sim.store, &error) != ITN_OK)
		sim_fail("the store can't be opened: %s", error.text);
	memory_set_host(sim.store, &sim_host, NULL);
	redis_reset();
	clients_reset();
	gateways_reset();
}

static void world_end(void)
{
	for (size_t i = 0; i < sim.process_count; i++)
		store_close(sim.processes[i]->store);
	store_close(sim.store);
	arena_free(sim.arena);
}

static void add_up(void)
{
	for (int i = 0; i < FAULTS; i++)
		sum.faults[i] += sim.faults[i];
	for (int i = 0; i < RULES; i++)
		sum.rules[i] += sim.rules[i];
	sum.operations += sim.operations;
	sum.audits += sim.audits;
	sum.steps += sim.steps;
	if (sim.operations < OPERATIONS_LEAST || sim_faults() < FAULTS_LEAST)
		sim_fail("a run of %llu operations and %llu faults shows too little",
			 (unsigned long long)sim.operations, (unsigned long long)sim_faults());
}

static void run_seed(uint64_t seed, bool with_trace)
{
	world_begin(seed, with_trace);
	chaos_start();
	clients_start();
	auditor_start();
	fibers_run(clients_are_done);
	chaos_end();
	check_run();
	add_up();
	world_end();
}

/* What two runs of the same seed have in common, to the last step. */
struct end {
	uint64_t random, steps;
	int64_t now_us;
};

static struct end run_to_its_end(uint64_t seed, bool with_trace)
{
	run_seed(seed, with_trace);
	return (struct end){ sim.random, sim.steps, sim.now_us };
}

static void run_twice(uint64_t seed, bool with_trace)
{
	struct end first = run_to_its_end(seed, with_trace), second = run_to_its_end(seed, with_trace);

	if (memcmp(&first, &second, sizeof(first)) != 0)
		sim_fail("a second run of the same seed is another one");
}

static bool print_counts(const char *what, const char *const *names, const char *const *texts, const uint64_t *counts,
			 size_t count)
{
	bool all = true;

	printf("%s\n", what);
	for (size_t i = 0; i < count; i++) {
		printf("  %9llu  %-20s %s\n", (unsigned long long)counts[i], names[i], texts[i]);
		all &= counts[i] > 0;
	}
	return all;
}

static int report(uint64_t first, uint64_t last)
{
	bool all = print_counts("faults", fault_names, fault_texts, sum.faults, FAULTS);

	all &= print_counts("rules", rule_names, rule_texts, sum.rules, RULES);
	printf("%llu seeds, %llu operations, %llu steps, %llu audits: all well\n",
	       (unsigned long long)(last - first + 1), (unsigned long long)sum.operations,
	       (unsigned long long)sum.steps, (unsigned long long)sum.audits);
	if (all || last - first + 1 < COUNTED_FROM)
		return EX_OK;
	fflush(stdout);
	fprintf(stderr, "something in the tables above never happened: these seeds show too little\n");
	return EXIT_FAILURE;
}

static int usage(void)
{
	fprintf(stderr, "usage: simulate [--seeds A..B | --seed N] [--trace] [--twice]\n");
	return EX_USAGE;
}

int main(int argc, char **argv)
{
	unsigned long long first = 1, last = 100;
	bool with_trace = false, twice = false;
	char end;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--trace") == 0)
			with_trace = true;
		else if (strcmp(argv[i], "--twice") == 0)
			twice = true;
		else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc &&
			 sscanf(argv[i + 1], "%llu..%llu%c", &first, &last, &end) == 2 && first <= last)
			i++;
		else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc &&
			 sscanf(argv[i + 1], "%llu%c", &first, &end) == 1)
			last = first, i++;
		else
			return usage();
	}
	log_open("simulate", with_trace ? LOG_DEBUG : LOG_ERROR, LOG_LOGFMT);
	for (uint64_t seed = first; seed <= last; seed++)
		(twice ? run_twice : run_seed)(seed, with_trace);
	return report(first, last);
}
