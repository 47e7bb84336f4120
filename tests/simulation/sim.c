#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/memory.h"

struct sim sim;

const char *const fault_names[] = {
#define FAULT(key, text) #key,
#include "faults.def"
#undef FAULT
};
const char *const fault_texts[] = {
#define FAULT(key, text) text,
#include "faults.def"
#undef FAULT
};
const char *const rule_names[] = {
#define RULE(key, text) #key,
#include "rules.def"
#undef RULE
};
const char *const rule_texts[] = {
#define RULE(key, text) text,
#include "rules.def"
#undef RULE
};

uint64_t sim_random(void)
{
	sim.random ^= sim.random << 13;
	sim.random ^= sim.random >> 7;
	sim.random ^= sim.random << 17;
	return sim.random * UINT64_C(0x2545f4914f6cdd1d);
}

unsigned sim_pick(unsigned below)
{
	return (unsigned)((sim_random() >> 33) % below);
}

bool sim_once_in(unsigned in)
{
	return sim_pick(in) == 0;
}

void fault_count(enum fault_kind fault)
{
	sim.faults[fault]++;
}

uint64_t sim_faults(void)
{
	uint64_t all = 0;

	for (int i = 0; i < FAULTS; i++)
		all += sim.faults[i];
	return all;
}

bool fault_strikes(enum fault_kind fault, unsigned in)
{
	if (sim.calm || !sim_once_in(in * sim.peace))
		return false;
	fault_count(fault);
	trace("FAULT %s", fault_texts[fault]);
	return true;
}

void trace(const char *fmt, ...)
{
	const struct process *process;
	va_list args;

	if (!sim.trace)
		return;
	process = fiber_process();
	printf("%10.3f ms  %-10s ", (double)sim.now_us / 1000, process ? process->name : "-");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

void sim_fail(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fprintf(stderr, "seed %llu fails at %.3f ms: ", (unsigned long long)sim.seed, (double)sim.now_us / 1000);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\nreplay it with: ./itn simulate --seed %llu --trace\n", (unsigned long long)sim.seed);
	fflush(stderr);
	_Exit(1);
}

struct process *process_new(enum process_kind kind, unsigned seat)
{
	static const char *const kinds[] = { "worker", "engine", "gateway" };
	struct process *process = arena_calloc(sim.arena, 1, sizeof(*process));

	if (sim.process_count == PROCESSES_MAX)
		sim_fail("more than %d processes", PROCESSES_MAX);
	process->kind = kind;
	process->config = sim.config;
	process->wall_offset_ms = (int64_t)sim_pick(300) - 150;
	process->store_skew_us = (int64_t)sim_pick(180000) - 90000;
	snprintf(process->name, sizeof(process->name), "%s-%u", kinds[kind], seat);
	sim.processes[sim.process_count++] = process;
	trace("%s starts", process->name);
	return process;
}

void process_kill(struct process *process)
{
	trace("%s is killed", process->name);
	process->dead = true;
	process->stopped_until = 0;
}

bool process_is_alive(const struct process *process)
{
	return !process->dead;
}
