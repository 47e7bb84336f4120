#include "admin/command.h"

#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "core/log.h"
#include "core/memory.h"

#define PROGRAM "itn-admin"

enum option_bit { OPTION_JSON = 1 << 0, OPTION_AFTER = 1 << 1, OPTION_FOLLOW = 1 << 2, OPTION_STATUS = 1 << 3, OPTION_DIFF = 1 << 4 };

static const struct option {
	enum option_bit bit;
	const char *flag;
	size_t offset;
	bool has_value;
} options[] = {
	{ OPTION_JSON, "--json", offsetof(struct command_options, json), false },
	{ OPTION_AFTER, "--after", offsetof(struct command_options, after), true },
	{ OPTION_DIFF, "--diff", offsetof(struct command_options, diff), false },
	{ OPTION_FOLLOW, "--follow", offsetof(struct command_options, follow), false },
	{ OPTION_STATUS, "--status", offsetof(struct command_options, status), true },
};

static const struct command {
	const char *name, *synopsis;
	unsigned options;
	bool has_argument;
	command_run *run;
	const char *help;
} commands[] = {
	{ "doctor", "[--json]", OPTION_JSON, false, doctor_run,
	  "Looks at the store, the engine, Redis, mail and nginx: one line each, with what to do" },
	{ "audit", "[--json]", OPTION_JSON, false, audit_command_run,
	  "Holds everything in the store against each other while the system works, and names what does not fit" },
	{ "backup", "FILE", 0, true, backup_run,
	  "Copies a SQLite database as it is at one instant into a new file, while everything is at work" },
	{ "log", "[--after POSITION] [--follow]", OPTION_AFTER | OPTION_FOLLOW, false, log_print_run,
	  "Prints the events behind a position (SEQ or LOG:SEQ), one a line, as GET /api/events gives them" },
	{ "notifications", "[--status STATUS]", OPTION_STATUS, false, notifications_run,
	  "Prints the mails that are dead (or unsent, queued, sent), one a line as JSON, oldest first" },
	{ "rebuild", "--diff", OPTION_DIFF, false, rebuild_run,
	  "Shows where inventories are not what the ledger says, and changes nothing. A difference is a bug, or somebody's\n"
	  "      change by hand: keep a copy of the data, run audit, and report it. Goods go on by the inventories. To go by the\n"
	  "      ledger instead, restore a backup from before" },
	{ "resend", "ID", 0, true, resend_run, "Queues a notification again that is dead, unsent or sent" },
	{ "renew-log", "", 0, false, renew_log_run,
	  "After a restore: gives the log another identity, so that no client goes on where the lost one ended" },
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The command line, taken apart. */
struct line {
	const struct command *command;
	struct command_options options;
	unsigned given;  /* bits of options */
	char **settings; /* as config_load() takes them */
	int setting_count;
};

int command_fail(int status, const char *fmt, ...)
{
	va_list args;

	fputs(PROGRAM ": ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return status;
}

static int show(struct buf *text)
{
	bool written = fwrite(text->ptr, 1, text->len, stdout) == text->len && fflush(stdout) == 0;

	buf_free(text);
	return written ? EX_OK : EX_IOERR;
}

static int show_help(void)
{
	struct buf text = { 0 };

	buf_add_cstr(&text,
		     PROGRAM " - looks at a trade network, and mends what only a person may mend\n\n"
			     "Usage: " PROGRAM " [--help | --version] COMMAND [OPTION ...] [--SETTING=VALUE ...]\n\n"
			     "Commands:\n\n");
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		buf_printf(&text, "  %s%s%s\n      %s\n", commands[i].name, *commands[i].synopsis ? " " : "",
			   commands[i].synopsis, commands[i].help);
	buf_add_cstr(&text, "\nSettings, each a flag or an environment variable, with their defaults:\n\n");
	config_help(&text, CONFIG_ADMIN);
	return show(&text);
}

static int show_version(void)
{
	struct buf text = { 0 };

	buf_add_cstr(&text, PROGRAM " " PACKAGE_VERSION "\n");
	return show(&text);
}

static const struct option *option_find(const char *argument)
{
	size_t len = strcspn(argument, "=");

	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (strlen(options[i].flag) == len && strncmp(options[i].flag, argument, len) == 0)
			return &options[i];
	return NULL;
}

static int word_take(struct line *line, const char *name)
{
	if (line->command && line->command->has_argument && !line->options.argument) {
		line->options.argument = name;
		return EX_OK;
	}
	if (line->command)
		return command_fail(EX_USAGE, "'%s' is one word too many; --help says how", name);
	for (size_t i = 0; i < COUNT_OF(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			line->command = &commands[i];
	return line->command ? EX_OK : command_fail(EX_USAGE, "there is no command '%s'; --help lists them", name);
}

/* Returns how many arguments it takes up, 0 after a complaint. */
static int option_take(struct line *line, const struct option *option, char **argv)
{
	const char *equals = strchr(argv[0], '=');
	char *place = (char *)&line->options + option->offset;
	const char *value = equals ? equals + 1 : argv[1];

	line->given |= option->bit;
	if (!option->has_value) {
		*(bool *)place = true;
		if (!equals)
			return 1;
		command_fail(EX_USAGE, "%s takes no value", option->flag);
		return 0;
	}
	*(const char **)place = value;
	if (value)
		return equals ? 1 : 2;
	command_fail(EX_USAGE, "%s needs a value", option->flag);
	return 0;
}

/* A setting that has its value in the next argument takes that along. */
static int setting_take(struct line *line, char **argv)
{
	int taken = strchr(argv[0], '=') || !argv[1] ? 1 : 2;

	for (int i = 0; i < taken; i++)
		line->settings[line->setting_count++] = argv[i];
	return taken;
}

static int line_read(struct line *line, int argc, char **argv)
{
	line->settings[line->setting_count++] = argv[0];
	for (int i = 1, taken; i < argc; i += taken) {
		const struct option *option = option_find(argv[i]);

		taken = 1;
		if (option)
			taken = option_take(line, option, argv + i);
		else if (strncmp(argv[i], "--", 2) == 0)
			taken = setting_take(line, argv + i);
		else if (word_take(line, argv[i]) != EX_OK)
			return EX_USAGE;
		if (!taken)
			return EX_USAGE;
	}
	if (!line->command)
		return command_fail(EX_USAGE, "which command? --help lists them");
	if (line->command->has_argument && !line->options.argument)
		return command_fail(EX_USAGE, "%s needs %s", line->command->name, line->command->synopsis);
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (line->given & options[i].bit & ~line->command->options)
			return command_fail(EX_USAGE, "%s has no option %s", line->command->name, options[i].flag);
	return EX_OK;
}

static int complain(const struct buf *problems)
{
	struct str rest = buf_str(problems);

	while (rest.len) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = (size_t)(end - rest.ptr);

		command_fail(EX_CONFIG, "%.*s", (int)len, rest.ptr);
		rest.ptr += len + 1;
		rest.len -= len + 1;
	}
	return EX_CONFIG;
}

static int line_run(const struct line *line)
{
	struct buf problems = { 0 };
	struct config config;
	int status = EX_OK;

	if (config_load(&config, CONFIG_ADMIN, line->setting_count, line->settings, &problems) != ITN_OK)
		status = complain(&problems);
	buf_free(&problems);
	return status == EX_OK ? line->command->run(&config, &line->options) : status;
}

int command_main(int argc, char **argv)
{
	enum config_action action = config_action(argc, argv);
	struct line line = { 0 };
	int status;

	if (action == CONFIG_HELP)
		return show_help();
	if (action == CONFIG_VERSION)
		return show_version();
	umask(0077);
	signal(SIGPIPE, SIG_IGN);
	log_open(PROGRAM, LOG_ERROR, LOG_LOGFMT);
	line.settings = memory_calloc((size_t)argc + 1, sizeof(*line.settings));
	status = line_read(&line, argc, argv);
	if (status == EX_OK)
		status = line_run(&line);
	free(line.settings);
	return status;
}
