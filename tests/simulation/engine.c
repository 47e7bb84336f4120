/* itn-engine's loop as it is; its publisher's thread is a fiber here. */
#include "engine/engine.h"

#include <stdlib.h>
#include <sysexits.h>

#include "bus/redis.h"
#include "core/memory.h"
#include "engine/notifier.h"
#include "engine/observer.h"
#include "engine/pause.h"
#include "engine/publication.h"
#include "engine/publisher.h"
#include "redis.h"

#define CHECK_US UINT64_C(1000000)
#define PAUSED   (-1)

void engine_pause(struct bus_listener *listener, int ms)
{
	listener_wait(listener, ms);
}

enum itn_status observer_new(struct store *store unused_arg, struct observer **ret, struct error *error unused_arg)
{
	*ret = NULL;
	return ITN_OK;
}

void observer_free(struct observer *observer unused_arg)
{
}

void observer_watch(struct observer *observer unused_arg, bool watching unused_arg)
{
}

/* No mail is sent here: what waits to be sent stays so. */

enum itn_status notifier_new(const struct config *config unused_arg, struct store *store unused_arg,
			     struct notifier **ret, struct error *error unused_arg)
{
	*ret = NULL;
	return ITN_OK;
}

void notifier_stop(struct notifier *notifier unused_arg, int64_t ms unused_arg)
{
}

void notifier_free(struct notifier *notifier unused_arg)
{
}

void notifier_begin(struct notifier *notifier unused_arg, int64_t epoch unused_arg)
{
}

void notifier_pause(struct notifier *notifier unused_arg)
{
}

void notifier_made(struct notifier *notifier unused_arg, size_t count unused_arg)
{
}

struct publisher {
	struct process *process;
	struct publication publication;
	struct bus_backoff backoff;
	struct fiber *fiber;
	int64_t target;
	bool is_first, stopping, ended;
};

static bool has_nothing_to_do(const struct publisher *publisher)
{
	return publisher->target == PAUSED ||
	       (publisher->publication.next && publisher->target < publisher->publication.next);
}

static void wait_for_work(struct publisher *publisher)
{
	int64_t until = sim.now_us + (int64_t)CHECK_US;

	while (!publisher->stopping && !publisher->process->dead && has_nothing_to_do(publisher) && sim.now_us < until)
		fiber_sleep_until(until);
	if (sim.now_us >= until)
		publisher->publication.next = 0;
}

static void publish(void *context)
{
	struct publisher *publisher = context;

	for (;;) {
		struct error error = { "" };
		enum itn_status status;

		wait_for_work(publisher);
		if (publisher->process->dead || (publisher->stopping && has_nothing_to_do(publisher)))
			break;
		if (publisher->target == PAUSED)
			continue;
		status = publication_step(&publisher->publication, &publisher->is_first, &error);
		if (status == ITN_OK || status == ITN_CONFLICT) {
			bus_backoff_reset(&publisher->backoff);
			continue;
		}
		if (publisher->stopping)
			break;
		publisher->publication.next = 0;
		fiber_sleep(bus_backoff_next(&publisher->backoff) * INT64_C(1000));
	}
	publisher->ended = true;
}

enum itn_status publisher_new(const struct config *config, struct store *store, struct publisher **ret,
			      struct error *error)
{
	struct publisher *publisher = memory_calloc(1, sizeof(*publisher));

	publisher->process = fiber_process();
	publisher->target = PAUSED;
	publisher->backoff = BUS_BACKOFF;
	publisher->publication = (struct publication){
		.store = store,
		.stream_max = (int64_t)config->stream_max,
		.arena = arena_new((size_t)1 << 14),
	};
	*ret = publisher;
	if (bus_publisher_new("", "", config->stream_max, &publisher->publication.bus, error) != ITN_OK)
		return ITN_FAILED;
	publisher->fiber = fiber_start(publisher->process, "publisher", publish, publisher);
	return ITN_OK;
}

void publisher_free(struct publisher *publisher)
{
	publisher->stopping = true;
	while (!publisher->ended) {
		fiber_wake(publisher->fiber);
		fiber_yield();
	}
	bus_publisher_free(publisher->publication.bus);
	arena_free(publisher->publication.arena);
	free(publisher);
}

void publisher_follow(struct publisher *publisher, int64_t last_seq)
{
	publisher->target = last_seq;
	if (last_seq == 0)
		publisher->is_first = true;
	if (!publisher->ended)
		fiber_wake(publisher->fiber);
}

void publisher_pause(struct publisher *publisher)
{
	publisher_follow(publisher, PAUSED);
}

static void run(void *context)
{
	struct process *process = context;
	int status = engine_run(&process->config);

	if (status != EX_OK && !process->dead)
		sim_fail("%s ended with %d", process->name, status);
	trace("ends");
	process->running = false;
}

/* Engines differ in how much they take at once. */
void engine_start(unsigned seat)
{
	static const uint64_t batches[] = { 1, 2, 3, 7, 20, 512 };
	static const uint64_t chunks[] = { 10, 11, 17, 40, 500 };
	struct process *process = process_new(PROCESS_ENGINE, seat);

	process->config.batch_max = batches[sim_pick(6)];
	process->config.chunk_max = chunks[sim_pick(5)];
	process->running = true;
	sim.engines[seat] = process;
	fiber_start(process, "engine", run, process);
}
