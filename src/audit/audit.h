/** An audit: whether everything that a store has fits together (rules.def), while the system works.
 *
 *  Rows are streamed, nothing is held but sums of constant size (tally.h) and one slice of the log; what does not fit
 * is named by going over everything once more. So it may run beside anything, for as long as it takes.
 *
 *  It gives no false alarm under load. What changes is read as of one moment, in one transaction that only reads
 *  (store_scan_state()); what is logged and posted never changes and is read in slices, up to where the log ended at
 *  that moment. A document is held against its last event whenever both are read: an event that is not the last one any
 *  more is no witness, as versions show. So what changes while it is looked at is looked at by the next audit.
 *
 *  What that costs: in SQLite the write-ahead log can't begin anew while the state is read. In MongoDB that transaction
 *  must end within the server's transactionLifetimeLimitSeconds (60 by default); a larger network raises it.
 */
#ifndef ITN_AUDIT_AUDIT_H
#define ITN_AUDIT_AUDIT_H

#include "core/arena.h"
#include "core/buf.h"
#include "core/error.h"
#include "core/status.h"
#include "store/store.h"

/** Violations that are named; more are only counted. */
#define AUDIT_SHOWN_MAX 100

struct audit_violation {
	const char *rule;  /**< of rules.def */
	struct str entity; /**< what it is about: "trade 6b04…", "station:Mars, Water" */
	struct str detail; /**< a sentence */
};

struct audit_counts {
	int64_t events, postings, trades, cargo, stock, balances, jobs, claims;
};

struct audit_report {
	int64_t seq;        /**< where the log ended at the moment that was looked at */
	int64_t checked_at; /**< when it began, ms */
	struct audit_counts counts;
	struct audit_violation shown[AUDIT_SHOWN_MAX];
	size_t shown_count;
	int64_t more; /**< violations that are not shown */
};

/** How long it may go on. */
struct audit_patience {
	bool (*goes_on)(void *context); /**< asked every now and then; NULL: for ever */
	void *context;
};

/** Audits the store. Texts of the report live in the arena.
 *  @return ITN_OK: it was done, whatever it found; ITN_UNAVAILABLE: the store did not answer; ITN_CONFLICT: patience
 *          ended; ITN_FAILED: the data have another schema than this program's, or a document can't be read. The error
 *          says why. */
enum itn_status audit_run(struct store *store, const struct audit_patience *patience, struct arena *arena,
			  struct audit_report *ret_report, struct error *error) must_check;
/** No violation. */
bool audit_is_clean(const struct audit_report *report);
/** {ok, seq, checkedAt, counts:{…}, violations:[{rule, entity, detail}], more} */
void audit_write_json(struct buf *out, const struct audit_report *report);

#endif
