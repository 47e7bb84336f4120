#include "store/claims.h"
#include "store/memory_store.h"

static enum itn_status begin(struct memory_database *database, const char *call)
{
	enum itn_status status = database_at(database, call, MEMORY_BEFORE);
	if (!status)
		database_lock(database);
	return status;
}

static void put(struct memory_database *database, struct row *row, const struct claim *claim)
{
	struct arena *arena = arena_new(1024);
	struct claim *copy = arena_alloc(arena, sizeof(*copy));
	*copy = claim_copy(arena, claim);
	row_put(&database->clock, row, arena, copy);
}

static void forget_expired(struct memory_database *database, int64_t now)
{
	const struct row_table *table = &database->tables[IN_CLAIMS];
	for (size_t i = 0; i < table->count; i++) {
		const struct claim *claim = row_seen(table->at[i], NULL);
		if (claim && claim->expires_at < now)
			row_put(&database->clock, table->at[i], arena_new(0), NULL);
	}
}

enum itn_status memory_claim_add(struct store *store, const struct claim *claim)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = begin(database, "claim_add");
	if (status)
		return status;
	forget_expired(database, claim->at);
	struct row *row = row_make(&database->tables[IN_CLAIMS], claim->key);
	const struct claim *seen = row_seen(row, NULL);
	bool others = seen && !str_eq(seen->event, claim->event);
	if (!seen)
		put(database, row, claim);
	database_unlock(database);
	if (others)
		return ITN_EXISTS;
	return database_at(database, "claim_add", MEMORY_AFTER) ? ITN_UNKNOWN : ITN_OK;
}

enum itn_status memory_claim(struct store *store, struct arena *arena, struct str key, struct claim *ret_claim)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = begin(database, "claim");
	if (status)
		return status;
	const struct claim *seen = row_seen(row_find(&database->tables[IN_CLAIMS], key), NULL);
	if (seen)
		*ret_claim = claim_copy(arena, seen);
	database_unlock(database);
	return seen ? ITN_OK : ITN_NOT_FOUND;
}

enum itn_status memory_claim_change(struct store *store, const struct claim *changed, int64_t from_version)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = begin(database, "claim_change");
	if (status)
		return status;
	struct row *row = row_find(&database->tables[IN_CLAIMS], changed->key);
	const struct claim *seen = row_seen(row, NULL);
	bool done = seen && seen->version == from_version;
	if (done) {
		struct claim claim = *seen;
		claim.version = changed->version;
		claim.busy_until = changed->busy_until;
		claim.asked = changed->asked;
		claim.status = changed->status;
		claim.lines = changed->lines;
		claim.body = changed->body;
		put(database, row, &claim);
	}
	database_unlock(database);
	if (!done)
		return ITN_CONFLICT;
	return database_at(database, "claim_change", MEMORY_AFTER) ? ITN_UNKNOWN : ITN_OK;
}

static bool waits(const struct memory_document *document, struct str id)
{
	for (size_t i = 0; document && i < document->waiting; i++)
		if (str_eq(document->outbox[i].entry.id, id))
			return true;
	return false;
}

/* First the document, then the log: an entry moves from the one to the other, never back. */
enum itn_status memory_entry_known(struct store *store, enum entity_kind entity, struct str key, struct str id,
				   bool *ret_known)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = begin(database, "entry_known");
	if (status)
		return status;
	bool known = entity != ENTITY_INVENTORY &&
		     waits(row_seen(row_find(&database->tables[table_of(entity)], key), NULL), id);
	database_unlock(database);
	database_let_others(database, "look");
	database_lock(database);
	*ret_known = known || row_seen(row_find(&database->tables[IN_EVENT_IDS], id), NULL);
	database_unlock(database);
	return ITN_OK;
}
