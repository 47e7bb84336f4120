#include "contract.h"

#include "domain/timeline.h"
#include "store/timeline.h"

#define TRADE "0123456789abcdef01234567"

/* What one batch writes, entry by entry. */
struct story {
	struct fixture *f;
	struct event events[1000];
	struct posting postings[1000];
	struct notification notifications[100];
	struct alert alert; /* when its id is set */
	size_t event_count, posting_count, notification_count;
	int64_t seq, at;
};

static struct story *story_new(struct fixture *f, int64_t seq, int64_t at)
{
	struct story *story = arena_calloc(f->arena, 1, sizeof(*story));
	story->f = f;
	story->seq = seq;
	story->at = at;
	return story;
}

/* An event with the id "eSEQ". */
static struct event *tell(struct story *story, enum event_kind kind, enum entity_kind entity, const char *key,
			  const char *data)
{
	struct event *event = &story->events[story->event_count++];
	struct buf frame = { 0 };
	*event = (struct event){
		.id = arena_printf(story->f->arena, "e%lld", (long long)++story->seq),
		.seq = story->seq,
		.batch = STR("batch"),
		.kind = kind,
		.entity = entity,
		.key = str_from(key),
		.entity_version = 1,
		.time = story->at - 5,
		.logged_at = story->at,
		.data = str_from(data),
	};
	event_write_frame(&frame, event);
	event->frame = arena_str(story->f->arena, buf_str(&frame));
	buf_free(&frame);
	return event;
}

static void post(struct story *story, int64_t seq, int64_t n, const char *trade, const char *shipment)
{
	story->postings[story->posting_count++] = (struct posting){
		.number = (seq << POSTING_NUMBER_BITS) + n,
		.event = STR("e1"),
		.item = STR("ore"),
		.quantity = 5,
		.from = ACCOUNT_EXTERNAL,
		.to = ACCOUNT_TRANSIT,
		.trade = str_from(trade),
		.shipment = str_from(shipment),
		.at = story->at,
		.from_balance = -5,
		.to_balance = 5,
	};
}

static void mail(struct story *story, const char *event, int n)
{
	struct notification *one = &story->notifications[story->notification_count++];
	*one = (struct notification){
		.id = arena_printf(story->f->arena, "%s-%d", event, n),
		.event = str_from(event),
		.to = STR("ada@example.org"),
		.subject = STR("Trade $x is “completed”"),
		.body = STR("A line\n"),
	};
	notification_made(one, true, story->at);
}

static void commit(struct story *story)
{
	struct alert_write alert = { &story->alert, 0 };
	struct store_writes writes = {
		.alerts = &alert,
		.alert_count = str_is_set(story->alert.id),
		.events = story->events,
		.event_count = story->event_count,
		.postings = story->postings,
		.posting_count = story->posting_count,
		.notifications = story->notifications,
		.notification_count = story->notification_count,
	};
	fixture_engine(story->f);
	check_status("a batch", commit_alone(story->f, writes), ITN_OK);
}

/* A trade, a shipment with its name, others; two batches, at 1000 and 2000. */
static void tell_all(struct fixture *f)
{
	struct story *story = story_new(f, 0, 1000);
	tell(story, EVENT_TRADE_CREATE, ENTITY_TRADE, TRADE, "{\"status\":\"pending\",\"items\":[{\"a\":\"]\"}]}");
	tell(story, EVENT_CARGO_UPDATED, ENTITY_CARGO, "S/1", "{\"ownItems\":[],\"status\":\"pending\",\"items\":[1]}");
	tell(story, EVENT_CARGO_UPDATED, ENTITY_CARGO, TRADE, "{}");
	tell(story, EVENT_INVENTORY_UPDATED, ENTITY_INVENTORY, "S/1", "{}");
	post(story, 4, 0, TRADE, "S/1");
	post(story, 4, 1, "another", "S/1");
	post(story, 4, 2, TRADE, "S/2");
	mail(story, "e1", 1);
	mail(story, "e2", 1);
	commit(story);
	story = story_new(f, 4, 2000);
	tell(story, EVENT_TRADE_UPDATED, ENTITY_TRADE, TRADE, "{\"status\":\"completed\"}")->caused_by = STR("e2");
	tell(story, EVENT_TRADE_UPDATED, ENTITY_TRADE, "another", "{}");
	tell(story, EVENT_CRITICAL, ENTITY_TRADE, TRADE, "{}")->message = STR(MESSAGE_DELAYED);
	story->events[2].id = STR("e5.1");
	story->alert = (struct alert){
		.id = STR("e5.1"),
		.kind = ALERT_OVERSIZE,
		.about = { .entity = ENTITY_TRADE, .key = STR(TRADE) },
		.message = STR(MESSAGE_DELAYED),
		.raised_at = 2000,
		.acknowledged_at = 2500,
		.version = 2,
	};
	post(story, 5, 0, TRADE, "S/2");
	for (int n = 11; n > 0; n--)
		mail(story, "e5.1", n);
	mail(story, "e5", 1);
	mail(story, "e6", 1);
	mail(story, "e50", 1);
	commit(story);
}

struct seen {
	struct fixture *f;
	struct buf places; /* "SEQ.KIND.N " each, the kind as its first letter */
	struct buf json;   /* a line each */
	struct store_cursor after;
	size_t count;
};

static void see(void *context, const struct store_row *row)
{
	static const char kinds[TIMELINE_KINDS] = { 'e', 'p', 'a', 'n' };
	struct seen *seen = context;
	struct timeline_place place = timeline_key_place(row->key);
	buf_printf(&seen->places, "%lld.%c.%lld ", (long long)place.seq, kinds[place.kind], (long long)place.n);
	buf_printf(&seen->json, "%.*s\n", STR_ARG(row->json));
	seen->after = (struct store_cursor){ row->time, arena_str(seen->f->arena, row->key) };
	seen->count++;
}

static void seen_free(struct seen *seen)
{
	buf_free(&seen->places);
	buf_free(&seen->json);
}

static struct store_list list_of(enum store_list_kind kind, const char *key)
{
	struct store_list list = { .kind = kind, .status = -1 };
	*(kind == LIST_TRADE_TIMELINE ? &list.trade : &list.shipment) = str_from(key);
	return list;
}

/* The whole in slices of `max`. */
static void see_all(struct seen *seen, struct store_list list, size_t max)
{
	size_t before;
	list.max = max;
	do {
		before = seen->count;
		check_status("a slice", store_list(seen->f->store, &list, see, seen), ITN_OK);
		list.after = seen->after;
	} while (seen->count == before + max);
}

static void a_timeline_has_all_of_one_thing_in_order(void **state)
{
	struct fixture *f = *state;
	static const struct {
		enum store_list_kind kind;
		const char *key, *expected;
	} cases[] = {
		{ LIST_TRADE_TIMELINE, TRADE,
		  "1.e.0 1.n.1 4.p.0 4.p.2 5.e.0 5.p.0 5.n.1 7.e.0 7.a.0 7.n.1 7.n.2 7.n.3 7.n.4 7.n.5 7.n.6 7.n.7 "
		  "7.n.8 "
		  "7.n.9 7.n.10 7.n.11 " },
		{ LIST_TRADE_TIMELINE, "another", "4.p.1 6.e.0 6.n.1 " },
		{ LIST_TRADE_TIMELINE, "S/1", "" },
		{ LIST_CARGO_TIMELINE, "S/1", "2.e.0 2.n.1 4.p.0 4.p.1 " },
		{ LIST_CARGO_TIMELINE, "S/2", "4.p.2 5.p.0 " },
		{ LIST_CARGO_TIMELINE, TRADE, "3.e.0 " },
	};
	tell_all(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (size_t max = 1; max <= 20; max++) {
			struct seen seen = { .f = f };
			see_all(&seen, list_of(cases[i].kind, cases[i].key), max);
			check_str(cases[i].key, buf_str(&seen.places), str_from(cases[i].expected));
			seen_free(&seen);
		}
}

static void entries_are_shown_without_goods_and_addresses(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { .f = f };
	tell_all(f);
	see_all(&seen, list_of(LIST_CARGO_TIMELINE, "S/1"), 3);
	check_str("a shipment", buf_str(&seen.json),
		  STR("{\"kind\":\"event\",\"seq\":2,\"at\":\"1970-01-01T00:00:01.000Z\",\"id\":\"e2\",\"event\":"
		      "\"cargoUpdated\","
		      "\"time\":\"1970-01-01T00:00:00.995Z\",\"data\":{\"status\":\"pending\"}}\n"
		      "{\"kind\":\"notification\",\"seq\":2,\"at\":\"1970-01-01T00:00:01.000Z\",\"id\":\"e2-1\","
		      "\"eventId\":\"e2\",\"channel\":\"mail\",\"subject\":\"Trade $x is “completed”\","
		      "\"status\":\"queued\",\"attempts\":0}\n"
		      "{\"kind\":\"posting\",\"eventId\":\"e1\",\"seq\":4,\"item\":\"ore\",\"quantity\":5,\"from\":"
		      "\"external\","
		      "\"to\":\"transit:S/1\",\"transactionId\":\"" TRADE "\",\"shipmentId\":\"S/1\","
		      "\"at\":\"1970-01-01T00:00:01.000Z\",\"fromBalance\":-5,\"toBalance\":5}\n"
		      "{\"kind\":\"posting\",\"eventId\":\"e1\",\"seq\":4,\"item\":\"ore\",\"quantity\":5,\"from\":"
		      "\"external\","
		      "\"to\":\"transit:S/1\",\"transactionId\":\"another\",\"shipmentId\":\"S/1\","
		      "\"at\":\"1970-01-01T00:00:01.000Z\",\"fromBalance\":-5,\"toBalance\":5}\n"));
	seen_free(&seen);
	seen = (struct seen){ .f = f };
	see_all(&seen, list_of(LIST_TRADE_TIMELINE, TRADE), 1000);
	buf_add_char(&seen.json, '\0');
	check_has("lines are left out", seen.json.ptr,
		  "\"event\":\"tradeCreate\",\"time\":\"1970-01-01T00:00:00.995Z\","
		  "\"data\":{\"status\":\"pending\"}}\n");
	check_has("a cause", seen.json.ptr, "\"causedBy\":\"e2\",\"data\":{\"status\":\"completed\"}}\n");
	check_has("an alert", seen.json.ptr,
		  "{\"kind\":\"alert\",\"seq\":7,\"at\":\"1970-01-01T00:00:02.000Z\",\"id\":\"e5.1\",\"alert\":"
		  "\"oversize\","
		  "\"message\":\"Delayed shipment detected!\",\"status\":\"acknowledged\","
		  "\"acknowledgedAt\":\"1970-01-01T00:00:02.500Z\"}\n");
	check_has("a message", seen.json.ptr, "\"message\":\"Delayed shipment detected!\",\"data\":{}}\n");
	check_bool("no address", strstr(seen.json.ptr, "ada@") == NULL && strstr(seen.json.ptr, "A line") == NULL,
		   true);
	seen_free(&seen);
}

/* Batches of two events with three postings between them. */
static void add_many(struct fixture *f, int64_t seq, size_t batches)
{
	struct story *story = story_new(f, seq, 1000 + seq);
	for (size_t i = 0; i < batches; i++) {
		tell(story, EVENT_CARGO_UPDATED, ENTITY_CARGO, "S/1", "{}");
		for (int64_t n = 0; n < 3; n++)
			post(story, story->seq, n, TRADE, "S/1");
		tell(story, EVENT_CARGO_UPDATED, ENTITY_CARGO, "S/2", "{}");
	}
	commit(story);
}

static void pages_go_on_where_the_last_one_ended(void **state)
{
	struct fixture *f = *state;
	struct store_list list = list_of(LIST_CARGO_TIMELINE, "S/1");
	struct seen pages = { .f = f }, whole = { .f = f };
	int64_t seq = 0;
	list.max = 7;
	/* What is added meanwhile comes in its turn. */
	do {
		size_t before = pages.count;
		if (seq < 600) {
			add_many(f, seq, 100);
			seq += 200;
		}
		check_status("a page", store_list(f->store, &list, see, &pages), ITN_OK);
		list.after = pages.after;
		if (pages.count < before + list.max)
			break;
	} while (true);
	check_int("all of them", (long long)pages.count, 300 * 4);
	see_all(&whole, list_of(LIST_CARGO_TIMELINE, "S/1"), 1000);
	check_str("pages are the whole", buf_str(&pages.places), buf_str(&whole.places));
	seen_free(&pages);
	seen_free(&whole);
}

static void a_forged_place_is_one_like_any_other(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *key;
		int64_t time;
		size_t count;
	} cases[] = {
		{ "", 0, 4 },
		{ "x", 1, 4 },
		{ "7fffffffffffffff0000000000000000", INT64_C(253402300799999), 0 },
		{ "7fffffffffffffff0000020000000000", 1000, 0 },
		{ "00000000000000047fffffffffffffff", 1000, 4 },
		{ "00000000000000040000010000000000", 1000, 1 },
	};
	tell_all(f);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct seen seen = { .f = f };
		struct store_list list = list_of(LIST_CARGO_TIMELINE, "S/1");
		list.after = (struct store_cursor){ cases[i].time, str_from(cases[i].key) };
		list.max = 100;
		check_status(cases[i].key, store_list(f->store, &list, see, &seen), ITN_OK);
		check_int(cases[i].key, (long long)seen.count, (long long)cases[i].count);
		seen_free(&seen);
	}
}

static const struct CMUnitTest tests[] = {
	CONTRACT(a_timeline_has_all_of_one_thing_in_order),
	CONTRACT(entries_are_shown_without_goods_and_addresses),
	CONTRACT(pages_go_on_where_the_last_one_ended),
	CONTRACT(a_forged_place_is_one_like_any_other),
};

const struct contract_group contract_timeline = { "timelines", tests, COUNT_OF(tests) };
