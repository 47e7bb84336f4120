#include "clients.h"

#include <string.h>

#define PER_CLIENT 30

static size_t running;

static void choose_hot(void)
{
	bool is_cargo = sim_once_in(2);

	sim.crowded = !documents.hot && documents.count;
	documents.hot = sim.crowded ? latest_document(is_cargo) : NULL;
}

static void act(void)
{
	static void (*const acts[])(void) = {
		create_trade,  create_trade,  create_trade,   create_trade, create_trade, create_trade,
		create_cargo,  create_cargo,  change_trade,   change_trade, change_trade, change_trade,
		change_trade,  change_cargo,  change_cargo,   change_cargo, count_stock,  count_stock,
		show_document, show_document, list_documents, read_rest,    read_events,  acknowledge_alert,
	};

	if (sim_pick(20) == 0)
		choose_hot();
	if (documents.hot && sim_pick(4)) {
		(documents.hot->is_cargo ? change_cargo : change_trade)();
		return;
	}
	acts[sim_pick(sizeof(acts) / sizeof(acts[0]))]();
}

static void client(void *context unused_arg)
{
	for (int i = 0; i < PER_CLIENT || sim_faults() < FAULTS_LEAST; i++) {
		if (!documents.hot && sim_pick(3))
			fiber_sleep(100 + sim_pick(sim_pick(4) ? 5000 : 200000));
		act();
	}
	running--;
}

void clients_start(void)
{
	running = CLIENTS;
	for (int i = 0; i < CLIENTS; i++)
		fiber_start(NULL, "client", client, NULL);
}

bool clients_are_done(void)
{
	return running == 0;
}

void clients_reset(void)
{
	running = 0;
	memset(&documents, 0, sizeof(documents));
	operations.count = 0;
	alerts_reset();
	readers_reset();
}
