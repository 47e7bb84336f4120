#include "domain/notification.h"

#include <assert.h>

#include "core/json_out.h"

static const char *const status_names[NOTIFICATION_STATUSES] = {
	[NOTIFICATION_UNSENT] = "unsent",
	[NOTIFICATION_QUEUED] = "queued",
	[NOTIFICATION_SENT] = "sent",
	[NOTIFICATION_DEAD] = "dead",
};

/* The whole life of a notification. */
static const bool notification_may[NOTIFICATION_STATUSES][NOTIFICATION_STATUSES] = {
	[NOTIFICATION_UNSENT] = { [NOTIFICATION_QUEUED] = true },
	[NOTIFICATION_QUEUED] = { [NOTIFICATION_QUEUED] = true,
				  [NOTIFICATION_SENT] = true,
				  [NOTIFICATION_DEAD] = true },
	[NOTIFICATION_SENT] = { [NOTIFICATION_QUEUED] = true },
	[NOTIFICATION_DEAD] = { [NOTIFICATION_QUEUED] = true },
};

static const char *const channel_names[CHANNELS] = { [CHANNEL_MAIL] = "mail" };

const char *notification_status_name(enum notification_status status)
{
	return status_names[status];
}

bool notification_status_parse(struct str name, enum notification_status *ret_status)
{
	for (unsigned i = 0; i < NOTIFICATION_STATUSES; i++) {
		if (!str_eq(name, str_from(status_names[i])))
			continue;
		*ret_status = (enum notification_status)i;
		return true;
	}
	return false;
}

const char *notification_channel_name(enum notification_channel channel)
{
	return channel_names[channel];
}

void notification_made(struct notification *notification, bool can_be_sent, int64_t now)
{
	notification->status = can_be_sent ? NOTIFICATION_QUEUED : NOTIFICATION_UNSENT;
	notification->attempts = 0;
	notification->queued_at = now;
	notification->next_at = can_be_sent ? now : 0;
	notification->last_error = STR_NONE;
	notification->version = 1;
}

static void become(struct notification *notification, enum notification_status status, int64_t next_at,
		   struct str last_error)
{
	assert(notification_may[notification->status][status]);
	notification->status = status;
	notification->next_at = next_at;
	notification->last_error = last_error;
	notification->version++;
}

void notification_sent(struct notification *notification)
{
	notification->attempts++;
	become(notification, NOTIFICATION_SENT, 0, STR_NONE);
}

static int64_t pause_after(int64_t attempts, const struct notification_patience *patience, uint32_t random)
{
	int64_t pause = patience->first_ms;

	for (int64_t i = 1; i < attempts && pause < patience->longest_ms; i++)
		pause *= 2;
	if (pause > patience->longest_ms)
		pause = patience->longest_ms;
	return pause - (int64_t)(random % (uint64_t)(pause / 2 + 1));
}

void notification_failed(struct notification *notification, struct str why, bool final,
			 const struct notification_patience *patience, int64_t now, uint32_t random)
{
	int64_t end = notification->queued_at + patience->give_up_ms;
	int64_t next_at;

	notification->attempts++;
	if (final || now >= end) {
		become(notification, NOTIFICATION_DEAD, 0, why);
		return;
	}
	next_at = now + pause_after(notification->attempts, patience, random);
	become(notification, NOTIFICATION_QUEUED, next_at < end ? next_at : end, why);
}

bool notification_resend(struct notification *notification, int64_t now)
{
	if (notification->status == NOTIFICATION_QUEUED)
		return false;
	notification->attempts = 0;
	notification->queued_at = now;
	become(notification, NOTIFICATION_QUEUED, now, STR_NONE);
	return true;
}

void notification_write_json(struct buf *out, const struct notification *notification)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "id", notification->id);
	json_out_member_str(&json, "eventId", notification->event);
	json_out_member_str(&json, "channel", str_from(notification_channel_name(notification->channel)));
	json_out_member_str(&json, "to", notification->to);
	json_out_member_str(&json, "subject", notification->subject);
	json_out_member_str(&json, "body", notification->body);
	json_out_member_str(&json, "status", str_from(notification_status_name(notification->status)));
	json_out_member_int(&json, "attempts", notification->attempts);
	json_out_member_time(&json, "queuedAt", notification->queued_at);
	json_out_member_time_if(&json, "nextAt", notification->next_at);
	json_out_member_str_if(&json, "lastError", notification->last_error);
	json_out_object_end(&json);
}
