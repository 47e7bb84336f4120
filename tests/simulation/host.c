/* What lies between the store and those who call it. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "sim.h"

static bool is_one_of(const char *call, const char *const *names)
{
	while (*names && strcmp(*names, call) != 0)
		names++;
	return *names != NULL;
}

static bool is_write(const char *call)
{
	static const char *const writes[] = { "trade_create", "cargo_create", "trade_change",
					      "cargo_change", "request_add",  NULL };

	return is_one_of(call, writes);
}

static bool is_claim(const char *call)
{
	return strcmp(call, "claim_add") == 0 || strcmp(call, "claim_change") == 0;
}

static bool needs_room(const char *call)
{
	static const char *const others[] = { "claim_add",   "claim_change", "notification_change", "lease_take",
					      "lease_renew", "migrate",	     "batch_begin",	    "batch_commit", NULL };

	return is_write(call) || is_one_of(call, others);
}

static bool is_batch(const char *call)
{
	return strncmp(call, "batch_", 6) == 0;
}

/* Whoever is between two steps may be killed there. */
static bool dies(struct process *process)
{
	if (sim.calm)
		return false;
	if (process->kind == PROCESS_WORKER && fault_strikes(FAULT_WORKER_DIED, 700)) {
		process_kill(process);
		return true;
	}
	if (process->kind == PROCESS_ENGINE && fault_strikes(FAULT_ENGINE_DIED, 900)) {
		process_kill(process);
		return true;
	}
	return false;
}

static enum itn_status before(struct process *process, const char *call)
{
	if (sim.store_away_until > sim.now_us) {
		fault_count(FAULT_STORE_AWAY);
		return ITN_UNAVAILABLE;
	}
	if (sim.store_full_until > sim.now_us && needs_room(call)) {
		fault_count(FAULT_STORE_FULL);
		return ITN_NO_ROOM;
	}
	if (dies(process))
		return is_write(call) || strcmp(call, "batch_commit") == 0
			       ? (sim_once_in(2) ? ITN_UNKNOWN : ITN_UNAVAILABLE)
			       : ITN_UNAVAILABLE;
	if (fault_strikes(FAULT_CALL_FAILED, 250))
		return ITN_UNAVAILABLE;
	if (is_write(call) && fault_strikes(FAULT_WRITE_LATE, 60))
		return ITN_UNKNOWN;
	if (is_claim(call) && fault_strikes(FAULT_CLAIM_NEVER, 60))
		return ITN_UNKNOWN;
	if (strcmp(call, "batch_commit") == 0 && fault_strikes(FAULT_COMMIT_LATE, 60))
		return ITN_UNKNOWN;
	if (is_batch(call) && fault_strikes(FAULT_BATCH_CONFLICT, 150))
		return ITN_CONFLICT;
	return ITN_OK;
}

static enum itn_status after(struct process *process, const char *call)
{
	bool commit = strcmp(call, "batch_commit") == 0;

	if (dies(process))
		return ITN_UNKNOWN;
	if ((is_write(call) || is_claim(call)) && fault_strikes(FAULT_ANSWER_LOST, 50))
		return ITN_UNKNOWN;
	if (commit && fault_strikes(FAULT_COMMIT_LOST, 50))
		return ITN_UNKNOWN;
	if (!is_write(call) && !is_claim(call) && !commit && fault_strikes(FAULT_CALL_FAILED, 200))
		return is_batch(call) ? ITN_CONFLICT : ITN_UNAVAILABLE;
	return ITN_OK;
}

static void add_busy(struct batch_end *end, struct str lane)
{
	for (size_t i = 0; i < end->busy_count; i++)
		if (str_eq(str_from(end->busy[i]), lane))
			return;
	if (end->busy_count == sizeof(end->busy) / sizeof(end->busy[0]))
		sim_fail("more lanes than are noted");
	snprintf(end->busy[end->busy_count++], sizeof(end->busy[0]), "%.*s", STR_ARG(lane));
}

static void take_job(void *context, const struct job *job)
{
	add_busy(context, job->lane);
	sim.rules[RULE_JOB_STORED]++;
}

/* A trade that is closed and whose closing is not in the log yet is no candidate any more for the engine, and still one
 * by the log: what is right can't be said from the log alone. */
static void take_trade(void *context, const struct trade *trade, size_t waiting)
{
	if (waiting && !trade_is_open(trade))
		add_busy(context, trade->destination);
}

void host_note_batch(void)
{
	struct batch_end *end = &sim.batches[sim.batch_count];

	if (++sim.batch_count == BATCHES_MAX)
		sim_fail("more than %d batches", BATCHES_MAX);
	*end = (struct batch_end){ .last_seq = memory_last_seq(sim.store), .at_ms = sim_now_ms() };
	memory_jobs(sim.store, take_job, end);
	memory_trades(sim.store, take_trade, end);
	trace("the log ends at %lld, %zu lanes are not at rest", (long long)end->last_seq, end->busy_count);
}

static enum itn_status at(void *context unused_arg, const char *call, enum memory_point point)
{
	static const char *const points[] = { "", " goes on", " is done" };
	struct process *process = fiber_process();
	enum itn_status status = ITN_OK;

	if (!process) {
		if (strncmp(call, "scan_", 5) == 0)
			fiber_yield();
		return ITN_OK;
	}
	if (point == MEMORY_AFTER && strcmp(call, "batch_commit") == 0)
		host_note_batch();
	if (!process->dead && fault_strikes(FAULT_STORE_SLOW, 150))
		fiber_sleep(10000 + sim_pick(150000));
	for (unsigned times = sim.crowded ? 3 : sim_pick(2); times && !process->dead; times--)
		fiber_yield();
	if (process->dead)
		return point == MEMORY_AFTER ? ITN_UNKNOWN : ITN_UNAVAILABLE;
	if (point == MEMORY_BEFORE)
		status = before(process, call);
	else if (point == MEMORY_AFTER)
		status = after(process, call);
	else if (is_batch(call) && fault_strikes(FAULT_BATCH_CONFLICT, 400))
		status = ITN_CONFLICT;
	else if (is_batch(call) && dies(process))
		status = ITN_UNAVAILABLE;
	trace("%s%s%s%s", call, points[point], status ? ": " : "", status ? itn_status_name(status) : "");
	return status;
}

static void wait(void *context unused_arg)
{
	fault_count(FAULT_WRITER_BLOCKED);
	trace("waits for an open batch");
	if (fiber_process() && fiber_process()->dead)
		sim.now_us += 1000;
	if (fiber_self())
		fiber_sleep(500 + sim_pick(2000));
}

static bool is_dead(void *context unused_arg)
{
	const struct process *process = fiber_process();

	return process && process->dead;
}

static bool can_kill(void *context unused_arg)
{
	return !fault_strikes(FAULT_KILL_REFUSED, 6);
}

static int64_t now_us(void *context unused_arg)
{
	const struct process *process = fiber_process();

	return INT64_C(1767225600000000) + sim.now_us + (process ? process->store_skew_us : 0);
}

const struct memory_host sim_host = { at, wait, is_dead, can_kill, now_us };
