/* What Redis and its readers have in the end, whichever answer of Redis gets lost. Store and Redis are the test's. */
#include "../unit.h"

#include "engine/publication.h"

#define LOG_END 10
#define STEPS   30

enum call { NO_CALL, CALL_SEED, CALL_RESET, CALL_PUBLISH, CALLS };

static struct {
	int64_t stream_last; /* 0: there is no stream */
	int64_t told;        /* as far as those who listen know */
	enum call lost;      /* the next answer to it */
} redis;

enum itn_status store_head(struct store *store unused_arg, struct store_head *ret_head)
{
	*ret_head = (struct store_head){ .log = "L1", .last_seq = LOG_END };
	return ITN_OK;
}

enum itn_status store_events(struct store *store unused_arg, int64_t after, size_t max, store_event_fn *row,
			     void *context)
{
	for (int64_t seq = after + 1; seq <= LOG_END && max > 0; seq++, max--)
		row(context, &(struct store_event_row){ .seq = seq, .frame = STR("{}") });
	return ITN_OK;
}

static enum itn_status answer(enum call call)
{
	if (redis.lost != call)
		return ITN_OK;
	redis.lost = NO_CALL;
	return ITN_UNKNOWN;
}

static enum itn_status append(int64_t first_seq, size_t count, int64_t *ret_last)
{
	*ret_last = redis.stream_last;
	if (redis.stream_last && redis.stream_last != first_seq - 1)
		return ITN_CONFLICT;
	*ret_last = redis.stream_last = first_seq + (int64_t)count - 1;
	return ITN_OK;
}

enum itn_status bus_publish(struct bus_publisher *publisher unused_arg, struct str log unused_arg, int64_t first_seq,
			    const struct str *frames unused_arg, size_t count, int64_t *ret_last,
			    struct error *error unused_arg)
{
	if (!redis.stream_last && first_seq != 1)
		return ITN_NOT_FOUND;
	enum itn_status status = append(first_seq, count, ret_last);
	if (status)
		return status;
	redis.told = redis.stream_last;
	return answer(CALL_PUBLISH);
}

enum itn_status bus_publish_seed(struct bus_publisher *publisher unused_arg, struct str log unused_arg,
				 int64_t first_seq, const struct str *frames unused_arg, size_t count,
				 int64_t *ret_last, struct error *error unused_arg)
{
	enum itn_status status = append(first_seq, count, ret_last);
	return status ? status : answer(CALL_SEED);
}

enum itn_status bus_publish_reset(struct bus_publisher *publisher unused_arg, struct str log unused_arg, int64_t last,
				  struct error *error unused_arg)
{
	if (redis.stream_last != last)
		return ITN_CONFLICT;
	if (redis.lost == CALL_RESET) /* lost on its way */
		return answer(CALL_RESET);
	redis.told = last;
	return ITN_OK;
}

enum itn_status bus_publish_drop(struct bus_publisher *publisher unused_arg, struct str log unused_arg,
				 int64_t last unused_arg, struct error *error unused_arg)
{
	redis.stream_last = 0;
	return ITN_OK;
}

enum itn_status bus_publish_position(struct bus_publisher *publisher unused_arg, struct str log unused_arg,
				     int64_t *ret_last, struct error *error unused_arg)
{
	*ret_last = redis.stream_last;
	return redis.stream_last ? ITN_OK : ITN_NOT_FOUND;
}

/* As the publisher's thread does; when it `dies` another engine's comes instead after the first failure. */
static void publish(bool dies)
{
	struct publication publication = { .stream_max = 100, .arena = arena_new(4096) };
	bool is_first = false;
	for (int i = 0; i < STEPS; i++) {
		enum itn_status status = publication_step(&publication, &is_first, NULL);
		if (status == ITN_OK || status == ITN_CONFLICT)
			continue;
		publication.next = 0;
		if (dies)
			publication.told = 0;
	}
	arena_free(publication.arena);
}

static void readers_learn_where_the_stream_ends_whatever_is_lost(unused_arg void **state)
{
	static const struct {
		const char *name;
		int64_t stream_last, told;
	} cases[] = {
		{ "a stream that Redis has lost", 0, 7 },
		{ "one that goes on", 7, 7 },
		{ "one that somebody filled and could not tell of", LOG_END, 7 },
		{ "one that everybody knows", LOG_END, LOG_END },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		for (enum call lost = NO_CALL; lost < CALLS; lost++)
			for (int dies = 0; dies < 2; dies++) {
				redis.stream_last = cases[i].stream_last;
				redis.told = cases[i].told;
				redis.lost = lost;
				publish(dies);
				check_int(cases[i].name, redis.stream_last, LOG_END);
				check_int(cases[i].name, redis.told, LOG_END);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(readers_learn_where_the_stream_ends_whatever_is_lost) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
