#include "store/mongo_document.h"

#include <stddef.h>
#include <string.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
#define NAMES(array) { array, COUNT_OF(array), false }

static const char *const trade_statuses[] = { "pending", "completed", "canceled", "delayed" };
static const char *const trade_goods[] = { "new", "none", "reserved", "loaded", "moved", "arrived" };
static const char *const trade_holds[] = { "size", "shortage", "manual" };
static const char *const cargo_statuses[] = { "pending", "in transit", "delayed", "delivered" };
static const char *const entry_kinds[] = { "create", "change", "request" };
static const char *const entities[] = { "trade", "cargo", "inventory", "alert" };
static const struct member_names trade_status_names = NAMES(trade_statuses), trade_goods_names = NAMES(trade_goods),
	trade_hold_names = { trade_holds, COUNT_OF(trade_holds), true }, cargo_status_names = NAMES(cargo_statuses),
	entry_kind_names = NAMES(entry_kinds), entity_names = NAMES(entities);

#define FIELD(type, member) offsetof(struct type, member), NULL
static const struct member trade_members[] = {
	{ "_id",         MEMBER_STR,   OWNER_NOBODY, FIELD(trade, id) },
	{ "stationId",   MEMBER_STR,   OWNER_NOBODY, FIELD(trade, station) },
	{ "buyer",       MEMBER_STR,   OWNER_NOBODY, FIELD(trade, buyer) },
	{ "buyerEmail",  MEMBER_STR,   OWNER_NOBODY, FIELD(trade, buyer_email) },
	{ "seller",      MEMBER_STR,   OWNER_NOBODY, FIELD(trade, seller) },
	{ "sellerEmail", MEMBER_STR,   OWNER_NOBODY, FIELD(trade, seller_email) },
	{ "items",       MEMBER_LINES, OWNER_NOBODY, FIELD(trade, items) },
	{ "destination", MEMBER_STR,   OWNER_NOBODY, FIELD(trade, destination) },
	{ "status",      MEMBER_NAME,  OWNER_CLIENT, offsetof(struct trade, status), &trade_status_names },
	{ "holds",       MEMBER_NAME,  OWNER_CLIENT, offsetof(struct trade, holds), &trade_hold_names },
	{ "reservedLines", MEMBER_LINES_IF, OWNER_ENGINE, FIELD(trade, reserved) },
	{ "shipmentId",  MEMBER_STR,   OWNER_ENGINE, FIELD(trade, shipment) },
	{ "reason",      MEMBER_STR,   OWNER_CLIENT, FIELD(trade, reason) },
	{ "goods",       MEMBER_NAME,  OWNER_ENGINE, offsetof(struct trade, goods), &trade_goods_names },
	{ "shortOf",     MEMBER_STR,   OWNER_ENGINE, FIELD(trade, short_of) },
	{ "version",     MEMBER_INT,   OWNER_CLIENT, FIELD(trade, version) },
	{ "createdAt",   MEMBER_TIME,  OWNER_NOBODY, FIELD(trade, created_at) },
	{ "updatedAt",   MEMBER_TIME,  OWNER_CLIENT, FIELD(trade, updated_at) },
};
static const struct member cargo_members[] = {
	{ "_id",         MEMBER_STR,   OWNER_NOBODY, FIELD(cargo, id) },
	{ "emailId",     MEMBER_STR,   OWNER_NOBODY, FIELD(cargo, email) },
	{ "origin",      MEMBER_STR,   OWNER_NOBODY, FIELD(cargo, origin) },
	{ "destination", MEMBER_STR,   OWNER_NOBODY, FIELD(cargo, destination) },
	{ "items",       MEMBER_LINES, OWNER_ENGINE, FIELD(cargo, items) },
	{ "ownItems",    MEMBER_LINES, OWNER_NOBODY, FIELD(cargo, own_items) },
	{ "capacity",    MEMBER_INT,   OWNER_NOBODY, FIELD(cargo, capacity) },
	{ "tradeCount",  MEMBER_INT,   OWNER_ENGINE, FIELD(cargo, trade_count) },
	{ "status",      MEMBER_NAME,  OWNER_CLIENT, offsetof(struct cargo, status), &cargo_status_names },
	{ "departedAt",  MEMBER_TIME,  OWNER_CLIENT, FIELD(cargo, departed_at) },
	{ "deliveredAt", MEMBER_TIME,  OWNER_CLIENT, FIELD(cargo, delivered_at) },
	{ "eta",         MEMBER_TIME,  OWNER_CLIENT, FIELD(cargo, eta) },
	{ "location",    MEMBER_STR,   OWNER_CLIENT, FIELD(cargo, location) },
	{ "open",        MEMBER_BOOL,  OWNER_ENGINE, FIELD(cargo, open) },
	{ "reservedTrades", MEMBER_INT, OWNER_ENGINE, FIELD(cargo, reserved_trades) },
	{ "lateEta",     MEMBER_TIME,  OWNER_ENGINE, FIELD(cargo, late_eta) },
	{ "version",     MEMBER_INT,   OWNER_CLIENT, FIELD(cargo, version) },
	{ "createdAt",   MEMBER_TIME,  OWNER_NOBODY, FIELD(cargo, created_at) },
	{ "updatedAt",   MEMBER_TIME,  OWNER_CLIENT, FIELD(cargo, updated_at) },
};
static const struct member stock_members[] = {
	{ "stationId",    MEMBER_STR,  OWNER_NOBODY, FIELD(stock, station) },
	{ "name",         MEMBER_STR,  OWNER_NOBODY, FIELD(stock, item) },
	{ "onHand",       MEMBER_INT,  OWNER_ENGINE, FIELD(stock, on_hand) },
	{ "reserved",     MEMBER_INT,  OWNER_ENGINE, FIELD(stock, reserved) },
	{ "incoming",     MEMBER_INT,  OWNER_ENGINE, FIELD(stock, incoming) },
	{ "reorderLevel", MEMBER_INT,  OWNER_ENGINE, FIELD(stock, reorder_level) },
	{ "tracked",      MEMBER_BOOL, OWNER_ENGINE, FIELD(stock, tracked) },
	{ "version",      MEMBER_INT,  OWNER_ENGINE, FIELD(stock, version) },
	{ "updatedAt",    MEMBER_TIME, OWNER_ENGINE, FIELD(stock, updated_at) },
};
static const struct member entry_members[] = {
	{ "id",      MEMBER_STR,  OWNER_NOBODY, FIELD(entry, id) },
	{ "kind",    MEMBER_NAME, OWNER_NOBODY, offsetof(struct entry, kind), &entry_kind_names },
	{ "version", MEMBER_INT,  OWNER_NOBODY, FIELD(entry, version) },
	{ "time",    MEMBER_TIME, OWNER_NOBODY, FIELD(entry, time) },
	{ "change",  MEMBER_STR,  OWNER_NOBODY, FIELD(entry, change) },
};
static const struct member request_members[] = {
	{ "_id",    MEMBER_STR,  OWNER_NOBODY, FIELD(entry, id) },
	{ "entity", MEMBER_NAME, OWNER_NOBODY, offsetof(struct entry, entity), &entity_names },
	{ "key",    MEMBER_STR,  OWNER_NOBODY, FIELD(entry, key) },
	{ "time",   MEMBER_TIME, OWNER_NOBODY, FIELD(entry, time) },
	{ "change", MEMBER_STR,  OWNER_NOBODY, FIELD(entry, change) },
};
/* clang-format on */

_Static_assert(COUNT_OF(trade_statuses) == TRADE_STATUSES, "a name for each status of trades");
_Static_assert(COUNT_OF(cargo_statuses) == CARGO_STATUSES, "a name for each status of cargo");
_Static_assert(COUNT_OF(trade_goods) == GOODS_ARRIVED + 1, "a name for each place of goods");
_Static_assert(COUNT_OF(entities) == ENTITY_KINDS, "a name for each entity");

static void entry_bson(const struct entry *entry, int64_t at, bson_t *doc)
{
	members_write(entry_members, COUNT_OF(entry_members), entry, OWNERS_ALL, doc, NULL);
	bson_put_time(doc, "at", at);
}

bool entry_from_bson(const bson_t *doc, struct arena *arena, struct entry *ret_entry, int64_t *ret_at)
{
	*ret_at = bson_take_int(doc, "at");
	return members_read(entry_members, COUNT_OF(entry_members), doc, arena, true, ret_entry);
}

static void put_outbox(bson_t *doc, const struct entry *entry, int64_t at)
{
	bson_t outbox, waiting = BSON_INITIALIZER;
	bson_append_array_begin(doc, "outbox", -1, &outbox);
	entry_bson(entry, at, &waiting);
	bson_append_document(&outbox, "0", -1, &waiting);
	bson_destroy(&waiting);
	bson_append_array_end(doc, &outbox);
	bson_put_time(doc, "outboxAt", at);
}

static void put_push(bson_t *update, const struct entry *entry, int64_t at)
{
	bson_t push, min, waiting = BSON_INITIALIZER;
	entry_bson(entry, at, &waiting);
	bson_append_document_begin(update, "$push", -1, &push);
	bson_append_document(&push, "outbox", -1, &waiting);
	bson_append_document_end(update, &push);
	bson_destroy(&waiting);
	bson_append_document_begin(update, "$min", -1, &min);
	bson_put_time(&min, "outboxAt", at);
	bson_append_document_end(update, &min);
}

static void put_operator(bson_t *update, const char *name, const bson_t *members)
{
	if (!bson_empty(members))
		bson_append_document(update, name, -1, members);
}

/* Whether a trade stands in the queue for a shipment, as far as it itself tells. */
static bool trade_waits(const struct trade *trade)
{
	return trade_is_open(trade) && !(trade->holds & HOLD_SHORTAGE) &&
	       (trade->goods == GOODS_NONE || trade->goods == GOODS_RESERVED);
}

void trade_bson(const struct trade *trade, const struct entry *entry, int64_t at, bson_t *doc)
{
	members_write(trade_members, COUNT_OF(trade_members), trade, OWNERS_ALL, doc, NULL);
	put_outbox(doc, entry, at);
}

void cargo_bson(const struct cargo *cargo, const struct entry *entry, int64_t at, bson_t *doc)
{
	members_write(cargo_members, COUNT_OF(cargo_members), cargo, OWNERS_ALL, doc, NULL);
	put_outbox(doc, entry, at);
}

void trade_bson_change(const struct trade *trade, const struct entry *entry, int64_t at, bson_t *update)
{
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	members_write(trade_members, COUNT_OF(trade_members), trade, OWNER_CLIENT, &set, &unset);
	if (!trade_is_open(trade) || trade->holds & HOLD_SHORTAGE)
		bson_append_bool(&unset, "waits", -1, true);
	put_operator(update, "$set", &set);
	put_operator(update, "$unset", &unset);
	put_push(update, entry, at);
	bson_destroy(&set);
	bson_destroy(&unset);
}

void cargo_bson_change(const struct cargo *cargo, const struct entry *entry, int64_t at, bson_t *update)
{
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	members_write(cargo_members, COUNT_OF(cargo_members), cargo, OWNER_CLIENT, &set, &unset);
	put_operator(update, "$set", &set);
	put_operator(update, "$unset", &unset);
	put_push(update, entry, at);
	bson_destroy(&set);
	bson_destroy(&unset);
}

void trade_bson_write(const struct trade *trade, bson_t *set, bson_t *unset)
{
	members_write(trade_members, COUNT_OF(trade_members), trade, OWNERS_ENGINE, set, unset);
	bson_append_bool(trade_waits(trade) ? set : unset, "waits", -1, true);
	bson_append_bool(str_is_set(trade->short_of) ? set : unset, "short", -1, true);
	bson_append_bool(trade_has_reserved(trade) ? set : unset, "reserves", -1, true);
}

void cargo_bson_write(const struct cargo *cargo, bson_t *set, bson_t *unset)
{
	members_write(cargo_members, COUNT_OF(cargo_members), cargo, OWNERS_ENGINE, set, unset);
}

void stock_bson(const struct stock *stock, unsigned owners, bson_t *set)
{
	members_write(stock_members, COUNT_OF(stock_members), stock, owners, set, NULL);
}

static unsigned outbox_count(const bson_t *doc)
{
	bson_t outbox;
	return bson_take_document(doc, "outbox", &outbox) ? bson_count_keys(&outbox) : 0;
}

bool trade_from_bson(const bson_t *doc, struct arena *arena, bool copy, struct trade *ret_trade)
{
	*ret_trade = (struct trade){ .unsequenced = outbox_count(doc) };
	return members_read(trade_members, COUNT_OF(trade_members), doc, arena, copy, ret_trade);
}

bool cargo_from_bson(const bson_t *doc, struct arena *arena, bool copy, struct cargo *ret_cargo)
{
	*ret_cargo = (struct cargo){ .unsequenced = outbox_count(doc) };
	return members_read(cargo_members, COUNT_OF(cargo_members), doc, arena, copy, ret_cargo);
}

bool stock_from_bson(const bson_t *doc, struct arena *arena, struct stock *ret_stock)
{
	*ret_stock = (struct stock){ 0 };
	return members_read(stock_members, COUNT_OF(stock_members), doc, arena, true, ret_stock);
}

struct str stock_key(struct arena *arena, struct str station, char end, struct str item)
{
	char *key = arena_alloc(arena, station.len + item.len + 2);
	size_t len = station.len;
	memcpy(key, station.ptr, len);
	key[len++] = end;
	if (item.len)
		memcpy(key + len, item.ptr, item.len);
	len += item.len;
	key[len] = '\0';
	return (struct str){ key, len };
}

void request_bson(const struct entry *request, int64_t at, bson_t *doc)
{
	members_write(request_members, COUNT_OF(request_members), request, OWNERS_ALL, doc, NULL);
	bson_put_str(doc, "state", STR("waiting"));
	bson_put_time(doc, "outboxAt", at);
}

bool request_from_bson(const bson_t *doc, struct arena *arena, struct entry *ret_request, int64_t *ret_at)
{
	*ret_request = (struct entry){ .kind = ENTRY_REQUEST };
	*ret_at = bson_take_int(doc, "outboxAt");
	return members_read(request_members, COUNT_OF(request_members), doc, arena, true, ret_request);
}
