#include "../unit.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/readiness.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "store/store.h"

#define PROCESSES_MAX 2
#define VALUES_MAX    4

static char folder[] = "/tmp/itn-readiness-XXXXXX";

/* Another process of this host, and what it says of itself. */
struct neighbour {
	const char *program;
	enum config_user who;
	const char *network;
	int64_t silent_us; /* since when it has got no further */
	struct {
		enum metric metric;
		int64_t value;
	} says[VALUES_MAX];
};

#define ENGINE_OF(network, silent, ...)                                                                                \
	{                                                                                                              \
		"itn-engine", CONFIG_ENGINE, network, silent,                                                          \
		{                                                                                                      \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
	}
#define GATEWAY_OF(network, silent, ...)                                                                               \
	{                                                                                                              \
		"itn-gateway", CONFIG_GATEWAY, network, silent,                                                        \
		{                                                                                                      \
			__VA_ARGS__                                                                                    \
		}                                                                                                      \
	}
#define HOLDS                                                                                                          \
	{                                                                                                              \
		METRIC_ENGINE_LEASE, 1                                                                                 \
	}
#define STANDS_BY                                                                                                      \
	{                                                                                                              \
		METRIC_ENGINE_LEASE, 0                                                                                 \
	}
#define MINUTE INT64_C(60000000)

static const struct {
	const char *name;
	struct neighbour neighbours[PROCESSES_MAX];
	const char *sight;
	enum reason reason;
	const char *detail;
} cases[] = {
	{ "an empty host", { { 0 } }, "engine", REASON_ENGINE_ABSENT, "" },
	{ "an engine of another network", { ENGINE_OF("other", 0, HOLDS) }, "engine", REASON_ENGINE_ABSENT, "" },
	{ "an engine that works", { ENGINE_OF("itn", 0, HOLDS) }, "engine", REASON_NONE, "n0 has the lease" },
	{ "an engine that has room again",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_ENGINE_NO_ROOM, 0 }) },
	  "engine",
	  REASON_NONE,
	  "n0 has the lease" },
	{ "an engine without room",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_ENGINE_NO_ROOM, 1 }) },
	  "engine",
	  REASON_ENGINE_NO_ROOM,
	  "n0 has the lease" },
	{ "one of two works",
	  { ENGINE_OF("itn", 0, STANDS_BY), ENGINE_OF("itn", 0, HOLDS) },
	  "engine",
	  REASON_NONE,
	  "n1 has the lease" },
	{ "all stand by", { ENGINE_OF("itn", 0, STANDS_BY) }, "engine", REASON_ENGINE_IDLE, "" },
	{ "an engine that says nothing yet", { ENGINE_OF("itn", 0, { 0 }) }, "engine", REASON_ENGINE_IDLE, "" },
	{ "an engine that is stopped", { ENGINE_OF("itn", MINUTE, HOLDS) }, "engine", REASON_ENGINE_STUCK, "n0" },
	{ "another took over from it",
	  { ENGINE_OF("itn", MINUTE, HOLDS), ENGINE_OF("itn", 0, HOLDS) },
	  "engine",
	  REASON_NONE,
	  "n1 has the lease" },
	{ "nothing waits",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_OUTBOX_OLDEST, 0 }, { METRIC_OUTBOX_ENTRIES, 0 }) },
	  "log",
	  REASON_NONE,
	  "0 wait, the oldest since 0.000 s" },
	{ "the log is a little behind",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_OUTBOX_OLDEST, 5000000 }, { METRIC_OUTBOX_ENTRIES, 7 }) },
	  "log",
	  REASON_NONE,
	  "7 wait, the oldest since 5.000 s" },
	{ "the log is behind",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_OUTBOX_OLDEST, 5001000 }, { METRIC_OUTBOX_ENTRIES, 7 }) },
	  "log",
	  REASON_LOG_BEHIND,
	  "7 wait, the oldest since 5.001 s" },
	{ "what a stopped engine said of the log is old",
	  { ENGINE_OF("itn", MINUTE, HOLDS, { METRIC_OUTBOX_OLDEST, 9000000 }, { METRIC_OUTBOX_ENTRIES, 7 }) },
	  "log",
	  REASON_NONE,
	  "" },
	{ "the feed follows",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_PUBLICATION_LAG, 1000 }) },
	  "feed",
	  REASON_NONE,
	  "1000 events are not published" },
	{ "the feed is behind",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_PUBLICATION_LAG, 1001 }) },
	  "feed",
	  REASON_FEED_BEHIND,
	  "1001 events are not published" },
	{ "clocks agree",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_STORE_CLOCK_OFFSET, -1000000 }) },
	  "clock",
	  REASON_NONE,
	  "the store's clock is ahead by -1.000 s" },
	{ "the store's clock is behind",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_STORE_CLOCK_OFFSET, -1001000 }) },
	  "clock",
	  REASON_CLOCK_APART,
	  "the store's clock is ahead by -1.001 s" },
	{ "the store's clock is ahead",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_STORE_CLOCK_OFFSET, 1001000 }) },
	  "clock",
	  REASON_CLOCK_APART,
	  "the store's clock is ahead by 1.001 s" },
	{ "an old layout",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_STORE_SCHEMA, STORE_SCHEMA - 1 }) },
	  "schema",
	  REASON_SCHEMA_OLD,
	  NULL },
	{ "this layout",
	  { ENGINE_OF("itn", 0, HOLDS, { METRIC_STORE_SCHEMA, STORE_SCHEMA }) },
	  "schema",
	  REASON_NONE,
	  NULL },
	{ "no gateway", { ENGINE_OF("itn", 0, HOLDS) }, "gateway", REASON_GATEWAY_ABSENT, "" },
	{ "gateways that follow",
	  { GATEWAY_OF("itn", 0, { METRIC_GATEWAY_LIVE, 1 }), GATEWAY_OF("itn", 0, { METRIC_GATEWAY_LIVE, 1 }) },
	  "gateway",
	  REASON_NONE,
	  "" },
	{ "one of two does not",
	  { GATEWAY_OF("itn", 0, { METRIC_GATEWAY_LIVE, 1 }), GATEWAY_OF("itn", 0, { METRIC_GATEWAY_LIVE, 0 }) },
	  "gateway",
	  REASON_GATEWAY_BEHIND,
	  "n1" },
	{ "a gateway that is stopped",
	  { GATEWAY_OF("itn", MINUTE, { METRIC_GATEWAY_LIVE, 1 }) },
	  "gateway",
	  REASON_GATEWAY_STUCK,
	  "n0" },
};

static void open_as(const char *program, enum config_user who, const char *network, const char *instance)
{
	struct config config;

	config_defaults(&config);
	config.network = network;
	config.instance = instance;
	config.metrics_dir = folder;
	metrics_open(&config, program, who);
}

static _Noreturn void live(const struct neighbour *neighbour, const char *instance, int ready)
{
	open_as(neighbour->program, neighbour->who, neighbour->network, instance);
	metrics_set(METRIC_PROGRESS, clock_now_ms() * 1000 - neighbour->silent_us);
	for (size_t i = 0; i < VALUES_MAX; i++)
		if (neighbour->says[i].metric)
			metrics_set(neighbour->says[i].metric, neighbour->says[i].value);
	(void)!write(ready, "r", 1);
	for (;;)
		pause();
}

static pid_t start(const struct neighbour *neighbour, size_t number)
{
	char instance[16], letter;
	int ready[2];
	pid_t pid;

	snprintf(instance, sizeof(instance), "n%zu", number);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0)
		live(neighbour, instance, ready[1]);
	close(ready[1]);
	assert_int_equal(read(ready[0], &letter, 1), 1);
	close(ready[0]);
	return pid;
}

static void check_sight(const char *name, const char *sight, enum reason reason, const char *detail)
{
	struct metrics_reading *reading = metrics_read();

	for (size_t i = 0; i < sight_count; i++) {
		struct buf text = { 0 };

		if (strcmp(sights[i].name, sight) != 0)
			continue;
		check_text(name, reason_word(sights[i].look(reading, "itn", &text)), reason_word(reason));
		if (detail)
			check_str(name, buf_str(&text), str_from(detail));
		buf_free(&text);
		metrics_reading_free(reading);
		return;
	}
	fail_msg("%s: there is no sight '%s'", name, sight);
}

static void others_are_seen_as_they_are(unused_arg void **state)
{
	open_as("itn-api", CONFIG_API, "itn", "auto");
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		pid_t pids[PROCESSES_MAX] = { 0 };

		for (size_t j = 0; j < PROCESSES_MAX; j++)
			if (cases[i].neighbours[j].program)
				pids[j] = start(&cases[i].neighbours[j], j);
		check_sight(cases[i].name, cases[i].sight, cases[i].reason, cases[i].detail);
		for (size_t j = 0; j < PROCESSES_MAX; j++) {
			if (!pids[j])
				continue;
			kill(pids[j], SIGKILL);
			waitpid(pids[j], NULL, 0);
		}
	}
	metrics_reading_free(metrics_read());
	metrics_close();
}

static void a_word_is_short_and_there_once(unused_arg void **state)
{
	for (enum reason i = REASON_NONE + 1; i < REASONS; i++) {
		const char *word = reason_word(i);

		assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz-"), strlen(word));
		for (enum reason j = i + 1; j < REASONS; j++)
			assert_string_not_equal(word, reason_word(j));
	}
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
		cmocka_unit_test(others_are_seen_as_they_are),
		cmocka_unit_test(a_word_is_short_and_there_once),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
