/* What lies between the store and those who call it. */
#include <stdio.h>
#include <string.h>

#include "core/clock.h"
#include "engine/effects.h"
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
	static const char *const others[] = { "claim_add",   "claim_change", "notification_change",
					      "lease_take",  "lease_renew",  "migrate",
					      "batch_begin", "batch_commit", NULL };

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

static void copy(char *ret, size_t size, struct str text)
{
	snprintf(ret, size, "%.*s", STR_ARG(text));
}

static void note_goods(void *context, const struct trade *trade, size_t waiting unused_arg)
{
	const struct job **job = context;

	if (*job && str_eq((*job)->key, trade->id) && trade->goods != GOODS_NEW)
		*job = NULL;
}

/* Whether something of it is done: a trade may have its goods set aside already, and not be loaded yet. */
static bool is_begun(const struct job *job)
{
	const struct job *created = job;

	if (job->derived || str_is_set(job->cursor.key))
		return true;
	if (job->step != STEP_ANNOUNCE && job->step != STEP_BEGIN)
		return job->kind != JOB_CARGO_FILL;
	if (job->kind == JOB_TRADE_CREATED)
		memory_trades(sim.store, note_goods, &created);
	return !created;
}

static void take_job(void *context, const struct job *job)
{
	static const int kinds[] = {
		[JOB_RESTOCK] = LEFT_RESTOCK,
		[JOB_TRADE_READY] = LEFT_READY,
		[JOB_CARGO_FILL] = LEFT_ROOM,
	};
	struct outstanding *left = context;
	struct outstanding_job *one = &left->jobs[left->job_count++];

	one->kind = job->kind < (int)(sizeof(kinds) / sizeof(kinds[0])) ? kinds[job->kind] : LEFT_CAUSE;
	one->seq = job->seq;
	one->begun = is_begun(job);
	one->items = job->kind == JOB_RESTOCK ? arena_str(sim.arena, job->key).ptr : NULL;
	copy(one->lane, sizeof(one->lane), job->lane);
	sim.rules[RULE_JOB_STORED]++;
}

static void count_job(void *context, const struct job *job unused_arg)
{
	++*(size_t *)context;
}

static void add_unclear(struct outstanding *left, struct str lane)
{
	for (size_t i = 0; i < left->unclear_count; i++)
		if (str_eq(str_from(left->unclear[i]), lane))
			return;
	if (left->unclear_count == sizeof(left->unclear) / sizeof(left->unclear[0]))
		sim_fail("more lanes than are noted");
	copy(left->unclear[left->unclear_count++], sizeof(left->unclear[0]), lane);
}

/* A trade that is closed and whose closing is not in the log yet is no candidate any more for the engine, and still one
 * by the log: what is right can't be said from the log alone. */
static void take_trade(void *context, const struct trade *trade, size_t waiting)
{
	struct outstanding *left = context;

	if (waiting && !trade_is_open(trade))
		add_unclear(left, trade->destination);
	if (!str_is_set(trade->short_of))
		return;
	copy(left->shorts[left->short_count].trade, sizeof(left->shorts[0].trade), trade->id);
	copy(left->shorts[left->short_count++].item, sizeof(left->shorts[0].item), trade->short_of);
}

static void count_short(void *context, const struct trade *trade, size_t waiting unused_arg)
{
	*(size_t *)context += str_is_set(trade->short_of);
}

void host_note_batch(void)
{
	struct batch_end *end = &sim.batches[sim.batch_count];
	size_t jobs = 0, shorts = 0;

	if (++sim.batch_count == BATCHES_MAX)
		sim_fail("more than %d batches", BATCHES_MAX);
	*end = (struct batch_end){ .last_seq = memory_last_seq(sim.store), .at_ms = sim_now_ms() };
	memory_jobs(sim.store, count_job, &jobs);
	memory_trades(sim.store, count_short, &shorts);
	end->left.jobs = arena_calloc(sim.arena, jobs, sizeof(*end->left.jobs));
	end->left.shorts = arena_calloc(sim.arena, shorts, sizeof(*end->left.shorts));
	memory_jobs(sim.store, take_job, &end->left);
	memory_trades(sim.store, take_trade, &end->left);
	trace("the log ends at %lld, %zu effects are outstanding", (long long)end->last_seq, jobs);
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
