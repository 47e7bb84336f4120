/** Time: points in time are milliseconds since 1970-01-01T00:00:00Z, durations say their unit in their name.
 *
 *  The clocks are in clock.c and nothing else is, so that a program that simulates time links its own in their place;
 *  time_text.c has the texts.
 */
#ifndef ITN_CORE_CLOCK_H
#define ITN_CORE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/str.h"

/** Length of "2026-11-22T20:44:13.215Z". */
#define TIME_LEN 24

/** Wall clock, ms. */
int64_t clock_now_ms(void);
/** A clock that never jumps, for durations and deadlines, ms and us. */
int64_t clock_monotonic_ms(void);
int64_t clock_monotonic_us(void);
/** Lets that much time pass; less when a signal comes. */
void clock_sleep_ms(int64_t ms);

/** RFC 3339 UTC with milliseconds, TIME_LEN characters and a NUL. `ms` in years 0000..9999. */
void time_format(int64_t ms, char ret[TIME_LEN + 1]);
/** Any RFC 3339 date-time (offset or Z, 'T' or 't' or ' ', fraction cut to ms; leap second 23:59:60 UTC
 * becomes 59.999). False for anything else, and for what is outside of the years 0000..9999 in UTC. */
bool time_parse(struct str s, int64_t *ret_ms);

#endif
