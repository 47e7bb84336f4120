#include "core/config.h"

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

static void add_users(struct buf *out, enum config_user who)
{
	static const struct {
		enum config_user bit;
		const char *name;
	} users[] = { { CONFIG_API, "api" }, { CONFIG_ENGINE, "engine" }, { CONFIG_GATEWAY, "gateway" } };
	const char *separator = "";

	if (who == CONFIG_ALL) {
		buf_add_cstr(out, "all");
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
