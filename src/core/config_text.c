#include "core/config.h"

#include <string.h>

#include "core/config_row.h"

static void add_default(struct buf *out, const struct config_row *row)
{
	if (row->text)
		buf_add_cstr(out, row->text);
	else if (row->type == TYPE_OCTAL)
		buf_printf(out, "%lo", (unsigned long)row->number);
	else if (row->type == TYPE_BOOL)
		buf_add_cstr(out, row->number ? "yes" : "no");
	else
		buf_printf(out, "%lu", (unsigned long)row->number);
}

static void add_values(struct buf *out, const char *values)
{
	for (; *values; values++) {
		if (*values == '|')
			buf_add_cstr(out, ", ");
		else
			buf_add_char(out, *values);
	}
}

static void add_range(struct buf *out, const struct config_row *row)
{
	switch (row->type) {
	case TYPE_UINT:
		buf_printf(out, "%lu to %lu", (unsigned long)row->min, (unsigned long)row->max);
		break;
	case TYPE_OCTAL:
		buf_printf(out, "0 to %lo", (unsigned long)row->max);
		break;
	case TYPE_BOOL:
		buf_add_cstr(out, "yes, no");
		break;
	case TYPE_ENUM:
		add_values(out, row->values);
		break;
	case TYPE_TEXT:
		buf_add_cstr(out, "text");
		break;
	}
}

void config_help(struct buf *out, enum config_user who)
{
	for (size_t i = 0; i < config_row_count; i++) {
		const struct config_row *row = &config_rows[i];

		if (!(row->who & who))
			continue;
		buf_add_cstr(out, "  ");
		config_flag(out, row);
		buf_add_char(out, '=');
		add_default(out, row);
		buf_printf(out, "  %s, ", row->environment);
		add_range(out, row);
		buf_printf(out, "\n      %s\n", row->help);
	}
}

static const struct {
	enum config_user bit;
	const char *name;
} users[] = {
	{ CONFIG_API, "api" },
	{ CONFIG_ENGINE, "engine" },
	{ CONFIG_GATEWAY, "gateway" },
	{ CONFIG_ADMIN, "admin" },
};

enum config_user config_user_of(const char *program)
{
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		if (strncmp(program, "itn-", 4) == 0 && strcmp(program + 4, users[i].name) == 0)
			return users[i].bit;
	return 0;
}

static void add_users(struct buf *out, enum config_user who)
{
	const char *separator = "";

	if (who == CONFIG_ALL || who == CONFIG_DAEMONS) {
		buf_add_cstr(out, who == CONFIG_ALL ? "all" : "all daemons");
		return;
	}
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		if (!(who & users[i].bit))
			continue;
		buf_printf(out, "%s%s", separator, users[i].name);
		separator = ", ";
	}
}

static void add_markdown_row(struct buf *out, const struct config_row *row)
{
	buf_printf(out, "| `%s` | `", row->environment);
	config_flag(out, row);
	buf_add_cstr(out, "` | `");
	add_default(out, row);
	buf_add_cstr(out, "` | ");
	add_range(out, row);
	buf_add_cstr(out, " | ");
	add_users(out, row->who);
	buf_printf(out, " | %s |\n", row->help);
}

void config_markdown(struct buf *out)
{
	buf_add_cstr(out,
		     "# Configuration\n\n"
		     "Every setting is an environment variable and a flag: `ITN_THREADS=8 itn-api` or `itn-api --threads=8`.\n"
		     "A flag stands above the environment, the environment above the default; an empty variable counts as\n"
		     "not set. `--check-config` says all that is wrong and ends with status 78, or with 0 when nothing is.\n\n"
		     "This file is written by `make docs` from `src/core/config.def`.\n\n"
		     "| variable | flag | default | values | programs | meaning |\n"
		     "|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < config_row_count; i++)
		add_markdown_row(out, &config_rows[i]);
}

#define ROFF_COLUMNS 78

static void add_roff_char(struct buf *out, char c)
{
	if (c == '\\')
		buf_add_cstr(out, "\\e");
	else if (c == '\'')
		buf_add_cstr(out, "\\(aq");
	else
		buf_add_char(out, c);
}

/* Text that is shown as it is, in lines of moderate length: plain quotes, no escape, no macro at the beginning of a line. */
static void add_roff(struct buf *out, const char *text)
{
	size_t line = out->len;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (out->len > line && out->len - line + 1 + word > ROFF_COLUMNS) {
			buf_add_char(out, '\n');
			line = out->len;
		} else if (out->len > line) {
			buf_add_char(out, ' ');
		}
		if (out->len == line && *text == '.')
			buf_add_cstr(out, "\\&");
		for (size_t i = 0; i < word; i++)
			add_roff_char(out, text[i]);
		text += word;
		text += strspn(text, " ");
	}
}

/* What stands for the value in the manual page. */
static const char *argument_name(const struct config_row *row)
{
	switch (row->type) {
	case TYPE_UINT:
		return "number";
	case TYPE_OCTAL:
		return "mode";
	case TYPE_BOOL:
		return "yes|no";
	case TYPE_ENUM:
		return "word";
	default:
		return "text";
	}
}

static void add_mdoc_row(struct buf *out, const struct config_row *row)
{
	struct buf flag = { 0 };

	config_flag(&flag, row);
	buf_printf(out, ".It Fl %.*s Ns = Ns Ar %s Pq Ev %s\n", (int)flag.len - 1, flag.ptr + 1, argument_name(row),
		   row->environment);
	buf_free(&flag);
	add_roff(out, row->help);
	buf_add_cstr(out, ".\n");
	if (row->type != TYPE_TEXT) {
		buf_add_cstr(out, "Values: ");
		add_range(out, row);
		buf_add_cstr(out, ".\n");
	}
	buf_add_cstr(out, "Default: ");
	add_default(out, row);
	buf_add_cstr(out, ".\n");
}

void config_mdoc(struct buf *out, enum config_user who)
{
	for (size_t i = 0; i < config_row_count; i++)
		if (config_rows[i].who & who)
			add_mdoc_row(out, &config_rows[i]);
}

#define SAMPLE_COLUMNS 110

static void add_comment(struct buf *out, const char *text)
{
	size_t line = out->len;

	buf_add_char(out, '#');
	while (*text) {
		size_t word = strcspn(text, " ");

		if (out->len - line + 1 + word > SAMPLE_COLUMNS) {
			buf_add_cstr(out, "\n#");
			line = out->len - 1;
		}
		buf_printf(out, " %.*s", (int)word, text);
		text += word;
		text += strspn(text, " ");
	}
	buf_add_char(out, '\n');
}

/* What is given for the row, "" for "left out"; NULL when nothing is. */
static const char *given_for(const struct config_row *row, const char *const given[])
{
	size_t len = strlen(row->environment);

	for (; *given; given++)
		if (strncmp(*given, row->environment, len) == 0 && (*given)[len] == '=')
			return *given + len + 1;
	return NULL;
}

static void add_sample_row(struct buf *out, const struct config_row *row, const char *value)
{
	struct buf help = { 0 };

	buf_printf(&help, "%s (", row->help);
	add_users(&help, row->who);
	if (row->type != TYPE_TEXT) {
		buf_add_cstr(&help, ": ");
		add_range(&help, row);
	}
	buf_add_cstr(&help, ")");
	buf_add_char(&help, '\0');
	buf_add_char(out, '\n');
	add_comment(out, help.ptr);
	buf_free(&help);
	buf_printf(out, "%s%s=", value ? "" : "#", row->environment);
	if (value)
		buf_add_cstr(out, value);
	else
		add_default(out, row);
	buf_add_char(out, '\n');
}

void config_sample(struct buf *out, const char *const given[])
{
	for (size_t i = 0; i < config_row_count; i++) {
		const char *value = given_for(&config_rows[i], given);

		if (!value || *value)
			add_sample_row(out, &config_rows[i], value);
	}
}
