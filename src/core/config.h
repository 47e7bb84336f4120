/** Every setting of every daemon, from one table (config.def): environment variable, flag, default, range, help.
 *
 *  Order of precedence: flag, environment, default. An empty environment variable counts as not set. What is wrong is
 *  named by its variable and flag, all faults at once.
 */
#ifndef ITN_CORE_CONFIG_H
#define ITN_CORE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/status.h"

/** Which programs a row is for; a row may be for several. */
enum config_user {
	CONFIG_API = 1 << 0,
	CONFIG_ENGINE = 1 << 1,
	CONFIG_GATEWAY = 1 << 2,
	CONFIG_ADMIN = 1 << 3,
	CONFIG_DAEMONS = CONFIG_API | CONFIG_ENGINE | CONFIG_GATEWAY,
	CONFIG_ALL = CONFIG_DAEMONS | CONFIG_ADMIN,
};
/** The user that a program is, such as "itn-api"; 0 when it is none. */
enum config_user config_user_of(const char *program);

struct config {
#define CONFIG_UINT(key, env, def, min, max, who, help) uint64_t key;
#define CONFIG_OCTAL(key, env, def, who, help)          unsigned key;
#define CONFIG_BOOL(key, env, def, who, help)           bool key;
#define CONFIG_ENUM(key, env, def, values, who, help)   const char *key;
#define CONFIG_STR(key, env, def, who, help)            const char *key;
#define CONFIG_TEXT(key, env, def, form, who, help)     const char *key;
#include "core/config.def"
#undef CONFIG_UINT
#undef CONFIG_OCTAL
#undef CONFIG_BOOL
#undef CONFIG_ENUM
#undef CONFIG_STR
#undef CONFIG_TEXT
};

/** What the flags ask for; the first of --help, --version and --check-config wins. */
enum config_action { CONFIG_RUN, CONFIG_HELP, CONFIG_VERSION, CONFIG_CHECK };

enum config_action config_action(int argc, char **argv);
/** Every row's default. */
void config_defaults(struct config *config);
/** Defaults, then the environment, then argv (--key=value, --key value; key with '-' for '_'; the last one wins).
 *  argv ends with NULL. Strings point into the environment and argv or to literals. On ITN_INVALID `problems` has a
 *  line for each fault. */
enum itn_status config_load(struct config *config, enum config_user who, int argc, char **argv,
			    struct buf *problems) must_check;
/** The rows of `who` for --help: flag, variable, default, range, help. */
void config_help(struct buf *out, enum config_user who);
/** docs/configuration.md: the table of all rows in Markdown. */
void config_markdown(struct buf *out);
/** The rows of `who` as items of a list of a manual page, in mdoc(7). */
void config_mdoc(struct buf *out, enum config_user who);
/** A sample of an environment file: each row with its default as a comment. @param given  ends with NULL; of "NAME=VALUE" the
 *  sample sets VALUE, a row given as "NAME=" is left out. */
void config_sample(struct buf *out, const char *const given[]);

#endif
