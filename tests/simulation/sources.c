/* Time, ids, waiting times: what the product takes from its machine, taken from the run instead. */
#include <string.h>

#include "bus/redis.h"
#include "core/clock.h"
#include "core/id.h"
#include "core/service.h"
#include "sim.h"

/* 2026-01-01T00:00:00Z */
#define EPOCH_MS INT64_C(1767225600000)

int64_t sim_now_ms(void)
{
	return EPOCH_MS + sim.now_us / 1000;
}

int64_t clock_now_ms(void)
{
	const struct process *process = fiber_process();

	return sim_now_ms() + (process ? process->wall_offset_ms : 0);
}

int64_t clock_monotonic_ms(void)
{
	return 1000000 + sim.now_us / 1000;
}

int64_t clock_monotonic_us(void)
{
	return 1000000000 + sim.now_us;
}

void clock_sleep_ms(int64_t ms)
{
	fiber_sleep(ms * 1000 + sim_pick(200));
}

static void put_hex(char *at, uint64_t value, unsigned digits)
{
	while (digits--) {
		at[digits] = "0123456789abcdef"[value & 15];
		value >>= 4;
	}
}

/* As the real ones: seconds of the process's clock, something of the process, a counter. */
void id_new(char ret[ID_LEN + 1])
{
	const struct process *process = fiber_process();
	uint64_t of_process = sim.seed * UINT64_C(0x9e3779b97f4a7c15);

	for (size_t i = 0; process && process->name[i]; i++)
		of_process = (of_process ^ (unsigned char)process->name[i]) * UINT64_C(0x100000001b3);
	put_hex(ret, (uint64_t)clock_now_ms() / 1000, 8);
	put_hex(ret + 8, of_process >> 8, 10);
	put_hex(ret + 18, ++sim.ids, 6);
	ret[ID_LEN] = '\0';
}

void id_random_hex(char *ret, unsigned len)
{
	for (unsigned i = 0; i < len; i += 16)
		put_hex(ret + i, sim_random(), len - i < 16 ? len - i : 16);
	ret[len] = '\0';
}

unsigned bus_backoff_next(struct bus_backoff *backoff)
{
	unsigned ms = backoff->next_ms ? backoff->next_ms : backoff->first_ms;

	backoff->next_ms = ms * 2 > backoff->most_ms ? backoff->most_ms : ms * 2;
	return ms - ms / 4 + sim_pick(ms / 2 + 1);
}

void bus_backoff_reset(struct bus_backoff *backoff)
{
	backoff->next_ms = 0;
}

bool service_stopping(void)
{
	const struct process *process = fiber_process();

	return process && (process->dead || process->stopping);
}

int service_stop_fd(void)
{
	return -1;
}

void service_ready(const char *status unused_arg)
{
}

/* The engine says so when it believes to have the lease, and when it no longer does. */
void service_status(const char *status)
{
	struct process *process = fiber_process();
	unsigned active = 0;

	trace("is %s", status);
	if (process->kind != PROCESS_ENGINE)
		return;
	process->active = strcmp(status, "active") == 0;
	for (size_t i = 0; i < sim.process_count; i++)
		active += sim.processes[i]->active && !sim.processes[i]->dead && sim.processes[i]->running;
	if (active > 1)
		fault_count(FAULT_TWO_ENGINES);
}

void service_alive(void)
{
}

int service_alive_ms(void)
{
	return 1000;
}

int service_inherited_sockets(void)
{
	return 0;
}
