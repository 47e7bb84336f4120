#include "store/memory_engine.h"

static bool matches(struct str wanted, struct str is)
{
	return !str_is_set(wanted) || (str_is_set(is) && str_eq(wanted, is));
}

static bool is_wanted(const struct store_list *list, const struct posting *posting)
{
	return matches(list->station, posting->station) && matches(list->item, posting->item) &&
	       matches(list->trade, posting->trade) && matches(list->shipment, posting->shipment) &&
	       posting->at >= list->since && (!list->until || posting->at < list->until);
}

void memory_movements(const struct memory_database *database, const struct store_list *list, store_row_fn *row,
		      void *context)
{
	const struct row_table *table = &database->tables[IN_POSTINGS];
	struct buf json = { 0 };
	size_t shown = 0;
	int64_t last = posting_key_number(list->after.key);
	for (size_t i = 0; i < table->count && shown < list->max; i++) {
		const struct posting *posting = row_seen(table->at[i], NULL);
		if (!posting || posting->number <= last || !is_wanted(list, posting))
			continue;
		buf_reset(&json, SIZE_MAX);
		posting_write_json(&json, posting);
		row(context, &(struct store_row){ table->at[i]->key, posting->at, buf_str(&json) });
		shown++;
	}
	buf_free(&json);
}

/* The balance after the last posting to this record until then. */
static int64_t quantity_at(const struct row_table *table, const struct stock *stock, int64_t seq, int64_t time)
{
	int64_t quantity = 0;
	for (size_t i = 0; i < table->count; i++) {
		const struct posting *posting = row_seen(table->at[i], NULL);
		if (!posting || !matches(stock->station, posting->station) || !str_eq(stock->item, posting->item))
			continue;
		if (seq < 0 ? posting->at <= time : posting_seq(posting) <= seq)
			quantity = posting->to == ACCOUNT_STATION ? posting->to_balance : posting->from_balance;
	}
	return quantity;
}

enum itn_status memory_stock_at(struct store *store, struct arena *arena, struct str station, int64_t seq, int64_t time,
				struct lines *ret_lines)
{
	struct memory_database *database = database_of(store);
	const struct row_table *table = &database->tables[IN_STOCK];
	struct lines lines = { 0 };
	size_t room = 0;
	bool found = false;
	enum itn_status status = database_at(database, "stock_at", MEMORY_BEFORE);
	if (status)
		return status;
	database_lock(database);
	for (size_t i = 0; i < table->count; i++) {
		const struct stock *stock = row_seen(table->at[i], NULL);
		if (!stock || !str_eq(stock->station, station))
			continue;
		found = true;
		int64_t quantity = quantity_at(&database->tables[IN_POSTINGS], stock, seq, time);
		if (quantity > 0)
			lines_append(&lines, arena, &room, (struct line){ arena_str(arena, stock->item), quantity });
	}
	database_unlock(database);
	*ret_lines = lines;
	return found ? ITN_OK : ITN_NOT_FOUND;
}

static struct str balance_key(struct arena *arena, struct str account, struct str item)
{
	return arena_printf(arena, "%.*s\n%.*s", STR_ARG(account), STR_ARG(item));
}

enum itn_status memory_batch_balance(struct store_engine *base, struct str account, struct str item,
				     int64_t *ret_quantity)
{
	struct memory_engine *engine = memory_engine_of(base);
	struct memory_database *database = engine_database(engine);
	enum itn_status status = memory_read_begin(engine, "batch_balance");
	if (status)
		return status;
	struct str key = balance_key(engine->arena, account, item);
	const int64_t *quantity = row_seen(row_find(&database->tables[IN_BALANCES], key), &engine->session->rows);
	*ret_quantity = quantity ? *quantity : 0;
	database_unlock(database);
	return ITN_OK;
}

static enum itn_status posting_put(struct memory_engine *engine, const struct posting *posting)
{
	const struct row_table *table = &engine_database(engine)->tables[IN_POSTINGS];
	struct str key = number_key(engine->arena, posting->number);
	if (row_seen(row_find(table, key), &engine->session->rows))
		return memory_refuse(engine, ITN_EXISTS, "a posting of this number is there already", posting->item);
	struct arena *arena = arena_new(512);
	struct posting *copy = arena_alloc(arena, sizeof(*copy));
	*copy = posting_copy(arena, posting);
	return memory_put(engine, IN_POSTINGS, key, arena, copy);
}

static enum itn_status balance_put(struct memory_engine *engine, const struct balance_write *write)
{
	struct str key = balance_key(engine->arena, write->balance.account, write->balance.item);
	struct arena *arena = arena_new(32);
	int64_t *quantity = arena_alloc(arena, sizeof(*quantity));
	*quantity = write->balance.quantity;
	return memory_put(engine, IN_BALANCES, key, arena, write->drop ? NULL : quantity);
}

enum itn_status memory_ledger_put(struct memory_engine *engine, const struct store_writes *writes)
{
	enum itn_status status = ITN_OK;
	for (size_t i = 0; !status && i < writes->posting_count; i++)
		status = posting_put(engine, &writes->postings[i]);
	for (size_t i = 0; !status && i < writes->balance_count; i++)
		status = balance_put(engine, &writes->balances[i]);
	return status;
}
