#include <string.h>

#include "store/mongo_engine.h"

/* Ids in one find: a filter is far from the size that a document may have. */
#define IDS_MAX      1000
#define ROWS_AT_ONCE (IDS_MAX + 1)
/* Open cargo of one destination that is read in advance, on average. */
#define OPEN_EACH 4

static const struct {
	enum mongo_collection in;
	size_t size;
	bool (*from_bson)(const bson_t *doc, struct arena *arena, void *to);
} kinds[STORE_KEY_KINDS] = {
	[STORE_KEY_TRADE] = { IN_TRADES, sizeof(struct trade), trade_item },
	[STORE_KEY_CARGO] = { IN_CARGO, sizeof(struct cargo), cargo_item },
	[STORE_KEY_STOCK] = { IN_STOCK, sizeof(struct stock), stock_item },
	[STORE_KEY_BALANCE] = { IN_BALANCES, sizeof(int64_t), balance_item },
	[STORE_KEY_OPEN_CARGO] = { IN_CARGO, sizeof(struct cargo), cargo_item },
};

/* What a map has for a document that was looked for and is not there, and for one that was handed over: the next reader
 * gets another copy. */
static char not_there, handed_over;

void prefetch_begin(struct mongo_engine *engine)
{
	for (size_t i = 0; i < STORE_KEY_KINDS; i++)
		map_init(&engine->prefetched[i], engine->arena);
}

bool prefetch_take(struct mongo_engine *engine, enum store_key_kind kind, struct str id, void *ret_value,
		   enum itn_status *ret_status)
{
	const void *value = map_get(&engine->prefetched[kind], id);
	if (!value || value == &handed_over)
		return false;
	*ret_status = value == &not_there ? ITN_NOT_FOUND : ITN_OK;
	if (value == &not_there)
		return true;
	memcpy(ret_value, value, kinds[kind].size);
	map_put(&engine->prefetched[kind], arena_str(engine->arena, id), &handed_over);
	return true;
}

/* Open cargo of one destination, in order; `all` until some were left out. */
struct open_cargo {
	struct str destination;
	struct cargo *at;
	size_t count, room;
	bool all;
};

/* One find by ids or destinations. */
struct look {
	struct mongo_engine *engine;
	enum store_key_kind kind;
	bson_t filter, range, ids;
	uint32_t count;
	size_t rows;
	struct open_cargo *last; /* that rows of STORE_KEY_OPEN_CARGO are added to */
	bool corrupt;
};

static void look_begin(struct look *look)
{
	bool open = look->kind == STORE_KEY_OPEN_CARGO;
	bson_init(&look->filter);
	if (open)
		bson_append_bool(&look->filter, "open", -1, true);
	bson_append_document_begin(&look->filter, open ? "destination" : "_id", -1, &look->range);
	bson_append_array_begin(&look->range, "$in", -1, &look->ids);
	look->count = 0;
	look->rows = 0;
	look->last = NULL;
}

static void look_add(struct look *look, struct str id)
{
	struct mongo_engine *engine = look->engine;
	char room[16];
	const char *index;
	size_t len = bson_uint32_to_string(look->count++, &index, room, sizeof(room));
	void *value = &not_there;
	bson_append_utf8(&look->ids, index, (int)len, id.ptr, (int)id.len);
	if (look->kind == STORE_KEY_OPEN_CARGO) {
		struct open_cargo *open = value = arena_calloc(engine->arena, 1, sizeof(*open));
		*open = (struct open_cargo){ .destination = id, .all = true };
	}
	map_put(&engine->prefetched[look->kind], id, value);
}

static bool look_row(void *context, const bson_t *doc)
{
	struct look *look = context;
	struct arena *arena = look->engine->arena;
	void *value = arena_calloc(arena, 1, kinds[look->kind].size);
	look->corrupt |= !kinds[look->kind].from_bson(doc, arena, value);
	map_put(&look->engine->prefetched[look->kind], arena_str(arena, bson_take_str(doc, "_id")), value);
	return !look->corrupt;
}

static bool open_row(void *context, const bson_t *doc)
{
	struct look *look = context;
	struct arena *arena = look->engine->arena;
	struct open_cargo *open = map_get(&look->engine->prefetched[look->kind], bson_take_str(doc, "destination"));
	if (!open)
		return true;
	if (open->count == open->room) {
		struct cargo *larger = arena_calloc(arena, open->room * 2 + 4, sizeof(*larger));
		if (open->count)
			memcpy(larger, open->at, open->count * sizeof(*larger));
		open->at = larger;
		open->room = open->room * 2 + 4;
	}
	look->corrupt |= !cargo_item(doc, arena, &open->at[open->count++]);
	look->last = open;
	look->rows++;
	return !look->corrupt;
}

/* Of the destinations in byte order, the last one that was found, or those behind it, may have more. */
static void leave_open(struct look *look, size_t limit)
{
	struct map *found = &look->engine->prefetched[look->kind];
	if (look->rows < limit)
		return;
	for (size_t i = 0; i < found->capacity; i++) {
		struct open_cargo *open = found->slots[i].value;
		if (open && (void *)open != &handed_over && str_cmp(open->destination, look->last->destination) >= 0)
			open->all = false;
	}
}

static enum itn_status look_open(struct look *look)
{
	size_t limit = OPEN_EACH * look->count + OPEN_EACH;
	bson_t opts = BSON_INITIALIZER, sort;
	bson_append_document_begin(&opts, "sort", -1, &sort);
	bson_append_int32(&sort, "destination", -1, 1);
	bson_append_int32(&sort, "createdAt", -1, 1);
	bson_append_int32(&sort, "_id", -1, 1);
	bson_append_document_end(&opts, &sort);
	bson_append_int64(&opts, "limit", -1, (int64_t)limit);
	bson_append_int32(&opts, "batchSize", -1, ROWS_AT_ONCE);
	enum itn_status status = via_find(&look->engine->via, IN_CARGO, &look->filter, &opts, open_row, look);
	bson_destroy(&opts);
	if (!status)
		leave_open(look, limit);
	return status;
}

static enum itn_status look_ids(struct look *look)
{
	bson_t opts = BSON_INITIALIZER;
	bson_append_int32(&opts, "batchSize", -1, ROWS_AT_ONCE);
	enum itn_status status =
		via_find(&look->engine->via, kinds[look->kind].in, &look->filter, &opts, look_row, look);
	bson_destroy(&opts);
	return status;
}

static enum itn_status look_run(struct look *look)
{
	enum itn_status status = ITN_OK;
	bson_append_array_end(&look->range, &look->ids);
	bson_append_document_end(&look->filter, &look->range);
	if (look->count)
		status = look->kind == STORE_KEY_OPEN_CARGO ? look_open(look) : look_ids(look);
	bson_destroy(&look->filter);
	if (!status && look->corrupt) {
		bson_set_error(&look->engine->via.error, 0, 0, "a document of %s can't be read",
			       mongo_collection_name(kinds[look->kind].in));
		status = ITN_FAILED;
	}
	return status ? engine_fail(look->engine, status) : ITN_OK;
}

static struct str id_of(struct arena *arena, const struct store_key *key)
{
	bool pair = key->kind == STORE_KEY_STOCK || key->kind == STORE_KEY_BALANCE;
	return pair ? stock_key(arena, key->of, '\n', key->item) : arena_str(arena, key->of);
}

static enum itn_status prefetch_kind(struct mongo_engine *engine, enum store_key_kind kind,
				     const struct store_key *keys, size_t count)
{
	struct look look = { .engine = engine, .kind = kind };
	enum itn_status status = ITN_OK;
	look_begin(&look);
	for (size_t i = 0; i < count; i++) {
		struct str id = keys[i].kind == kind ? id_of(engine->arena, &keys[i]) : STR_NONE;
		if (str_is_set(id) && !map_get(&engine->prefetched[kind], id))
			look_add(&look, id);
		if (look.count < IDS_MAX)
			continue;
		if ((status = look_run(&look)))
			return status;
		look_begin(&look);
	}
	return look_run(&look);
}

enum itn_status mongo_batch_prefetch(struct store_engine *base, const struct store_key *keys, size_t count)
{
	enum itn_status status = ITN_OK;
	for (unsigned kind = 0; kind < STORE_KEY_KINDS && !status; kind++)
		status = prefetch_kind(mongo_engine_of(base), (enum store_key_kind)kind, keys, count);
	return status;
}

bool prefetch_take_open(struct mongo_engine *engine, struct str destination, size_t max, struct cargo **ret_cargo,
			size_t *ret_count)
{
	struct map *found = &engine->prefetched[STORE_KEY_OPEN_CARGO];
	struct open_cargo *open = map_get(found, destination);
	if (!open || (void *)open == &handed_over || (!open->all && open->count < max))
		return false;
	*ret_cargo = open->at;
	*ret_count = open->count < max ? open->count : max;
	map_put(found, open->destination, &handed_over);
	return true;
}
