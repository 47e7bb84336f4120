/** Judges what a look at a network found: what is so, and what to do about it. Pure: no I/O, no clock. */
#ifndef ITN_ADMIN_DIAGNOSIS_H
#define ITN_ADMIN_DIAGNOSIS_H

#include "bus/vitals.h"
#include "store/inspect.h"

/** Entries that wait longer than this are late, in ms. */
#define DIAGNOSIS_LATE_MS 5000

enum finding_state { FINDING_OK, FINDING_WARNING, FINDING_FAILED };
#define FINDING_STATES (FINDING_FAILED + 1)

struct finding {
	enum finding_state state;
	char detail[2048]; /**< what is so: one sentence without its full stop */
	char todo[2048];   /**< what to do: sentences; "" when nothing is to be done */
};

void finding_set(struct finding *finding, enum finding_state state, const char *todo, const char *fmt, ...)
	printf_like(4, 5);

/** @param host_ms  this host's wall clock */
void diagnose_clock(struct finding *finding, int64_t host_ms, const struct store_vitals *vitals);
/** The lease and the backlog, over some time: an active engine has renewed the lease meanwhile, and numbers what waits.
 */
void diagnose_engine(struct finding *finding, const struct store_vitals *before, const struct store_vitals *now,
		     int64_t watched_ms);
void diagnose_redis(struct finding *finding, const struct bus_vitals *vitals);
/** The stream beside the log, whose head was read before and after it. */
void diagnose_feed(struct finding *finding, const struct store_head *before, const struct bus_vitals *vitals,
		   const struct store_head *after);
/** @param room  bytes that are free; -1: not known */
void diagnose_disk(struct finding *finding, int64_t room);
/** Of the mails that were given up, how many (up to `most`) there are. */
void diagnose_mail(struct finding *finding, size_t dead, size_t most);
/** An answer of nginx with this status; `detail` is what it says more, perhaps "". */
void diagnose_rest(struct finding *finding, const char *url, int status, const char *detail);
void diagnose_gateway(struct finding *finding, const char *url, int status);

#endif
