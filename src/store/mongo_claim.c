#include <stddef.h>
#include <string.h>

#include "store/mongo_write.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
#define FIELD(member) offsetof(struct claim, member), NULL
static const struct member members[] = {
	{ "_id",       MEMBER_STR,  OWNER_NOBODY, FIELD(key) },
	{ "print",     MEMBER_STR,  OWNER_NOBODY, FIELD(print) },
	{ "document",  MEMBER_STR,  OWNER_NOBODY, FIELD(document) },
	{ "event",     MEMBER_STR,  OWNER_NOBODY, FIELD(event) },
	{ "at",        MEMBER_TIME, OWNER_NOBODY, FIELD(at) },
	{ "expiresAt", MEMBER_TIME, OWNER_NOBODY, FIELD(expires_at) },
	{ "version",   MEMBER_INT,  OWNER_CLIENT, FIELD(version) },
	{ "busyUntil", MEMBER_TIME, OWNER_CLIENT, FIELD(busy_until) },
	{ "asked",     MEMBER_BOOL, OWNER_CLIENT, FIELD(asked) },
	{ "status",    MEMBER_INT,  OWNER_CLIENT, FIELD(status) },
	{ "lines",     MEMBER_STR,  OWNER_CLIENT, FIELD(lines) },
	{ "body",      MEMBER_STR,  OWNER_CLIENT, FIELD(body) },
};
/* clang-format on */

void claim_bson(const struct claim *claim, bson_t *doc)
{
	members_write(members, COUNT_OF(members), claim, OWNERS_ALL, doc, NULL);
}

void claim_bson_change(const struct claim *changed, bson_t *update)
{
	bson_t set = BSON_INITIALIZER, unset = BSON_INITIALIZER;
	members_write(members, COUNT_OF(members), changed, OWNER_CLIENT, &set, &unset);
	bson_append_document(update, "$set", -1, &set);
	if (!bson_empty(&unset))
		bson_append_document(update, "$unset", -1, &unset);
	bson_destroy(&set);
	bson_destroy(&unset);
}

bool claim_from_bson(const bson_t *doc, struct arena *arena, struct claim *ret_claim)
{
	*ret_claim = (struct claim){ 0 };
	return members_read(members, COUNT_OF(members), doc, arena, true, ret_claim);
}

struct target {
	struct arena *arena;
	struct claim *claim;
	bool found, corrupt;
};

static bool claim_row(void *context, const bson_t *doc)
{
	struct target *target = context;
	target->found = true;
	target->corrupt = !claim_from_bson(doc, target->arena, target->claim);
	return true;
}

enum itn_status mongo_claim(struct store *store, struct arena *arena, struct str key, struct claim *ret_claim)
{
	struct target target = { .arena = arena, .claim = ret_claim };
	bson_t filter;
	filter_id(&filter, key);
	enum itn_status status = store_find(mongo_store_of(store), IN_CLAIMS, &filter, NULL, claim_row, &target);
	bson_destroy(&filter);
	if (status)
		return status;
	return !target.found ? ITN_NOT_FOUND : target.corrupt ? ITN_FAILED : ITN_OK;
}

static bool found(void *context, const bson_t *doc unused_arg)
{
	*(bool *)context = true;
	return false;
}

static enum itn_status look(struct mongo_store *store, enum mongo_collection in, bson_t *filter, bool *ret_found)
{
	bson_t opts = BSON_INITIALIZER, members_wanted;
	bson_append_document_begin(&opts, "projection", -1, &members_wanted);
	bson_append_int32(&members_wanted, "_id", -1, 1);
	bson_append_document_end(&opts, &members_wanted);
	enum itn_status status = store_find(store, in, filter, &opts, found, ret_found);
	bson_destroy(filter);
	bson_destroy(&opts);
	return status;
}

/* First the document, then the log: an entry moves from the one to the other, never back. */
enum itn_status mongo_entry_known(struct store *base, enum entity_kind entity, struct str key, struct str id,
				  bool *ret_known)
{
	struct mongo_store *store = mongo_store_of(base);
	bson_t filter;
	bool known = false;
	enum itn_status status = ITN_OK;
	if (entity != ENTITY_INVENTORY) {
		filter_id(&filter, key);
		bson_put_str(&filter, "outbox.id", id);
		status = look(store, entity == ENTITY_TRADE ? IN_TRADES : IN_CARGO, &filter, &known);
	}
	if (!status && !known) {
		bson_init(&filter);
		bson_put_str(&filter, "id", id);
		status = look(store, IN_EVENTS, &filter, &known);
	}
	if (!status)
		*ret_known = known;
	return status;
}
