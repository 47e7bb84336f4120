#include "ledger.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNTS_MAX 2048
#define STATIONS_MAX 16

struct held {
	enum account_kind kind;
	char id[64], item[16];
	int64_t quantity;
};

static struct {
	const struct model *model;
	struct held at[ACCOUNTS_MAX];
	size_t count;
	int64_t number; /* of the last posting */
	int64_t events;
	int64_t given; /* by stations to shipments */
	struct order {
		char station[16];
		int64_t counted, took; /* the latest cause of each kind that was posted */
	} orders[STATIONS_MAX];
	size_t order_count;
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

static const char *text(struct str s)
{
	return arena_str(sim.arena, str_is_set(s) ? s : STR("")).ptr;
}

static struct order *order_of(struct str station)
{
	struct order *order = ledger.orders;

	while (order < ledger.orders + ledger.order_count && !str_eq(str_from(order->station), station))
		order++;
	if (order == ledger.orders + STATIONS_MAX)
		sim_fail("more than %d stations", STATIONS_MAX);
	if (order == ledger.orders + ledger.order_count) {
		ledger.order_count++;
		snprintf(order->station, sizeof(order->station), "%.*s", STR_ARG(station));
	}
	return order;
}

/* Whoever counts a station finds what those before him left, and leaves the rest to those behind him. */
static void check_order(const struct posting *posting, bool counts)
{
	struct order *order = order_of(posting->station);
	int64_t seq = model_seq(ledger.model, text(posting->event)), *latest = counts ? &order->counted : &order->took;

	if (seq < (counts ? order->took : order->counted))
		sim_fail("posting %llx moves %.*s at %s because of %lld, out of turn", (long long)posting->number,
			 STR_ARG(posting->item), order->station, (long long)seq);
	*latest = seq > *latest ? seq : *latest;
}

/* What leaves a station for a trade is one of the lines that were set aside for it: with its shipment, or by hand. */
static void check_given(const struct posting *posting)
{
	bool by_hand = posting->to == ACCOUNT_EXTERNAL;

	if (posting->from != ACCOUNT_STATION || by_hand != !str_is_set(posting->shipment) ||
	    model_given(ledger.model, text(posting->trade), text(posting->station), text(posting->item),
			by_hand ? NULL : text(posting->shipment)) != posting->quantity)
		sim_fail("posting %llx gives %lld %.*s for trade %.*s, by the log it is not so",
			 (long long)posting->number, (long long)posting->quantity, STR_ARG(posting->item),
			 STR_ARG(posting->trade));
	ledger.given += by_hand ? 0 : posting->quantity;
	check_order(posting, false);
}

/* Between a station and outside, for no trade: somebody counted. */
static void check_counted(const struct posting *posting)
{
	if (str_is_set(posting->trade) || str_is_set(posting->shipment) ||
	    !model_counts(ledger.model, text(posting->event), text(posting->station)))
		sim_fail("posting %llx moves %.*s at %.*s for no reason", (long long)posting->number,
			 STR_ARG(posting->item), STR_ARG(posting->station));
	check_order(posting, true);
}

static void check_reason(const struct posting *posting)
{
	if (posting->from == ACCOUNT_STATION && (str_is_set(posting->trade) || str_is_set(posting->shipment)))
		check_given(posting);
	else if (posting->from != ACCOUNT_TRANSIT && posting->to != ACCOUNT_TRANSIT)
		check_counted(posting);
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
	check_reason(posting);
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
	struct model_stock stock = { 0 };

	if (held->kind == ACCOUNT_TRANSIT)
		return model_on_way(model, held->id, held->item);
	(void)model_stock(model, held->id, held->item, &stock);
	return stock.on_hand;
}

void ledger_check(const struct model *model, int64_t events)
{
	int64_t on_way = 0;

	memset(&ledger, 0, sizeof(ledger));
	ledger.events = events;
	ledger.model = model;
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
	if (ledger.given != model_given_in_all(model))
		sim_fail("by their postings stations gave %lld to shipments, by the log %lld", (long long)ledger.given,
			 (long long)model_given_in_all(model));
	sim.rules[RULE_POSTED] += ledger.count;
}
