#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "admin/command.h"
#include "core/buf.h"
#include "domain/position.h"
#include "store/inspect.h"

#define SLICE   500
#define LOOK_MS 200
#define KEEP    ((size_t)1 << 20)
#define DONE    (-1)

struct printer {
	struct store *store;
	char log[STORE_LOG_ID_LEN + 1];
	int64_t at, end; /* printed up to here; the log's end when it was last read */
	struct buf lines;
};

static void add_line(void *context, const struct store_event_row *row)
{
	struct printer *printer = context;

	buf_add_str(&printer->lines, row->frame);
	buf_add_char(&printer->lines, '\n');
	printer->at = row->seq;
}

/* Somebody who reads a part and goes is no failure. */
static int write_lines(struct printer *printer)
{
	struct str lines = buf_str(&printer->lines);

	if (fwrite(lines.ptr, 1, lines.len, stdout) != lines.len || fflush(stdout) != 0)
		return errno == EPIPE ? DONE : command_fail(EX_IOERR, "can't write: %s", strerror(errno));
	buf_reset(&printer->lines, KEEP);
	return EX_OK;
}

static int fail_at(const struct printer *printer, enum itn_status status)
{
	return command_fail(status == ITN_UNAVAILABLE ? EX_UNAVAILABLE : EX_SOFTWARE,
			    "the store can't be read (%s); go on with --after %s:%lld", itn_status_name(status),
			    printer->log, (long long)printer->at);
}

/* Reads how far the log goes now; a log with another identity is none to go on with. */
static int look(struct printer *printer)
{
	struct store_head head;
	enum itn_status status = store_head(printer->store, &head);

	if (status != ITN_OK)
		return fail_at(printer, status);
	if (strcmp(head.log, printer->log) != 0)
		return command_fail(EX_DATAERR, "gap: the log %s is no more, it is %s now and ends at %lld",
				    printer->log, head.log, (long long)head.last_seq);
	printer->end = head.last_seq;
	return EX_OK;
}

static int print_slice(struct printer *printer)
{
	int64_t left = printer->end - printer->at, before = printer->at;
	size_t max = left < SLICE ? (size_t)left : SLICE;
	enum itn_status status = store_events(printer->store, printer->at, max, add_line, printer);

	if (status == ITN_OK && printer->at == before)
		status = ITN_FAILED;
	if (status != ITN_OK) {
		printer->at = before;
		return fail_at(printer, status);
	}
	return write_lines(printer);
}

static int print(struct printer *printer, bool follow)
{
	int status = EX_OK;

	while (status == EX_OK) {
		if (printer->at < printer->end) {
			status = print_slice(printer);
		} else if (follow) {
			nanosleep(&(struct timespec){ .tv_nsec = LOOK_MS * 1000000L }, NULL);
			status = look(printer);
		} else {
			status = DONE;
		}
	}
	return status == DONE ? EX_OK : status;
}

static int begin(struct printer *printer, const char *after)
{
	struct store_head head;
	enum itn_status status = store_head(printer->store, &head);

	if (status != ITN_OK)
		return command_fail(EX_UNAVAILABLE, "the store can't be read (%s)", itn_status_name(status));
	status = after ? position_parse(str_from(after), str_from(head.log), head.last_seq, &printer->at) : ITN_OK;
	if (status == ITN_INVALID)
		return command_fail(EX_USAGE, "--after is a position, SEQ or LOG:SEQ, not '%s'", after);
	if (status == ITN_GAP)
		return command_fail(EX_DATAERR, "gap: %s is no position in this log: it is %s and ends at %lld", after,
				    head.log, (long long)head.last_seq);
	memcpy(printer->log, head.log, sizeof(printer->log));
	printer->end = head.last_seq;
	return EX_OK;
}

int log_print_run(const struct config *config, const struct command_options *options)
{
	struct printer printer = { 0 };
	struct error error = { "" };
	int status;

	if (store_open_existing(config, &printer.store, &error) != ITN_OK)
		return command_fail(EX_UNAVAILABLE, "%s", error.text);
	status = begin(&printer, options->after);
	if (status == EX_OK)
		status = print(&printer, options->follow);
	buf_free(&printer.lines);
	store_close(printer.store);
	return status;
}
