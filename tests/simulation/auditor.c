/* Audits the store while all is at work, and once more at rest: no run may have anything to complain of. */
#include <stdlib.h>

#include "audit/audit.h"
#include "core/memory.h"
#include "sim.h"

/* Between two audits at most, us. */
#define PAUSE_US 3000000

static bool running;

void auditor_check(void)
{
	struct audit_report *report = memory_calloc(1, sizeof(*report));
	struct arena *arena = arena_new(0);
	struct error error = { "" };
	struct buf json = { 0 };

	if (audit_run(sim.store, NULL, arena, report, &error) != ITN_OK)
		sim_fail("no audit: %s", error.text);
	audit_write_json(&json, report);
	if (!audit_is_clean(report))
		sim_fail("the audit found %.*s", STR_ARG(buf_str(&json)));
	trace("the audit found nothing as of seq %lld", (long long)report->seq);
	sim.audits++;
	buf_free(&json);
	arena_free(arena);
	free(report);
}

static void run(void *context unused_arg)
{
	while (!clients_are_done()) {
		fiber_sleep(1 + sim_pick(PAUSE_US));
		auditor_check();
	}
	running = false;
}

void auditor_start(void)
{
	running = true;
	fiber_start(NULL, "auditor", run, NULL);
}

bool auditor_is_done(void)
{
	return !running;
}
