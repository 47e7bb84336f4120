#include <stdio.h>
#include <string.h>

#include "audit/check.h"

static bool begins(struct str name, const char *prefix, struct str *ret_rest)
{
	size_t len = strlen(prefix);

	if (name.len < len || memcmp(name.ptr, prefix, len) != 0)
		return false;
	*ret_rest = (struct str){ name.ptr + len, name.len - len };
	return true;
}

void audit_take_counter(struct audit *audit, struct str name, int64_t value)
{
	struct counted *counted = &audit->counted;
	enum trade_status trade;
	enum cargo_status cargo;
	enum alert_status alert;
	struct str rest;

	if (begins(name, "trades.status.", &rest) && trade_status_parse(rest, &trade))
		counted->said_trades[trade] = value;
	else if (begins(name, "cargo.status.", &rest) && cargo_status_parse(rest, &cargo))
		counted->said_cargo[cargo] = value;
	else if (begins(name, "alerts.status.", &rest) && alert_status_parse(rest, &alert))
		counted->said_alerts[alert] = value;
	else if (begins(name, "trades.created.hour.", &rest))
		counted->said_hours += value;
	else if (begins(name, "trades.created.day.", &rest))
		counted->said_days += value;
	else if (str_eq(name, STR("trades.created.total")))
		counted->said_created = value;
	else if (str_eq(name, STR("events.total")))
		counted->said_events = value;
	else if (str_eq(name, STR("stock.total")))
		counted->said_on_hand = value;
	else if (str_eq(name, STR("alerts.total")))
		counted->said_critical = value;
}

static void check(struct audit *audit, const char *name, int64_t said, int64_t is)
{
	if (said != is)
		audit_violation(audit, RULE_COUNTER_VALUE, audit_entity(audit, "counter", str_from(name), STR_NONE),
				"it is %lld and should be %lld", (long long)said, (long long)is);
}

/* A document with a change that is not in the log counts as what it was before: so each counter may be higher, by all
 * such documents together. */
static void check_statuses(struct audit *audit, const char *prefix, const char *(*name_of)(int), int statuses,
			   const int64_t said[], const int64_t is[], int64_t floating)
{
	int64_t sum = 0;
	char name[64];

	for (int i = 0; i < statuses; i++) {
		snprintf(name, sizeof(name), "%s%s", prefix, name_of(i));
		sum += said[i] - is[i];
		if (said[i] < is[i] || said[i] - is[i] > floating)
			check(audit, name, said[i], is[i]);
	}
	snprintf(name, sizeof(name), "%s, all together", prefix);
	check(audit, name, sum, floating);
}

static const char *trade_name(int status)
{
	return trade_status_name((enum trade_status)status);
}

static const char *cargo_name(int status)
{
	return cargo_status_name((enum cargo_status)status);
}

static const char *alert_name(int status)
{
	return alert_status_name((enum alert_status)status);
}

void audit_counters(struct audit *audit)
{
	const struct counted *counted = &audit->counted;

	check_statuses(audit, "trades.status.", trade_name, TRADE_STATUSES, counted->said_trades, counted->trades,
		       counted->floating_trades);
	check_statuses(audit, "cargo.status.", cargo_name, CARGO_STATUSES, counted->said_cargo, counted->cargo,
		       counted->floating_cargo);
	check_statuses(audit, "alerts.status.", alert_name, ALERT_STATUSES, counted->said_alerts, counted->alerts, 0);
	check(audit, "events.total", counted->said_events, audit->head.last_seq);
	check(audit, "stock.total", counted->said_on_hand, counted->on_hand);
	check(audit, "trades.created.total", counted->said_created, counted->created);
	check(audit, "trades.created.hour", counted->said_hours, counted->created);
	check(audit, "trades.created.day", counted->said_days, counted->created);
	check(audit, "alerts.total", counted->said_critical, counted->critical);
}
