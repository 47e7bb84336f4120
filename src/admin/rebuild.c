#include "audit/rebuild.h"

#include <stdio.h>
#include <sysexits.h>

#include "admin/command.h"
#include "store/inspect.h"

enum rebuild_exit { EXIT_SAME, EXIT_DIFFERENT, EXIT_COULD_NOT };

static void print_diff(void *context, const char *what, struct str station, struct str item, int64_t is, int64_t should)
{
	++*(int64_t *)context;
	printf("%.*s, %.*s: %s %lld, by the ledger %lld\n", STR_ARG(station), STR_ARG(item), what, (long long)is,
	       (long long)should);
}

static int rebuild(struct store *store)
{
	struct error error = { "" };
	int64_t count = 0, seq;

	if (rebuild_diff(store, print_diff, &count, &seq, &error) != ITN_OK)
		return command_fail(EXIT_COULD_NOT, "nothing was compared: %s", error.text);
	if (count)
		printf("%lld quantities are not what the ledger says as of seq %lld; nothing was changed\n",
		       (long long)count, (long long)seq);
	else
		printf("inventories are what the ledger says as of seq %lld\n", (long long)seq);
	if (fflush(stdout) != 0)
		return command_fail(EXIT_COULD_NOT, "the answer can't be written");
	return count ? EXIT_DIFFERENT : EXIT_SAME;
}

int rebuild_run(const struct config *config, const struct command_options *options)
{
	struct store *store;
	struct error error = { "" };
	int exit_status;

	if (!options->diff)
		return command_fail(EX_USAGE, "rebuild only compares: it needs --diff");
	if (store_open_existing(config, &store, &error) != ITN_OK)
		return command_fail(EXIT_COULD_NOT, "nothing was compared: %s", error.text);
	exit_status = rebuild(store);
	store_close(store);
	return exit_status;
}
