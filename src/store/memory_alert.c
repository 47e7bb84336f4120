#include <stdlib.h>

#include "core/memory.h"
#include "store/memory_engine.h"

static struct alert alert_copy(struct arena *arena, const struct alert *alert)
{
	struct alert copy = *alert;
	struct str *const texts[] = { &copy.id, &copy.about.key, &copy.about.item, &copy.message };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		*texts[i] = arena_str(arena, *texts[i]);
	return copy;
}

enum itn_status memory_alert(struct store *store, struct arena *arena, struct str id, struct alert *ret_alert)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = database_at(database, "alert", MEMORY_BEFORE);
	if (status)
		return status;
	database_lock(database);
	const struct alert *found = row_seen(row_find(&database->tables[IN_ALERTS], id), NULL);
	if (found)
		*ret_alert = alert_copy(arena, found);
	database_unlock(database);
	return found ? ITN_OK : ITN_NOT_FOUND;
}

enum itn_status memory_clock(struct store *store, int64_t *ret_now)
{
	struct memory_database *database = database_of(store);
	enum itn_status status = database_at(database, "clock", MEMORY_BEFORE);
	if (status)
		return status;
	database_lock(database);
	*ret_now = database_now_us(database) / 1000;
	database_unlock(database);
	return ITN_OK;
}

static bool same(struct str a, struct str b)
{
	return str_is_set(a) == str_is_set(b) && (!str_is_set(a) || str_eq(a, b));
}

static bool is_unresolved(const struct alert *alert, enum alert_kind kind, const struct alert_about *about)
{
	return !alert->resolved_at && alert->kind == kind && alert->about.entity == about->entity &&
	       str_eq(alert->about.key, about->key) && same(alert->about.item, about->item);
}

static const struct alert *find_unresolved(const struct memory_engine *engine, enum alert_kind kind,
					   const struct alert_about *about)
{
	const struct row_table *table = &engine_database(engine)->tables[IN_ALERTS];
	for (size_t i = 0; i < table->count; i++) {
		const struct alert *alert = row_seen(table->at[i], &engine->session->rows);
		if (alert && is_unresolved(alert, kind, about))
			return alert;
	}
	return NULL;
}

enum itn_status memory_batch_alert(struct store_engine *base, struct arena *arena, struct str id, struct alert *ret_alert)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	enum itn_status status = memory_read_begin(engine, "batch_alert");
	if (status)
		return status;
	const struct alert *found = row_seen(row_find(&database->tables[IN_ALERTS], id), &engine->session->rows);
	if (found)
		*ret_alert = alert_copy(arena, found);
	database_unlock(database);
	return found ? ITN_OK : ITN_NOT_FOUND;
}

enum itn_status memory_batch_unresolved(struct store_engine *base, struct arena *arena, enum alert_kind kind,
					const struct alert_about *about, struct alert *ret_alert)
{
	struct memory_engine *engine = memory_engine_of(base);
	enum itn_status status = memory_read_begin(engine, "batch_unresolved");
	if (status)
		return status;
	const struct alert *found = find_unresolved(engine, kind, about);
	if (found)
		*ret_alert = alert_copy(arena, found);
	database_unlock(engine_database(engine));
	return found ? ITN_OK : ITN_NOT_FOUND;
}

static enum itn_status alert_put(struct memory_engine *engine, const struct alert_write *write)
{
	const struct alert *alert = write->alert;
	const struct row_table *table = &engine_database(engine)->tables[IN_ALERTS];
	const struct alert *known = row_seen(row_find(table, alert->id), &engine->session->rows);
	if (!write->from_version && (known || find_unresolved(engine, alert->kind, &alert->about)))
		return memory_refuse(engine, ITN_EXISTS, "this alert is there already", alert->id);
	if (write->from_version && (!known || known->version != write->from_version))
		return memory_refuse(engine, ITN_CONFLICT, "not the version that was read", alert->id);
	struct arena *arena = arena_new(512);
	struct alert *copy = arena_alloc(arena, sizeof(*copy));
	*copy = alert_copy(arena, alert);
	return memory_put(engine, IN_ALERTS, alert->id, arena, copy);
}

enum itn_status memory_alerts_put(struct memory_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->alert_count; i++)
		status = alert_put(engine, &writes->alerts[i]);
	return status;
}

static bool matches(struct str wanted, const struct alert_about *about, enum entity_kind entity)
{
	return !str_is_set(wanted) || (about->entity == entity && str_eq(wanted, about->key));
}

static bool is_wanted(const struct store_list *list, const struct alert *alert)
{
	int64_t at = alert->raised_at;
	if (at < list->after.time || at < list->since || (list->until && at >= list->until))
		return false;
	if (at == list->after.time && str_is_set(list->after.key) && str_cmp(alert->id, list->after.key) <= 0)
		return false;
	return (!list->alert || list->alert == alert->kind) &&
	       (list->status < 0 || list->status == (int)alert_status_of(alert)) &&
	       matches(list->trade, &alert->about, ENTITY_TRADE) &&
	       matches(list->shipment, &alert->about, ENTITY_CARGO) &&
	       matches(list->station, &alert->about, ENTITY_INVENTORY);
}

static int by_raised_at(const void *a, const void *b)
{
	const struct alert *x = *(const struct alert *const *)a, *y = *(const struct alert *const *)b;
	return x->raised_at != y->raised_at ? (x->raised_at < y->raised_at ? -1 : 1) : str_cmp(x->id, y->id);
}

void memory_alerts(const struct memory_database *database, const struct store_list *list, store_row_fn *row,
		   void *context)
{
	const struct row_table *table = &database->tables[IN_ALERTS];
	const struct alert **found = memory_calloc(table->count + 1, sizeof(*found));
	struct buf json = { 0 };
	size_t count = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct alert *alert = row_seen(table->at[i], NULL);
		if (alert && is_wanted(list, alert))
			found[count++] = alert;
	}
	qsort(found, count, sizeof(*found), by_raised_at);
	for (size_t i = 0; i < count && i < list->max; i++) {
		buf_reset(&json, SIZE_MAX);
		alert_write_json(&json, found[i]);
		row(context, &(struct store_row){ found[i]->id, found[i]->raised_at, buf_str(&json) });
	}
	buf_free(&json);
	free(found);
}
