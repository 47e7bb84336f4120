#include "store/memory_rows.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/memory.h"

size_t row_place(const struct row_table *table, struct str key)
{
	size_t low = 0, high = table->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (str_cmp(table->at[middle]->key, key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct row *row_find(const struct row_table *table, struct str key)
{
	size_t place = row_place(table, key);
	return place < table->count && str_eq(table->at[place]->key, key) ? table->at[place] : NULL;
}

struct row *row_make(struct row_table *table, struct str key)
{
	size_t place = row_place(table, key);
	if (place < table->count && str_eq(table->at[place]->key, key))
		return table->at[place];
	if (table->count == table->room) {
		table->room = table->room ? table->room * 2 : 64;
		table->at = memory_realloc(table->at, table->room * sizeof(struct row *));
	}
	struct row *row = memory_calloc(1, sizeof(*row) + key.len + 1);
	char *text = (char *)(row + 1);
	memcpy(text, key.ptr, key.len);
	row->key = (struct str){ text, key.len };
	memmove(&table->at[place + 1], &table->at[place], (table->count - place) * sizeof(struct row *));
	table->at[place] = row;
	table->count++;
	return row;
}

static void versions_free(struct row_version *version)
{
	while (version) {
		struct row_version *older = version->older;
		arena_free(version->arena);
		free(version);
		version = older;
	}
}

void row_table_free(struct row_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		versions_free(table->at[i]->newest);
		free(table->at[i]);
	}
	free(table->at);
	*table = (struct row_table){ 0 };
}

static bool is_seen(const struct row_version *version, const struct row_transaction *transaction)
{
	if (version->owner)
		return version->owner == transaction;
	return !transaction || version->at <= transaction->snapshot;
}

const void *row_seen(const struct row *row, const struct row_transaction *transaction)
{
	const struct row_version *version = row ? row->newest : NULL;
	while (version && !is_seen(version, transaction))
		version = version->older;
	return version ? version->value : NULL;
}

struct row_transaction *row_holder(const struct row *row)
{
	return row->newest ? row->newest->owner : NULL;
}

void transaction_begin(struct row_clock *clock, struct row_transaction *transaction)
{
	*transaction = (struct row_transaction){ .snapshot = clock->commits, .next = clock->open };
	clock->open = transaction;
}

static void version_push(struct row *row, struct row_transaction *owner, int64_t at, struct arena *arena, void *value)
{
	struct row_version *version = memory_calloc(1, sizeof(*version));
	*version = (struct row_version){ row->newest, owner, at, arena, value };
	row->newest = version;
}

static void note_written(struct row_transaction *transaction, struct row *row)
{
	if (transaction->count == transaction->room) {
		transaction->room = transaction->room ? transaction->room * 2 : 32;
		transaction->written = memory_realloc(transaction->written, transaction->room * sizeof(struct row *));
	}
	transaction->written[transaction->count++] = row;
}

static void version_pop(struct row *row)
{
	struct row_version *version = row->newest;
	row->newest = version->older;
	version->older = NULL;
	versions_free(version);
}

enum itn_status transaction_put(struct row_transaction *transaction, struct row *row, struct arena *arena, void *value)
{
	struct row_version *newest = row->newest;
	bool again = newest && newest->owner == transaction;
	if (newest && !again && (newest->owner || newest->at > transaction->snapshot)) {
		arena_free(arena);
		return ITN_CONFLICT;
	}
	if (again)
		version_pop(row);
	else
		note_written(transaction, row);
	version_push(row, transaction, 0, arena, value);
	return ITN_OK;
}

/* Versions that no open transaction can see any more go. */
static void row_prune(const struct row_clock *clock, struct row *row)
{
	int64_t oldest = clock->commits;
	for (const struct row_transaction *open = clock->open; open; open = open->next)
		if (open->snapshot < oldest)
			oldest = open->snapshot;
	struct row_version *version = row->newest;
	while (version && (version->owner || version->at > oldest))
		version = version->older;
	if (!version)
		return;
	versions_free(version->older);
	version->older = NULL;
}

static void transaction_end(struct row_clock *clock, struct row_transaction *transaction)
{
	struct row_transaction **at = &clock->open;
	while (*at != transaction)
		at = &(*at)->next;
	*at = transaction->next;
	free(transaction->written);
	transaction->written = NULL;
}

void transaction_commit(struct row_clock *clock, struct row_transaction *transaction)
{
	clock->commits++;
	for (size_t i = 0; i < transaction->count; i++) {
		transaction->written[i]->newest->owner = NULL;
		transaction->written[i]->newest->at = clock->commits;
	}
	struct row **written = transaction->written;
	transaction->written = NULL;
	size_t count = transaction->count;
	transaction_end(clock, transaction);
	for (size_t i = 0; i < count; i++)
		row_prune(clock, written[i]);
	free(written);
}

void transaction_roll_back(struct row_clock *clock, struct row_transaction *transaction)
{
	for (size_t i = 0; i < transaction->count; i++)
		version_pop(transaction->written[i]);
	transaction_end(clock, transaction);
}

void row_put(struct row_clock *clock, struct row *row, struct arena *arena, void *value)
{
	assert(!row_holder(row));
	version_push(row, NULL, ++clock->commits, arena, value);
	row_prune(clock, row);
}
