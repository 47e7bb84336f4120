#include "engine/notify.h"

#include <string.h>

#include "domain/mail_text.h"

static struct notification *notification_new(struct draft *draft)
{
	return arena_calloc(draft->arena, 1, sizeof(struct notification));
}

/* The n-th notification about this event. */
static void add(struct draft *draft, struct notification *notification, struct str event, unsigned n)
{
	notification->id = arena_printf(draft->arena, "%.*s-%u", STR_ARG(event), n);
	notification->event = event;
	notification_made(notification, strcmp(draft->config->smtp_url, "none") != 0, draft->now);
	draft_list_add(&draft->notifications, draft->arena, notification);
}

void notify_trade_too_large(struct draft *draft, const struct trade *trade, struct str event)
{
	struct notification *notification = notification_new(draft);

	mail_trade_too_large(draft->arena, trade, notification);
	add(draft, notification, event, 1);
}

void notify_trade_changed(struct draft *draft, const struct trade *trade, enum trade_status from, struct str event)
{
	struct notification *notification = notification_new(draft);

	mail_trade_changed(draft->arena, trade, from, notification);
	add(draft, notification, event, 1);
}

void notify_cargo_too_large(struct draft *draft, const struct cargo *cargo, struct str event)
{
	struct notification *notification = notification_new(draft);

	mail_cargo_too_large(draft->arena, cargo, notification);
	add(draft, notification, event, 1);
}

void notify_cargo_delayed(struct draft *draft, const struct cargo *cargo, struct str event)
{
	const char *admin = draft->config->mail_admins;
	unsigned n = 0;

	if (strcmp(admin, "none") == 0)
		return;
	for (size_t len; *admin; admin += len + (admin[len] == ',')) {
		struct notification *notification = notification_new(draft);

		len = strcspn(admin, ",");
		mail_cargo_delayed(draft->arena, cargo, (struct str){ admin, len }, notification);
		add(draft, notification, event, ++n);
	}
}

void notify_cargo_delivered(struct draft *draft, const struct cargo *cargo, struct str event)
{
	struct notification *notification = notification_new(draft);

	mail_cargo_delivered(draft->arena, cargo, notification);
	add(draft, notification, event, 1);
}
