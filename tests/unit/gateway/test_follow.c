/* The gateway's position, with a Redis, an itn-api and clients that do what the test says, in the order that it says. */
#include "../unit.h"

#include <ev.h>

#include "bus/feed.h"
#include "gateway/fill.h"
#include "gateway/follow.h"
#include "gateway/hub.h"

static struct {
	const struct bus_feed_events *feed;
	const struct fill_events *fill;
	void *user;
	bus_feed_read_done *read; /* under way */
	int64_t read_after, fill_after; /* -1: itn-api was not asked */
	char sent[256];           /* what clients got */
	unsigned closed;
} world;

enum itn_status bus_feed_new(struct ev_loop *loop, const char *redis, const char *network,
			     const struct bus_feed_events *events, void *user, struct bus_feed **ret, struct error *error)
{
	(void)loop, (void)redis, (void)network, (void)error;
	world.feed = events;
	world.user = user;
	*ret = NULL;
	return ITN_OK;
}

void bus_feed_free(struct bus_feed *feed)
{
	(void)feed;
}

enum itn_status bus_feed_read(struct bus_feed *feed, int64_t after, unsigned max, bus_feed_read_done *done)
{
	(void)feed, (void)max;
	assert_null(world.read);
	world.read = done;
	world.read_after = after;
	return ITN_OK;
}

enum itn_status fill_new(struct ev_loop *loop, struct lws_context *context, const char *url,
			 const struct fill_events *events, void *user, struct fill **ret, struct error *error)
{
	(void)loop, (void)context, (void)url, (void)user, (void)error;
	world.fill = events;
	*ret = NULL;
	return ITN_OK;
}

void fill_free(struct fill *fill)
{
	(void)fill;
}

void fill_cancel(struct fill *fill)
{
	(void)fill;
}

void fill_ask(struct fill *fill, struct str log, int64_t after, unsigned limit)
{
	(void)fill, (void)log, (void)limit;
	world.fill_after = after;
}

void hub_publish(struct hub *hub, const struct str *frames, size_t count)
{
	(void)hub;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(world.sent);

		snprintf(world.sent + len, sizeof(world.sent) - len, "%.*s ", STR_ARG(frames[i]));
	}
}

void hub_close_all(struct hub *hub, enum close_code code)
{
	(void)hub, (void)code;
	world.closed++;
}

static struct bus_frames frames_of(int64_t first, int64_t last)
{
	static char texts[16][32];
	static struct str frames[16];

	for (int64_t seq = first; seq <= last; seq++) {
		snprintf(texts[seq - first], sizeof(texts[0]), "{\"seq\":%lld}", (long long)seq);
		frames[seq - first] = str_from(texts[seq - first]);
	}
	return (struct bus_frames){ STR("log"), first, frames, last < first ? 0 : (size_t)(last - first + 1) };
}

/* Redis answers the read: its stream ends with `last` and has what follows from `first` on. */
static void answer_read(const char *log, int64_t last, int64_t first)
{
	struct bus_frames frames = frames_of(first, last);
	bus_feed_read_done *read = world.read;

	assert_non_null(read);
	world.read = NULL;
	read(world.user, str_from(log), last, &frames);
}

static void announce(int64_t first, int64_t last)
{
	struct bus_frames frames = frames_of(first, last);

	world.feed->frames(world.user, &frames);
}

static struct ev_loop *loop;
static struct follow *follow;

/* Follows from 5 on. */
static int begin(void **state)
{
	static const struct config config = { .redis = "", .network = "", .api_url = "" };
	struct error error;

	(void)state;
	memset(&world, 0, sizeof(world));
	world.fill_after = -1;
	loop = ev_loop_new(0);
	assert_int_equal(follow_new(loop, NULL, &config, NULL, NULL, NULL, &follow, &error), ITN_OK);
	world.feed->connected(world.user);
	answer_read("log", 5, 6);
	check_text("nothing is sent yet", world.sent, "");
	return 0;
}

static int end(void **state)
{
	(void)state;
	follow_free(follow);
	ev_loop_destroy(loop);
	return 0;
}

static void what_is_announced_goes_out_once(void **state)
{
	(void)state;
	announce(6, 7);
	announce(6, 7);
	announce(7, 8);
	check_text("sent", world.sent, "{\"seq\":6} {\"seq\":7} {\"seq\":8} ");
	assert_null(world.read);
}

static void a_hole_is_read_from_the_stream(void **state)
{
	(void)state;
	announce(8, 8);
	assert_int_equal(world.read_after, 5);
	announce(9, 9);
	answer_read("log", 8, 6);
	answer_read("log", 9, 9);
	check_text("sent", world.sent, "{\"seq\":6} {\"seq\":7} {\"seq\":8} {\"seq\":9} ");
	assert_null(world.read);
	assert_int_equal(world.fill_after, -1);
}

static void what_the_stream_no_longer_has_comes_from_the_api(void **state)
{
	(void)state;
	announce(9, 9);
	answer_read("log", 9, 8);
	assert_int_equal(world.fill_after, 5);
	for (int64_t seq = 6; seq <= 8; seq++)
		assert_true(world.fill->frame(world.user, frames_of(seq, seq).frames[0]));
	world.fill->done(world.user, ITN_OK, STR("log"), 9);
	assert_int_equal(world.read_after, 8);
	answer_read("log", 9, 9);
	check_text("sent", world.sent, "{\"seq\":6} {\"seq\":7} {\"seq\":8} {\"seq\":9} ");
	assert_int_equal(world.closed, 0);
}

static void a_stream_made_anew_while_an_empty_one_was_read_is_read_again(void **state)
{
	(void)state;
	world.feed->lost(world.user, "killed");
	world.feed->connected(world.user);
	world.feed->reset(world.user, STR("log"), 7);
	answer_read(NULL, 0, 1);
	assert_non_null(world.read);
	answer_read("log", 7, 6);
	check_text("sent", world.sent, "{\"seq\":6} {\"seq\":7} ");
	assert_null(world.read);
}

static void another_log_closes_those_who_watch(void **state)
{
	(void)state;
	world.feed->reset(world.user, STR("other"), 2);
	assert_int_equal(world.closed, 1);
	check_text("sent", world.sent, "");
}

#define STORY(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORY(what_is_announced_goes_out_once),
		STORY(a_hole_is_read_from_the_stream),
		STORY(what_the_stream_no_longer_has_comes_from_the_api),
		STORY(a_stream_made_anew_while_an_empty_one_was_read_is_read_again),
		STORY(another_log_closes_those_who_watch),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
