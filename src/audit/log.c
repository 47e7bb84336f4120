#include <stdio.h>
#include <string.h>

#include "audit/check.h"
#include "core/json_in.h"
#include "core/map.h"
#include "domain/posting.h"

/* Events that are read at a time. */
#define SLICE 500

/* The last event of the slice about a document. */
struct mention {
	enum entity_kind entity;
	struct str key; /* of an item of a station: "stationId\nitem" */
	int64_t version, seq;
	uint64_t print;         /* of what it says */
	enum alert_kind raises; /* a criticalEvent has the alert's id: of what it warns */
	bool found;
	struct mention *next;
};

/* A slice of the log, and what goes on from slice to slice. */
struct history {
	struct audit *audit;
	struct arena *arena; /* of the slice */
	struct buf scratch;
	enum alert_kind alert; /* of what the frame at hand warns */
	struct map mentions;
	struct mention *first[ENTITY_KINDS];
	size_t count[ENTITY_KINDS];
	int64_t after;            /* the slice begins behind it */
	int64_t logged_at[SLICE]; /* 0: no such event */
	bool tells_stock[SLICE];
	int64_t last_seq, last_at; /* of the event ahead */
};

static uint64_t print_of(struct str text)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.ptr[i]) * UINT64_C(0x100000001b3);
	return tally_spread(hash);
}

static struct str event_entity(struct history *history, const struct event *event)
{
	return arena_printf(history->arena, "event %lld, %.*s", (long long)event->seq, STR_ARG(event->id));
}

/* What stands in the frame behind what the log knows; absent: it is another frame. */
static struct str data_behind(struct history *history, const struct event *known)
{
	struct event bare = *known;
	size_t len;

	bare.data = STR("0");
	buf_reset(&history->scratch, SIZE_MAX);
	event_write_frame(&history->scratch, &bare);
	len = history->scratch.len - 2; /* without "0}" */
	if (known->frame.len < len + 3 || memcmp(known->frame.ptr, history->scratch.ptr, len) != 0 ||
	    known->frame.ptr[known->frame.len - 1] != '}')
		return STR_NONE;
	return (struct str){ known->frame.ptr + len, known->frame.len - len - 1 };
}

/* Of what a criticalEvent warns stands in its frame only, in older ones nowhere. */
static struct str data_of_kind(struct history *history, struct event event)
{
	unsigned kinds = event.kind == EVENT_CRITICAL ? ALERT_KINDS : ALERT_NONE + 1;
	struct str data = STR_NONE;

	for (unsigned i = ALERT_NONE; i < kinds && !str_is_set(data); i++) {
		event.alert = (enum alert_kind)i;
		data = data_behind(history, &event);
		history->alert = (enum alert_kind)i;
	}
	return data;
}

/* Older frames do not tell the cause. */
static struct str data_of(struct history *history, const struct event *event)
{
	struct str data = data_of_kind(history, *event);
	struct event older = *event;

	older.caused_by = STR_NONE;
	return str_is_set(data) ? data : data_of_kind(history, older);
}

static struct mention *mention(struct history *history, enum entity_kind entity, struct str key,
			       const struct event *event, int64_t version, uint64_t print)
{
	struct str name = arena_printf(history->arena, "%d%.*s", (int)entity, STR_ARG(key));
	struct mention *known = map_get(&history->mentions, name);

	if (!known) {
		known = arena_calloc(history->arena, 1, sizeof(*known));
		known->entity = entity;
		known->key = (struct str){ name.ptr + 1, name.len - 1 };
		known->next = history->first[entity];
		history->first[entity] = known;
		history->count[entity]++;
		map_put(&history->mentions, name, known);
	}
	if (version < known->version)
		return known;
	known->version = version;
	known->seq = event->seq;
	known->print = print;
	return known;
}

static void tell_version(struct history *history, struct str entity, struct str key, int64_t version)
{
	tally_add(history->audit->sums[SUM_VERSIONS], TALLY_TOLD, entity, key, tally_spread((uint64_t)version), 1);
}

static uint64_t stock_print(int64_t quantity, int64_t reserved, int64_t incoming, int64_t reorder_level)
{
	return tally_spread(
		tally_spread(tally_spread(tally_spread((uint64_t)quantity) + (uint64_t)reserved) + (uint64_t)incoming) +
		(uint64_t)reorder_level);
}

static int64_t number_of(const json_value *item, const char *name)
{
	const json_value *value = json_in_member(item, name);
	int64_t number;

	return value && json_in_integer(value, &number) ? number : -1;
}

static bool take_item(struct history *history, const struct event *event, const json_value *item)
{
	const json_value *name = json_in_member(item, "name");
	int64_t version = number_of(item, "version");
	int64_t reorder_level = number_of(item, "reorderLevel");
	struct str key;

	if (!name || json_in_type(name) != JSON_STRING || version < 1)
		return false;
	key = arena_printf(history->arena, "%.*s\n%.*s", STR_ARG(event->key), STR_ARG(json_in_str(name)));
	tell_version(history, STR("inventory"), key, version);
	mention(history, ENTITY_INVENTORY, key, event, version,
		stock_print(number_of(item, "quantity"), number_of(item, "reserved"), number_of(item, "incoming"),
			    reorder_level < 0 ? 0 : reorder_level));
	return true;
}

static bool take_items(struct history *history, const struct event *event, const struct json_in *doc)
{
	const json_value *items = json_in_member(json_in_root(doc), "items");
	bool fine = items && json_in_count(items) > 0;

	for (size_t i = 0; fine && i < json_in_count(items); i++)
		fine = take_item(history, event, json_in_at(items, i));
	return fine;
}

static void take_inventory(struct history *history, const struct event *event, struct str data)
{
	struct faults faults = { 0 };
	struct json_in *doc = NULL;
	bool fine = json_in_parse(history->arena, data, &faults, &doc) == ITN_OK && take_items(history, event, doc);

	json_in_free(doc);
	if (!fine && !history->audit->closer)
		audit_violation(history->audit, RULE_LOG_FRAME, event_entity(history, event),
				"its data are no inventory");
}

static void take_data(struct history *history, const struct event *event, struct str data)
{
	bool is_version = event->kind == EVENT_TRADE_CREATE || event->kind == EVENT_TRADE_UPDATED ||
			  event->kind == EVENT_CARGO_UPDATED;

	if (event->kind == EVENT_INVENTORY_UPDATED) {
		take_inventory(history, event, data);
		return;
	}
	if (event->kind == EVENT_CRITICAL && history->alert != ALERT_NONE)
		mention(history, ENTITY_ALERT, event->id, event, 0, 0)->raises = history->alert;
	if (event->kind == EVENT_ALERT_UPDATED) {
		tell_version(history, STR("alert"), event->key, event->entity_version);
		mention(history, ENTITY_ALERT, event->key, event, event->entity_version, print_of(data));
	}
	if (event->entity != ENTITY_TRADE && event->entity != ENTITY_CARGO)
		return;
	if (is_version)
		tell_version(history, str_from(entity_name(event->entity)), event->key, event->entity_version);
	if (is_version || event->kind == EVENT_CRITICAL)
		mention(history, event->entity, event->key, event, event->entity_version, print_of(data));
}

static bool is_derived_from(struct str id, struct str cause)
{
	if (id.len < cause.len + 2 || memcmp(id.ptr, cause.ptr, cause.len) != 0 || id.ptr[cause.len] != '.')
		return false;
	for (size_t i = cause.len + 1; i < id.len; i++)
		if (id.ptr[i] < '0' || id.ptr[i] > '9')
			return false;
	return true;
}

static void check_cause(struct history *history, const struct event *event)
{
	bool fine = str_is_set(event->caused_by) ? is_derived_from(event->id, event->caused_by)
						 : !memchr(event->id.ptr, '.', event->id.len);

	if (!fine)
		audit_violation(history->audit, RULE_LOG_CAUSE, event_entity(history, event), "it is caused by %.*s",
				str_is_set(event->caused_by) ? (int)event->caused_by.len : 7,
				str_is_set(event->caused_by) ? event->caused_by.ptr : "nothing");
}

static void check_order(struct history *history, const struct event *event)
{
	struct audit *audit = history->audit;

	if (event->seq != history->last_seq + 1)
		audit_violation(audit, RULE_LOG_GAP, event_entity(history, event), "%lld comes ahead of it",
				(long long)history->last_seq);
	if (event->logged_at < history->last_at)
		audit_violation(audit, RULE_LOG_TIME, event_entity(history, event),
				"it was logged before the one ahead of it");
	check_cause(history, event);
	audit->report->counts.events++;
	audit->counted.created += event->kind == EVENT_TRADE_CREATE;
	audit->counted.critical += event->kind == EVENT_CRITICAL;
}

static void take_event(void *context, const struct event *event)
{
	struct history *history = context;
	bool known = event->kind < EVENT_KINDS && event->entity < ENTITY_KINDS && event->id.ptr && event->key.ptr &&
		     event->frame.ptr;
	struct str data = known ? data_of(history, event) : STR_NONE;

	if (known && !history->audit->closer)
		check_order(history, event);
	if (!str_is_set(data) && !history->audit->closer)
		audit_violation(history->audit, RULE_LOG_FRAME, event_entity(history, event),
				"its frame is not that of what the log knows of it");
	history->last_seq = event->seq;
	history->last_at = event->logged_at;
	history->logged_at[event->seq - history->after - 1] = event->logged_at;
	history->tells_stock[event->seq - history->after - 1] = known && event->kind == EVENT_INVENTORY_UPDATED;
	if (str_is_set(data))
		take_data(history, event, data);
}

static struct str account_of(struct history *history, const struct posting *posting, enum account_kind kind)
{
	struct account account = { kind, kind == ACCOUNT_STATION ? posting->station : posting->shipment };

	return account_name(history->arena, account);
}

static void add_side(struct history *history, const struct posting *posting, enum account_kind kind, int64_t moved,
		     int64_t balance)
{
	struct audit *audit = history->audit;
	struct str account = account_of(history, posting, kind);
	uint64_t step = tally_spread((uint64_t)balance) - tally_spread((uint64_t)(balance - moved));

	audit_add(audit, SUM_BALANCES, TALLY_TOLD, account, posting->item, moved);
	tally_add(audit->sums[SUM_CHAINS], TALLY_TOLD, account, posting->item, step, 1);
}

static bool is_there(enum account_kind kind, int64_t balance)
{
	return kind == ACCOUNT_EXTERNAL ? balance <= 0 && balance >= -SUM_MAX : balance >= 0 && balance <= SUM_MAX;
}

static bool is_sound(const struct posting *posting)
{
	return posting->quantity >= 1 && posting->quantity <= SUM_MAX && posting->from <= ACCOUNT_TRANSIT &&
	       posting->to <= ACCOUNT_TRANSIT && posting->from != posting->to &&
	       is_there(posting->from, posting->from_balance) && is_there(posting->to, posting->to_balance);
}

/* What was there when the ledger was opened is of no event. */
static bool is_dated(const struct history *history, const struct posting *posting)
{
	size_t place = (size_t)(posting_seq(posting) - history->after - 1);

	if (!str_is_set(posting->event))
		return true;
	return history->tells_stock[place] && history->logged_at[place] == posting->at;
}

static void take_posting(void *context, const struct posting *posting)
{
	struct history *history = context;
	struct audit *audit = history->audit;
	char key[POSTING_KEY_LEN + 1];

	add_side(history, posting, posting->from, -posting->quantity, posting->from_balance);
	add_side(history, posting, posting->to, posting->quantity, posting->to_balance);
	if (audit->closer)
		return;
	audit->report->counts.postings++;
	posting_key(posting->number, key);
	if (!is_sound(posting))
		audit_violation(audit, RULE_LEDGER_POSTING,
				audit_entity(audit, "posting", str_from(key), posting->item),
				"it moves %lld, and leaves %lld and %lld", (long long)posting->quantity,
				(long long)posting->from_balance, (long long)posting->to_balance);
	else if (!is_dated(history, posting))
		audit_violation(audit, RULE_LEDGER_POSTING,
				audit_entity(audit, "posting", str_from(key), posting->item),
				"seq %lld is not the event that tells of it", (long long)posting_seq(posting));
}

static struct str mention_entity(struct history *history, const struct mention *mention)
{
	const char *end = memchr(mention->key.ptr, '\n', mention->key.len);
	size_t len = end ? (size_t)(end - mention->key.ptr) : mention->key.len;
	struct str item = end ? (struct str){ end + 1, mention->key.len - len - 1 } : STR("");

	return audit_entity(history->audit, entity_name(mention->entity), (struct str){ mention->key.ptr, len }, item);
}

static uint64_t document_print(const struct scan_document *document)
{
	const struct stock *stock = document->stock;

	if (!stock)
		return print_of(document->json);
	return stock_print(stock->on_hand, stock->reserved, stock->incoming, stock->reorder_level);
}

struct look {
	struct history *history;
	enum entity_kind entity;
};

/* An alert is there for a criticalEvent, unless one was there already. */
static void tell_raised(struct history *history, const struct mention *mention, struct str json)
{
	struct alert alert;

	if (alert_read_json(history->arena, json, &alert) == ITN_OK && alert.kind == mention->raises)
		tell_version(history, STR("alert"), mention->key, 1);
}

static void take_document(void *context, const struct scan_document *document)
{
	struct look *look = context;
	struct history *history = look->history;
	struct str name = arena_printf(history->arena, "%d%.*s", (int)look->entity, STR_ARG(document->key));
	struct mention *mention = map_get(&history->mentions, name);

	if (!mention)
		return;
	mention->found = true;
	if (mention->raises != ALERT_NONE)
		tell_raised(history, mention, document->json);
	if (history->audit->closer)
		return;
	if (document->version < mention->version)
		audit_violation(history->audit, RULE_DOCUMENT_DATA, mention_entity(history, mention),
				"it has version %lld, event %lld tells of version %lld", (long long)document->version,
				(long long)mention->seq, (long long)mention->version);
	else if (document->version == mention->version && document_print(document) != mention->print)
		audit_violation(history->audit, RULE_DOCUMENT_DATA, mention_entity(history, mention),
				"version %lld of it is not what event %lld says", (long long)mention->version,
				(long long)mention->seq);
}

/* Documents that the slice tells of, as they are now. */
static enum itn_status check_documents(struct history *history, enum entity_kind entity)
{
	struct look look = { history, entity };
	struct str *keys = arena_calloc(history->arena, history->count[entity] + 1, sizeof(*keys));
	size_t count = 0;
	enum itn_status status;

	if (!history->count[entity])
		return ITN_OK;
	for (struct mention *mention = history->first[entity]; mention; mention = mention->next)
		keys[count++] = mention->key;
	status = store_scan_documents(history->audit->store, entity, keys, count, take_document, &look);
	for (struct mention *mention = history->first[entity]; status == ITN_OK && mention; mention = mention->next)
		if (!mention->found && mention->version && !history->audit->closer)
			audit_violation(history->audit, RULE_DOCUMENT_DATA, mention_entity(history, mention),
					"event %lld tells of it, and there is none", (long long)mention->seq);
	return status;
}

static void slice_begin(struct history *history, int64_t after)
{
	arena_reset(history->arena);
	map_init(&history->mentions, history->arena);
	memset(history->first, 0, sizeof(history->first));
	memset(history->count, 0, sizeof(history->count));
	memset(history->logged_at, 0, sizeof(history->logged_at));
	memset(history->tells_stock, 0, sizeof(history->tells_stock));
	history->after = after;
}

static enum itn_status take_slice(struct history *history, int64_t after, int64_t until)
{
	struct store *store = history->audit->store;
	enum itn_status status;

	slice_begin(history, after);
	status = store_scan_log(store, after, until, take_event, history);
	if (status == ITN_OK)
		status = store_scan_postings(store, after, until, take_posting, history);
	for (enum entity_kind entity = 0; entity < ENTITY_KINDS && status == ITN_OK; entity++)
		if (!history->audit->closer || entity == ENTITY_ALERT)
			status = check_documents(history, entity);
	return status;
}

static void check_end(struct history *history)
{
	struct audit *audit = history->audit;

	if (!audit->closer && history->last_seq < audit->head.last_seq)
		audit_violation(audit, RULE_LOG_GAP, STR("head"), "the log ends at %lld, it should at %lld",
				(long long)history->last_seq, (long long)audit->head.last_seq);
}

enum itn_status audit_log(struct audit *audit)
{
	struct history history = { .audit = audit, .arena = arena_new(65536) };
	enum itn_status status = ITN_OK;

	/* What was on hand before anything was logged is posted with number 0. */
	for (int64_t after = -1; after < audit->head.last_seq && status == ITN_OK && !audit->stopped; after += SLICE) {
		int64_t until = after + SLICE < audit->head.last_seq ? after + SLICE : audit->head.last_seq;

		status = take_slice(&history, after, until);
		audit->steps = 0;
		(void)audit_goes_on(audit);
	}
	if (status == ITN_OK && !audit->stopped)
		check_end(&history);
	arena_free(history.arena);
	buf_free(&history.scratch);
	return status;
}

/* The id that came last. */
struct last_id {
	struct audit *audit;
	struct buf id;
	int64_t seq;
};

static bool take_id(void *context, struct str id, int64_t seq)
{
	struct last_id *last = context;

	if (last->seq && str_eq(buf_str(&last->id), id))
		audit_violation(last->audit, RULE_LOG_ID, audit_entity(last->audit, "event", id, STR_NONE),
				"%lld and %lld have it", (long long)last->seq, (long long)seq);
	buf_reset(&last->id, SIZE_MAX);
	buf_add_str(&last->id, id);
	last->seq = seq;
	return audit_goes_on(last->audit);
}

enum itn_status audit_ids(struct audit *audit)
{
	struct last_id last = { .audit = audit };
	enum itn_status status = store_scan_ids(audit->store, take_id, &last);

	buf_free(&last.id);
	return status;
}
