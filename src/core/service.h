/** The skeleton that every daemon shares: flags, configuration, log, signals, readiness, drain, exit.
 *
 *  A daemon is a struct service: what it is called, and what it does between "configured" and "drained".
 *  SIGTERM and SIGINT begin the drain: service_stop_fd() becomes readable and service_stopping() true; a second one
 * ends the process at once with status 1. SIGHUP and SIGPIPE are ignored. Exit codes follow sysexits.h.
 *
 *  Flags that each daemon has: --help, --version, --check-config (exit 0 without a word, or
 *  EX_CONFIG with a line on stderr for each fault), one
 *  --key=value for each row of config.def that the daemon uses.
 */
#ifndef ITN_CORE_SERVICE_H
#define ITN_CORE_SERVICE_H

#include <stdbool.h>

#include "core/config.h"
#include "core/error.h"
#include "core/status.h"

struct service {
	const char *name;     /**< "itn-api" */
	const char *summary;  /**< one line for --help and the man page */
	enum config_user who; /**< which rows of config.def it has */
	/** Runs until service_stopping() and drains; returns the exit status. Called on the main thread,
	 *  with SIGTERM and SIGINT blocked in every thread that it starts. */
	int (*run)(const struct config *config);
	void (*labels)(void); /**< says which values the labels of its metrics have (metrics_label()); may be NULL */
};

/** main() of every daemon. */
int service_main(const struct service *service, int argc, char **argv);

/** Readable once the drain began; for poll and epoll; never read from it. */
int service_stop_fd(void);
bool service_stopping(void);
/** Tells the supervisor and the log: the daemon serves now. The supervisor is told by the sd_notify protocol over
 *  $NOTIFY_SOCKET, and by the status in the file $ITN_READY_FILE, where these are set. */
void service_ready(const char *status);
/** A new STATUS= line for the supervisor, such as "standing by". */
void service_status(const char *status);
/** Says in the metrics that the process does what it is for, and feeds the supervisor's watchdog (WATCHDOG=1), when it has one ($WATCHDOG_USEC, $WATCHDOG_PID), a few times in its time:
 *  call it as often as you like, from the main loop alone, and only when the daemon does what it is for. */
void service_alive(void);
/** How often to call it at least, in ms, 1000 at most. */
int service_alive_ms(void);
/** The listening sockets that systemd passed ($LISTEN_FDS, $LISTEN_PID): their count, the first is fd 3. */
int service_inherited_sockets(void);

#endif
