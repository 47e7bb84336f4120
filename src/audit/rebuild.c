#include "audit/rebuild.h"

#include "audit/tally.h"
#include "domain/posting.h"
#include "store/scan.h"

/* Numbers of the log whose postings are read at a time. */
#define SLICE 500

enum quantity { ON_HAND, RESERVED, INCOMING, QUANTITIES };

static const char *const names[QUANTITIES] = { "on hand", "reserved", "incoming" };

struct rebuild {
	struct store *store;
	struct store_head head;
	struct tally *sums[QUANTITIES]; /* of (station, item) */
	struct error *error;
};

static void add(struct rebuild *rebuild, enum quantity quantity, enum tally_side side, struct str station,
		struct str item, int64_t value)
{
	tally_add(rebuild->sums[quantity], side, station, item, (uint64_t)value, value);
}

static void add_reserved(struct rebuild *rebuild, const struct trade *trade)
{
	for (size_t i = 0; i < trade->reserved.count; i++)
		add(rebuild, RESERVED, TALLY_TOLD, trade->station, trade->reserved.at[i].name,
		    trade->reserved.at[i].quantity);
}

static bool take_row(void *context, const struct scan_row *row)
{
	struct rebuild *rebuild = context;

	if (row->kind == SCAN_HEAD) {
		rebuild->head = row->head;
		return row->head.schema == STORE_SCHEMA;
	}
	if (row->kind == SCAN_STOCK) {
		const struct stock *stock = row->stock;

		add(rebuild, ON_HAND, TALLY_KEPT, stock->station, stock->item, stock->on_hand);
		add(rebuild, RESERVED, TALLY_KEPT, stock->station, stock->item, stock->reserved);
		add(rebuild, INCOMING, TALLY_KEPT, stock->station, stock->item, stock->incoming);
	}
	if (row->kind == SCAN_TRADE && trade_has_reserved(row->trade))
		add_reserved(rebuild, row->trade);
	if (row->kind == SCAN_BALANCE && str_is_set(row->destination))
		add(rebuild, INCOMING, TALLY_TOLD, row->destination, row->balance->item, row->balance->quantity);
	return true;
}

static void take_posting(void *context, const struct posting *posting)
{
	struct rebuild *rebuild = context;

	if (posting->from == ACCOUNT_STATION)
		add(rebuild, ON_HAND, TALLY_TOLD, posting->station, posting->item, -posting->quantity);
	if (posting->to == ACCOUNT_STATION)
		add(rebuild, ON_HAND, TALLY_TOLD, posting->station, posting->item, posting->quantity);
}

static enum itn_status add_up(struct rebuild *rebuild)
{
	enum itn_status status = store_scan_state(rebuild->store, take_row, rebuild, rebuild->error);
	int64_t end = rebuild->head.last_seq;

	if (status == ITN_OK && rebuild->head.schema != STORE_SCHEMA)
		status = error_set(rebuild->error, ITN_FAILED, "the data have schema %lld, this program's is %d",
				   (long long)rebuild->head.schema, STORE_SCHEMA);
	for (int64_t after = -1; after < end && status == ITN_OK; after += SLICE)
		status = store_scan_postings(rebuild->store, after, after + SLICE < end ? after + SLICE : end,
					     take_posting, rebuild);
	return status;
}

struct told {
	rebuild_diff_fn *diff;
	void *context;
	enum quantity quantity;
};

static void off(void *context, struct str station, struct str item, int64_t is, int64_t should)
{
	const struct told *told = context;

	told->diff(told->context, names[told->quantity], station, item, is, should);
}

static enum itn_status compare(struct rebuild *rebuild, rebuild_diff_fn *diff, void *context)
{
	enum itn_status status = add_up(rebuild);
	bool fits = true;

	for (enum quantity quantity = 0; quantity < QUANTITIES; quantity++)
		fits &= tally_fits(rebuild->sums[quantity]);
	if (status != ITN_OK || fits)
		return status;
	for (enum quantity quantity = 0; quantity < QUANTITIES; quantity++)
		tally_look_closer(rebuild->sums[quantity]);
	status = add_up(rebuild);
	for (enum quantity quantity = 0; quantity < QUANTITIES && status == ITN_OK; quantity++) {
		struct told told = { diff, context, quantity };

		tally_each_off(rebuild->sums[quantity], off, &told);
	}
	return status;
}

enum itn_status rebuild_diff(struct store *store, rebuild_diff_fn *diff, void *context, int64_t *ret_seq,
			     struct error *error)
{
	struct rebuild rebuild = { .store = store, .error = error };
	enum itn_status status;

	error_set(error, ITN_OK, "%s", "the store does not answer");
	for (enum quantity quantity = 0; quantity < QUANTITIES; quantity++)
		rebuild.sums[quantity] = tally_new();
	status = compare(&rebuild, diff, context);
	for (enum quantity quantity = 0; quantity < QUANTITIES; quantity++)
		tally_free(rebuild.sums[quantity]);
	*ret_seq = rebuild.head.last_seq;
	return status;
}
