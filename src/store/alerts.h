/** The store's alerts (domain/alert.h), and cargo that is late. Only batches write alerts (struct store_writes).
 *
 *  A store of a schema before STORE_ALERTS_SCHEMA has no alerts: reads find nothing. Lists of them are store_list()'s.
 */
#ifndef ITN_STORE_ALERTS_H
#define ITN_STORE_ALERTS_H

#include "domain/alert.h"
#include "store/batch.h"

#define STORE_ALERTS_SCHEMA 6

/** One of them, in the arena. */
enum itn_status store_alert(struct store *store, struct arena *arena, struct str id, struct alert *ret_alert) must_check;
/** As store_trade_json(). */
enum itn_status store_alert_json(struct store *store, struct str id, struct buf *out, int64_t *ret_version) must_check;

/** What time it is where the data are, ms: MongoDB's own clock, as this process estimates it; SQLite: this host's.
 *  ITN_UNAVAILABLE: not known. Never waits. */
enum itn_status store_clock(struct store *store, int64_t *ret_now) must_check;

/* Reads of the open batch's snapshot, as in batch.h. */

enum itn_status store_batch_alert(struct store_engine *engine, struct arena *arena, struct str id,
				  struct alert *ret_alert) must_check;
/** The one of this kind about this thing that is not resolved. */
enum itn_status store_batch_unresolved(struct store_engine *engine, struct arena *arena, enum alert_kind kind,
				       const struct alert_about *about, struct alert *ret_alert) must_check;
/** Up to `max` cargo that was due (cargo_due()) at `until` or before when a batch last wrote it, by (that time, id), behind
 *  the cursor, which goes behind the last of them. Entries that are not in the log may have changed its eta since. */
enum itn_status store_batch_late(struct store_engine *engine, struct arena *arena, int64_t until,
				 struct store_cursor *cursor, size_t max, struct cargo **ret_cargo,
				 size_t *ret_count) must_check;

#endif
