#include <stddef.h>
#include <string.h>

#include "store/mongo_engine.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
static const char *const accounts[] = { "external", "station", "transit" };
static const struct member_names account_names = { accounts, COUNT_OF(accounts), false };

#define FIELD(member) offsetof(struct posting, member), NULL
static const struct member members[] = {
	{ "_id",           MEMBER_INT,  OWNER_NOBODY, FIELD(number) },
	{ "eventId",       MEMBER_STR,  OWNER_NOBODY, FIELD(event) },
	{ "item",          MEMBER_STR,  OWNER_NOBODY, FIELD(item) },
	{ "quantity",      MEMBER_INT,  OWNER_NOBODY, FIELD(quantity) },
	{ "from",          MEMBER_NAME, OWNER_NOBODY, offsetof(struct posting, from), &account_names },
	{ "to",            MEMBER_NAME, OWNER_NOBODY, offsetof(struct posting, to), &account_names },
	{ "stationId",     MEMBER_STR,  OWNER_NOBODY, FIELD(station) },
	{ "transactionId", MEMBER_STR,  OWNER_NOBODY, FIELD(trade) },
	{ "shipmentId",    MEMBER_STR,  OWNER_NOBODY, FIELD(shipment) },
	{ "at",            MEMBER_TIME, OWNER_NOBODY, FIELD(at) },
	{ "fromBalance",   MEMBER_INT,  OWNER_NOBODY, FIELD(from_balance) },
	{ "toBalance",     MEMBER_INT,  OWNER_NOBODY, FIELD(to_balance) },
};
/* clang-format on */

_Static_assert(COUNT_OF(accounts) == ACCOUNT_TRANSIT + 1, "a name for each kind of account");

void posting_bson(const struct posting *posting, bson_t *doc)
{
	members_write(members, COUNT_OF(members), posting, OWNERS_ALL, doc, NULL);
}

bool posting_from_bson(const bson_t *doc, struct arena *arena, struct posting *ret_posting)
{
	*ret_posting = (struct posting){ 0 };
	return members_read(members, COUNT_OF(members), doc, arena, false, ret_posting);
}

struct movements {
	struct arena *arena;
	struct buf json;
	store_row_fn *row;
	void *context;
	size_t count;
	bool corrupt;
};

static bool movement_row(void *context, const bson_t *doc)
{
	struct movements *movements = context;
	struct posting posting;
	char key[POSTING_KEY_LEN + 1];
	if ((movements->corrupt = !posting_from_bson(doc, movements->arena, &posting)))
		return false;
	buf_reset(&movements->json, 65536);
	posting_write_json(&movements->json, &posting);
	posting_key(posting.number, key);
	movements->count++;
	movements->row(movements->context, &(struct store_row){ str_from(key), posting.at, buf_str(&movements->json) });
	return true;
}

/* {member: {operator: value}} of a date or a number */
static void put_bound(bson_t *range, const char *operator, int64_t at)
{
	bson_append_date_time(range, operator, - 1, at);
}

static void movements_filter(const struct store_list *list, bson_t *ret_filter)
{
	bson_init(ret_filter);
	bson_put_str(ret_filter, "stationId", list->station);
	bson_put_str(ret_filter, "item", list->item);
	bson_put_str(ret_filter, "transactionId", list->trade);
	bson_put_str(ret_filter, "shipmentId", list->shipment);
}

static enum itn_status find_movements(struct mongo_store *store, bson_t *filter, size_t max,
				      struct movements *movements)
{
	bson_t opts;
	opts_sorted(&opts, "at", "_id", max);
	enum itn_status status = store_find(store, IN_POSTINGS, filter, &opts, movement_row, movements);
	bson_destroy(filter);
	bson_destroy(&opts);
	return status;
}

static enum itn_status find_same_time(struct mongo_store *store, const struct store_list *list,
				      struct movements *movements)
{
	bson_t filter, range;
	movements_filter(list, &filter);
	bson_append_date_time(&filter, "at", -1, list->after.time);
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_int(&range, "$gt", posting_key_number(list->after.key));
	bson_append_document_end(&filter, &range);
	return find_movements(store, &filter, list->max, movements);
}

static enum itn_status find_later(struct mongo_store *store, const struct store_list *list, int64_t from,
				  struct movements *movements)
{
	bson_t filter, range;
	movements_filter(list, &filter);
	bson_append_document_begin(&filter, "at", -1, &range);
	put_bound(&range, "$gte", from);
	if (list->until)
		put_bound(&range, "$lt", list->until);
	bson_append_document_end(&filter, &range);
	return find_movements(store, &filter, list->max - movements->count, movements);
}

enum itn_status mongo_movements(struct mongo_store *store, const struct store_list *list, store_row_fn *row,
				void *context)
{
	if (list->after.time >= TIME_END - 1)
		return ITN_OK;
	struct movements movements = { .arena = arena_new(0), .row = row, .context = context };
	bool behind = list->after.time && list->since <= list->after.time;
	int64_t from = behind ? list->after.time + 1 : list->since;
	enum itn_status status = ITN_OK;
	if (behind && (!list->until || list->after.time < list->until))
		status = find_same_time(store, list, &movements);
	if (!status && movements.count < list->max && (!list->until || from < list->until))
		status = find_later(store, list, from, &movements);
	arena_free(movements.arena);
	buf_free(&movements.json);
	return !status && movements.corrupt ? ITN_FAILED : status;
}

struct items {
	struct arena *arena;
	struct lines lines;
	size_t room;
};

static bool item_row(void *context, const bson_t *doc)
{
	struct items *items = context;
	lines_append(&items->lines, items->arena, &items->room,
		     (struct line){ .name = arena_str(items->arena, bson_take_str(doc, "name")) });
	return true;
}

static enum itn_status find_items(struct mongo_store *store, struct arena *arena, struct str station,
				  struct lines *ret_items)
{
	struct items items = { .arena = arena };
	bson_t filter = BSON_INITIALIZER, range, opts;
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_str(&range, "$gt", stock_key(arena, station, '\n', STR("")));
	bson_put_str(&range, "$lt", stock_key(arena, station, '\n' + 1, STR("")));
	bson_append_document_end(&filter, &range);
	opts_sorted(&opts, "_id", NULL, 0);
	enum itn_status status = store_find(store, IN_STOCK, &filter, &opts, item_row, &items);
	bson_destroy(&filter);
	bson_destroy(&opts);
	*ret_items = items.lines;
	return status;
}

static bool time_row(void *context, const bson_t *doc)
{
	*(int64_t *)context = bson_take_int(doc, "loggedAt");
	return false;
}

/* What is logged until when, up to which number, for a moment that is given as a seq. */
static enum itn_status moment_of(struct mongo_store *store, int64_t seq, int64_t *time, int64_t *ret_below)
{
	bson_t filter = BSON_INITIALIZER;
	*ret_below = INT64_MAX;
	if (seq < 0)
		return ITN_OK;
	*ret_below = (seq + 1) << POSTING_NUMBER_BITS;
	*time = 0;
	bson_put_int(&filter, "_id", seq);
	enum itn_status status = store_find(store, IN_EVENTS, &filter, NULL, time_row, time);
	bson_destroy(&filter);
	return status;
}

static bool balance_row(void *context, const bson_t *doc)
{
	bool came_in = str_eq(bson_take_str(doc, "to"), STR("station"));
	*(int64_t *)context = bson_take_int(doc, came_in ? "toBalance" : "fromBalance");
	return false;
}

/* The last posting's balance. */
static enum itn_status quantity_at(struct mongo_store *store, struct str station, struct line *line, int64_t time,
				   int64_t below)
{
	bson_t filter = BSON_INITIALIZER, range, opts = BSON_INITIALIZER, sort;
	bson_put_str(&filter, "stationId", station);
	bson_put_str(&filter, "item", line->name);
	bson_append_document_begin(&filter, "at", -1, &range);
	put_bound(&range, "$lte", time);
	bson_append_document_end(&filter, &range);
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_int(&range, "$lt", below);
	bson_append_document_end(&filter, &range);
	bson_append_document_begin(&opts, "sort", -1, &sort);
	bson_append_int32(&sort, "at", -1, -1);
	bson_append_int32(&sort, "_id", -1, -1);
	bson_append_document_end(&opts, &sort);
	bson_append_int64(&opts, "limit", -1, 1);
	enum itn_status status = store_find(store, IN_POSTINGS, &filter, &opts, balance_row, &line->quantity);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

enum itn_status mongo_stock_at(struct store *base, struct arena *arena, struct str station, int64_t seq, int64_t time,
			       struct lines *ret_lines)
{
	struct mongo_store *store = mongo_store_of(base);
	struct store_head head = { 0 };
	struct lines items = { 0 };
	int64_t below;
	size_t kept = 0;
	enum itn_status status = mongo_head(base, &head);
	if (!status)
		status = find_items(store, arena, station, &items);
	if (!status && (!items.count || head.schema < STORE_LEDGER_SCHEMA))
		status = ITN_NOT_FOUND;
	if (!status)
		status = moment_of(store, seq, &time, &below);
	for (size_t i = 0; !status && i < items.count; i++) {
		status = quantity_at(store, station, &items.at[i], time, below);
		if (items.at[i].quantity > 0)
			items.at[kept++] = items.at[i];
	}
	items.count = kept;
	if (!status)
		*ret_lines = items;
	return status;
}
