/** Mars, a station whose stock the tests of reservations and stock-takes look at. */
#ifndef ITN_TESTS_MARS_H
#define ITN_TESTS_MARS_H

#include "world.h"

#define SHORTAGE "[Stock shortage detected!]"
#define LOW      "[Low stock detected!]"

/** Set-up and teardown of a test: *state is a struct world. */
int mars_begin(void **state);
int mars_end(void **state);

/** Counts "iron 5, copper 2" there, and lets everything follow from it. */
void stock_mars(struct world *world, const char *counted);
void expect_stock(struct world *world, const char *item, int64_t on_hand, int64_t reserved);
/** @param shipment  "-": none
 *  @param reserved  "iron 5, copper 2" */
void expect_trade(struct world *world, struct str id, enum trade_status status, unsigned holds, const char *shipment,
		  const char *reserved);

#endif
