#include "../unit/unit.h"

#include <unistd.h>

#include "core/clock.h"
#include "fcgi_fixture.h"

/** Longer than any test waits: a drain that ends has ended for its own reasons. */
#define LONG_MS 600000

static void expect(struct client *client, const char *name, int status)
{
	struct client_answer answer;
	bool whole = client_answer(client, &answer);
	int got = answer.status;
	client_answer_free(&answer);
	check_bool(name, whole, true);
	check_int(name, got, status);
}

static struct client kept_connection(const struct fixture *fixture)
{
	struct client client = client_connect(fixture->path);
	assert_true(client_request(&client, 1, true, "GET", "/", STR("")));
	expect(&client, "kept", 200);
	return client;
}

static void wait_for_unlink(const struct fixture *fixture)
{
	int64_t end = clock_monotonic_ms() + CLIENT_PATIENCE_MS;
	while (access(fixture->path, F_OK) == 0)
		assert_true(clock_monotonic_ms() < end);
}

static void what_is_being_answered_is_answered(unused_arg void **state)
{
	struct fixture fx;
	fixture_start(&fx, (struct fixture_options){ .drain_ms = LONG_MS });
	struct client client = client_connect(fx.path);
	assert_true(client_request(&client, 1, true, "GET", "/hold", STR("")));
	fixture_wait_holding(&fx, 1);
	fixture_stop(&fx);
	wait_for_unlink(&fx);
	fixture_let_go(&fx);
	expect(&client, "held", 200);
	client_close(&client);
	fixture_end(&fx);
}

static void it_is_answered_also_when_the_time_is_up(unused_arg void **state)
{
	struct fixture fx;
	fixture_start(&fx, (struct fixture_options){ .drain_ms = 1 });
	struct client client = client_connect(fx.path), idle = kept_connection(&fx);
	assert_true(client_request(&client, 1, true, "GET", "/hold", STR("")));
	fixture_wait_holding(&fx, 1);
	fixture_stop(&fx);
	assert_true(client_closed(&idle));
	assert_false(atomic_load(&fx.ended));
	fixture_let_go(&fx);
	expect(&client, "held", 200);
	client_close(&client);
	client_close(&idle);
	fixture_end(&fx);
}

static void an_answer_on_its_way_is_not_cut_off_when_the_time_is_up(unused_arg void **state)
{
	struct fixture fx;
	struct client_answer answer;
	fixture_start(&fx, (struct fixture_options){ .drain_ms = 1 });
	struct client client = client_connect(fx.path), idle = kept_connection(&fx);
	assert_true(client_request(&client, 1, true, "GET", "/bytes/4000000", STR("")));
	assert_true(client_readable(&client, CLIENT_PATIENCE_MS));
	fixture_stop(&fx);
	assert_true(client_closed(&idle));
	check_bool("the end comes", client_answer(&client, &answer), true);
	check_int("all of the body", (long long)answer.body_len, 4000000);
	client_answer_free(&answer);
	client_close(&client);
	client_close(&idle);
	fixture_end(&fx);
}

static void kept_connections_are_served_and_marked_until_the_peer_closes(unused_arg void **state)
{
	struct fixture fx;
	struct client_record record;
	fixture_start(&fx, (struct fixture_options){ .drain_ms = LONG_MS });
	struct client client = kept_connection(&fx);
	fixture_stop(&fx);
	wait_for_unlink(&fx);
	for (int i = 0; i < 3; i++) {
		assert_true(client_request(&client, 2, true, "GET", "/", STR("")));
		expect(&client, "in the drain", 200);
		assert_true(client_record(&client, &record));
		assert_int_equal(record.type, STDOUT);
		assert_int_equal(record.content.len, 0);
		buf_free(&record.content);
	}
	assert_false(atomic_load(&fx.ended));
	client_close(&client);
	fixture_end(&fx);
}

static void connections_that_wait_in_the_backlog_are_served(unused_arg void **state)
{
	struct fixture fx;
	fixture_start(&fx, (struct fixture_options){ .connections = 1, .drain_ms = LONG_MS });
	struct client first = kept_connection(&fx), waiting = client_connect(fx.path);
	assert_true(client_request(&waiting, 1, false, "GET", "/", STR("")));
	fixture_stop(&fx);
	wait_for_unlink(&fx);
	client_close(&first);
	expect(&waiting, "from the backlog", 200);
	assert_true(client_closed(&waiting));
	client_close(&waiting);
	fixture_end(&fx);
}

/* As long as a kept connection holds up the end, the socket's next owner has not started. */
static void a_supervisors_socket_is_served_while_kept_connections_are_open(unused_arg void **state)
{
	struct fixture fx;
	fixture_start(&fx, (struct fixture_options){ .drain_ms = LONG_MS, .inherited = true });
	struct client idle = kept_connection(&fx), kept = kept_connection(&fx);
	fixture_stop(&fx);
	assert_true(client_request(&kept, 2, true, "GET", "/", STR("")));
	expect(&kept, "in the drain", 200);
	client_close(&kept);
	for (int i = 0; i < 3; i++)
		assert_true(fixture_serves(&fx));
	assert_false(atomic_load(&fx.ended));
	client_close(&idle);
	pthread_join(fx.thread, NULL);
	assert_int_equal(unlink(fx.path), 0);
	assert_int_equal(rmdir(fx.folder), 0);
	fcgi_server_free(fx.server);
	close(fx.stop_fd);
}

static void a_half_sent_request_may_be_finished(unused_arg void **state)
{
	struct fixture fx;
	struct buf bytes = { 0 };
	fixture_start(&fx, (struct fixture_options){ .drain_ms = LONG_MS });
	struct client client = kept_connection(&fx);
	put_request(&bytes, 3, true, "POST", "/echo", STR("x"));
	assert_true(client_send(&client, (struct str){ bytes.ptr, 30 }));
	fixture_stop(&fx);
	wait_for_unlink(&fx);
	assert_true(client_send(&client, (struct str){ bytes.ptr + 30, bytes.len - 30 }));
	expect(&client, "finished", 200);
	client_close(&client);
	buf_free(&bytes);
	fixture_end(&fx);
}

static void a_stalled_peer_does_not_stop_the_end(unused_arg void **state)
{
	struct fixture fx;
	fixture_start(&fx, (struct fixture_options){ .drain_ms = 1 });
	struct client stalled = client_connect(fx.path), greedy = client_connect(fx.path);
	assert_true(client_send(&stalled, STR("\1\1")));
	assert_true(client_request(&greedy, 1, true, "GET", "/stream/100000000", STR("")));
	assert_true(client_readable(&greedy, CLIENT_PATIENCE_MS));
	fixture_end(&fx);
	client_close(&stalled);
	client_close(&greedy);
}

static void a_socket_that_another_process_has_replaced_stays(unused_arg void **state)
{
	struct fixture fx;
	fixture_start(&fx, (struct fixture_options){ 0 });
	assert_int_equal(unlink(fx.path), 0);
	FILE *other = fopen(fx.path, "w");
	assert_non_null(other);
	fclose(other);
	fixture_stop(&fx);
	pthread_join(fx.thread, NULL);
	assert_int_equal(access(fx.path, F_OK), 0);
	assert_int_equal(unlink(fx.path), 0);
	assert_int_equal(rmdir(fx.folder), 0);
	fcgi_server_free(fx.server);
	close(fx.stop_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_being_answered_is_answered),
		cmocka_unit_test(it_is_answered_also_when_the_time_is_up),
		cmocka_unit_test(an_answer_on_its_way_is_not_cut_off_when_the_time_is_up),
		cmocka_unit_test(kept_connections_are_served_and_marked_until_the_peer_closes),
		cmocka_unit_test(connections_that_wait_in_the_backlog_are_served),
		cmocka_unit_test(a_supervisors_socket_is_served_while_kept_connections_are_open),
		cmocka_unit_test(a_half_sent_request_may_be_finished),
		cmocka_unit_test(a_stalled_peer_does_not_stop_the_end),
		cmocka_unit_test(a_socket_that_another_process_has_replaced_stays),
	};
	return cmocka_run_group_tests_name("FastCGI drain", tests, NULL, NULL);
}
