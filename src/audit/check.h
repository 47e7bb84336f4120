/** One audit under way, as the files of its rules share it. */
#ifndef ITN_AUDIT_CHECK_H
#define ITN_AUDIT_CHECK_H

#include "audit/audit.h"
#include "audit/tally.h"
#include "store/scan.h"

enum audit_rule {
#define RULE(key, name, meaning) RULE_##key,
#include "audit/rules.def"
#undef RULE
	RULES
};

/** Sums that must come to nothing, each of one rule. */
enum audit_sum {
	SUM_VERSIONS, /**< of (entity, key): each version, spread */
	SUM_BALANCES, /**< of (account, item): quantities */
	SUM_CHAINS, /**< of (account, item): balances, spread: the last one against each one's step from the one before
		     */
	SUM_ITEMS,  /**< of an item: quantities */
	SUM_RESERVED, /**< of (station, item): quantities */
	SUM_MANIFEST, /**< of (shipment, item): quantities; of the empty item: trades */
	SUMS
};

/** Counters that are held against what they count. */
struct counted {
	int64_t trades[TRADE_STATUSES], cargo[CARGO_STATUSES]; /**< documents whose changes are all in the log */
	int64_t floating_trades, floating_cargo;               /**< in the log, but with changes that are not */
	int64_t alerts[ALERT_STATUSES];
	int64_t on_hand, created, critical;

	int64_t said_trades[TRADE_STATUSES], said_cargo[CARGO_STATUSES], said_alerts[ALERT_STATUSES];
	int64_t said_on_hand, said_events, said_created, said_hours, said_days, said_critical;
};

struct audit {
	struct store *store;
	const struct audit_patience *patience;
	struct arena *arena; /**< of the report */
	struct audit_report *report;
	struct error *error;
	struct store_head head;
	bool closer;   /**< the second time, only for the names of what does not fit */
	bool stopped;  /**< patience has ended */
	bool foreign;  /**< the data have another schema */
	int64_t steps; /**< rows until patience is asked again */
	struct tally *sums[SUMS];
	struct counted counted;
};

/** Notes that a rule is violated; the first time only. */
void audit_violation(struct audit *audit, enum audit_rule rule, struct str entity, const char *fmt, ...)
	printf_like(4, 5);
/** "what a, b"; `b` may be absent. Lives in the report's arena. */
struct str audit_entity(struct audit *audit, const char *what, struct str a, struct str b);
/** False: patience has ended. Cheap. */
bool audit_goes_on(struct audit *audit);
static inline void audit_add(struct audit *audit, enum audit_sum sum, enum tally_side side, struct str a, struct str b,
			     int64_t value)
{
	tally_add(audit->sums[sum], side, a, b, (uint64_t)value, value);
}

/** state.c: what is read as of one moment. */
enum itn_status audit_state(struct audit *audit) must_check;
/** log.c: events and postings up to that moment, and documents as their last events say. */
enum itn_status audit_log(struct audit *audit) must_check;
enum itn_status audit_ids(struct audit *audit) must_check;
/** claims.c */
enum itn_status audit_claims(struct audit *audit) must_check;
/** counters.c: after the state and the log. */
void audit_take_counter(struct audit *audit, struct str name, int64_t value);
void audit_counters(struct audit *audit);

#endif
