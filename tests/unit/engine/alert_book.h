/** What alerts a world has, for the tests that raise them. */
#ifndef ITN_TESTS_ALERT_BOOK_H
#define ITN_TESTS_ALERT_BOOK_H

#include "world.h"

/** More lines than a trade, and than a shipment, may have without being delayed for it. */
#define LARGE_TRADE "a 1, b 1, c 1, d 1, e 1, f 1"
#define LARGE_CARGO "a 1, b 1, c 1, d 1, e 1, f 1, g 1, h 1, i 1, j 1, k 1"

/** Set-up and teardown of a test: *state is a struct world. */
int alerts_begin(void **state);
int alerts_end(void **state);

/** In the world's arena. */
const char *text(struct world *world, const char *fmt, ...) printf_like(2, 3);
/** All alerts, the oldest first, one a line: "KIND KEY STATUS". */
const char *alerts(struct world *world);
/** The last one's id. */
struct str last_alert(struct world *world);
/** The counters: "open 1, acknowledged 0, resolved 0". */
void expect_counts(struct world *world, const char *expected);

#endif
