/* What happens to processes, hosts and Redis while clients work. */
#include "sim.h"

static struct {
	bool ending, ended;
	int64_t until; /* us: what was taken away comes back */
} chaos;

static struct process **some_seat(struct process **seats, size_t count)
{
	return &seats[sim_pick((unsigned)count)];
}

static void kill_one(struct process **seats, size_t count, enum fault_kind fault)
{
	struct process **seat = some_seat(seats, count);

	if (!*seat || (*seat)->dead)
		return;
	fault_count(fault);
	process_kill(*seat);
}

static void kill_worker(void)
{
	kill_one(sim.workers, sim.worker_seats, FAULT_WORKER_KILLED);
}

static void kill_engine(void)
{
	kill_one(sim.engines, sim.engine_seats, FAULT_ENGINE_KILLED);
}

static void kill_gateway(void)
{
	kill_one(sim.gateways, sim.gateway_seats, FAULT_GATEWAY_KILLED);
}

static void stop_one(struct process **seats, size_t count, enum fault_kind fault, int64_t us)
{
	struct process **seat = some_seat(seats, count);

	if (!*seat || (*seat)->dead || (*seat)->stopped_until)
		return;
	fault_count(fault);
	trace("stops %s for %lld ms", (*seat)->name, (long long)us / 1000);
	(*seat)->stopped_until = sim.now_us + us;
}

static void stop_engine(void)
{
	stop_one(sim.engines, sim.engine_seats, FAULT_ENGINE_STOPPED,
		 (int64_t)sim.config.lease_ms * (1000 + (int64_t)sim_pick(2000)));
}

static void stop_worker(void)
{
	stop_one(sim.workers, sim.worker_seats, FAULT_WORKER_STOPPED, 50000 + sim_pick(500000));
}

static void take_store_away(void)
{
	trace("the store is away");
	sim.store_away_until = sim.now_us + 1000 + sim_pick(300000);
}

static void fill_store(void)
{
	trace("the store's disk is full");
	sim.store_full_until = sim.now_us + 1000 + sim_pick(300000);
}

static void jump_clock(void)
{
	struct process **seats[] = { sim.workers, sim.engines };
	size_t counts[] = { sim.worker_seats, sim.engine_seats }, which = sim_pick(2);
	struct process **seat = some_seat(seats[which], counts[which]);

	if (!*seat)
		return;
	fault_count(FAULT_CLOCK_JUMPED);
	(*seat)->wall_offset_ms += (int64_t)sim_pick(20000) - 10000;
	trace("the clock of %s jumps to %lld ms", (*seat)->name, (long long)(*seat)->wall_offset_ms);
}

static void take_redis_away(void)
{
	bool empty = sim_once_in(2);

	if (!redis_is_up())
		return;
	fault_count(empty ? FAULT_REDIS_LOST : FAULT_REDIS_AWAY);
	redis_stop(empty);
	chaos.until = sim.now_us + 1000 + sim_pick(2000000);
}

static void land_something(void)
{
	if (sim_once_in(3)) {
		if (memory_lose(sim.store)) {
			fault_count(FAULT_WRITE_NEVER);
			trace("a write that was under way is lost");
		}
		return;
	}
	if (memory_land(sim.store)) {
		trace("a write that was under way lands");
		host_note_batch();
	}
}

static void revive_all(void)
{
	for (unsigned i = 0; i < sim.worker_seats; i++)
		if (!sim.workers[i] || sim.workers[i]->dead)
			worker_start(i);
	for (unsigned i = 0; i < sim.engine_seats; i++)
		if (!sim.engines[i] || sim.engines[i]->dead)
			engine_start(i);
	for (unsigned i = 0; i < sim.gateway_seats; i++)
		if (!sim.gateways[i] || sim.gateways[i]->dead)
			gateway_start(i);
}

/* The supervisor: what has died is started again, some time later. */
static void revive_some(void)
{
	for (unsigned i = 0; i < sim.worker_seats; i++)
		if (sim.workers[i]->dead && sim_once_in(3))
			worker_start(i);
	for (unsigned i = 0; i < sim.engine_seats; i++)
		if (sim.engines[i]->dead && sim_once_in(6))
			engine_start(i);
	for (unsigned i = 0; i < sim.gateway_seats; i++)
		if (sim.gateways[i]->dead && sim_once_in(4))
			gateway_start(i);
}

static void go_on(struct process **seats, size_t count, bool all)
{
	for (size_t i = 0; i < count; i++)
		if (seats[i] && seats[i]->stopped_until && (all || seats[i]->stopped_until <= sim.now_us)) {
			trace("%s goes on", seats[i]->name);
			seats[i]->stopped_until = 0;
		}
}

static void run(void *context unused_arg)
{
	static void (*const acts[])(void) = {
		kill_worker, kill_worker,     kill_engine, kill_gateway,    stop_engine,
		stop_worker, take_store_away, jump_clock,  take_redis_away, fill_store,
	};

	while (!chaos.ending) {
		fiber_sleep(5000 + sim_pick(60000));
		if (chaos.ending)
			break;
		revive_some();
		go_on(sim.workers, sim.worker_seats, false);
		go_on(sim.engines, sim.engine_seats, false);
		if (!redis_is_up() && sim.now_us >= chaos.until)
			redis_start();
		if (sim_once_in(2))
			land_something();
		if (sim_faults() < FAULTS_LEAST || sim_pick(sim.peace > 1 ? 6 : 4) == 0)
			acts[sim_pick(sizeof(acts) / sizeof(acts[0]))]();
	}
	chaos.ended = true;
}

void chaos_start(void)
{
	chaos.ending = chaos.ended = false;
	chaos.until = 0;
	revive_all();
	fiber_start(NULL, "chaos", run, NULL);
}

static void set_clocks(void)
{
	for (size_t i = 0; i < sim.process_count; i++)
		sim.processes[i]->wall_offset_ms = 0;
}

static bool has_ended(void)
{
	return chaos.ended;
}

void chaos_end(void)
{
	chaos.ending = true;
	fibers_run(has_ended);
	sim.calm = true;
	sim.store_away_until = sim.store_full_until = 0;
	trace("nothing goes wrong any more");
	go_on(sim.workers, sim.worker_seats, true);
	go_on(sim.engines, sim.engine_seats, true);
	while (memory_land(sim.store))
		host_note_batch();
	if (!redis_is_up())
		redis_start();
	set_clocks();
	revive_all();
}
