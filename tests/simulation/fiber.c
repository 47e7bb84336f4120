#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "core/memory.h"
#include "sim.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

/* Less than what makes the address sanitizer map memory anew with each switch. */
#define STACK_BYTES ((size_t)256 << 10)
#define GUARD_BYTES ((size_t)64 << 10)
#define FIBERS_MAX  512
/* Calls that follow each other closely take this long each, at most. */
#define STEP_US_MAX 200
/* No sleep in a process that ends takes longer. */
#define LAST_SLEEP_US 20000

struct fiber {
	ucontext_t context;
	char *stack;
	void *fake_stack;
	struct process *process;
	const char *name;
	fiber_fn *run;
	void *argument;
	int64_t wakes_at; /* us */
	int64_t left_at;  /* us: when it ran last */
	bool asleep;      /* until then: something can wake it before */
	bool ended;
};

static struct {
	struct fiber *at[FIBERS_MAX];
	size_t count;
	struct fiber *running;
	ucontext_t main;
	void *main_fake_stack;
	const void *main_stack;
	size_t main_stack_size;
	char *stacks[FIBERS_MAX]; /* of fibers that have ended */
	size_t stack_count;
} fibers;

/* The sanitizer is told of each change of stacks. */
static void leave(void **fake_stack, const void *stack, size_t size)
{
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_start_switch_fiber(fake_stack, stack, size);
#else
	(void)fake_stack, (void)stack, (void)size;
#endif
}

static void arrive(void *fake_stack, const void **ret_stack, size_t *ret_size)
{
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_finish_switch_fiber(fake_stack, ret_stack, ret_size);
#else
	(void)fake_stack, (void)ret_stack, (void)ret_size;
#endif
}

static void fiber_main(void)
{
	struct fiber *fiber = fibers.running;

	arrive(NULL, &fibers.main_stack, &fibers.main_stack_size);
	fiber->run(fiber->argument);
	fiber->ended = true;
	leave(NULL, fibers.main_stack, fibers.main_stack_size);
	setcontext(&fibers.main);
}

static char *stack_take(void)
{
	char *stack;

	if (fibers.stack_count)
		return fibers.stacks[--fibers.stack_count];
	stack = mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
		     -1, 0);
	if (stack == MAP_FAILED || mprotect(stack, GUARD_BYTES, PROT_NONE) != 0)
		memory_exhausted();
	return stack + GUARD_BYTES;
}

struct fiber *fiber_start(struct process *process, const char *name, fiber_fn *run, void *context)
{
	struct fiber *fiber = memory_calloc(1, sizeof(*fiber));

	if (fibers.count == FIBERS_MAX)
		sim_fail("more than %d fibers", FIBERS_MAX);
	fiber->process = process;
	fiber->name = name;
	fiber->run = run;
	fiber->argument = context;
	fiber->stack = stack_take();
	fiber->wakes_at = sim.now_us;
	getcontext(&fiber->context);
	fiber->context.uc_stack.ss_sp = fiber->stack;
	fiber->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&fiber->context, fiber_main, 0);
	fibers.at[fibers.count++] = fiber;
	return fiber;
}

struct process *fiber_process(void)
{
	return fibers.running ? fibers.running->process : NULL;
}

void fiber_move(struct process *process)
{
	fibers.running->process = process;
}

struct fiber *fiber_self(void)
{
	return fibers.running;
}

static void switch_to_main(void)
{
	struct fiber *self = fibers.running;

	self->left_at = sim.now_us;
	leave(&self->fake_stack, fibers.main_stack, fibers.main_stack_size);
	swapcontext(&self->context, &fibers.main);
	arrive(self->fake_stack, &fibers.main_stack, &fibers.main_stack_size);
}

void fiber_yield(void)
{
	if (!fibers.running)
		return;
	fibers.running->wakes_at = sim.now_us + 1 + sim_pick(STEP_US_MAX);
	switch_to_main();
}

void fiber_sleep_until(int64_t us)
{
	fibers.running->wakes_at = us;
	fibers.running->asleep = true;
	switch_to_main();
	fibers.running->asleep = false;
}

void fiber_sleep(int64_t us)
{
	fiber_sleep_until(sim.now_us + us);
}

void fiber_wake(struct fiber *fiber)
{
	if (fiber->asleep && fiber->wakes_at > sim.now_us)
		fiber->wakes_at = sim.now_us;
}

static void switch_to(struct fiber *fiber)
{
	fibers.running = fiber;
	leave(&fibers.main_fake_stack, fiber->stack, STACK_BYTES);
	swapcontext(&fibers.main, &fiber->context);
	arrive(fibers.main_fake_stack, NULL, NULL);
	fibers.running = NULL;
}

/* When it can run: a stopped process's fibers not before it goes on, those of one that ends soon, to come to their end.
 */
static int64_t due_at(const struct fiber *fiber)
{
	const struct process *process = fiber->process;

	if (process && process->stopped_until > fiber->wakes_at)
		return process->stopped_until;
	if (process && (process->dead || process->stopping) && fiber->wakes_at > fiber->left_at + LAST_SLEEP_US)
		return fiber->left_at + LAST_SLEEP_US;
	return fiber->wakes_at;
}

/* One of those that are due, by chance; time goes on to the next when none is. */
static struct fiber *pick_next(void)
{
	int64_t first = INT64_MAX;
	size_t due = 0, place;

	for (size_t i = 0; i < fibers.count; i++) {
		int64_t at = due_at(fibers.at[i]);

		first = at < first ? at : first;
	}
	if (first > sim.now_us)
		sim.now_us = first;
	for (size_t i = 0; i < fibers.count; i++)
		due += due_at(fibers.at[i]) <= sim.now_us;
	place = sim_pick((unsigned)due);
	for (size_t i = 0; i < fibers.count; i++)
		if (due_at(fibers.at[i]) <= sim.now_us && place-- == 0)
			return fibers.at[i];
	return NULL;
}

static void remove_ended(struct fiber *fiber)
{
	size_t place = 0;

	while (fibers.at[place] != fiber)
		place++;
	memmove(&fibers.at[place], &fibers.at[place + 1], (fibers.count - place - 1) * sizeof(struct fiber *));
	fibers.count--;
	fibers.stacks[fibers.stack_count++] = fiber->stack;
	free(fiber);
}

void fibers_run(bool (*done)(void))
{
	while (fibers.count && !done()) {
		struct fiber *fiber = pick_next();

		if (++sim.steps > 3000000)
			sim_fail("no end after %llu steps", (unsigned long long)sim.steps);
		switch_to(fiber);
		if (fiber->ended)
			remove_ended(fiber);
	}
}

static bool never(void)
{
	return false;
}

void fibers_free(void)
{
	fibers_run(never);
}
