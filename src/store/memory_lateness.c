#include <stdlib.h>

#include "store/memory_engine.h"

static bool is_late(const struct memory_document *document, int64_t until)
{
	int64_t due = document ? cargo_due(&document->is.cargo) : 0;
	return due && due <= until;
}

bool memory_any_late(const struct memory_database *database, int64_t until)
{
	const struct row_table *table = &database->tables[IN_CARGO];
	for (size_t i = 0; i < table->count; i++)
		if (is_late(row_seen(table->at[i], NULL), until))
			return true;
	return false;
}

static int compare_places(int64_t due_a, struct str id_a, int64_t due_b, struct str id_b)
{
	return due_a != due_b ? (due_a < due_b ? -1 : 1) : str_cmp(id_a, id_b);
}

static int by_due(const void *a, const void *b)
{
	const struct cargo *x = &(*(const struct memory_document *const *)a)->is.cargo,
			   *y = &(*(const struct memory_document *const *)b)->is.cargo;
	return compare_places(cargo_due(x), x->id, cargo_due(y), y->id);
}

static bool is_behind(const struct cargo *cargo, const struct store_cursor *cursor)
{
	struct str key = str_is_set(cursor->key) ? cursor->key : STR("");
	return compare_places(cargo_due(cargo), cargo->id, cursor->time, key) > 0;
}

enum itn_status memory_batch_late(struct store_engine *base, struct arena *arena, int64_t until,
				  struct store_cursor *cursor, size_t max, struct cargo **ret_cargo, size_t *ret_count)
{
	struct memory_engine *engine = memory_engine_of(base);
	enum itn_status status = memory_read_begin(engine, "batch_late");
	if (status)
		return status;
	const struct row_table *table = &engine_database(engine)->tables[IN_CARGO];
	const struct memory_document **found = arena_calloc(arena, table->count + 1, sizeof(*found));
	size_t count = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct memory_document *document = row_seen(table->at[i], &engine->session->rows);
		if (is_late(document, until) && is_behind(&document->is.cargo, cursor))
			found[count++] = document;
	}
	qsort(found, count, sizeof(*found), by_due);
	count = count < max ? count : max;
	*ret_cargo = arena_calloc(arena, count + 1, sizeof(**ret_cargo));
	for (size_t i = 0; i < count; i++) {
		(*ret_cargo)[i] = cargo_copy(arena, &found[i]->is.cargo);
		(*ret_cargo)[i].unsequenced = (unsigned)found[i]->waiting;
		*cursor = (struct store_cursor){ cargo_due(&found[i]->is.cargo), (*ret_cargo)[i].id };
	}
	*ret_count = count;
	database_unlock(engine_database(engine));
	return ITN_OK;
}
