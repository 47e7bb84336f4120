/** One line per happening on stderr, as logfmt or JSON; thread-safe, never blocks on anything but stderr.
 *
 *  log_info("trade stored", LOG_STR("id", id), LOG_INT("ms", 3));
 *  → time=2026-11-22T20:44:13.215Z level=info process=itn-api pid=4711 request=… msg="trade stored" id=… ms=3
 *
 *  Values from outside can't forge a line: control characters, `"` and `\` are escaped, invalid UTF-8 is replaced,
 *  a value is cut at 1,024 bytes.
 */
#ifndef ITN_CORE_LOG_H
#define ITN_CORE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_field {
	const char *name;
	bool is_int;
	struct str text;
	int64_t number;
};

#define LOG_STR(name_, s_)  ((struct log_field){ .name = (name_), .text = (s_) })
#define LOG_CSTR(name_, s_) LOG_STR(name_, str_from(s_))
#define LOG_INT(name_, n_)  ((struct log_field){ .name = (name_), .is_int = true, .number = (int64_t)(n_) })

/** Once at the start of a process, before its threads. `process` is kept, not copied. */
void log_open(const char *process, enum log_level least, enum log_format format);
/** The request id of what this thread does from now on; absent ends it. Kept, not copied. */
void log_request(struct str request_id);

void log_write(enum log_level level, const char *msg, const struct log_field *fields, unsigned count);

#define log_at(level, msg, ...)                                                                                        \
	log_write(level, msg, (const struct log_field[]){ { 0 }, ##__VA_ARGS__ } + 1,                                  \
		  (unsigned)(sizeof((const struct log_field[]){ { 0 }, ##__VA_ARGS__ }) / sizeof(struct log_field)) -  \
			  1)
#define log_debug(msg, ...) log_at(LOG_DEBUG, msg, ##__VA_ARGS__)
#define log_info(msg, ...)  log_at(LOG_INFO, msg, ##__VA_ARGS__)
#define log_warn(msg, ...)  log_at(LOG_WARN, msg, ##__VA_ARGS__)
#define log_error(msg, ...) log_at(LOG_ERROR, msg, ##__VA_ARGS__)

#endif
