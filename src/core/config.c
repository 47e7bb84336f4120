#include "core/config.h"

#include <stdlib.h>
#include <string.h>

#include "core/config_row.h"

static void *place(struct config *config, const struct config_row *row)
{
	return (char *)config + row->offset;
}

static void set_number(struct config *config, const struct config_row *row, uint64_t number)
{
	if (row->type == TYPE_UINT)
		*(uint64_t *)place(config, row) = number;
	else if (row->type == TYPE_OCTAL)
		*(unsigned *)place(config, row) = (unsigned)number;
	else
		*(bool *)place(config, row) = number != 0;
}

static void set_text(struct config *config, const struct config_row *row, const char *text)
{
	*(const char **)place(config, row) = text;
}

void config_defaults(struct config *config)
{
	for (size_t i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];

		if (row->text)
			set_text(config, row, row->text);
		else
			set_number(config, row, row->number);
	}
}

static bool parse_digits(const char *text, unsigned base, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned)(unsigned char)*text - '0';

		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	*ret = value;
	return true;
}

static bool take_uint(struct config *config, const struct config_row *row, const char *text, struct error *error)
{
	uint64_t value;

	if (!parse_digits(text, 10, &value) || value < row->min || value > row->max) {
		error_set(error, ITN_INVALID, "must be a number from %lu to %lu", (unsigned long)row->min,
			  (unsigned long)row->max);
		return false;
	}
	set_number(config, row, value);
	return true;
}

static bool take_octal(struct config *config, const struct config_row *row, const char *text, struct error *error)
{
	uint64_t value;

	if (!parse_digits(text, 8, &value) || value > row->max) {
		error_set(error, ITN_INVALID, "must be octal digits up to %lo", (unsigned long)row->max);
		return false;
	}
	set_number(config, row, value);
	return true;
}

static bool take_bool(struct config *config, const struct config_row *row, const char *text, struct error *error)
{
	bool yes = strcmp(text, "yes") == 0;

	if (!yes && strcmp(text, "no") != 0) {
		error_set(error, ITN_INVALID, "must be yes or no");
		return false;
	}
	set_number(config, row, yes);
	return true;
}

static bool is_one_of(const char *text, const char *values)
{
	size_t len = strcspn(text, "|");

	while (values && !text[len]) {
		if (strncmp(values, text, len) == 0 && (values[len] == '|' || !values[len]))
			return len > 0;
		values = strchr(values, '|');
		values += values != NULL;
	}
	return false;
}

static bool take_enum(struct config *config, const struct config_row *row, const char *text, struct error *error)
{
	if (!is_one_of(text, row->values)) {
		error_set(error, ITN_INVALID, "must be one of %s", row->values);
		return false;
	}
	set_text(config, row, text);
	return true;
}

static bool take_text(struct config *config, const struct config_row *row, const char *text, struct error *error)
{
	if (!*text) {
		error_set(error, ITN_INVALID, "must not be empty");
		return false;
	}
	if (row->form && !row->form(text, error))
		return false;
	set_text(config, row, text);
	return true;
}

static bool take(struct config *config, const struct config_row *row, const char *text, struct error *error)
{
	switch (row->type) {
	case TYPE_UINT:
		return take_uint(config, row, text, error);
	case TYPE_OCTAL:
		return take_octal(config, row, text, error);
	case TYPE_BOOL:
		return take_bool(config, row, text, error);
	case TYPE_ENUM:
		return take_enum(config, row, text, error);
	default:
		return take_text(config, row, text, error);
	}
}

#define SHOWN_MAX 80

static void add_shown(struct buf *out, const char *value)
{
	for (size_t i = 0; value[i]; i++) {
		unsigned char c = (unsigned char)value[i];

		if (i == SHOWN_MAX) {
			buf_add_cstr(out, "...");
			return;
		}
		buf_add_char(out, c < 0x20 || c == 0x7F ? '?' : (char)c);
	}
}

/* A URI may hold a password, so what is shown of it ends before the user's part. */
static void add_value(struct buf *out, const char *value)
{
	const char *authority = strstr(value, "://");

	if (authority && strchr(authority, '@')) {
		buf_add(out, value, (size_t)(authority + 3 - value));
		buf_add_cstr(out, "...");
		return;
	}
	add_shown(out, value);
}

static void take_or_complain(struct config *config, const struct config_row *row, const char *text,
			     struct buf *problems)
{
	struct error error = { "" };

	if (take(config, row, text, &error))
		return;
	buf_printf(problems, "%s (", row->environment);
	config_flag(problems, row);
	buf_printf(problems, ") %s, not '", error.text);
	add_value(problems, text);
	buf_add_cstr(problems, "'\n");
}

static void load_environment(struct config *config, enum config_user who, struct buf *problems)
{
	for (size_t i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];
		const char *text = getenv(row->environment);

		if ((row->who & who) && text && *text)
			take_or_complain(config, row, text, problems);
	}
}

static const struct config_row *find_row(enum config_user who, const char *name, size_t len)
{
	for (size_t i = 0; i < config_row_count; i++) {
		const char *key = config_rows[i].key;
		size_t n = 0;

		while (n < len && key[n] && name[n] == (key[n] == '_' ? '-' : key[n]))
			n++;
		if (n == len && !key[n] && (config_rows[i].who & who))
			return &config_rows[i];
	}
	return NULL;
}

static enum config_action action_of(const char *flag)
{
	if (strcmp(flag, "--help") == 0)
		return CONFIG_HELP;
	if (strcmp(flag, "--version") == 0)
		return CONFIG_VERSION;
	if (strcmp(flag, "--check-config") == 0)
		return CONFIG_CHECK;
	return CONFIG_RUN;
}

enum config_action config_action(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		enum config_action action = action_of(argv[i]);

		if (action != CONFIG_RUN)
			return action;
		if (strncmp(argv[i], "--", 2) == 0 && !strchr(argv[i], '='))
			i++;
	}
	return CONFIG_RUN;
}

static void complain_about_flag(struct buf *problems, const char *flag, const char *what)
{
	add_shown(problems, flag);
	buf_printf(problems, " %s\n", what);
}

/* Returns how many arguments the flag takes up. */
static int load_flag(struct config *config, enum config_user who, char **argv, struct buf *problems)
{
	const char *name = argv[0] + 2;
	size_t len = strcspn(argv[0], "=") - 2;
	const struct config_row *row = find_row(who, name, len);
	const char *value = name[len] == '=' ? name + len + 1 : argv[1];
	int taken = name[len] == '=' || !argv[1] ? 1 : 2;

	if (!row)
		complain_about_flag(problems, argv[0], "is no flag of this program; --help names them");
	else if (!value)
		complain_about_flag(problems, argv[0], "needs a value");
	else
		take_or_complain(config, row, value, problems);
	return taken;
}

static void load_flags(struct config *config, enum config_user who, int argc, char **argv, struct buf *problems)
{
	int i = 1;

	while (i < argc) {
		if (action_of(argv[i]) != CONFIG_RUN) {
			i++;
		} else if (strncmp(argv[i], "--", 2) == 0 && argv[i][2]) {
			i += load_flag(config, who, argv + i, problems);
		} else {
			complain_about_flag(problems, argv[i], "is no flag; --help names them");
			i++;
		}
	}
}

enum itn_status config_load(struct config *config, enum config_user who, int argc, char **argv, struct buf *problems)
{
	size_t before = problems->len;

	config_defaults(config);
	load_environment(config, who, problems);
	load_flags(config, who, argc, argv, problems);
	return problems->len == before ? ITN_OK : ITN_INVALID;
}
