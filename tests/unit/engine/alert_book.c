#include "alert_book.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "store/alerts.h"

int alerts_begin(void **state)
{
	*state = world_new();
	return 0;
}

int alerts_end(void **state)
{
	world_free(*state);
	return 0;
}

const char *text(struct world *world, const char *fmt, ...)
{
	char out[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(out, sizeof(out), fmt, args);
	va_end(args);
	return arena_cstr(world->arena, str_from(out));
}

struct listing {
	struct world *world;
	struct buf text;
};

static void read_alert(void *context, const struct store_row *row)
{
	struct listing *listing = context;
	struct alert alert;

	assert_int_equal(store_alert(listing->world->store, listing->world->arena, row->key, &alert), ITN_OK);
	buf_printf(&listing->text, "%s %.*s %s\n", alert_kind_name(alert.kind), STR_ARG(alert.about.key),
		   alert_status_name(alert_status_of(&alert)));
}

const char *alerts(struct world *world)
{
	struct store_list list = { .kind = LIST_ALERTS, .status = -1, .max = 1000 };
	struct listing listing = { .world = world };
	const char *all;

	assert_int_equal(store_list(world->store, &list, read_alert, &listing), ITN_OK);
	all = arena_cstr(world->arena, buf_str(&listing.text));
	buf_free(&listing.text);
	return all;
}

static void keep_id(void *context, const struct store_row *row)
{
	snprintf(context, 64, "%.*s", STR_ARG(row->key));
}

struct str last_alert(struct world *world)
{
	struct store_list list = { .kind = LIST_ALERTS, .status = -1, .max = 1000 };
	char id[64] = "";

	assert_int_equal(store_list(world->store, &list, keep_id, id), ITN_OK);
	return arena_str(world->arena, str_from(id));
}

struct counts {
	struct world *world;
	int64_t by_status[ALERT_STATUSES];
};

static void add_count(void *context, struct str name, int64_t value)
{
	struct counts *counts = context;

	for (unsigned i = 0; i < ALERT_STATUSES; i++) {
		const char *counted = text(counts->world, "alerts.status.%s", alert_status_name((enum alert_status)i));

		if (str_eq(name, str_from(counted)))
			counts->by_status[i] += value;
	}
}

void expect_counts(struct world *world, const char *expected)
{
	struct counts counts = { .world = world };

	assert_int_equal(store_counters(world->store, STR("alerts.status."), add_count, &counts), ITN_OK);
	assert_string_equal(text(world, "open %d, acknowledged %d, resolved %d", (int)counts.by_status[ALERT_OPEN],
				 (int)counts.by_status[ALERT_ACKNOWLEDGED], (int)counts.by_status[ALERT_RESOLVED]),
			    expected);
}
