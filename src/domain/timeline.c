#include "domain/timeline.h"

#include "core/json_out.h"
#include "domain/posting.h"
#include "domain/stored.h"

/* A place's kind and n as one number. */
#define KIND_BITS 40

static const char *const kind_names[TIMELINE_KINDS] = {
	[TIMELINE_EVENT] = "event",
	[TIMELINE_POSTING] = "posting",
	[TIMELINE_ALERT] = "alert",
	[TIMELINE_NOTIFICATION] = "notification",
};

/* Lines of goods in the data of events. */
static const char *const left_out[] = { "items", "ownItems", "reservedLines" };

static int64_t within(const struct timeline_place *place)
{
	return ((int64_t)place->kind << KIND_BITS) + place->n;
}

int timeline_compare(const struct timeline_place *a, const struct timeline_place *b)
{
	if (a->seq != b->seq)
		return a->seq < b->seq ? -1 : 1;
	return (within(a) > within(b)) - (within(a) < within(b));
}

void timeline_key(const struct timeline_place *place, char ret[TIMELINE_KEY_LEN + 1])
{
	posting_key(place->seq, ret);
	posting_key(within(place), ret + POSTING_KEY_LEN);
}

struct timeline_place timeline_key_place(struct str key)
{
	struct timeline_place place = { 0 };
	int64_t rest;

	if (!str_is_set(key) || key.len != TIMELINE_KEY_LEN)
		return place;
	rest = posting_key_number((struct str){ key.ptr + POSTING_KEY_LEN, POSTING_KEY_LEN });
	if (rest >> KIND_BITS >= TIMELINE_KINDS)
		return place;
	place.seq = posting_key_number((struct str){ key.ptr, POSTING_KEY_LEN });
	place.kind = (enum timeline_kind)(rest >> KIND_BITS);
	place.n = rest & ((INT64_C(1) << KIND_BITS) - 1);
	return place;
}

struct timeline_place timeline_posting_place(int64_t number)
{
	return (struct timeline_place){
		.seq = number >> POSTING_NUMBER_BITS,
		.kind = TIMELINE_POSTING,
		.n = number & (POSTINGS_OF_SEQ_MAX - 1),
	};
}

int64_t timeline_postings_after(const struct timeline_place *place)
{
	int64_t seq =
		place->seq < INT64_MAX >> POSTING_NUMBER_BITS ? place->seq : (INT64_MAX >> POSTING_NUMBER_BITS) - 1;
	int64_t first = seq << POSTING_NUMBER_BITS;

	if (place->kind < TIMELINE_POSTING)
		return seq > 0 ? first - 1 : 0;
	if (place->kind > TIMELINE_POSTING || place->n >= POSTINGS_OF_SEQ_MAX)
		return first + POSTINGS_OF_SEQ_MAX - 1;
	return first + place->n;
}

struct timeline_place timeline_notification_place(int64_t seq, const struct notification *notification)
{
	struct timeline_place place = { .seq = seq, .kind = TIMELINE_NOTIFICATION };

	for (size_t i = notification->event.len + 1; i < notification->id.len && place.n < INT32_MAX; i++)
		place.n = place.n * 10 + (notification->id.ptr[i] - '0');
	return place;
}

static struct json_out begin(struct buf *out, enum timeline_kind kind)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_str(&json, "kind", str_from(kind_names[kind]));
	return json;
}

static bool is_left_out(struct str name)
{
	for (size_t i = 0; i < sizeof(left_out) / sizeof(left_out[0]); i++)
		if (str_eq(name, str_from(left_out[i])))
			return true;
	return false;
}

static void write_state(struct json_out *json, const struct stored *data)
{
	json_out_key(json, "data");
	json_out_object(json);
	for (unsigned i = 0; i < data->count; i++) {
		const struct stored_member *member = &data->members[i];

		if (is_left_out(member->name))
			continue;
		json_out_key(json, arena_cstr(data->arena, member->name));
		json_out_raw(json, member->value);
	}
	json_out_object_end(json);
}

enum itn_status timeline_write_event(struct buf *out, struct arena *arena, const struct event *event)
{
	struct stored frame, data;
	struct str state, warns_of;
	struct json_out json;

	stored_open(&frame, arena, event->frame);
	warns_of = stored_raw(&frame, "kind");
	state = stored_raw(&frame, "data");
	if (frame.broken || !str_is_set(state))
		return ITN_FAILED;
	stored_open(&data, arena, state);
	json = begin(out, TIMELINE_EVENT);
	json_out_member_int(&json, "seq", event->seq);
	json_out_member_time(&json, "at", event->logged_at);
	json_out_member_str(&json, "id", event->id);
	json_out_member_str(&json, "event", str_from(event_name(event->kind)));
	json_out_member_time(&json, "time", event->time);
	json_out_member_str_if(&json, "causedBy", event->caused_by);
	if (str_is_set(warns_of)) {
		json_out_key(&json, "alert");
		json_out_raw(&json, warns_of);
	}
	json_out_member_str_if(&json, "message", event->message);
	write_state(&json, &data);
	json_out_object_end(&json);
	return stored_close(&data);
}

void timeline_write_posting(struct buf *out, struct str json)
{
	begin(out, TIMELINE_POSTING);
	buf_add_char(out, ',');
	buf_add_str(out, (struct str){ json.ptr + 1, json.len - 1 });
}

void timeline_write_alert(struct buf *out, const struct alert *alert, int64_t seq, int64_t at)
{
	struct json_out json = begin(out, TIMELINE_ALERT);

	json_out_member_int(&json, "seq", seq);
	json_out_member_time(&json, "at", at);
	json_out_member_str(&json, "id", alert->id);
	json_out_member_str(&json, "alert", str_from(alert_kind_name(alert->kind)));
	json_out_member_str(&json, "message", alert->message);
	json_out_member_str(&json, "status", str_from(alert_status_name(alert_status_of(alert))));
	json_out_member_time_if(&json, "acknowledgedAt", alert->acknowledged_at);
	json_out_member_time_if(&json, "resolvedAt", alert->resolved_at);
	json_out_object_end(&json);
}

void timeline_write_notification(struct buf *out, const struct notification *notification, int64_t seq, int64_t at)
{
	struct json_out json = begin(out, TIMELINE_NOTIFICATION);

	json_out_member_int(&json, "seq", seq);
	json_out_member_time(&json, "at", at);
	json_out_member_str(&json, "id", notification->id);
	json_out_member_str(&json, "eventId", notification->event);
	json_out_member_str(&json, "channel", str_from(notification_channel_name(notification->channel)));
	json_out_member_str(&json, "subject", notification->subject);
	json_out_member_str(&json, "status", str_from(notification_status_name(notification->status)));
	json_out_member_int(&json, "attempts", notification->attempts);
	json_out_object_end(&json);
}
