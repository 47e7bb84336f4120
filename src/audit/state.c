#include <string.h>

#include "audit/check.h"
#include "domain/posting.h"

/* Versions 1 to `last` must be told. */
static void add_versions(struct audit *audit, struct str entity, struct str key, int64_t last)
{
	uint64_t sum = 0;

	if (last < 0 || last > audit->head.last_seq) {
		if (!audit->closer)
			audit_violation(audit, RULE_DOCUMENT_VERSIONS,
					audit_entity(audit, arena_cstr(audit->arena, entity), key, STR_NONE),
					"it has %lld versions that the log should tell, which has %lld events",
					(long long)last, (long long)audit->head.last_seq);
		return;
	}
	for (int64_t version = 1; version <= last; version++)
		sum += tally_spread((uint64_t)version);
	tally_add(audit->sums[SUM_VERSIONS], TALLY_KEPT, entity, key, sum, last);
}

static void add_balance(struct audit *audit, struct str account, struct str item, int64_t quantity)
{
	uint64_t step = tally_spread((uint64_t)quantity) - tally_spread(0);

	audit_add(audit, SUM_BALANCES, TALLY_KEPT, account, item, quantity);
	tally_add(audit->sums[SUM_CHAINS], TALLY_KEPT, account, item, step, quantity);
	audit_add(audit, SUM_ITEMS, TALLY_KEPT, STR(""), item, quantity);
}

static void check_bounds(struct audit *audit, const struct stock *stock)
{
	bool fine = stock->on_hand >= 0 && stock->on_hand <= SUM_MAX && stock->reserved >= 0 &&
		    stock->reserved <= stock->on_hand && stock->incoming >= 0 && stock->incoming <= SUM_MAX &&
		    stock->reorder_level >= 0 && (stock->tracked || stock->on_hand == 0);

	if (!fine)
		audit_violation(audit, RULE_STOCK_BOUNDS, audit_entity(audit, "station", stock->station, stock->item),
				"%lld are on hand, %lld of them reserved, %lld incoming%s", (long long)stock->on_hand,
				(long long)stock->reserved, (long long)stock->incoming,
				stock->tracked ? "" : ", and it counts as never seen");
}

static void take_stock(struct audit *audit, const struct stock *stock)
{
	struct account account = { ACCOUNT_STATION, stock->station };
	struct arena *scratch = arena_new(1024);
	struct str key = arena_printf(scratch, "%.*s\n%.*s", STR_ARG(stock->station), STR_ARG(stock->item));

	add_versions(audit, STR("inventory"), key, stock->version);
	add_balance(audit, account_name(scratch, account), stock->item, stock->on_hand);
	arena_free(scratch);
	audit_add(audit, SUM_RESERVED, TALLY_KEPT, stock->station, stock->item, stock->reserved);
	if (audit->closer)
		return;
	check_bounds(audit, stock);
	audit->report->counts.stock++;
	audit->counted.on_hand += stock->on_hand;
}

static void take_balance(struct audit *audit, const struct balance *balance)
{
	bool is_external = str_eq(balance->account, STR("external"));
	bool fine = is_external ? balance->quantity <= 0 && balance->quantity >= -SUM_MAX
				: balance->quantity >= 0 && balance->quantity <= SUM_MAX;

	add_balance(audit, balance->account, balance->item, balance->quantity);
	if (audit->closer)
		return;
	audit->report->counts.balances++;
	if (!fine)
		audit_violation(audit, RULE_STOCK_BOUNDS, audit_entity(audit, "", balance->account, balance->item),
				"it holds %lld", (long long)balance->quantity);
}

static void add_aboard(struct audit *audit, const struct trade *trade)
{
	for (size_t i = 0; i < trade->items.count; i++)
		audit_add(audit, SUM_MANIFEST, TALLY_TOLD, trade->shipment, trade->items.at[i].name,
			  trade->items.at[i].quantity);
	audit_add(audit, SUM_MANIFEST, TALLY_TOLD, trade->shipment, STR(""), 1);
}

/* Goods that its station set aside for it and that have not left. */
static void add_reserved(struct audit *audit, const struct trade *trade)
{
	for (size_t i = 0; trade_has_reserved(trade) && i < trade->reserved.count; i++)
		audit_add(audit, SUM_RESERVED, TALLY_TOLD, trade->station, trade->reserved.at[i].name,
			  trade->reserved.at[i].quantity);
}

static void count_document(int64_t by_status[], int64_t *floating, int status, int statuses, int64_t version,
			   unsigned unsequenced)
{
	if (unsequenced == 0 && status >= 0 && status < statuses)
		by_status[status]++;
	else if (version > (int64_t)unsequenced)
		++*floating;
}

static void take_trade(struct audit *audit, const struct scan_row *row)
{
	const struct trade *trade = row->trade;
	struct counted *counted = &audit->counted;

	add_versions(audit, STR("trade"), trade->id, trade->version - trade->unsequenced);
	add_reserved(audit, trade);
	if (row->shipment_open)
		add_aboard(audit, trade);
	if (audit->closer)
		return;
	audit->report->counts.trades++;
	count_document(counted->trades, &counted->floating_trades, (int)trade->status, TRADE_STATUSES, trade->version,
		       trade->unsequenced);
	if (row->shipment_settled)
		audit_violation(audit, RULE_TRADE_SETTLED, audit_entity(audit, "trade", trade->id, STR_NONE),
				"it is %s%s on %.*s, which was delivered", trade_status_name(trade->status),
				trade->goods == GOODS_ARRIVED ? "" : " and on board", STR_ARG(trade->shipment));
}

static void add_manifest(struct audit *audit, const struct cargo *cargo)
{
	for (size_t i = 0; i < cargo->items.count; i++)
		audit_add(audit, SUM_MANIFEST, TALLY_KEPT, cargo->id, cargo->items.at[i].name,
			  cargo->items.at[i].quantity);
	for (size_t i = 0; i < cargo->own_items.count; i++)
		audit_add(audit, SUM_MANIFEST, TALLY_KEPT, cargo->id, cargo->own_items.at[i].name,
			  -cargo->own_items.at[i].quantity);
	audit_add(audit, SUM_MANIFEST, TALLY_KEPT, cargo->id, STR(""), cargo->trade_count);
}

static void take_cargo(struct audit *audit, const struct cargo *cargo)
{
	struct counted *counted = &audit->counted;

	add_versions(audit, STR("cargo"), cargo->id, cargo->version - cargo->unsequenced);
	if (cargo->open)
		add_manifest(audit, cargo);
	if (audit->closer)
		return;
	audit->report->counts.cargo++;
	count_document(counted->cargo, &counted->floating_cargo, (int)cargo->status, CARGO_STATUSES, cargo->version,
		       cargo->unsequenced);
}

static void take_job(struct audit *audit, const struct job *job)
{
	if (audit->closer)
		return;
	audit->report->counts.jobs++;
	if (job->seq < 1 || job->seq > audit->head.last_seq)
		audit_violation(audit, RULE_JOB_CAUSE, audit_entity(audit, "job of", job->cause, STR_NONE),
				"its cause is seq %lld, the log ends at %lld", (long long)job->seq,
				(long long)audit->head.last_seq);
}

/* Its first version is told by the criticalEvent that raised it. */
static void take_alert(struct audit *audit, const struct alert *alert)
{
	add_versions(audit, STR("alert"), alert->id, alert->version);
	if (!audit->closer)
		audit->counted.alerts[alert_status_of(alert)]++;
}

/* Whether the rest is wanted. */
static bool take_head(struct audit *audit, const struct scan_row *row)
{
	audit->head = row->head;
	audit->foreign = row->head.schema != STORE_SCHEMA;
	if (!audit->foreign && !audit->closer && row->last_event != row->head.last_seq)
		audit_violation(audit, RULE_LOG_HEAD, STR("head"), "it says that the log ends at %lld, it ends at %lld",
				(long long)row->head.last_seq, (long long)row->last_event);
	return !audit->foreign;
}

static bool take_row(void *context, const struct scan_row *row)
{
	struct audit *audit = context;

	switch (row->kind) {
	case SCAN_HEAD:
		return take_head(audit, row);
	case SCAN_COUNTER:
		if (!audit->closer)
			audit_take_counter(audit, row->name, row->value);
		break;
	case SCAN_STOCK:
		take_stock(audit, row->stock);
		break;
	case SCAN_BALANCE:
		take_balance(audit, row->balance);
		break;
	case SCAN_TRADE:
		take_trade(audit, row);
		break;
	case SCAN_CARGO:
		take_cargo(audit, row->cargo);
		break;
	case SCAN_JOB:
		take_job(audit, row->job);
		break;
	case SCAN_ALERT:
		take_alert(audit, row->alert);
		break;
	}
	return audit_goes_on(audit);
}

enum itn_status audit_state(struct audit *audit)
{
	return store_scan_state(audit->store, take_row, audit, audit->error);
}
