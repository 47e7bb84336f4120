#include "ledger.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNTS_MAX 2048

struct held {
	enum account_kind kind;
	char id[64], item[16];
	int64_t quantity;
};

static struct {
	struct held at[ACCOUNTS_MAX];
	size_t count;
	int64_t number; /* of the last posting */
	int64_t events;
} ledger;

static struct held *held_of(enum account_kind kind, struct str id, struct str item)
{
	struct held *held;

	for (size_t i = 0; i < ledger.count; i++)
		if (ledger.at[i].kind == kind && str_eq(str_from(ledger.at[i].item), item) &&
		    (kind == ACCOUNT_EXTERNAL || str_eq(str_from(ledger.at[i].id), id)))
			return &ledger.at[i];
	if (ledger.count == ACCOUNTS_MAX)
		sim_fail("more than %d accounts", ACCOUNTS_MAX);
	held = &ledger.at[ledger.count++];
	*held = (struct held){ .kind = kind };
	snprintf(held->id, sizeof(held->id), "%.*s", STR_ARG(id));
	snprintf(held->item, sizeof(held->item), "%.*s", STR_ARG(item));
	return held;
}

static struct held *account(const struct posting *posting, enum account_kind kind)
{
	return held_of(kind, kind == ACCOUNT_STATION ? posting->station : posting->shipment, posting->item);
}

static void take_posting(void *context unused_arg, const struct posting *posting)
{
	struct held *from = account(posting, posting->from), *to = account(posting, posting->to);
	long long number = (long long)posting->number;

	if (posting->number <= ledger.number || posting->from == posting->to || posting->quantity < 1)
		sim_fail("posting %llx moves %lld of %.*s", number, (long long)posting->quantity,
			 STR_ARG(posting->item));
	if (posting_seq(posting) < 1 || posting_seq(posting) > ledger.events)
		sim_fail("posting %llx is of seq %lld, the log ends at %lld", number, (long long)posting_seq(posting),
			 (long long)ledger.events);
	ledger.number = posting->number;
	from->quantity -= posting->quantity;
	to->quantity += posting->quantity;
	if (from->quantity != posting->from_balance || to->quantity != posting->to_balance)
		sim_fail("posting %llx leaves %lld and %lld, it says %lld and %lld", number, (long long)from->quantity,
			 (long long)to->quantity, (long long)posting->from_balance, (long long)posting->to_balance);
	if ((from->kind != ACCOUNT_EXTERNAL && from->quantity < 0) ||
	    (to->kind == ACCOUNT_EXTERNAL && to->quantity > 0))
		sim_fail("posting %llx takes %.*s from where there was too little", number, STR_ARG(posting->item));
}

static int64_t expected(const struct model *model, const struct held *held)
{
	int64_t on_hand = 0, incoming;

	if (held->kind == ACCOUNT_TRANSIT)
		return model_on_way(model, held->id, held->item);
	(void)model_stock(model, held->id, held->item, &on_hand, &incoming);
	return on_hand;
}

void ledger_check(const struct model *model, int64_t events)
{
	int64_t on_way = 0;

	memset(&ledger, 0, sizeof(ledger));
	ledger.events = events;
	memory_postings(sim.store, take_posting, NULL);
	for (size_t i = 0; i < ledger.count; i++) {
		const struct held *held = &ledger.at[i];

		if (held->kind == ACCOUNT_EXTERNAL)
			continue;
		if (held->quantity != expected(model, held))
			sim_fail("by its postings %s has %lld %s, by the log %lld", held->id, (long long)held->quantity,
				 held->item, (long long)expected(model, held));
		on_way += held->kind == ACCOUNT_TRANSIT ? held->quantity : 0;
	}
	if (on_way != model_on_way(model, NULL, NULL))
		sim_fail("by their postings %lld crates are on their way, by the log %lld", (long long)on_way,
			 (long long)model_on_way(model, NULL, NULL));
	sim.rules[RULE_POSTED] += ledger.count;
}
