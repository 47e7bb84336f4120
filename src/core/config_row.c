#include "core/config_row.h"

#define ROW(key_, env, who_) .key = #key_, .environment = #env, .who = (who_), .offset = offsetof(struct config, key_)

#define CONFIG_UINT(key, env, def, low, high, who, text_) \
	{ ROW(key, env, who), .type = TYPE_UINT, .number = (def), .min = (low), .max = (high), .help = (text_) },
#define CONFIG_OCTAL(key, env, def, who, text_) \
	{ ROW(key, env, who), .type = TYPE_OCTAL, .number = (def), .max = 0777, .help = (text_) },
#define CONFIG_BOOL(key, env, def, who, text_) \
	{ ROW(key, env, who), .type = TYPE_BOOL, .number = (def), .help = (text_) },
#define CONFIG_ENUM(key, env, def, values_, who, text_) \
	{ ROW(key, env, who), .type = TYPE_ENUM, .text = (def), .values = (values_), .help = (text_) },
#define CONFIG_STR(key, env, def, who, text_) { ROW(key, env, who), .type = TYPE_TEXT, .text = (def), .help = (text_) },
#define CONFIG_TEXT(key, env, def, form_, who, text_) \
	{ ROW(key, env, who), .type = TYPE_TEXT, .text = (def), .form = check_##form_, .help = (text_) },

const struct config_row config_rows[] = {
#include "core/config.def"
};

const size_t config_row_count = sizeof(config_rows) / sizeof(config_rows[0]);

void config_flag(struct buf *out, const struct config_row *row)
{
	buf_add_cstr(out, "--");
	for (const char *c = row->key; *c; c++)
		buf_add_char(out, *c == '_' ? '-' : *c);
}
