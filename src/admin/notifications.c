#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "admin/command.h"
#include "core/buf.h"
#include "store/inspect.h"
#include "store/notifications.h"

#define PAGE 200
#define KEEP ((size_t)1 << 20)

struct page {
	struct arena *arena;
	struct buf lines;
	struct store_cursor last; /* its key lives in the arena */
	size_t count;
};

static void add_line(void *context, const struct notification *notification)
{
	struct page *page = context;

	notification_write_json(&page->lines, notification);
	buf_add_char(&page->lines, '\n');
	if (++page->count == PAGE)
		page->last = (struct store_cursor){ notification->queued_at, arena_str(page->arena, notification->id) };
}

/* Somebody who reads a part and goes is no failure; nothing more is written to him. */
static int write_page(struct page *page)
{
	struct str lines = buf_str(&page->lines);

	if (fwrite(lines.ptr, 1, lines.len, stdout) != lines.len || fflush(stdout) != 0) {
		page->count = 0;
		return errno == EPIPE ? EX_OK : command_fail(EX_IOERR, "can't write: %s", strerror(errno));
	}
	buf_reset(&page->lines, KEEP);
	return EX_OK;
}

static int print(struct store *store, enum notification_status which)
{
	struct page page = { .arena = arena_new(0) };
	int status;

	do {
		const struct store_cursor *after = page.count ? &page.last : NULL;
		enum itn_status read;

		page.count = 0;
		read = store_notifications(store, which, after, PAGE, add_line, &page);
		if (read == ITN_OK)
			status = write_page(&page);
		else
			status = command_fail(EX_UNAVAILABLE, "the store can't be read (%s)", itn_status_name(read));
	} while (status == EX_OK && page.count == PAGE);
	buf_free(&page.lines);
	arena_free(page.arena);
	return status;
}

int notifications_run(const struct config *config, const struct command_options *options)
{
	enum notification_status which = NOTIFICATION_DEAD;
	struct store *store;
	struct error error = { "" };
	int status;

	if (options->status && !notification_status_parse(str_from(options->status), &which))
		return command_fail(EX_USAGE, "--status is unsent, queued, sent or dead, not '%s'", options->status);
	if (store_open_existing(config, &store, &error) != ITN_OK)
		return command_fail(EX_UNAVAILABLE, "%s", error.text);
	status = print(store, which);
	store_close(store);
	return status;
}

static int resend(struct store *store, const char *id)
{
	struct store_vitals vitals;
	enum itn_status status = store_vitals(store, &vitals);

	if (status == ITN_OK)
		status = store_notification_resend(store, str_from(id), vitals.now);
	switch (status) {
	case ITN_OK:
		printf("%s is queued\n", id);
		return fflush(stdout) == 0 ? EX_OK : EX_IOERR;
	case ITN_NOT_FOUND:
		return command_fail(EX_NOINPUT, "there is no notification %s", id);
	case ITN_CONFLICT:
		return command_fail(EX_TEMPFAIL, "%s is queued already", id);
	case ITN_UNKNOWN:
		return command_fail(EX_UNAVAILABLE, "the store did not say whether %s is queued: ask again", id);
	default:
		return command_fail(EX_UNAVAILABLE, "the store can't be used (%s)", itn_status_name(status));
	}
}

int resend_run(const struct config *config, const struct command_options *options)
{
	struct store *store;
	struct error error = { "" };
	int status;

	if (store_open_existing(config, &store, &error) != ITN_OK)
		return command_fail(EX_UNAVAILABLE, "%s", error.text);
	status = resend(store, options->argument);
	store_close(store);
	return status;
}
