#include <stdlib.h>

#include "store/mongo_engine.h"

/* `dueAt` of cargo is when it was due (cargo_due()) as the engine wrote it last; none: never. */

#define SLICE 1000

void due_bson(const struct cargo *cargo, bson_t *set, bson_t *unset)
{
	int64_t due = cargo_due(cargo);
	if (due)
		bson_put_time(set, "dueAt", due);
	else
		bson_append_bool(unset, "dueAt", -1, true);
}

/* {dueAt: {$gt: above, $lte: until}} */
static void put_due(bson_t *filter, int64_t above, int64_t until)
{
	bson_t range;
	bson_append_document_begin(filter, "dueAt", -1, &range);
	bson_append_date_time(&range, "$gt", -1, above);
	bson_append_date_time(&range, "$lte", -1, until);
	bson_append_document_end(filter, &range);
}

static bool seen_row(void *context, const bson_t *doc unused_arg)
{
	*(bool *)context = true;
	return false;
}

enum itn_status any_late(struct via *via, int64_t until, bool *ret_any)
{
	bson_t filter = BSON_INITIALIZER, opts = BSON_INITIALIZER;
	put_due(&filter, 0, until);
	bson_append_int32(&opts, "limit", -1, 1);
	enum itn_status status = via_find(via, IN_CARGO, &filter, &opts, seen_row, ret_any);
	bson_destroy(&filter);
	bson_destroy(&opts);
	return status;
}

struct late {
	struct arena *arena;
	struct cargo *cargo;
	size_t count, max;
	struct store_cursor *cursor;
	bool corrupt;
};

static bool late_row(void *context, const bson_t *doc)
{
	struct late *late = context;
	if (late->count == late->max)
		return false;
	late->corrupt = !cargo_from_bson(doc, late->arena, true, &late->cargo[late->count++]);
	*late->cursor = (struct store_cursor){ bson_take_int(doc, "dueAt"),
					       arena_str(late->arena, bson_take_str(doc, "_id")) };
	return !late->corrupt;
}

/* Destroys the filter. */
static enum itn_status find_late(struct mongo_engine *engine, bson_t *filter, struct late *late)
{
	bson_t opts;
	opts_sorted(&opts, "dueAt", "_id", late->max - late->count);
	enum itn_status status = via_find(&engine->via, IN_CARGO, filter, &opts, late_row, late);
	bson_destroy(filter);
	bson_destroy(&opts);
	if (!status && late->corrupt) {
		bson_set_error(&engine->via.error, 0, 0, "a late cargo can't be read");
		status = ITN_FAILED;
	}
	return status ? engine_fail(engine, status) : ITN_OK;
}

enum itn_status mongo_batch_late(struct store_engine *base, struct arena *arena, int64_t until,
				 struct store_cursor *cursor, size_t max, struct cargo **ret_cargo, size_t *ret_count)
{
	struct mongo_engine *engine = mongo_engine_of(base);
	struct late late = {
		.arena = arena, .cargo = arena_calloc(arena, max, sizeof(struct cargo)), .max = max, .cursor = cursor
	};
	struct store_cursor from = *cursor;
	bson_t filter, larger;
	enum itn_status status = ITN_OK;
	if (str_is_set(from.key) && from.time <= until) {
		bson_init(&filter);
		bson_append_date_time(&filter, "dueAt", -1, from.time);
		bson_append_document_begin(&filter, "_id", -1, &larger);
		bson_put_str(&larger, "$gt", from.key);
		bson_append_document_end(&filter, &larger);
		status = find_late(engine, &filter, &late);
	}
	if (!status && late.count < max) {
		bson_init(&filter);
		put_due(&filter, from.time, until);
		status = find_late(engine, &filter, &late);
	}
	if (status)
		return status;
	*ret_cargo = late.cargo;
	*ret_count = late.count;
	return ITN_OK;
}

/* Cargo of before: one slice by its id. */
struct dating {
	mongoc_bulk_operation_t *bulk;
	struct arena *arena;
	struct str last;
	int64_t count, dated;
	bool corrupt;
};

static bool date_row(void *context, const bson_t *doc)
{
	struct dating *dating = context;
	bson_t filter, update = BSON_INITIALIZER, set, unset = BSON_INITIALIZER;
	bson_error_t error;
	struct cargo cargo;
	if ((dating->corrupt = !cargo_from_bson(doc, dating->arena, true, &cargo)))
		return false;
	dating->count++;
	dating->last = cargo.id;
	if (!cargo_due(&cargo))
		return true;
	filter_id(&filter, cargo.id);
	bson_append_document_begin(&update, "$set", -1, &set);
	due_bson(&cargo, &set, &unset);
	bson_append_document_end(&update, &set);
	if (!mongoc_bulk_operation_update_one_with_opts(dating->bulk, &filter, &update, NULL, &error))
		abort();
	dating->dated++;
	bson_destroy(&filter);
	bson_destroy(&update);
	bson_destroy(&unset);
	return true;
}

static enum itn_status date_slice(struct via *outside, struct dating *dating)
{
	bson_t filter = BSON_INITIALIZER, range, opts;
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_str(&range, "$gt", str_is_set(dating->last) ? dating->last : STR(""));
	bson_append_document_end(&filter, &range);
	opts_sorted(&opts, "_id", NULL, SLICE);
	dating->bulk = via_bulk(outside, IN_CARGO, false);
	dating->count = dating->dated = 0;
	enum itn_status status = via_find(outside, IN_CARGO, &filter, &opts, date_row, dating);
	bson_destroy(&filter);
	bson_destroy(&opts);
	if (!status && dating->corrupt)
		status = ITN_FAILED;
	if (!status && dating->dated)
		return via_bulk_run(outside, dating->bulk, 0);
	mongoc_bulk_operation_destroy(dating->bulk);
	return status;
}

enum itn_status mongo_date_cargo(struct mongo_engine *engine, struct via *outside)
{
	struct dating dating = { .arena = NULL };
	struct store_head renewed;
	enum itn_status status = ITN_OK;
	do {
		struct arena *former = dating.arena;
		dating.arena = arena_new(0);
		status = date_slice(outside, &dating);
		arena_free(former);
		if (!status)
			status = engine_renew(engine, &renewed);
	} while (!status && dating.count == SLICE);
	arena_free(dating.arena);
	return status;
}
