#include <stdlib.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract.h"

#define CHILD_FLAG "--child"

struct child child_start(struct fixture *f, const char *role)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		execl("/proc/self/exe", "contract", CHILD_FLAG, role, f->uri, f->network, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	return (struct child){ pid, ends[0] };
}

bool child_line(struct child *child, char *ret_line, size_t size)
{
	for (size_t len = 0; len < size; len++) {
		if (read(child->from, ret_line + len, 1) != 1)
			return false;
		if (ret_line[len] == '\n') {
			ret_line[len] = '\0';
			return true;
		}
	}
	return false;
}

void child_signal(struct child *child, int number)
{
	int status;
	assert_int_equal(kill(child->pid, number), 0);
	if (number == SIGKILL)
		assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	else if (number == SIGSTOP)
		assert_int_equal(waitpid(child->pid, &status, WUNTRACED), child->pid);
}

static void say(const char *line)
{
	if (write(STDOUT_FILENO, line, strlen(line)) != (ssize_t)strlen(line))
		_exit(0);
}

/* Creates trades without end and says "TRADE EVENT" for each one that was acknowledged. */
static void write_trades(struct fixture *f)
{
	for (;;) {
		struct trade trade = trade_to(f, "Mars");
		struct entry entry = trade_entry(f, &trade, ENTRY_CREATE);
		if (store_trade_create(f->store, &trade, &entry))
			continue;
		say(arena_printf(f->arena, "%.*s %.*s\n", STR_ARG(trade.id), STR_ARG(entry.id)).ptr);
		arena_reset(f->arena);
	}
}

/* Numbers whatever comes and says the last seq after each batch. */
static void drain_trades(struct fixture *f)
{
	for (;;) {
		struct store_batch batch = begin(f, 3);
		struct store_writes writes = number_entries(f, f->engine, &batch);
		check_status("a batch", store_batch_commit(f->engine, &writes), ITN_OK);
		if (batch.count)
			say(arena_printf(f->arena, "%lld\n", (long long)writes.last_seq).ptr);
		arena_reset(f->arena);
	}
}

/* Stands in the middle of a batch. */
static void hold_batch(struct fixture *f)
{
	begin(f, 10);
	say("held\n");
	for (;;)
		pause();
}

/* Brings the data to this program's schema. */
static void migrate(struct fixture *f)
{
	int64_t schema;
	struct store_engine *engine = fixture_engine(f);
	say("begins\n");
	check_status("migration", store_migrate(engine, &schema), ITN_OK);
	say("done\n");
	for (;;)
		pause();
}

static const struct {
	const char *name;
	void (*play)(struct fixture *f);
} roles[] = { { "write", write_trades }, { "drain", drain_trades }, { "hold", hold_batch }, { "migrate", migrate } };

int child_main(int argc, char **argv)
{
	if (argc != 5 || strcmp(argv[1], CHILD_FLAG))
		return -1;
	struct fixture f = { .now = clock_now_ms() };
	snprintf(f.uri, sizeof(f.uri), "%s", argv[3]);
	snprintf(f.network, sizeof(f.network), "%s", argv[4]);
	config_defaults(&f.config);
	f.config.store = f.uri;
	f.config.network = f.network;
	f.config.store_timeout_ms = 5000;
	f.arena = arena_new(65536);
	f.store = fixture_open_again(&f);
	for (size_t i = 0; i < COUNT_OF(roles); i++)
		if (!strcmp(argv[2], roles[i].name))
			roles[i].play(&f);
	return EXIT_FAILURE;
}
