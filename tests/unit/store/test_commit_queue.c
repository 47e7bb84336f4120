#include "../unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "core/clock.h"
#include "core/memory.h"
#include "store/commit_queue.h"

#define CALLERS 8

/* A writer whose steps the test holds and lets go. */
struct world {
	pthread_mutex_t mutex;
	pthread_cond_t moved;
	bool hold_prepare, hold_run;
	bool out_of_order;          /* prepare fails at once */
	bool waits_in_vain;         /* prepare fails at the deadline */
	int preparing, running, rounds, tidied, released, written, largest;
	struct commit_queue *queue;
};

struct item {
	struct commit_item base;
	struct world *world;
	int number;
};

static void moved(struct world *world, int *counter)
{
	(*counter)++;
	pthread_cond_broadcast(&world->moved);
}

static enum itn_status prepare(void *context, int64_t deadline_us)
{
	struct world *world = context;
	pthread_mutex_lock(&world->mutex);
	moved(world, &world->preparing);
	while (world->hold_prepare)
		pthread_cond_wait(&world->moved, &world->mutex);
	bool broken = world->out_of_order, vain = world->waits_in_vain;
	pthread_mutex_unlock(&world->mutex);
	while (vain && clock_monotonic_us() < deadline_us)
		continue;
	return broken ? ITN_FAILED : vain ? ITN_UNAVAILABLE : ITN_OK;
}

static void run(void *context, struct commit_item **items, size_t count)
{
	struct world *world = context;
	pthread_mutex_lock(&world->mutex);
	moved(world, &world->running);
	while (world->hold_run)
		pthread_cond_wait(&world->moved, &world->mutex);
	world->rounds++;
	world->written += (int)count;
	if ((int)count > world->largest)
		world->largest = (int)count;
	for (size_t i = 0; i < count; i++)
		items[i]->status = ((struct item *)items[i])->number % 2 ? ITN_CONFLICT : ITN_OK;
	pthread_mutex_unlock(&world->mutex);
}

static void tidy(void *context)
{
	struct world *world = context;
	pthread_mutex_lock(&world->mutex);
	moved(world, &world->tidied);
	pthread_mutex_unlock(&world->mutex);
}

static const struct commit_ops ops = { prepare, run, tidy };

static void item_release(struct commit_item *base)
{
	struct item *item = (struct item *)base;
	struct world *world = item->world;
	pthread_mutex_lock(&world->mutex);
	moved(world, &world->released);
	pthread_mutex_unlock(&world->mutex);
	free(item);
}

static void wait_for(struct world *world, const int *counter, int value)
{
	pthread_mutex_lock(&world->mutex);
	while (*counter < value)
		pthread_cond_wait(&world->moved, &world->mutex);
	pthread_mutex_unlock(&world->mutex);
}

static void wait_for_queue(struct world *world, size_t count)
{
	while (commit_queue_waiting(world->queue) < count)
		sched_yield();
}

static void set(struct world *world, bool *what, bool value)
{
	pthread_mutex_lock(&world->mutex);
	*what = value;
	pthread_cond_broadcast(&world->moved);
	pthread_mutex_unlock(&world->mutex);
}

static struct world *world_new(size_t room, size_t round_max)
{
	struct world *world = memory_calloc(1, sizeof(*world));
	pthread_mutex_init(&world->mutex, NULL);
	pthread_cond_init(&world->moved, NULL);
	world->queue = commit_queue_new(&ops, world, room, round_max);
	return world;
}

static void world_free(struct world *world)
{
	commit_queue_free(world->queue);
	pthread_cond_destroy(&world->moved);
	pthread_mutex_destroy(&world->mutex);
	free(world);
}

struct caller {
	struct world *world;
	pthread_t thread;
	int number;
	int64_t timeout_ms, grace_ms, took_ms;
	enum itn_status status;
};

static void *caller_main(void *arg)
{
	struct caller *caller = arg;
	struct item *item = memory_calloc(1, sizeof(*item));
	item->base.release = item_release;
	item->world = caller->world;
	item->number = caller->number;
	int64_t start = clock_monotonic_ms();
	caller->status = commit_queue_write(caller->world->queue, &item->base, caller->timeout_ms, caller->grace_ms);
	caller->took_ms = clock_monotonic_ms() - start;
	return NULL;
}

static void caller_start(struct caller *caller, struct world *world, int number, int64_t timeout_ms)
{
	*caller = (struct caller){ .world = world, .number = number, .timeout_ms = timeout_ms, .grace_ms = 50 };
	assert_int_equal(pthread_create(&caller->thread, NULL, caller_main, caller), 0);
}

static enum itn_status call(struct world *world, int64_t timeout_ms)
{
	struct caller caller = { .world = world, .timeout_ms = timeout_ms, .grace_ms = 50 };
	caller_main(&caller);
	return caller.status;
}

static void check_status(const char *name, enum itn_status actual, enum itn_status expected)
{
	check_text(name, itn_status_name(actual), itn_status_name(expected));
}

static void each_caller_gets_its_own_result(unused_arg void **state)
{
	struct world *world = world_new(100, 100);
	struct caller callers[CALLERS];
	for (int i = 0; i < CALLERS; i++)
		caller_start(&callers[i], world, i, 60000);
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		check_status("its result", callers[i].status, i % 2 ? ITN_CONFLICT : ITN_OK);
	}
	check_int("written", world->written, CALLERS);
	check_int("released", world->released, CALLERS);
	world_free(world);
}

static void what_gathers_is_written_in_one_round(unused_arg void **state)
{
	struct world *world = world_new(100, CALLERS - 1);
	struct caller first, callers[CALLERS];
	world->hold_run = true;
	caller_start(&first, world, 0, 60000);
	wait_for(world, &world->running, 1);
	for (int i = 0; i < CALLERS; i++)
		caller_start(&callers[i], world, 0, 60000);
	wait_for_queue(world, CALLERS);
	set(world, &world->hold_run, false);
	pthread_join(first.thread, NULL);
	for (int i = 0; i < CALLERS; i++) {
		pthread_join(callers[i].thread, NULL);
		check_status("written", callers[i].status, ITN_OK);
	}
	check_int("the first, as many as may be, the rest", world->rounds, 3);
	check_int("no round above the limit", world->largest, CALLERS - 1);
	world_free(world);
}

static void what_was_not_begun_is_withdrawn(unused_arg void **state)
{
	struct world *world = world_new(100, 100);
	struct caller caller;
	world->hold_prepare = true;
	caller_start(&caller, world, 0, 30);
	pthread_join(caller.thread, NULL);
	check_status("at its deadline", caller.status, ITN_UNAVAILABLE);
	check_bool("in time", caller.took_ms < 5000, true);
	set(world, &world->hold_prepare, false);
	check_status("later ones are written", call(world, 60000), ITN_OK);
	check_int("the withdrawn one is not", world->written, 1);
	check_int("both are released", world->released, 2);
	world_free(world);
}

static void what_was_begun_ends_unknown(unused_arg void **state)
{
	struct world *world = world_new(100, 100);
	struct caller caller;
	world->hold_run = true;
	caller_start(&caller, world, 0, 30);
	pthread_join(caller.thread, NULL);
	check_status("after deadline and grace", caller.status, ITN_UNKNOWN);
	check_int("the queue still has it", world->released, 0);
	set(world, &world->hold_run, false);
	wait_for(world, &world->released, 1);
	check_int("written after all", world->written, 1);
	world_free(world);
}

static void a_full_queue_refuses(unused_arg void **state)
{
	struct world *world = world_new(2, 1);
	struct caller callers[3];
	world->hold_run = true;
	caller_start(&callers[0], world, 0, 60000);
	wait_for(world, &world->running, 1);
	for (int i = 1; i < 3; i++)
		caller_start(&callers[i], world, 0, 60000);
	wait_for_queue(world, 2);
	int64_t start = clock_monotonic_ms();
	check_status("no room", call(world, 60000), ITN_UNAVAILABLE);
	check_bool("at once", clock_monotonic_ms() - start < 30000, true);
	set(world, &world->hold_run, false);
	for (int i = 0; i < 3; i++) {
		pthread_join(callers[i].thread, NULL);
		check_status("those inside", callers[i].status, ITN_OK);
	}
	world_free(world);
}

static void a_failure_answers_all_at_once(unused_arg void **state)
{
	struct world *world = world_new(100, 100);
	world->out_of_order = true;
	int64_t start = clock_monotonic_ms();
	check_status("the failure", call(world, 60000), ITN_FAILED);
	check_bool("at once", clock_monotonic_ms() - start < 30000, true);
	set(world, &world->out_of_order, false);
	check_status("mended", call(world, 60000), ITN_OK);
	world_free(world);
}

static void a_blocked_queue_refuses_at_once_and_mends(unused_arg void **state)
{
	struct world *world = world_new(100, 100);
	set(world, &world->waits_in_vain, true);
	check_status("in vain", call(world, 50), ITN_UNAVAILABLE);
	int64_t until = clock_monotonic_ms() + 30000;
	while (!commit_queue_blocked(world->queue) && clock_monotonic_ms() < until)
		continue;
	int64_t start = clock_monotonic_ms();
	check_status("refused", call(world, 60000), ITN_UNAVAILABLE);
	check_bool("at once", clock_monotonic_ms() - start < 30000, true);
	set(world, &world->waits_in_vain, false);
	while (commit_queue_blocked(world->queue) && clock_monotonic_ms() < until)
		continue;
	check_status("mended", call(world, 60000), ITN_OK);
	world_free(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_caller_gets_its_own_result),
		cmocka_unit_test(what_gathers_is_written_in_one_round),
		cmocka_unit_test(what_was_not_begun_is_withdrawn),
		cmocka_unit_test(what_was_begun_ends_unknown),
		cmocka_unit_test(a_full_queue_refuses),
		cmocka_unit_test(a_failure_answers_all_at_once),
		cmocka_unit_test(a_blocked_queue_refuses_at_once_and_mends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
