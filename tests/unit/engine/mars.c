#include "mars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

int mars_begin(void **state)
{
	*state = world_new();
	return 0;
}

int mars_end(void **state)
{
	world_free(*state);
	return 0;
}

void stock_mars(struct world *world, const char *counted)
{
	(void)world_count_stock(world, "Mars", counted);
	world_settle(world);
}

void expect_stock(struct world *world, const char *item, int64_t on_hand, int64_t reserved)
{
	assert_int_equal(world_on_hand(world, "Mars", item), on_hand);
	assert_int_equal(world_item(world, "Mars", item, "reserved"), reserved);
	assert_int_equal(world_item(world, "Mars", item, "available"), on_hand - reserved);
}

/* "iron 5, copper 2" */
static const char *reserved_lines(struct world *world, struct str id)
{
	struct trade trade = world_get_trade(world, id);
	struct buf text = { 0 };
	const char *copy;

	for (size_t i = 0; i < trade.reserved.count; i++)
		buf_printf(&text, "%s%.*s %lld", i ? ", " : "", STR_ARG(trade.reserved.at[i].name),
			   (long long)trade.reserved.at[i].quantity);
	copy = arena_cstr(world->arena, buf_str(&text));
	buf_free(&text);
	return copy;
}

void expect_trade(struct world *world, struct str id, enum trade_status status, unsigned holds, const char *shipment,
		  const char *reserved)
{
	struct trade trade = world_get_trade(world, id);

	assert_string_equal(trade_status_name(trade.status), trade_status_name(status));
	assert_int_equal(trade.holds, holds);
	assert_string_equal(str_is_set(trade.shipment) ? arena_cstr(world->arena, trade.shipment) : "-", shipment);
	assert_string_equal(reserved_lines(world, id), reserved);
}
