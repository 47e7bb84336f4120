#include "engine/delivery.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "core/mailbox.h"
#include "core/memory.h"
#include "core/metrics.h"
#include "mail/credential.h"
#include "mail/message.h"
#include "mail/smtp.h"

#define SLICE_MAX        32
#define EXPIRED_MAX      100
#define LONGEST_PAUSE_MS INT64_C(3600000)
#define PASSWORD_NAME    "smtp-password"

struct delivery {
	struct store *store;
	struct smtp *smtp;
	const char *from;
	int64_t epoch; /* of the last step */
	struct notification_patience patience;
	struct arena *arena; /* of the slice */
	struct notification *due;
	size_t count, next;
	struct notification *unwritten; /* the outcome of this one of the slice is not in the store yet */
	struct buf message;
	uint32_t random;
};

static const char *unless_none(const char *text, const char *none)
{
	return strcmp(text, none) == 0 ? NULL : text;
}

enum itn_status delivery_new(const struct config *config, struct store *store, struct delivery **ret,
			     struct error *error)
{
	struct smtp_settings settings = {
		.url = config->smtp_url,
		.starttls = config->smtp_starttls,
		.ca_file = unless_none(config->smtp_ca, "system"),
		.user = unless_none(config->smtp_user, "none"),
		.timeout_ms = (int64_t)config->smtp_timeout_ms,
	};
	struct smtp *smtp;
	char *password = NULL;
	enum itn_status status;

	*ret = NULL;
	if (!unless_none(config->smtp_url, "none"))
		return ITN_OK;
	status = credential_read(unless_none(config->smtp_password_file, "none"), PASSWORD_NAME, &password, error);
	settings.password = password;
	if (status == ITN_OK)
		status = smtp_new(&settings, &smtp, error);
	if (password)
		explicit_bzero(password, strlen(password));
	free(password);
	if (status != ITN_OK)
		return status;
	*ret = memory_calloc(1, sizeof(**ret));
	**ret = (struct delivery){
		.store = store,
		.smtp = smtp,
		.from = config->mail_from,
		.patience = { (int64_t)config->mail_retry_ms, LONGEST_PAUSE_MS, (int64_t)config->mail_give_up_ms },
		.arena = arena_new((size_t)1 << 16),
		.random = (uint32_t)clock_monotonic_us() | 1,
	};
	return ITN_OK;
}

void delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	smtp_free(delivery->smtp);
	arena_free(delivery->arena);
	buf_free(&delivery->message);
	free(delivery);
}

void delivery_stop(struct delivery *delivery)
{
	smtp_stop(delivery->smtp);
}

static void drop_slice(struct delivery *delivery)
{
	delivery->count = delivery->next = 0;
}

static uint32_t chance(struct delivery *delivery)
{
	delivery->random ^= delivery->random << 13;
	delivery->random ^= delivery->random >> 17;
	delivery->random ^= delivery->random << 5;
	return delivery->random;
}

/* A conflict is an outcome that is written already, or a notification that is somebody else's affair now. */
static bool write_outcome(struct delivery *delivery, const struct notification *notification, struct error *error)
{
	enum itn_status status = store_notification_change(delivery->store, notification, notification->version - 1);

	if (status == ITN_OK || status == ITN_CONFLICT)
		return true;
	error_set(error, status, "an outcome can't be written");
	return false;
}

static void tell(const struct notification *notification)
{
	switch (notification->status) {
	case NOTIFICATION_SENT:
		metrics_add(METRIC_MAILS_SENT, 1);
		log_debug("mail sent", LOG_STR("id", notification->id));
		return;
	case NOTIFICATION_DEAD:
		metrics_add(METRIC_MAILS_DEAD, 1);
		metrics_add(METRIC_MAILS_FAILED, 1);
		log_warn("mail given up", LOG_STR("id", notification->id), LOG_STR("why", notification->last_error));
		return;
	default:
		metrics_add(METRIC_MAILS_FAILED, 1);
		log_debug("mail deferred", LOG_STR("id", notification->id), LOG_STR("why", notification->last_error));
	}
}

static void failed(struct delivery *delivery, struct notification *notification, const char *why, bool final)
{
	notification_failed(notification, arena_str(delivery->arena, str_from(why)), final, &delivery->patience,
			    clock_now_ms(), chance(delivery));
}

struct expired {
	struct delivery *delivery;
	int64_t before;
	struct notification *at;
	size_t count;
	bool all; /* one came that is not */
};

static void take_expired(void *context, const struct notification *row)
{
	struct expired *expired = context;

	expired->all = expired->all || row->queued_at > expired->before;
	if (expired->all)
		return;
	expired->at[expired->count] = *row;
	expired->at[expired->count++].id = arena_str(expired->delivery->arena, row->id);
}

/* While the server is away one mail at a time is tried; but the time of all runs out. */
static void give_up_expired(struct delivery *delivery, const char *why)
{
	struct expired expired = { .delivery = delivery, .before = clock_now_ms() - delivery->patience.give_up_ms };
	struct error error = { "" };

	do {
		arena_reset(delivery->arena);
		expired.at = arena_calloc(delivery->arena, EXPIRED_MAX, sizeof(*expired.at));
		expired.count = 0;
		if (store_notifications(delivery->store, NOTIFICATION_QUEUED, NULL, EXPIRED_MAX, take_expired,
					&expired))
			return;
		for (size_t i = 0; i < expired.count; i++) {
			failed(delivery, &expired.at[i], why, true);
			if (!write_outcome(delivery, &expired.at[i], &error))
				return;
			tell(&expired.at[i]);
		}
	} while (!expired.all && expired.count == EXPIRED_MAX);
}

static enum smtp_result send_one(struct delivery *delivery, const struct store_head *head,
				 const struct notification *notification, struct error *error)
{
	struct mail_message message = {
		.from = str_from(delivery->from),
		.to = notification->to,
		.subject = notification->subject,
		.body = notification->body,
		.id = arena_printf(delivery->arena, "%.*s.%s", STR_ARG(notification->id), head->log),
		.date = notification->queued_at,
	};

	if (!mailbox_valid(notification->to)) {
		error_set(error, ITN_INVALID, "not an address that mail can be sent to");
		return SMTP_REFUSED;
	}
	buf_reset(&delivery->message, (size_t)1 << 16);
	mail_message_write(&delivery->message, &message);
	return smtp_send(delivery->smtp, delivery->from, arena_cstr(delivery->arena, notification->to),
			 buf_str(&delivery->message), error);
}

static enum delivery_state deal_with(struct delivery *delivery, const struct store_head *head, struct error *error)
{
	struct notification *notification = &delivery->due[delivery->next++];
	struct error why = { "" };
	enum smtp_result result = send_one(delivery, head, notification, &why);

	if (result == SMTP_STOPPED)
		return DELIVERY_RESTS;
	if (result == SMTP_TAKEN)
		notification_sent(notification);
	else
		failed(delivery, notification, why.text, result == SMTP_REFUSED);
	tell(notification);
	delivery->unwritten = notification;
	if (!write_outcome(delivery, notification, error))
		return DELIVERY_STORE_AWAY;
	delivery->unwritten = NULL;
	if (result != SMTP_AWAY)
		return DELIVERY_GOES_ON;
	error_set(error, ITN_UNAVAILABLE, "%s", why.text);
	drop_slice(delivery);
	give_up_expired(delivery, why.text);
	smtp_rest(delivery->smtp);
	return DELIVERY_SERVER_AWAY;
}

static enum itn_status read_slice(struct delivery *delivery)
{
	drop_slice(delivery);
	arena_reset(delivery->arena);
	return store_notifications_due(delivery->store, delivery->arena, clock_now_ms(), SLICE_MAX, &delivery->due,
				       &delivery->count);
}

enum delivery_state delivery_step(struct delivery *delivery, int64_t epoch, struct error *error)
{
	struct store_head head;
	enum itn_status status = ITN_OK;

	if (epoch != delivery->epoch) /* another engine may have sent what was read then */
		drop_slice(delivery);
	delivery->epoch = epoch;
	if (delivery->unwritten) {
		if (!write_outcome(delivery, delivery->unwritten, error))
			return DELIVERY_STORE_AWAY;
		delivery->unwritten = NULL;
	}
	if (delivery->next == delivery->count)
		status = read_slice(delivery);
	if (status == ITN_OK && delivery->next == delivery->count) {
		smtp_rest(delivery->smtp);
		return DELIVERY_RESTS;
	}
	/* Just before it is sent: an engine that stood still for a while sends no more than the one that it is at. */
	if (status == ITN_OK)
		status = store_head(delivery->store, &head);
	if (status != ITN_OK) {
		error_set(error, status, "notifications can't be read");
		return DELIVERY_STORE_AWAY;
	}
	if (head.epoch != epoch)
		return DELIVERY_LOST_LEASE;
	return deal_with(delivery, &head, error);
}
