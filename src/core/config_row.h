/** The rows of config.def as data; for config*.c only. */
#ifndef ITN_CORE_CONFIG_ROW_H
#define ITN_CORE_CONFIG_ROW_H

#include <stddef.h>
#include <stdint.h>

#include "core/config.h"

/** Whether the text has its form; when not, the error says what it must be. */
typedef bool (*config_form)(const char *text, struct error *error);

/** The forms of CONFIG_TEXT rows: form `x` is check_x(). */
bool check_network(const char *text, struct error *error);
bool check_store(const char *text, struct error *error);
bool check_address(const char *text, struct error *error);
bool check_listen(const char *text, struct error *error);
bool check_peers(const char *text, struct error *error);
bool check_mailbox(const char *text, struct error *error);
bool check_mailboxes(const char *text, struct error *error);
bool check_smtp(const char *text, struct error *error);
bool check_url(const char *text, struct error *error);
bool check_instance(const char *text, struct error *error);

enum config_type { TYPE_UINT, TYPE_OCTAL, TYPE_BOOL, TYPE_ENUM, TYPE_TEXT };

struct config_row {
	const char *key; /**< "log_level"; the flag is --log-level */
	const char *environment;
	enum config_type type;
	enum config_user who;
	uint64_t number; /**< default of UINT, OCTAL and BOOL */
	const char *text; /**< default of ENUM and TEXT */
	uint64_t min;
	uint64_t max;
	const char *values; /**< of an ENUM: "a|b|c" */
	config_form form;   /**< of a TEXT; NULL: not empty is enough */
	size_t offset;      /**< in struct config */
	const char *help;
};

extern const struct config_row config_rows[];
extern const size_t config_row_count;

/** Writes the flag of a row: "--log-level". */
void config_flag(struct buf *out, const struct config_row *row);

#endif
