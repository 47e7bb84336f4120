#include "../unit.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "core/service.h"

/* A daemon in a child process; it says a letter on `to_parent` for each thing that the parent waits for. */
static int to_parent = -1;

static void say(char letter)
{
	if (write(to_parent, &letter, 1) != 1)
		_exit(99);
}

static bool stop_signals_are_blocked(void)
{
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	return sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGINT) == 1;
}

static int drain_when_told(const struct config *config)
{
	struct pollfd stop = { .fd = service_stop_fd(), .events = POLLIN };

	if (!stop_signals_are_blocked() || service_stopping() || strcmp(config->network, "test") != 0)
		return 98;
	raise(SIGHUP);
	raise(SIGPIPE);
	raise(SIGXFSZ);
	service_ready("at work");
	service_alive();
	say('r');
	while (poll(&stop, 1, -1) != 1)
		continue;
	return service_stopping() && poll(&stop, 1, 0) == 1 ? 7 : 97;
}

static int drain_never(unused_arg const struct config *config)
{
	struct pollfd stop = { .fd = service_stop_fd(), .events = POLLIN };

	say('r');
	while (poll(&stop, 1, -1) != 1)
		continue;
	say('d');
	while (service_stopping())
		pause();
	return 95;
}

static int show_umask(unused_arg const struct config *config)
{
	return umask(0) == 0077 ? 0 : 1;
}

static int count_sockets(unused_arg const struct config *config)
{
	int count = service_inherited_sockets();

	return count == 1 && fcntl(3, F_GETFD) != FD_CLOEXEC ? 96 : count;
}

struct child {
	pid_t pid;
	int words;  /* what it says */
	int output; /* its stdout and stderr */
};

#define ARGS(...) ((char *[]){ "itn-test" __VA_OPT__(, ) __VA_ARGS__, NULL })

static int count_of(char **argv)
{
	int count = 0;

	while (argv[count])
		count++;
	return count;
}

static struct child start(int (*run)(const struct config *), char **argv, const char *variable, const char *value)
{
	const struct service service = { "itn-test", "does nothing", CONFIG_API, run, NULL };
	struct child child;
	int words[2];
	int output[2];

	assert_int_equal(pipe(words), 0);
	assert_int_equal(pipe(output), 0);
	child.pid = fork();
	if (child.pid == 0) {
		to_parent = words[1];
		dup2(output[1], STDOUT_FILENO);
		dup2(output[1], STDERR_FILENO);
		if (variable)
			setenv(variable, value, 1);
		_exit(service_main(&service, count_of(argv), argv));
	}
	close(words[1]);
	close(output[1]);
	child.words = words[0];
	child.output = output[0];
	return child;
}

static void wait_for(struct child *child, char letter)
{
	char said = 0;

	assert_int_equal(read(child->words, &said, 1), 1);
	assert_int_equal(said, letter);
}

/* Waits for the end; gives all output and the exit status, or minus the signal. */
static int finish(struct child *child, char *ret_output, size_t room)
{
	size_t len = 0;
	ssize_t got;
	int status;

	while (len + 1 < room && (got = read(child->output, ret_output + len, room - len - 1)) > 0)
		len += (size_t)got;
	ret_output[len] = '\0';
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	close(child->words);
	close(child->output);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void either_signal_begins_the_drain(unused_arg void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };

	for (size_t i = 0; i < COUNT_OF(signals); i++) {
		struct child child = start(drain_when_told, ARGS("--network=test"), NULL, NULL);
		char output[4096];

		wait_for(&child, 'r');
		kill(child.pid, signals[i]);
		check_int("status of run()", finish(&child, output, sizeof(output)), 7);
		check_has("the log", output, "msg=starting");
		check_has("the log", output, "msg=ready status=\"at work\"");
		check_has("the log", output, "msg=stopping");
		check_has("the log", output, "msg=stopped status=7");
	}
}

static void a_second_signal_ends_it_at_once(unused_arg void **state)
{
	struct child child = start(drain_never, ARGS(), NULL, NULL);
	char output[4096];

	wait_for(&child, 'r');
	kill(child.pid, SIGTERM);
	wait_for(&child, 'd');
	kill(child.pid, SIGTERM);
	check_int("status", finish(&child, output, sizeof(output)), 1);
}

static void questions_are_answered_without_running(unused_arg void **state)
{
	static const struct {
		const char *flag;
		int status;
		const char *output;
	} cases[] = {
		{ "--help", EX_OK, "itn-test - does nothing\n\nUsage: itn-test [" },
		{ "--help", EX_OK, "--threads=16  ITN_THREADS, 2 to 256\n      Request threads" },
		{ "--version", EX_OK, "itn-test " PACKAGE_VERSION "\n" },
		{ "--check-config", EX_OK, "" },
		{ "--threads=0", EX_CONFIG, "itn-test: ITN_THREADS (--threads) must be a number from 2 to 256, not '0'\n" },
		{ "--nothing", EX_CONFIG, "itn-test: --nothing is no flag of this program" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct child child = start(drain_never, ARGS((char *)cases[i].flag), NULL, NULL);
		char output[16384];

		check_int(cases[i].flag, finish(&child, output, sizeof(output)), cases[i].status);
		check_has(cases[i].flag, output, cases[i].output);
	}
}

static void a_bad_setting_is_found_by_the_check(unused_arg void **state)
{
	struct child child = start(drain_never, ARGS("--check-config"), "ITN_LOG_LEVEL", "loud");
	char output[4096];

	check_int("status", finish(&child, output, sizeof(output)), EX_CONFIG);
	check_has("output", output, "itn-test: ITN_LOG_LEVEL (--log-level) must be one of");
}

static void new_files_are_private(unused_arg void **state)
{
	struct child child = start(show_umask, ARGS(), NULL, NULL);
	char output[4096];

	check_int("umask", finish(&child, output, sizeof(output)), 0);
}

static void receive(int fd, const char *expected)
{
	char text[512];
	ssize_t len = recv(fd, text, sizeof(text) - 1, 0);

	assert_true(len > 0);
	text[len] = '\0';
	check_text("datagram", text, expected);
}

static void check_supervisor(const char *socket_name)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	size_t len = strlen(socket_name);
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	struct child child;
	char output[4096];

	memcpy(name.sun_path, socket_name, len);
	if (socket_name[0] == '@')
		name.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	child = start(drain_when_told, ARGS("--network=test"), "NOTIFY_SOCKET", socket_name);
	receive(fd, "STATUS=at work\nREADY=1\n");
	wait_for(&child, 'r');
	kill(child.pid, SIGTERM);
	check_int("status", finish(&child, output, sizeof(output)), 7);
	receive(fd, "STOPPING=1\nSTATUS=finishing what was begun\n");
	close(fd);
}

/* How it is fed when it has so much time: says the number of ms between two calls, then feeds three times. */
static int feed(unused_arg const struct config *config)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", service_alive_ms());

	if (getenv("TEST_WATCHDOG_PID")) {
		snprintf(text + 8, sizeof(text) - 8, "%d", (int)getpid());
		setenv("WATCHDOG_PID", text + 8, 1);
		len = snprintf(text, sizeof(text), "%d\n", service_alive_ms());
	}
	if (write(STDOUT_FILENO, text, (size_t)len) != len)
		return 1;
	for (int i = 0; i < 3; i++)
		service_alive();
	service_ready("fed");
	return 0;
}

static void the_watchdog_is_fed_as_it_asks(unused_arg void **state)
{
	static const struct {
		const char *name, *usec, *pid, *own;
		bool fed;
		const char *output;
	} cases[] = {
		{ "nobody watches", NULL, NULL, NULL, false, "1000\n" },
		{ "no time", "0", NULL, NULL, false, "1000\n" },
		{ "no number", "x", NULL, NULL, false, "1000\n" },
		{ "much time", "30000000", NULL, NULL, true, "1000\n" },
		{ "little time", "200000", NULL, NULL, true, "50\n" },
		{ "hardly any time", "1000", NULL, NULL, true, "1\n" },
		{ "another process", "200000", "1", NULL, false, "1000\n" },
		{ "this process", "200000", NULL, "1", true, "50\n" },
	};
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char path[32];
	int len = snprintf(path, sizeof(path), "@itn-watchdog-test-%d", (int)getpid());
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	memcpy(name.sun_path + 1, path + 1, (size_t)len - 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len)), 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct child child;
		char output[4096];

		setenv("WATCHDOG_USEC", cases[i].usec ? cases[i].usec : "", 1);
		setenv("WATCHDOG_PID", cases[i].pid ? cases[i].pid : "", 1);
		if (cases[i].own)
			setenv("TEST_WATCHDOG_PID", cases[i].own, 1);
		child = start(feed, ARGS(), "NOTIFY_SOCKET", path);
		check_int(cases[i].name, finish(&child, output, sizeof(output)), 0);
		check_has(cases[i].name, output, cases[i].output);
		if (cases[i].fed)
			receive(fd, "WATCHDOG=1\n");
		receive(fd, "STATUS=fed\nREADY=1\n");
	}
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	unsetenv("TEST_WATCHDOG_PID");
	close(fd);
}

static void the_supervisor_is_told(unused_arg void **state)
{
	char folder[] = "/tmp/itn-service-XXXXXX";
	char path[64];

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/notify", folder);
	check_supervisor(path);
	unlink(path);
	rmdir(folder);
	snprintf(path, sizeof(path), "@itn-service-test-%d", (int)getpid());
	check_supervisor(path);
}

static void a_file_says_that_it_serves(unused_arg void **state)
{
	char folder[] = "/tmp/itn-service-XXXXXX";
	char path[64], output[4096], text[64] = "";
	struct child child;
	FILE *file;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/ready", folder);
	child = start(drain_when_told, ARGS("--network=test"), "ITN_READY_FILE", path);
	wait_for(&child, 'r');
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	fclose(file);
	assert_string_equal(text, "at work\n");
	kill(child.pid, SIGTERM);
	check_int("status", finish(&child, output, sizeof(output)), 7);
	unlink(path);
	rmdir(folder);
}

static void a_supervisor_that_is_gone_does_no_harm(unused_arg void **state)
{
	struct child child = start(drain_when_told, ARGS("--network=test"), "NOTIFY_SOCKET", "/nowhere/at/all");
	char output[4096];

	wait_for(&child, 'r');
	kill(child.pid, SIGTERM);
	check_int("status", finish(&child, output, sizeof(output)), 7);
}

static int sockets_of_pid(const char *pid_is, const char *count)
{
	struct child child;
	char output[4096];
	char pid[16];

	setenv("LISTEN_FDS", count, 1);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	child = start(count_sockets, ARGS(), "LISTEN_PID", pid_is ? pid_is : pid);
	return finish(&child, output, sizeof(output));
}

/* The child of start() can't know its number before it is born: it sets its own here. */
static int count_own_sockets(const struct config *config)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("LISTEN_PID", pid, 1);
	dup2(STDERR_FILENO, 3);
	return count_sockets(config);
}

static void sockets_are_inherited_by_their_process_only(unused_arg void **state)
{
	struct child child;
	char output[4096];

	check_int("another process's", sockets_of_pid("1", "1"), 0);
	check_int("the parent's", sockets_of_pid(NULL, "1"), 0);
	check_int("no number", sockets_of_pid("x", "1"), 0);
	setenv("LISTEN_FDS", "1", 1);
	child = start(count_own_sockets, ARGS(), NULL, NULL);
	check_int("its own", finish(&child, output, sizeof(output)), 1);
	setenv("LISTEN_FDS", "900", 1);
	child = start(count_own_sockets, ARGS(), NULL, NULL);
	check_bool("those that are open", finish(&child, output, sizeof(output)) < 100, true);
	unsetenv("LISTEN_FDS");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(either_signal_begins_the_drain),
		cmocka_unit_test(a_second_signal_ends_it_at_once),
		cmocka_unit_test(questions_are_answered_without_running),
		cmocka_unit_test(a_bad_setting_is_found_by_the_check),
		cmocka_unit_test(new_files_are_private),
		cmocka_unit_test(the_supervisor_is_told),
		cmocka_unit_test(the_watchdog_is_fed_as_it_asks),
		cmocka_unit_test(a_file_says_that_it_serves),
		cmocka_unit_test(a_supervisor_that_is_gone_does_no_harm),
		cmocka_unit_test(sockets_are_inherited_by_their_process_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
