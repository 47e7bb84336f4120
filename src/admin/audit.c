#include "audit/audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "admin/command.h"
#include "core/memory.h"
#include "store/inspect.h"

enum audit_exit { EXIT_CLEAN, EXIT_VIOLATIONS, EXIT_COULD_NOT };

static void print_text(const struct audit_report *report)
{
	const struct audit_counts *counts = &report->counts;

	for (size_t i = 0; i < report->shown_count; i++)
		printf("%s: %.*s: %.*s\n", report->shown[i].rule, STR_ARG(report->shown[i].entity),
		       STR_ARG(report->shown[i].detail));
	if (report->more)
		printf("and %lld more\n", (long long)report->more);
	printf("%s as of seq %lld: %lld events, %lld postings, %lld trades, %lld cargo, %lld stock records, %lld "
	       "balances, %lld jobs, %lld claims\n",
	       audit_is_clean(report) ? "everything fits" : "something does not fit", (long long)report->seq,
	       (long long)counts->events, (long long)counts->postings, (long long)counts->trades,
	       (long long)counts->cargo, (long long)counts->stock, (long long)counts->balances, (long long)counts->jobs,
	       (long long)counts->claims);
}

static void print_json(const struct audit_report *report)
{
	struct buf json = { 0 };

	audit_write_json(&json, report);
	buf_add_char(&json, '\n');
	fwrite(json.ptr, 1, json.len, stdout);
	buf_free(&json);
}

static int audit(struct store *store, bool as_json)
{
	struct audit_report *report = memory_calloc(1, sizeof(*report));
	struct arena *arena = arena_new(0);
	struct error error = { "" };
	int exit_status;

	if (audit_run(store, NULL, arena, report, &error) != ITN_OK) {
		exit_status = command_fail(EXIT_COULD_NOT, "no audit: %s", error.text);
	} else {
		(as_json ? print_json : print_text)(report);
		exit_status = audit_is_clean(report) ? EXIT_CLEAN : EXIT_VIOLATIONS;
	}
	if (fflush(stdout) != 0)
		exit_status = command_fail(EXIT_COULD_NOT, "the answer can't be written");
	arena_free(arena);
	free(report);
	return exit_status;
}

int audit_command_run(const struct config *config, const struct command_options *options)
{
	struct store *store;
	struct error error = { "" };
	int exit_status;

	if (store_open_existing(config, &store, &error) != ITN_OK)
		return command_fail(EXIT_COULD_NOT, "no audit: %s", error.text);
	exit_status = audit(store, options->json);
	store_close(store);
	return exit_status;
}
