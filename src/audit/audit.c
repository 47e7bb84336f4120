#include "audit/audit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "audit/check.h"
#include "core/clock.h"
#include "core/json_out.h"

/* Rows between two questions whether it may go on. */
#define STEPS 1000

static const char *const rule_names[RULES] = {
#define RULE(key, name, meaning) [RULE_##key] = name,
#include "audit/rules.def"
#undef RULE
};

struct str audit_entity(struct audit *audit, const char *what, struct str a, struct str b)
{
	return arena_printf(audit->arena, "%s%s%.*s%s%.*s", what, *what ? " " : "", STR_ARG(a), b.len ? ", " : "",
			    STR_ARG(b));
}

void audit_violation(struct audit *audit, enum audit_rule rule, struct str entity, const char *fmt, ...)
{
	struct audit_report *report = audit->report;
	char detail[1024];
	va_list args;

	if (report->shown_count == AUDIT_SHOWN_MAX) {
		report->more++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(detail, sizeof(detail), fmt, args);
	va_end(args);
	report->shown[report->shown_count++] = (struct audit_violation){
		.rule = rule_names[rule],
		.entity = arena_str(audit->arena, entity),
		.detail = arena_str(audit->arena, str_from(detail)),
	};
}

bool audit_goes_on(struct audit *audit)
{
	if (audit->stopped || audit->steps-- > 0)
		return !audit->stopped;
	audit->steps = STEPS;
	audit->stopped =
		audit->patience && audit->patience->goes_on && !audit->patience->goes_on(audit->patience->context);
	return !audit->stopped;
}

static enum itn_status ended(struct audit *audit, enum itn_status status)
{
	if (audit->stopped)
		return error_set(audit->error, ITN_CONFLICT, "it took longer than it may");
	if (audit->foreign)
		return error_set(
			audit->error, ITN_FAILED,
			"the data have schema %lld, this program's is %d: an engine of this version brings them on",
			(long long)audit->head.schema, STORE_SCHEMA);
	return status;
}

/* What both passes do. */
static enum itn_status add_up(struct audit *audit)
{
	enum itn_status status = ended(audit, audit_state(audit));

	if (status == ITN_OK)
		status = ended(audit, audit_log(audit));
	return status;
}

/* Why a sum did not come to nothing. */
struct misfit {
	struct audit *audit;
	enum audit_sum sum;
	bool named;
};

static void off_version(struct audit *audit, struct str entity, struct str key, int64_t kept, int64_t told)
{
	const char *end = key.len ? memchr(key.ptr, '\n', key.len) : NULL;
	size_t len = end ? (size_t)(end - key.ptr) : key.len;
	struct str item = end ? (struct str){ end + 1, key.len - len - 1 } : STR("");
	struct str what = audit_entity(audit, arena_cstr(audit->arena, entity), (struct str){ key.ptr, len }, item);

	audit_violation(audit, RULE_DOCUMENT_VERSIONS, what,
			"it has %lld versions that the log should tell, each once, and the log tells of %lld",
			(long long)kept, (long long)told);
}

static void off(void *context, struct str a, struct str b, int64_t kept, int64_t told)
{
	struct misfit *misfit = context;
	struct audit *audit = misfit->audit;
	long long is = kept, said = told;

	misfit->named = true;
	switch (misfit->sum) {
	case SUM_VERSIONS:
		off_version(audit, a, b, kept, told);
		break;
	case SUM_BALANCES:
		audit_violation(audit, RULE_LEDGER_BALANCE, audit_entity(audit, "", a, b),
				"it holds %lld, its postings sum to %lld", is, said);
		break;
	case SUM_CHAINS:
		audit_violation(audit, RULE_LEDGER_CHAIN, audit_entity(audit, "", a, b),
				"it holds %lld, which its %lld postings do not lead to one by one", is, said);
		break;
	case SUM_ITEMS:
		audit_violation(audit, RULE_LEDGER_SUM, audit_entity(audit, "item", b, STR_NONE),
				"all accounts together hold %lld", is);
		break;
	case SUM_RESERVED:
		audit_violation(audit, RULE_STOCK_RESERVED, audit_entity(audit, "station", a, b),
				"%lld are reserved, open trades have reserved %lld", is, said);
		break;
	case SUM_MANIFEST:
		audit_violation(audit, RULE_CARGO_MANIFEST, audit_entity(audit, "cargo", a, b),
				b.len ? "the manifest has %lld beside its own, the trades on board have %lld"
				      : "it counts %lld trades, %lld are on board",
				is, said);
		break;
	case SUMS:
		break;
	}
}

static const enum audit_rule sum_rules[SUMS] = {
	[SUM_VERSIONS] = RULE_DOCUMENT_VERSIONS, [SUM_BALANCES] = RULE_LEDGER_BALANCE,
	[SUM_CHAINS] = RULE_LEDGER_CHAIN,        [SUM_ITEMS] = RULE_LEDGER_SUM,
	[SUM_RESERVED] = RULE_STOCK_RESERVED,    [SUM_MANIFEST] = RULE_CARGO_MANIFEST,
};

static void name_misfits(struct audit *audit, const bool misfits[SUMS])
{
	for (enum audit_sum sum = 0; sum < SUMS; sum++) {
		struct misfit misfit = { audit, sum, false };

		if (!misfits[sum])
			continue;
		tally_each_off(audit->sums[sum], off, &misfit);
		if (!misfit.named)
			audit_violation(audit, sum_rules[sum], STR("somewhere"),
					"something did not fit, and did when it was looked for once more");
	}
}

/* Sums that did not come to nothing: everything once more, to see whose fault it is. */
static enum itn_status look_closer(struct audit *audit)
{
	bool misfits[SUMS], any = false;
	enum itn_status status;

	for (enum audit_sum sum = 0; sum < SUMS; sum++)
		any |= misfits[sum] = !tally_fits(audit->sums[sum]);
	if (!any)
		return ITN_OK;
	for (enum audit_sum sum = 0; sum < SUMS; sum++)
		tally_look_closer(audit->sums[sum]);
	audit->closer = true;
	status = add_up(audit);
	if (status == ITN_OK)
		name_misfits(audit, misfits);
	return status;
}

static enum itn_status run(struct audit *audit)
{
	struct audit_report *report = audit->report;
	enum itn_status status = add_up(audit);

	report->seq = audit->head.last_seq;
	if (status == ITN_OK)
		status = ended(audit, audit_ids(audit));
	if (status == ITN_OK)
		status = ended(audit, audit_claims(audit));
	if (status != ITN_OK)
		return status;
	audit_counters(audit);
	return look_closer(audit);
}

enum itn_status audit_run(struct store *store, const struct audit_patience *patience, struct arena *arena,
			  struct audit_report *ret_report, struct error *error)
{
	struct audit audit = {
		.store = store,
		.patience = patience,
		.arena = arena,
		.report = ret_report,
		.error = error,
	};
	enum itn_status status;

	*ret_report = (struct audit_report){ .checked_at = clock_now_ms() };
	error_set(error, ITN_OK, "%s", "the store does not answer");
	for (enum audit_sum sum = 0; sum < SUMS; sum++)
		audit.sums[sum] = tally_new();
	status = run(&audit);
	for (enum audit_sum sum = 0; sum < SUMS; sum++)
		tally_free(audit.sums[sum]);
	return status;
}

bool audit_is_clean(const struct audit_report *report)
{
	return report->shown_count == 0;
}

static void write_counts(struct json_out *json, const struct audit_counts *counts)
{
	json_out_key(json, "counts");
	json_out_object(json);
	json_out_member_int(json, "events", counts->events);
	json_out_member_int(json, "postings", counts->postings);
	json_out_member_int(json, "trades", counts->trades);
	json_out_member_int(json, "cargo", counts->cargo);
	json_out_member_int(json, "stock", counts->stock);
	json_out_member_int(json, "balances", counts->balances);
	json_out_member_int(json, "jobs", counts->jobs);
	json_out_member_int(json, "claims", counts->claims);
	json_out_object_end(json);
}

void audit_write_json(struct buf *out, const struct audit_report *report)
{
	struct json_out json = json_out_to(out);

	json_out_object(&json);
	json_out_member_bool(&json, "ok", audit_is_clean(report));
	json_out_member_int(&json, "seq", report->seq);
	json_out_member_time(&json, "checkedAt", report->checked_at);
	write_counts(&json, &report->counts);
	json_out_key(&json, "violations");
	json_out_array(&json);
	for (size_t i = 0; i < report->shown_count; i++) {
		json_out_object(&json);
		json_out_member_str(&json, "rule", str_from(report->shown[i].rule));
		json_out_member_str(&json, "entity", report->shown[i].entity);
		json_out_member_str(&json, "detail", report->shown[i].detail);
		json_out_object_end(&json);
	}
	json_out_array_end(&json);
	json_out_member_int(&json, "more", report->more);
	json_out_object_end(&json);
}
