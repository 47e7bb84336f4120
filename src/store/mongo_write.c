#include "store/mongo_write.h"

#include "core/clock.h"
#include "core/memory.h"

static void write_release(struct commit_item *item)
{
	struct write *write = (struct write *)item;
	bson_destroy(write->filter);
	bson_destroy(write->change);
	arena_free(write->arena);
}

static struct write *write_new(enum write_kind kind, enum mongo_collection in, const struct entry *entry)
{
	struct arena *arena = arena_new(512);
	struct write *write = arena_calloc(arena, 1, sizeof(*write));
	write->item.release = write_release;
	write->arena = arena;
	write->kind = kind;
	write->in = in;
	write->id = arena_str(arena, in == IN_REQUESTS ? entry->id : entry->key);
	write->event = arena_str(arena, entry->id);
	write->filter = bson_new();
	write->change = bson_new();
	return write;
}

static enum itn_status submit(struct mongo_store *store, struct write *write)
{
	bool waits_for_nobody = write->kind == WRITE_INSERT || write->in == IN_CLAIMS;
	struct commit_queue *queue = waits_for_nobody ? store->creations : store->changes;
	return commit_queue_write(queue, &write->item, link_timeout_ms(store->link), WRITE_GRACE_MS);
}

/* Only at the version that was read, and only while there is room in the outbox. */
static void guard(struct write *write, int64_t from_version)
{
	bson_t room;
	write->from_version = from_version;
	bson_put_str(write->filter, "_id", write->id);
	bson_put_int(write->filter, "version", from_version);
	bson_append_document_begin(write->filter, OUTBOX_LAST, -1, &room);
	bson_append_bool(&room, "$exists", -1, false);
	bson_append_document_end(write->filter, &room);
}

enum itn_status mongo_trade_create(struct store *base, const struct trade *trade, const struct entry *entry)
{
	struct mongo_store *store = mongo_store_of(base);
	enum itn_status status = link_status(store->link);
	if (status)
		return status;
	struct write *write = write_new(WRITE_INSERT, IN_TRADES, entry);
	trade_bson(trade, entry, link_now_ms(store->link), write->change);
	return submit(store, write);
}

enum itn_status mongo_cargo_create(struct store *base, const struct cargo *cargo, const struct entry *entry)
{
	struct mongo_store *store = mongo_store_of(base);
	enum itn_status status = link_status(store->link);
	if (status)
		return status;
	struct write *write = write_new(WRITE_INSERT, IN_CARGO, entry);
	cargo_bson(cargo, entry, link_now_ms(store->link), write->change);
	return submit(store, write);
}

enum itn_status mongo_trade_change(struct store *base, const struct trade *changed, int64_t from_version,
				   const struct entry *entry)
{
	struct mongo_store *store = mongo_store_of(base);
	enum itn_status status = link_status(store->link);
	if (status)
		return status;
	struct write *write = write_new(WRITE_UPDATE, IN_TRADES, entry);
	guard(write, from_version);
	trade_bson_change(changed, entry, link_now_ms(store->link), write->change);
	return submit(store, write);
}

enum itn_status mongo_cargo_change(struct store *base, const struct cargo *changed, int64_t from_version,
				   const struct entry *entry)
{
	struct mongo_store *store = mongo_store_of(base);
	enum itn_status status = link_status(store->link);
	if (status)
		return status;
	struct write *write = write_new(WRITE_UPDATE, IN_CARGO, entry);
	guard(write, from_version);
	cargo_bson_change(changed, entry, link_now_ms(store->link), write->change);
	return submit(store, write);
}

enum itn_status mongo_request_add(struct store *base, const struct entry *request)
{
	struct mongo_store *store = mongo_store_of(base);
	enum itn_status status = link_status(store->link);
	if (status)
		return status;
	struct write *write = write_new(WRITE_INSERT, IN_REQUESTS, request);
	request_bson(request, link_now_ms(store->link), write->change);
	return submit(store, write);
}

static struct write *claim_write_new(enum write_kind kind, const struct claim *claim)
{
	return write_new(kind, IN_CLAIMS, &(struct entry){ .id = claim->event, .key = claim->key });
}

enum itn_status mongo_claim_add(struct store *base, const struct claim *claim)
{
	struct mongo_store *store = mongo_store_of(base);
	enum itn_status status = link_status(store->link);
	if (status)
		return status;
	struct write *write = claim_write_new(WRITE_INSERT, claim);
	claim_bson(claim, write->change);
	return submit(store, write);
}

enum itn_status mongo_claim_change(struct store *base, const struct claim *changed, int64_t from_version)
{
	struct mongo_store *store = mongo_store_of(base);
	enum itn_status status = link_status(store->link);
	if (status)
		return status;
	struct write *write = claim_write_new(WRITE_UPDATE, changed);
	write->from_version = from_version;
	bson_put_str(write->filter, "_id", write->id);
	bson_put_int(write->filter, "version", from_version);
	claim_bson_change(changed, write->change);
	return submit(store, write);
}
