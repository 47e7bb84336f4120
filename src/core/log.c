#include "core/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/metrics.h"
#include "core/utf8.h"

#define VALUE_MAX 1024

static const char *const level_names[] = { "debug", "info", "warn", "error" };

static const char *process_name = "itn";
static enum log_level least_level = LOG_INFO;
static enum log_format line_format = LOG_LOGFMT;
static pthread_mutex_t stderr_lock = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local struct str current_request;

void log_open(const char *process, enum log_level least, enum log_format format)
{
	process_name = process;
	least_level = least;
	line_format = format;
	metrics_label(LABEL_LEVEL, level_names, sizeof(level_names) / sizeof(level_names[0]));
}

void log_request(struct str request_id)
{
	current_request = request_id;
}

static bool is_dangerous(uint32_t code)
{
	return code < 0x20 || (code >= 0x7F && code <= 0x9F) || (code >= 0x2028 && code <= 0x202E) ||
	       (code >= 0x2066 && code <= 0x2069);
}

static void add_code_point(struct buf *line, struct str bytes, uint32_t code)
{
	if (code == '"' || code == '\\')
		buf_printf(line, "\\%c", (char)code);
	else if (code == '\n')
		buf_add_str(line, STR("\\n"));
	else if (is_dangerous(code))
		buf_printf(line, "\\u%04x", code);
	else
		buf_add_str(line, bytes);
}

static void add_escaped(struct buf *line, struct str value)
{
	size_t taken = 0;

	while (taken < value.len) {
		struct str rest = { value.ptr + taken, value.len - taken };
		uint32_t code;
		size_t length = utf8_decode(rest, &code);

		if (taken + (length ? length : 1) > VALUE_MAX) {
			buf_add_str(line, STR("…"));
			return;
		}
		if (length)
			add_code_point(line, (struct str){ rest.ptr, length }, code);
		else
			buf_add_str(line, STR("\xEF\xBF\xBD"));
		taken += length ? length : 1;
	}
}

static bool is_bare(struct str value)
{
	for (size_t i = 0; i < value.len; i++) {
		unsigned char c = (unsigned char)value.ptr[i];

		if (c <= ' ' || c >= 0x7F || c == '"' || c == '\\' || c == '=')
			return false;
	}
	return value.len > 0 && value.len <= VALUE_MAX;
}

static void add_name(struct buf *line, const char *name)
{
	if (line_format == LOG_JSON)
		buf_printf(line, "%s\"%s\":", line->len ? "," : "{", name);
	else
		buf_printf(line, "%s%s=", line->len ? " " : "", name);
}

static void add_text(struct buf *line, const char *name, struct str value)
{
	add_name(line, name);
	if (line_format == LOG_LOGFMT && is_bare(value)) {
		buf_add_str(line, value);
		return;
	}
	buf_add_char(line, '"');
	add_escaped(line, value);
	buf_add_char(line, '"');
}

static void add_number(struct buf *line, const char *name, int64_t value)
{
	add_name(line, name);
	buf_add_int(line, value);
}

static void write_line(struct str line)
{
	while (line.len) {
		ssize_t written = write(STDERR_FILENO, line.ptr, line.len);

		if (written > 0) {
			line.ptr += written;
			line.len -= (size_t)written;
		} else if (written < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){ .fd = STDERR_FILENO, .events = POLLOUT }, 1, -1);
		} else if (written == 0 || errno != EINTR) {
			return;
		}
	}
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields, unsigned count)
{
	struct buf line = { 0 };
	char now[TIME_LEN + 1];

	if (level < least_level)
		return;
	metrics_add_at(METRIC_LOG_LINES, (const size_t[]){ level }, 1);
	time_format(clock_now_ms(), now);
	add_text(&line, "time", (struct str){ now, TIME_LEN });
	add_text(&line, "level", str_from(level_names[level]));
	add_text(&line, "process", str_from(process_name));
	add_number(&line, "pid", getpid());
	if (str_is_set(current_request))
		add_text(&line, "request", current_request);
	add_text(&line, "msg", str_from(msg));
	for (unsigned i = 0; i < count; i++) {
		if (fields[i].is_int)
			add_number(&line, fields[i].name, fields[i].number);
		else
			add_text(&line, fields[i].name, fields[i].text);
	}
	buf_add_str(&line, line_format == LOG_JSON ? STR("}\n") : STR("\n"));
	pthread_mutex_lock(&stderr_lock);
	write_line(buf_str(&line));
	pthread_mutex_unlock(&stderr_lock);
	buf_free(&line);
}
