#include "store/timeline.h"

#include <stdlib.h>

#include "core/map.h"
#include "core/memory.h"
#include "domain/timeline.h"
#include "store/engine_ops.h"

struct found {
	struct timeline_place place;
	int64_t at;
	struct str json;
	struct str event; /* an event's id, else absent */
	bool critical;    /* a criticalEvent */
};

/* A slice that is being put together. */
struct timeline {
	struct store *store;
	const struct store_list *list;
	struct timeline_place after;
	int64_t end; /* the log's */
	struct arena *arena;
	struct buf json;
	struct found *entries;
	size_t count, room;
	bool corrupt;
};

static void add(struct timeline *timeline, struct timeline_place place, int64_t at, const struct event *event)
{
	if (timeline->count == timeline->room) {
		timeline->room = timeline->room ? timeline->room * 2 : 64;
		timeline->entries = memory_realloc(timeline->entries, timeline->room * sizeof(*timeline->entries));
	}
	timeline->entries[timeline->count++] = (struct found){
		.place = place,
		.at = at,
		.json = arena_str(timeline->arena, buf_str(&timeline->json)),
		.event = event ? arena_str(timeline->arena, event->id) : STR_NONE,
		.critical = event && event->kind == EVENT_CRITICAL,
	};
}

static void add_event(void *context, const struct event *event)
{
	struct timeline *timeline = context;
	struct timeline_place place = { .seq = event->seq, .kind = TIMELINE_EVENT };
	buf_reset(&timeline->json, 65536);
	if (event->kind >= EVENT_KINDS || timeline_write_event(&timeline->json, timeline->arena, event))
		timeline->corrupt = true;
	else
		add(timeline, place, event->logged_at, event);
}

static void add_posting(void *context, const struct store_row *row)
{
	struct timeline *timeline = context;
	struct timeline_place place = timeline_posting_place(posting_key_number(row->key));
	if (place.seq > timeline->end)
		return;
	buf_reset(&timeline->json, 65536);
	timeline_write_posting(&timeline->json, row->json);
	add(timeline, place, row->time, NULL);
}

/* From the cursor's own seq on: what comes behind an event belongs to it. */
static enum itn_status read_events(struct timeline *timeline)
{
	bool trade = timeline->list->kind == LIST_TRADE_TIMELINE;
	struct event_range range = {
		.entity = trade ? ENTITY_TRADE : ENTITY_CARGO,
		.key = trade ? timeline->list->trade : timeline->list->shipment,
		.from = timeline->after.seq,
		.until = timeline->end,
		.max = timeline->list->max + 1,
	};
	return timeline->store->ops->events_of(timeline->store, &range, add_event, timeline);
}

static enum itn_status read_postings(struct timeline *timeline)
{
	bool trade = timeline->list->kind == LIST_TRADE_TIMELINE;
	char key[POSTING_KEY_LEN + 1];
	struct store_list list = {
		.kind = LIST_MOVEMENTS,
		.status = -1,
		.trade = trade ? timeline->list->trade : STR_NONE,
		.shipment = trade ? STR_NONE : timeline->list->shipment,
		.max = timeline->list->max,
	};
	if (timeline->after.seq) {
		posting_key(timeline_postings_after(&timeline->after), key);
		list.after = (struct store_cursor){ timeline->list->after.time, str_from(key) };
	}
	return timeline->store->ops->list(timeline->store, &list, add_posting, timeline);
}

static int by_place(const void *a, const void *b)
{
	return timeline_compare(&((const struct found *)a)->place, &((const struct found *)b)->place);
}

static bool is_behind(const struct timeline *timeline, const struct found *entry)
{
	return !timeline->after.seq || timeline_compare(&entry->place, &timeline->after) > 0;
}

/* The events whose alerts and notifications may be among the entries that are shown. */
struct events {
	struct timeline *timeline;
	struct map by_id; /* to their entries */
	struct str *ids;
	size_t count;
};

static void events_find(struct events *events)
{
	struct timeline *timeline = events->timeline;
	size_t shown = 0;
	events->ids = arena_calloc(timeline->arena, timeline->count + 1, sizeof(*events->ids));
	map_init(&events->by_id, timeline->arena);
	for (size_t i = 0; i < timeline->count && shown < timeline->list->max; i++) {
		const struct found *entry = &timeline->entries[i];
		shown += is_behind(timeline, entry);
		if (!str_is_set(entry->event))
			continue;
		struct found *copy = arena_alloc(timeline->arena, sizeof(*copy));
		*copy = *entry;
		map_put(&events->by_id, entry->event, copy);
		events->ids[events->count++] = entry->event;
	}
}

static void add_notification(void *context, const struct notification *notification)
{
	struct events *events = context;
	struct timeline *timeline = events->timeline;
	const struct found *event = map_get(&events->by_id, notification->event);
	if (!event)
		return;
	buf_reset(&timeline->json, 65536);
	timeline_write_notification(&timeline->json, notification, event->place.seq, event->at);
	add(timeline, timeline_notification_place(event->place.seq, notification), event->at, NULL);
}

/* The first ones of a kind about a thing: a criticalEvent about what has one already raises no other. */
static enum itn_status read_alerts(const struct events *events)
{
	struct timeline *timeline = events->timeline;
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < events->count; i++) {
		const struct found *event = map_get(&events->by_id, events->ids[i]);
		struct alert alert;
		if (!event->critical)
			continue;
		status = timeline->store->ops->alert(timeline->store, timeline->arena, event->event, &alert);
		if (status == ITN_NOT_FOUND) {
			status = ITN_OK;
			continue;
		}
		if (status)
			break;
		buf_reset(&timeline->json, 65536);
		timeline_write_alert(&timeline->json, &alert, event->place.seq, event->at);
		add(timeline, (struct timeline_place){ event->place.seq, TIMELINE_ALERT, 0 }, event->at, NULL);
	}
	return status;
}

static enum itn_status read_what_belongs_to_events(struct timeline *timeline)
{
	struct events events = { .timeline = timeline };
	events_find(&events);
	if (!events.count)
		return ITN_OK;
	enum itn_status status = read_alerts(&events);
	if (!status)
		status = timeline->store->ops->notifications_of(timeline->store, events.ids, events.count,
								add_notification, &events);
	return status;
}

static void show(const struct timeline *timeline, store_row_fn *row, void *context)
{
	char key[TIMELINE_KEY_LEN + 1];
	size_t shown = 0;
	for (size_t i = 0; i < timeline->count && shown < timeline->list->max; i++) {
		const struct found *entry = &timeline->entries[i];
		if (!is_behind(timeline, entry))
			continue;
		timeline_key(&entry->place, key);
		row(context, &(struct store_row){ str_from(key), entry->at, entry->json });
		shown++;
	}
}

static void sort(struct timeline *timeline)
{
	if (timeline->count)
		qsort(timeline->entries, timeline->count, sizeof(*timeline->entries), by_place);
}

/* Each read alone gives all that may be shown of its kind, so the first entries of all are the first of the timeline.
 */
static enum itn_status put_together(struct timeline *timeline)
{
	enum itn_status status = read_events(timeline);
	if (!status)
		status = read_postings(timeline);
	sort(timeline);
	if (!status)
		status = read_what_belongs_to_events(timeline);
	sort(timeline);
	return !status && timeline->corrupt ? ITN_FAILED : status;
}

enum itn_status timeline_list(struct store *store, const struct store_list *list, store_row_fn *row, void *context)
{
	struct store_head head;
	enum itn_status status = store->ops->head(store, &head);
	if (!status && head.schema < STORE_TIMELINE_SCHEMA)
		status = ITN_UNAVAILABLE;
	if (status)
		return status;
	struct timeline timeline = {
		.store = store,
		.list = list,
		.after = timeline_key_place(list->after.key),
		.end = head.last_seq,
		.arena = arena_new(0),
	};
	status = put_together(&timeline);
	if (!status)
		show(&timeline, row, context);
	buf_free(&timeline.json);
	free(timeline.entries);
	arena_free(timeline.arena);
	return status;
}
