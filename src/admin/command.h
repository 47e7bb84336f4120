/** The commands of itn-admin: what each is called, takes and does. Nothing else decides one. */
#ifndef ITN_ADMIN_COMMAND_H
#define ITN_ADMIN_COMMAND_H

#include <stdbool.h>

#include "core/config.h"

/** What stands on the command line beside the command and the settings. */
struct command_options {
	bool json;
	bool follow;
	bool diff;
	const char *after, *status; /**< NULL: not given */
	const char *argument;       /**< of a command that has one */
};

/** Each returns the exit status, after a line on stderr when that is not 0. */
typedef int command_run(const struct config *config, const struct command_options *options);

command_run doctor_run;    /**< 0: all is well, 1: a warning, 2: something failed */
command_run audit_command_run; /**< 0: everything fits, 1: something does not, 2: it could not be done */
command_run backup_run; /**< EX_CANTCREAT: the file is there already, EX_USAGE: the store has other means */
command_run log_print_run; /**< EX_DATAERR: the position is no place in this log */
command_run notifications_run;
command_run rebuild_run; /**< 0: as the ledger says, 1: there are differences, 2: it could not be done */
command_run resend_run;    /**< EX_NOINPUT: there is none, EX_TEMPFAIL: it is queued already */
command_run renew_log_run; /**< EX_TEMPFAIL: an engine is active */

/** main() of itn-admin. Exit statuses follow sysexits.h. */
int command_main(int argc, char **argv);
/** A line on stderr that begins with the program's name; returns `status`. */
int command_fail(int status, const char *fmt, ...) printf_like(2, 3);

#endif
