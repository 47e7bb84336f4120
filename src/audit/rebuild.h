/** Inventories as the ledger would have them: what is on hand by the postings, reserved by the trades that reserved it,
 *  incoming by what is in transit; beside what the records say. Nothing is changed. As for an audit: one moment,
 *  constant memory, no false alarm. */
#ifndef ITN_AUDIT_REBUILD_H
#define ITN_AUDIT_REBUILD_H

#include "core/error.h"
#include "core/status.h"
#include "store/store.h"

/** `what` is "on hand", "reserved" or "incoming". */
typedef void rebuild_diff_fn(void *context, const char *what, struct str station, struct str item, int64_t is,
			     int64_t should);

/** Tells each quantity that is not what it should be (of very many, the first of each kind).
 *  @param ret_seq  where the log ended at the moment that was looked at
 *  @return as audit_run() */
enum itn_status rebuild_diff(struct store *store, rebuild_diff_fn *diff, void *context, int64_t *ret_seq,
			     struct error *error) must_check;

#endif
