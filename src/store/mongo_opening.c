#include "core/map.h"
#include "store/mongo_engine.h"

#define SLICE 1000

/* The ledger opens with what is on hand, posted from outside as of the log's end: at most SUM_MAX of an item in all.
 *
 * Everything is computed from what nobody changes before the migration is done, and written only where it is not there
 * yet: whoever begins anew does the same again, and one whose lease is gone does no harm. */
struct sum {
	struct str item;
	int64_t quantity; /* that was posted */
	struct sum *next;
};

struct opening {
	struct via *via;
	const struct store_head *head;
	struct arena *arena; /* of the sums */
	struct map sums_by_item;
	struct sum *sums;
	struct arena *slice;
	struct str last; /* key of the last record that was looked at */
	int64_t place;
	size_t count; /* records of this slice */
	mongoc_bulk_operation_t *postings, *stock;
	int64_t posting_count, stock_count;
	bool corrupt;
};

static struct sum *sum_of(struct opening *opening, struct str item)
{
	struct sum *sum = map_get(&opening->sums_by_item, item);
	if (!sum) {
		sum = arena_calloc(opening->arena, 1, sizeof(*sum));
		*sum = (struct sum){ arena_str(opening->arena, item), 0, opening->sums };
		map_put(&opening->sums_by_item, sum->item, sum);
		opening->sums = sum;
	}
	return sum;
}

static void add_upsert(mongoc_bulk_operation_t *bulk, bson_t *filter, const bson_t *doc)
{
	bson_t update = BSON_INITIALIZER, opts = BSON_INITIALIZER;
	bson_error_t error;
	bson_append_document(&update, "$setOnInsert", -1, doc);
	bson_append_bool(&opts, "upsert", -1, true);
	if (!mongoc_bulk_operation_update_one_with_opts(bulk, filter, &update, &opts, &error))
		abort();
	bson_destroy(&update);
	bson_destroy(&opts);
	bson_destroy(filter);
}

static void add_posting(struct opening *opening, const struct stock *stock, int64_t quantity, int64_t sum)
{
	struct posting posting = {
		.item = stock->item,
		.quantity = quantity,
		.from = ACCOUNT_EXTERNAL,
		.to = ACCOUNT_STATION,
		.station = stock->station,
		.at = opening->head->logged_at,
		.from_balance = -sum,
		.to_balance = quantity,
	};
	bson_t filter = BSON_INITIALIZER, doc = BSON_INITIALIZER, rest = BSON_INITIALIZER;
	bson_put_int(&filter, "_id", (opening->head->last_seq << POSTING_NUMBER_BITS) + opening->place++);
	posting_bson(&posting, &doc);
	bson_copy_to_excluding_noinit(&doc, &rest, "_id", NULL);
	add_upsert(opening->postings, &filter, &rest);
	bson_destroy(&doc);
	bson_destroy(&rest);
	opening->posting_count++;
}

static void add_bounded(struct opening *opening, const struct stock *stock, int64_t on_hand, int64_t incoming)
{
	bson_t filter, update = BSON_INITIALIZER, set;
	bson_error_t error;
	filter_id(&filter, opening->last);
	bson_put_int(&filter, "version", stock->version);
	bson_append_document_begin(&update, "$set", -1, &set);
	bson_put_int(&set, "onHand", on_hand);
	bson_put_int(&set, "incoming", incoming);
	bson_append_document_end(&update, &set);
	if (!mongoc_bulk_operation_update_one_with_opts(opening->stock, &filter, &update, NULL, &error))
		abort();
	bson_destroy(&filter);
	bson_destroy(&update);
	opening->stock_count++;
}

static bool stock_row(void *context, const bson_t *doc)
{
	struct opening *opening = context;
	struct stock stock;
	if ((opening->corrupt = !stock_from_bson(doc, opening->slice, &stock)))
		return false;
	opening->count++;
	opening->last = arena_str(opening->slice, bson_take_str(doc, "_id"));
	struct sum *sum = sum_of(opening, stock.item);
	int64_t most = account_can_give(ACCOUNT_EXTERNAL, -sum->quantity);
	int64_t on_hand = stock.on_hand < most ? stock.on_hand : most;
	int64_t incoming = stock.incoming < 0 ? 0 : stock.incoming < SUM_MAX ? stock.incoming : SUM_MAX;
	sum->quantity += on_hand;
	if (on_hand > 0)
		add_posting(opening, &stock, on_hand, sum->quantity);
	if (on_hand != stock.on_hand || incoming != stock.incoming)
		add_bounded(opening, &stock, on_hand, incoming);
	return true;
}

static enum itn_status run_if_any(struct opening *opening, mongoc_bulk_operation_t *bulk, int64_t count)
{
	if (count)
		return via_bulk_run(opening->via, bulk, 0);
	mongoc_bulk_operation_destroy(bulk);
	return ITN_OK;
}

static enum itn_status slice_write(struct opening *opening, struct arena *former)
{
	bson_t filter = BSON_INITIALIZER, range, opts;
	bson_append_document_begin(&filter, "_id", -1, &range);
	bson_put_str(&range, "$gt", str_is_set(opening->last) ? opening->last : STR(""));
	bson_append_document_end(&filter, &range);
	opts_sorted(&opts, "_id", NULL, SLICE);
	opening->postings = via_bulk(opening->via, IN_POSTINGS, false);
	opening->stock = via_bulk(opening->via, IN_STOCK, false);
	opening->posting_count = opening->stock_count = 0;
	opening->count = 0;
	enum itn_status status = via_find(opening->via, IN_STOCK, &filter, &opts, stock_row, opening);
	bson_destroy(&filter);
	bson_destroy(&opts);
	arena_free(former);
	enum itn_status posted = run_if_any(opening, opening->postings, status ? 0 : opening->posting_count);
	enum itn_status bounded = run_if_any(opening, opening->stock, status || posted ? 0 : opening->stock_count);
	if (!status && opening->corrupt)
		status = ITN_FAILED;
	return status ? status : posted ? posted : bounded;
}

static enum itn_status balances_write(struct opening *opening)
{
	mongoc_bulk_operation_t *bulk = via_bulk(opening->via, IN_BALANCES, false);
	int64_t count = 0;
	for (const struct sum *sum = opening->sums; sum; sum = sum->next) {
		bson_t filter, doc = BSON_INITIALIZER;
		if (!sum->quantity)
			continue;
		filter_id(&filter, stock_key(opening->arena, STR("external"), '\n', sum->item));
		bson_put_int(&doc, "quantity", -sum->quantity);
		add_upsert(bulk, &filter, &doc);
		bson_destroy(&doc);
		count++;
	}
	return run_if_any(opening, bulk, count);
}

enum itn_status mongo_ledger_open(struct mongo_engine *engine, struct via *outside, const struct store_head *head)
{
	struct opening opening = { .via = outside, .head = head, .arena = arena_new(0) };
	struct store_head renewed;
	enum itn_status status = ITN_OK;
	map_init(&opening.sums_by_item, opening.arena);
	do {
		struct arena *former = opening.slice;
		opening.slice = arena_new(0);
		if (!(status = slice_write(&opening, former)))
			status = engine_renew(engine, &renewed);
	} while (!status && opening.count == SLICE);
	if (!status)
		status = balances_write(&opening);
	arena_free(opening.slice);
	arena_free(opening.arena);
	return status;
}
