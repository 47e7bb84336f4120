/* The order of what waits, by the store's times. */
#include "mongo_faults.h"

/* Sets the store's times of a trade's outbox by hand. */
static void set_times(struct fixture *f, struct str id, const int64_t *at, size_t count)
{
	struct buf text = { 0 };
	int64_t lowest = INT64_MAX;
	buf_printf(&text, "{\"update\": \"trades\", \"updates\": [{\"q\": {\"_id\": \"%.*s\"}, \"u\": {\"$set\": {",
		   STR_ARG(id));
	for (size_t i = 0; i < count; i++) {
		buf_printf(&text, "\"outbox.%zu.at\": {\"$date\": {\"$numberLong\": \"%lld\"}}, ", i, (long long)at[i]);
		lowest = at[i] < lowest ? at[i] : lowest;
	}
	buf_printf(&text, "\"outboxAt\": {\"$date\": {\"$numberLong\": \"%lld\"}}}}}]}", (long long)lowest);
	database_command(f, arena_cstr(f->arena, buf_str(&text)));
	buf_free(&text);
}

/* Documents a, b, c with the times of their entries; the order in which versions must come out. */
static void the_backlog_comes_in_order_whatever_the_slice(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *name;
		int64_t at[3][3];
		const char *order;
	} cases[] = {
		{ "apart", { { 10 }, { 20 }, { 30 } }, "a1 b1 c1 " },
		{ "backwards", { { 30 }, { 20 }, { 10 } }, "c1 b1 a1 " },
		{ "a predecessor holds back", { { 30, 10 }, { 20 }, { 25 } }, "b1 c1 a1 a2 " },
		{ "interleaved", { { 10, 40 }, { 20, 50 }, { 30 } }, "a1 b1 c1 a2 b2 " },
		{ "all at once", { { 10 }, { 10 }, { 10 } }, "a1 b1 c1 " },
		{ "all at once, several", { { 10, 10 }, { 10, 10 }, { 10, 10 } }, "a1 b1 c1 a2 b2 c2 " },
		{ "held back at once", { { 20, 5, 7 }, { 20, 20 }, { 5 } }, "c1 a1 b1 a2 b2 a3 " },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (size_t slice = 1; slice <= 7; slice++) {
			struct trade trades[3];
			size_t total = 0;
			for (int d = 0; d < 3; d++) {
				trades[d] = trade_to(f, "Mars");
				put_trade(f, &trades[d]);
			}
			for (int v = 1; v < 3; v++)
				for (int d = 0; d < 3; d++)
					if (cases[i].at[d][v])
						check_status("changed", change_trade(f, &trades[d], TRADE_DELAYED),
							     ITN_OK);
			for (int d = 0; d < 3; d++) {
				size_t count = (size_t)trades[d].version;
				set_times(f, trades[d].id, cases[i].at[d], count);
				total += count;
			}
			struct buf got = { 0 };
			while (total) {
				struct store_batch batch = begin(f, slice);
				check_bool(cases[i].name, batch.count > 0 && batch.count <= slice, true);
				check_bool("more", batch.more || batch.count == total, true);
				for (size_t n = 0; n < batch.count; n++)
					for (int d = 0; d < 3; d++)
						if (str_eq(batch.entries[n].key, trades[d].id))
							buf_printf(&got, "%c%lld ", 'a' + d,
								   (long long)batch.entries[n].version);
				total -= batch.count;
				struct store_writes writes = number_entries(f, f->engine, &batch);
				if (slice % 2) /* without writes of the documents their outboxes go all the same */
					writes.trade_count = 0;
				check_status(cases[i].name, store_batch_commit(f->engine, &writes), ITN_OK);
			}
			check_str(arena_printf(f->arena, "%s, by %zu", cases[i].name, slice).ptr, buf_str(&got),
				  str_from(cases[i].order));
			buf_free(&got);
			check_int("nothing is left", (long long)drain(f), 0);
		}
}

static const struct CMUnitTest tests[] = {
	FAULTS(the_backlog_comes_in_order_whatever_the_slice),
};

int main(void)
{
	return faults_possible() ? cmocka_run_group_tests_name("the backlog", tests, NULL, NULL) : 0;
}
