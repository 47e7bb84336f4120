#include "../unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/metrics_layout.h"

/* Every process of these tests has values of its own: the test itself opens none, its children do. */

static char folder[] = "/tmp/itn-metrics-XXXXXX";
static const char *const routes[] = { "none", "/a", "/say \"hi\"\\\n" };
static const char *const methods[] = { "other", "GET" };
static const char *const statuses[] = { "other", "200", "404" };

static void open_as(const char *instance, const char *in)
{
	struct config config;

	config_defaults(&config);
	config.instance = instance;
	config.metrics_dir = in;
	log_open("itn-test", LOG_ERROR, LOG_LOGFMT);
	metrics_label(LABEL_ROUTE, routes, COUNT_OF(routes));
	metrics_label(LABEL_METHOD, methods, COUNT_OF(methods));
	metrics_label(LABEL_STATUS, statuses, COUNT_OF(statuses));
	metrics_open(&config, "itn-test", CONFIG_API);
}

/* What /metrics says now; freed by the caller. */
static char *text_now(void)
{
	struct metrics_reading *reading = metrics_read();
	struct buf text = { 0 };

	metrics_write(reading, &text);
	buf_add_char(&text, '\0');
	metrics_reading_free(reading);
	return text.ptr;
}

static void lacks(const char *name, const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("%s: '%s' must not be in '%s'", name, part, text);
}

/* Runs it in a child of its own; 0 or 77. A failed check of cmocka ends the child with another status. */
static int in_child(void (*what)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		what();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
	return WEXITSTATUS(status);
}

/* A process with a name that lives until it is killed. */
static pid_t start(const char *instance)
{
	int ready[2];
	char letter;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		open_as(instance, folder);
		metrics_observe(METRIC_HTTP_DURATION, 1, 700);
		(void)!write(ready[1], "r", 1);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &letter, 1), 1);
	close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* So that the next process is younger. */
static void wait_for_another_ms(void)
{
	int64_t now = clock_now_ms();

	while (clock_now_ms() == now)
		continue;
}

static unsigned files(void)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	unsigned count = 0;

	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void count_some(void)
{
	open_as("p-1", "none");
	metrics_add_at(METRIC_HTTP_REQUESTS, (const size_t[]){ 1, 1, 1 }, 2);
	metrics_add_at(METRIC_HTTP_REQUESTS, (const size_t[]){ 2, 1, 2 }, 1);
	metrics_add_at(METRIC_HTTP_REQUESTS, (const size_t[]){ 99, 99, 99 }, 5);
	metrics_observe(METRIC_HTTP_DURATION, 1, 0);
	metrics_observe(METRIC_HTTP_DURATION, 1, 100);
	metrics_observe(METRIC_HTTP_DURATION, 1, 101);
	metrics_observe(METRIC_HTTP_DURATION, 1, 2600);
	metrics_observe(METRIC_HTTP_DURATION, 1, 10000001);
}

static void write_text(void)
{
	static const char requests[] =
		"# HELP itn_http_requests_total Requests answered, by the route's pattern (none: no route), method and "
		"status\n"
		"# TYPE itn_http_requests_total counter\n"
		"itn_http_requests_total{process=\"p-1\",route=\"none\",method=\"other\",status=\"other\"} 5\n"
		"itn_http_requests_total{process=\"p-1\",route=\"/a\",method=\"GET\",status=\"200\"} 2\n"
		"itn_http_requests_total{process=\"p-1\",route=\"/say "
		"\\\"hi\\\"\\\\\\n\",method=\"GET\",status=\"404\"} 1\n"
		"# HELP itn_http_request_duration_seconds ";
	static const char durations[] =
		"# TYPE itn_http_request_duration_seconds histogram\n"
		"itn_http_request_duration_seconds_bucket{process=\"p-1\",route=\"/a\",le=\"0.0001\"} 2\n"
		"itn_http_request_duration_seconds_bucket{process=\"p-1\",route=\"/a\",le=\"0.00025\"} 3\n"
		"itn_http_request_duration_seconds_bucket{process=\"p-1\",route=\"/a\",le=\"0.0005\"} 3\n"
		"itn_http_request_duration_seconds_bucket{process=\"p-1\",route=\"/a\",le=\"0.001\"} 3\n"
		"itn_http_request_duration_seconds_bucket{process=\"p-1\",route=\"/a\",le=\"0.0025\"} 3\n"
		"itn_http_request_duration_seconds_bucket{process=\"p-1\",route=\"/a\",le=\"0.005\"} 4\n";
	static const char durations_end[] =
		"itn_http_request_duration_seconds_bucket{process=\"p-1\",route=\"/a\",le=\"10\"} 4\n"
		"itn_http_request_duration_seconds_bucket{process=\"p-1\",route=\"/a\",le=\"+Inf\"} 5\n"
		"itn_http_request_duration_seconds_sum{process=\"p-1\",route=\"/a\"} 10.002802\n"
		"itn_http_request_duration_seconds_count{process=\"p-1\",route=\"/a\"} 5\n"
		"# HELP ";
	char *text;

	count_some();
	text = text_now();
	check_has("requests", text, requests);
	check_has("durations", text, durations);
	check_has("the end of durations", text, durations_end);
	check_has("one label", text, "itn_log_lines_total{process=\"p-1\",level=\"warn\"} 0\n");
	check_has("build", text,
		  "itn_build_info{process=\"p-1\",program=\"itn-test\",version=\"" PACKAGE_VERSION
		  "\",network=\"itn\"} 1\n");
	check_has("memory", text, "\nprocess_resident_memory_bytes{process=\"p-1\"} ");
	check_has("files", text, "\nprocess_open_fds{process=\"p-1\"} ");
	check_has("limit", text, "\nprocess_max_fds{process=\"p-1\"} ");
	check_has("processor", text, "\nprocess_cpu_seconds_total{process=\"p-1\"} ");
	free(text);
}

static void the_text_is_as_the_format_says(unused_arg void **state)
{
	in_child(write_text);
}

static void count_before_open(void)
{
	metrics_add(METRIC_HTTP_REQUESTS, 1);
	metrics_observe(METRIC_HTTP_DURATION, 0, 1);
	metrics_set(METRIC_HTTP_REQUESTS, 1);
	char *text = text_now();
	lacks("nothing is open", text, "itn_http");
	free(text);
}

static void before_the_start_nothing_is_counted(unused_arg void **state)
{
	in_child(count_before_open);
}

static void no_folder(void)
{
	open_as("alone", "/nowhere/at/all");
	metrics_observe(METRIC_HTTP_DURATION, 1, 5);
	char *text = text_now();
	check_has("without a folder", text, "duration_seconds_count{process=\"alone\",route=\"/a\"} 1\n");
	metrics_close();
	free(text);
}

static void without_a_folder_it_works_on(unused_arg void **state)
{
	in_child(no_folder);
}

static void fill_folder(void)
{
	char path[64], page[4096] = "";
	int fd;

	snprintf(path, sizeof(path), "%s/full", folder);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	while (write(fd, page, sizeof(page)) > 0)
		continue;
	close(fd);
}

/* A file system of one page, in a namespace of the child's own; 77 where that is not allowed. */
static void full_folder(void)
{
	if (unshare(CLONE_NEWNS | (geteuid() ? CLONE_NEWUSER : 0)) != 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("none", folder, "tmpfs", 0, "size=4096") != 0)
		_exit(77);
	fill_folder();
	open_as("alone", folder);
	metrics_observe(METRIC_HTTP_DURATION, 1, 5);
	char *text = text_now();
	check_has("in a full folder", text, "duration_seconds_count{process=\"alone\",route=\"/a\"} 1\n");
	assert_int_equal(files(), 1);
	free(text);
}

static void in_a_full_folder_it_works_on(unused_arg void **state)
{
	if (in_child(full_folder) == 77)
		skip();
}

static void nobody_but_me(void)
{
	open_as("reader", folder);
	char *text = text_now();
	check_has("the reader", text, "itn_build_info{process=\"reader\"");
	lacks("no other", text, "writer");
	metrics_close();
	free(text);
}

static pid_t writers[3];

static void see_others(void)
{
	char older[64];

	open_as("reader", folder);
	char *text = text_now();
	check_has("writer", text, "duration_seconds_count{process=\"writer\",route=\"/a\"} 1\n");
	check_has("other", text, "duration_seconds_count{process=\"writer@2\",route=\"/a\"} 1\n");
	snprintf(older, sizeof(older), "duration_seconds_count{process=\"writer-%d\",route=\"/a\"} 1\n",
		 (int)writers[0]);
	check_has("the older one of the same name", text, older);
	check_has("memory of another", text, "\nprocess_resident_memory_bytes{process=\"writer@2\"} ");
	metrics_close();
	free(text);
}

static void dead_processes_are_forgotten(unused_arg void **state)
{
	writers[0] = start("writer");
	wait_for_another_ms();
	writers[1] = start("writer");
	writers[2] = start("writer@2");
	assert_int_equal(files(), 3);
	in_child(see_others);
	assert_int_equal(files(), 3);
	for (size_t i = 0; i < COUNT_OF(writers); i++)
		stop(writers[i]);
	assert_int_equal(files(), 3);
	in_child(nobody_but_me);
	assert_int_equal(files(), 0);
}

/* The path of the one file that there is. */
static void find_file(char path[512])
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;

	path[0] = '\0';
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			snprintf(path, 512, "%s/%s", folder, entry->d_name);
	closedir(dir);
}

/* A living process whose file has been damaged. */
static void others_files_may_be_anything(unused_arg void **state)
{
	static const struct {
		size_t at, len;
	} damages[] = { { 0, 8 },  { 8, 8 },   { 16, 4 },   { 20, 4 },  { 24, 4 },
			{ 28, 4 }, { 56, 64 }, { 120, 64 }, { 0, 4096 } };
	char path[512] = "";

	for (size_t i = 0; i < COUNT_OF(damages); i++) {
		pid_t pid = start("writer");
		char junk[4096];
		int fd;

		find_file(path);
		memset(junk, 'x', sizeof(junk));
		fd = open(path, O_WRONLY);
		assert_int_equal(pwrite(fd, junk, damages[i].len, (off_t)damages[i].at), damages[i].len);
		in_child(nobody_but_me);
		close(fd);
		stop(pid);
		unlink(path);
	}
}

/* As if the writer's program had another name, not longer, and another type for a metric. */
static void rewrite(const char *path, const char *name, const char *other, uint32_t type)
{
	int fd = open(path, O_RDWR);
	char *bytes = malloc((size_t)lseek(fd, 0, SEEK_END)), *at;
	ssize_t len = pread(fd, bytes, (size_t)lseek(fd, 0, SEEK_END), 0);

	assert_true(len > 0);
	at = memmem(bytes, (size_t)len, name, strlen(name));
	assert_non_null(at);
	assert_true(pwrite(fd, other, strlen(other) + 1, at - bytes) > 0);
	assert_true(pwrite(fd, &type, sizeof(type), at - bytes + (ptrdiff_t)offsetof(struct metrics_row, type)) > 0);
	free(bytes);
	close(fd);
}

static void see_other_versions(void)
{
	open_as("reader", folder);
	metrics_observe(METRIC_HTTP_DURATION, 1, 5);
	char *text = text_now();
	const char *own = strstr(text, "# TYPE itn_http_request_duration_seconds histogram\n");
	const char *other = strstr(text, "# TYPE itn_http_request_durations_total counter\n");
	assert_non_null(own);
	assert_non_null(other);
	check_has("its own", own, "itn_http_request_duration_seconds_count{process=\"reader\",route=\"/a\"} 1\n");
	lacks("a metric that it does not have", own, "itn_http_request_duration_seconds_count{process=\"writer\"");
	check_has("one that only it has", other, "itn_http_request_durations_total{process=\"writer\",route=\"/a\"} ");
	lacks("one that is of another type there", text, "itn_log_lines_total{process=\"writer\"");
	check_has("which is not so here", text, "itn_log_lines_total{process=\"reader\"");
	metrics_close();
	free(text);
}

static void programs_of_two_versions_share_a_host(unused_arg void **state)
{
	pid_t pid = start("writer");
	char path[512];

	find_file(path);
	rewrite(path, "itn_http_request_duration_seconds", "itn_http_request_durations_total", METRICS_COUNTER);
	rewrite(path, "itn_log_lines_total", "itn_log_lines_total", METRICS_GAUGE);
	in_child(see_other_versions);
	stop(pid);
	in_child(nobody_but_me);
}

static void make(const char *name, int64_t age_s)
{
	struct timespec times[2] = { { .tv_sec = clock_now_ms() / 1000 - age_s },
				     { .tv_sec = clock_now_ms() / 1000 - age_s } };
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static bool is_there(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0 && unlink(path) == 0;
}

/* What a process leaves that is killed before its file has its name goes after a minute; what is not ours stays. */
static void only_what_is_left_is_removed(unused_arg void **state)
{
	make("a.0.metrics", 0);
	make("a.1.metrics.new", 0);
	make("a.2.metrics.new", 120);
	make("itn-api.sock", 120);
	in_child(nobody_but_me);
	check_bool("finished, not locked", is_there("a.0.metrics"), false);
	check_bool("about to be finished", is_there("a.1.metrics.new"), true);
	check_bool("never finished", is_there("a.2.metrics.new"), false);
	check_bool("another file", is_there("itn-api.sock"), true);
}

enum { THREADS = 4, ADDS = 20000 };

static void *add_many(unused_arg void *nothing)
{
	for (int i = 0; i < ADDS; i++) {
		metrics_add_at(METRIC_HTTP_REQUESTS, (const size_t[]){ 1, 1, 1 }, 1);
		metrics_observe(METRIC_HTTP_DURATION, 1, 300);
	}
	return NULL;
}

static uint64_t number_behind(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static void many_threads(void)
{
	static const char series[] = "itn_http_request_duration_seconds_";
	pthread_t threads[THREADS];
	char name[128];
	char *text;

	open_as("many", "none");
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
	for (int i = 0; i < 50; i++) {
		uint64_t count;

		text = text_now();
		snprintf(name, sizeof(name), "%scount{process=\"many\",route=\"/a\"} ", series);
		count = number_behind(text, name);
		snprintf(name, sizeof(name), "%sbucket{process=\"many\",route=\"/a\",le=\"+Inf\"} ", series);
		check_int("while it counts", (long long)number_behind(text, name), (long long)count);
		free(text);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	text = text_now();
	snprintf(name, sizeof(name), "} %d\n", THREADS * ADDS);
	check_has("requests", strstr(text, "itn_http_requests_total{"), name);
	snprintf(name, sizeof(name), "%ssum{process=\"many\",route=\"/a\"} %d.000000\n", series,
		 THREADS * ADDS * 3 / 10000);
	check_has("sum", text, name);
	free(text);
}

static void no_addition_is_lost(unused_arg void **state)
{
	in_child(many_threads);
}

static int make_folder(unused_arg void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(unused_arg void **state)
{
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_text_is_as_the_format_says),
		cmocka_unit_test(before_the_start_nothing_is_counted),
		cmocka_unit_test(without_a_folder_it_works_on),
		cmocka_unit_test(in_a_full_folder_it_works_on),
		cmocka_unit_test(dead_processes_are_forgotten),
		cmocka_unit_test(others_files_may_be_anything),
		cmocka_unit_test(programs_of_two_versions_share_a_host),
		cmocka_unit_test(only_what_is_left_is_removed),
		cmocka_unit_test(no_addition_is_lost),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
