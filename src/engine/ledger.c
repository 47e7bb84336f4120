#include "engine/ledger.h"

#include <assert.h>

static enum itn_status balance_of(struct draft *draft, struct account account, struct str item,
				  struct draft_balance **ret)
{
	struct str name = account_name(draft->arena, account);
	struct str key = arena_printf(draft->arena, "%.*s\n%.*s", STR_ARG(name), STR_ARG(item));
	struct draft_balance *balance = map_get(&draft->balances_by_key, key);
	int64_t quantity;
	enum itn_status status;

	if (balance) {
		*ret = balance;
		return ITN_OK;
	}
	status = store_batch_balance(draft->store, name, item, &quantity);
	if (status != ITN_OK)
		return status;
	balance = arena_calloc(draft->arena, 1, sizeof(*balance));
	balance->balance = (struct balance){ name, item, quantity };
	balance->stored = quantity;
	balance->ends = account.kind == ACCOUNT_TRANSIT;
	map_put(&draft->balances_by_key, key, balance);
	draft_list_add(&draft->balances, draft->arena, balance);
	draft->documents++;
	*ret = balance;
	return ITN_OK;
}

void ledger_want(struct draft *draft, struct str shipment, const struct lines *lines)
{
	struct str transit = account_name(draft->arena, (struct account){ ACCOUNT_TRANSIT, shipment });
	struct str outside = account_name(draft->arena, (struct account){ ACCOUNT_EXTERNAL, STR_NONE });

	for (size_t i = 0; i < lines->count; i++) {
		draft_want(draft, STORE_KEY_BALANCE, transit, lines->at[i].name);
		draft_want(draft, STORE_KEY_BALANCE, outside, lines->at[i].name);
	}
}

enum itn_status ledger_balance(struct draft *draft, struct account account, struct str item, int64_t *ret)
{
	struct draft_balance *balance;
	enum itn_status status = balance_of(draft, account, item, &balance);

	if (status == ITN_OK)
		*ret = balance->balance.quantity;
	return status;
}

/* One side of a movement. */
struct side {
	enum account_kind kind;
	struct draft_stock *stock; /* of ACCOUNT_STATION, else NULL */
	int64_t *quantity;
};

static enum itn_status side_of(struct draft *draft, struct account account, struct str item, struct side *ret)
{
	struct draft_balance *balance;
	enum itn_status status;

	*ret = (struct side){ .kind = account.kind };
	if (account.kind == ACCOUNT_STATION) {
		status = draft_stock(draft, account.id, item, &ret->stock);
		if (status == ITN_OK)
			ret->quantity = &ret->stock->stock.on_hand;
		return status;
	}
	status = balance_of(draft, account, item, &balance);
	if (status == ITN_OK)
		ret->quantity = &balance->balance.quantity;
	return status;
}

static void change(struct draft *draft, struct side *side, int64_t delta, struct job *cause)
{
	*side->quantity += delta;
	if (!side->stock)
		return;
	side->stock->stock.tracked |= delta > 0;
	if (delta > 0)
		draft_rises(side->stock);
	side->stock->untold = cause;
	draft_count(draft, STR("stock.total"), delta);
}

static void post(struct draft *draft, const struct movement *movement, const struct side *from, const struct side *to,
		 int64_t quantity, struct job *cause)
{
	struct posting *posting = arena_calloc(draft->arena, 1, sizeof(*posting));

	*posting = (struct posting){
		.event = cause->cause,
		.item = movement->item,
		.quantity = quantity,
		.from = movement->from.kind,
		.to = movement->to.kind,
		.station = from->stock ? from->stock->stock.station
			   : to->stock ? to->stock->stock.station
				       : STR_NONE,
		.trade = movement->trade,
		.shipment = movement->shipment,
		.at = draft->now,
		.from_balance = *from->quantity,
		.to_balance = *to->quantity,
	};
	draft_list_add(&draft->postings, draft->arena, posting);
}

enum itn_status ledger_move(struct draft *draft, const struct movement *movement, struct job *cause, int64_t *ret_moved)
{
	struct side from, to;
	int64_t quantity, most;
	enum itn_status status = side_of(draft, movement->from, movement->item, &from);

	if (status == ITN_OK)
		status = side_of(draft, movement->to, movement->item, &to);
	if (status != ITN_OK)
		return status;
	most = account_can_give(from.kind, *from.quantity);
	quantity = movement->quantity < most ? movement->quantity : most;
	if (quantity > 0) {
		change(draft, &from, -quantity, cause);
		change(draft, &to, quantity, cause);
		post(draft, movement, &from, &to, quantity, cause);
	}
	if (ret_moved)
		*ret_moved = quantity;
	return ITN_OK;
}

static void write_balances(struct draft *draft, struct store_writes *writes)
{
	struct balance_write *balances = arena_calloc(draft->arena, draft->balances.count + 1, sizeof(*balances));

	for (size_t i = 0; i < draft->balances.count; i++) {
		const struct draft_balance *balance = draft->balances.at[i];

		if (balance->balance.quantity != balance->stored)
			balances[writes->balance_count++] =
				(struct balance_write){ balance->balance,
							balance->ends && balance->balance.quantity == 0 };
	}
	writes->balances = balances;
}

void ledger_writes(struct draft *draft, int64_t seq, struct store_writes *writes)
{
	struct posting *postings = arena_calloc(draft->arena, draft->postings.count + 1, sizeof(*postings));

	assert(!draft->postings.count || (seq <= draft->seq && (int64_t)draft->postings.count < POSTINGS_OF_SEQ_MAX));
	for (size_t i = 0; i < draft->postings.count; i++) {
		postings[i] = *(const struct posting *)draft->postings.at[i];
		postings[i].number = (seq << POSTING_NUMBER_BITS) + (int64_t)i;
	}
	writes->postings = postings;
	writes->posting_count = draft->postings.count;
	write_balances(draft, writes);
}
