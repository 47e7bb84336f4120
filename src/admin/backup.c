#include <stdio.h>
#include <sysexits.h>

#include "admin/command.h"
#include "store/inspect.h"

static int failure(enum itn_status status, const struct error *error)
{
	if (status == ITN_EXISTS)
		return command_fail(EX_CANTCREAT, "%s; nothing is overwritten", error->text);
	return command_fail(status == ITN_INVALID ? EX_USAGE : EX_UNAVAILABLE, "no backup: %s", error->text);
}

static int back_up(struct store *store, const char *path)
{
	struct store_head head;
	struct error error = { "the store does not answer" };
	enum itn_status status = store_head(store, &head);

	if (status == ITN_OK)
		status = store_backup(store, path, &error);
	if (status != ITN_OK)
		return failure(status, &error);
	printf("%s has the log %s up to event %lld, or further\n", path, head.log, (long long)head.last_seq);
	return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

int backup_run(const struct config *config, const struct command_options *options)
{
	struct store *store;
	struct error error = { "" };
	int exit_status;

	if (store_open_existing(config, &store, &error) != ITN_OK)
		return command_fail(EX_UNAVAILABLE, "%s", error.text);
	exit_status = back_up(store, options->argument);
	store_close(store);
	return exit_status;
}
