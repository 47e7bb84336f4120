#include "core/service.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics.h"

/* The watchdog is fed so many times in its time; a loop that has nothing to do says so this often at least. */
#define WATCHDOG_FEEDS 4
#define ALIVE_MS       1000

#define SIGNAL_STACK    (128 * 1024)
#define ARENAS          2
#define FIRST_LISTEN_FD 3
#define LISTEN_FDS_MAX  1024

static int stop_fd = -1;
static atomic_bool stopping;

int service_stop_fd(void)
{
	return stop_fd;
}

bool service_stopping(void)
{
	return atomic_load(&stopping);
}

static bool notify_name(struct sockaddr_un *ret, socklen_t *ret_size)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	if (len < 2 || len >= sizeof(ret->sun_path) || (path[0] != '/' && path[0] != '@'))
		return false;
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret->sun_path, path, len);
	if (path[0] == '@')
		ret->sun_path[0] = '\0';
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return true;
}

/* The sd_notify protocol: one datagram of NAME=VALUE lines. A supervisor that does not take it is not our trouble. */
static void notify(const char *name, const char *value, const char *more)
{
	struct sockaddr_un address;
	socklen_t size;
	char text[512];
	int len;
	int fd;

	if (!notify_name(&address, &size))
		return;
	len = snprintf(text, sizeof(text), "%s=%.300s\n%s", name, value, more);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, text, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address, size) < 0)
		log_debug("supervisor not told", LOG_CSTR("reason", strerror(errno)));
	close(fd);
}

/* For a supervisor that has no socket to be told by. */
static void leave_ready_file(const char *status)
{
	const char *path = getenv("ITN_READY_FILE");
	int fd;

	if (!path || !*path)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || dprintf(fd, "%s\n", status) < 0)
		log_warn("supervisor not told", LOG_CSTR("file", path), LOG_CSTR("reason", strerror(errno)));
	if (fd >= 0)
		close(fd);
}

void service_ready(const char *status)
{
	log_info("ready", LOG_CSTR("status", status ? status : "serving"));
	notify("STATUS", status ? status : "serving", "READY=1\n");
	leave_ready_file(status ? status : "serving");
}

void service_status(const char *status)
{
	notify("STATUS", status, "");
}

static unsigned number_in(const char *variable)
{
	const char *text = getenv(variable);
	char *end;
	unsigned long value;

	if (!text || !*text)
		return 0;
	value = strtoul(text, &end, 10);
	return *end || value > INT32_MAX ? 0 : (unsigned)value;
}

/* sd_watchdog_enabled(3): only the process that is meant, when one is. */
static int64_t watchdog_us(void)
{
	const char *pid = getenv("WATCHDOG_PID");

	if (pid && *pid && number_in("WATCHDOG_PID") != (unsigned)getpid())
		return 0;
	return number_in("WATCHDOG_USEC");
}

int service_alive_ms(void)
{
	int64_t ms = watchdog_us() / (1000 * WATCHDOG_FEEDS);

	if (ms == 0)
		return watchdog_us() ? 1 : ALIVE_MS;
	return ms < ALIVE_MS ? (int)ms : ALIVE_MS;
}

void service_alive(void)
{
	static int64_t fed_us;
	int64_t every_us = watchdog_us() / WATCHDOG_FEEDS, now;

	metrics_set(METRIC_PROGRESS, clock_now_ms() * 1000);
	if (every_us == 0)
		return;
	now = clock_monotonic_us();
	if (fed_us && now - fed_us < every_us)
		return;
	fed_us = now;
	notify("WATCHDOG", "1", "");
}

int service_inherited_sockets(void)
{
	unsigned count = number_in("LISTEN_FDS");

	if (number_in("LISTEN_PID") != (unsigned)getpid() || count > LISTEN_FDS_MAX)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		int fd = FIRST_LISTEN_FD + (int)i;

		if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
			return (int)i;
	}
	return (int)count;
}

static sigset_t stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	return set;
}

static void begin_drain(void)
{
	uint64_t one = 1;

	atomic_store(&stopping, true);
	if (write(stop_fd, &one, sizeof(one)) < 0)
		_exit(EX_OSERR);
}

static void *watch_signals(unused_arg void *nothing)
{
	sigset_t set = stop_signals();
	int number;

	if (sigwait(&set, &number) != 0)
		_exit(EX_OSERR);
	notify("STOPPING", "1", "STATUS=finishing what was begun\n");
	log_info("stopping", LOG_CSTR("signal", sigabbrev_np(number)));
	begin_drain();
	if (sigwait(&set, &number) != 0)
		_exit(EX_OSERR);
	log_warn("stopped at once", LOG_CSTR("signal", sigabbrev_np(number)));
	_exit(EXIT_FAILURE);
}

static bool start_watching(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool started;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, SIGNAL_STACK);
	started = pthread_create(&thread, &attributes, watch_signals, NULL) == 0;
	pthread_attr_destroy(&attributes);
	return started;
}

static bool set_up_signals(void)
{
	sigset_t set = stop_signals();

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit of files' sizes is an error of the write */
	stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return stop_fd >= 0 && pthread_sigmask(SIG_BLOCK, &set, NULL) == 0 && start_watching();
}

/* Few malloc arenas, blocks that go back to the system, and no huge pages behind thread stacks: an idle daemon is
 * small. */
static void keep_memory_small(void)
{
	mallopt(M_ARENA_MAX, ARENAS);
	mallopt(M_MMAP_THRESHOLD, 256 * 1024);
	mallopt(M_TRIM_THRESHOLD, 256 * 1024);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

/* So that no socket ever becomes a standard stream. */
static bool open_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return false;
	close(fd);
	return true;
}

static int print(const struct buf *text)
{
	struct str out = buf_str(text);

	return fwrite(out.ptr, 1, out.len, stdout) == out.len && fflush(stdout) == 0 ? EX_OK : EX_IOERR;
}

static int print_help(const struct service *service)
{
	struct buf text = { 0 };
	int status;

	buf_printf(&text, "%s - %s\n\nUsage: %s [--help | --version | --check-config] [--SETTING=VALUE ...]\n\n",
		   service->name, service->summary, service->name);
	buf_add_cstr(&text, "Settings, each a flag or an environment variable, with their defaults:\n\n");
	config_help(&text, service->who);
	status = print(&text);
	buf_free(&text);
	return status;
}

static int print_version(const struct service *service)
{
	struct buf text = { 0 };
	int status;

	buf_printf(&text, "%s %s\n", service->name, PACKAGE_VERSION);
	status = print(&text);
	buf_free(&text);
	return status;
}

static int complain(const struct service *service, const struct buf *problems)
{
	struct str rest = buf_str(problems);

	while (rest.len) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = (size_t)(end - rest.ptr);

		fprintf(stderr, "%s: %.*s\n", service->name, (int)len, rest.ptr);
		rest.ptr += len + 1;
		rest.len -= len + 1;
	}
	return EX_CONFIG;
}

static enum log_level level_of(const char *name)
{
	if (strcmp(name, "debug") == 0)
		return LOG_DEBUG;
	if (strcmp(name, "warn") == 0)
		return LOG_WARN;
	return strcmp(name, "error") == 0 ? LOG_ERROR : LOG_INFO;
}

static int run(const struct service *service, const struct config *config)
{
	int status;

	log_open(service->name, level_of(config->log_level),
		 strcmp(config->log_format, "json") == 0 ? LOG_JSON : LOG_LOGFMT);
	if (service->labels)
		service->labels();
	metrics_open(config, service->name, service->who);
	if (!set_up_signals()) {
		log_error("no signal handling", LOG_CSTR("reason", strerror(errno)));
		return EX_OSERR;
	}
	log_info("starting", LOG_CSTR("version", PACKAGE_VERSION), LOG_CSTR("network", config->network));
	status = service->run(config);
	metrics_close();
	log_info("stopped", LOG_INT("status", status));
	return status;
}

int service_main(const struct service *service, int argc, char **argv)
{
	enum config_action action = config_action(argc, argv);
	struct buf problems = { 0 };
	struct config config;
	int status = EX_OK;

	if (!open_standard_streams())
		return EX_OSERR;
	if (action == CONFIG_HELP)
		return print_help(service);
	if (action == CONFIG_VERSION)
		return print_version(service);
	umask(0077);
	keep_memory_small();
	if (config_load(&config, service->who, argc, argv, &problems) != ITN_OK)
		status = complain(service, &problems);
	buf_free(&problems);
	if (status != EX_OK || action == CONFIG_CHECK)
		return status;
	return run(service, &config);
}
