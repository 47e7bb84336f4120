#include "../unit/unit.h"

#include <sys/socket.h>
#include <stdlib.h>
#include <unistd.h>

#include "fcgi_fixture.h"

static struct fixture fx;

static int start(unused_arg void **state)
{
	fixture_start(&fx, (struct fixture_options){ 0 });
	return 0;
}

static int end(unused_arg void **state)
{
	fixture_end(&fx);
	return 0;
}

static void expect(struct client *client, const char *name, int status, const char *body)
{
	struct client_answer answer;
	check_bool(name, client_answer(client, &answer), true);
	check_int(name, answer.status, status);
	check_int(name, answer.protocol_status, 0);
	if (body)
		check_text(name, answer.body, body);
	client_answer_free(&answer);
}

static void a_kept_connection_serves_many_requests(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	for (uint16_t id = 1; id < 200; id++) {
		assert_true(client_request(&client, id, true, "POST", "/echo", STR("{\"a\":1}")));
		expect(&client, "echo", 200, "{\"a\":1}");
	}
	client_close(&client);
}

static void an_unkept_connection_is_closed_after_the_answer(unused_arg void **state)
{
	assert_true(fixture_serves(&fx));
}

static void an_answer_has_its_length_and_request_id(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct client_answer answer;
	assert_true(client_request(&client, 1, true, "GET", "/bytes/10", STR("")));
	assert_true(client_answer(&client, &answer));
	check_has("length", answer.text.ptr, "\r\nContent-Length: 10\r\n");
	check_has("id", answer.text.ptr, "\r\nX-Request-Id: ");
	check_int("records", answer.records, 1);
	client_answer_free(&answer);
	client_close(&client);
}

static void a_request_may_come_byte_by_byte(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct buf bytes = { 0 };
	put_request(&bytes, 7, true, "POST", "/echo", STR("hello"));
	for (size_t i = 0; i < bytes.len; i++)
		assert_true(client_send(&client, (struct str){ bytes.ptr + i, 1 }));
	expect(&client, "bytes", 200, "hello");
	buf_free(&bytes);
	client_close(&client);
}

static void a_body_may_come_in_padded_records(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct buf out = { 0 }, params = { 0 };
	put_param(&params, STR("REQUEST_METHOD"), STR("POST"));
	put_param(&params, STR("REQUEST_URI"), STR("/echo"));
	put_begin(&out, 3, 1, true);
	put_record(&out, PARAMS, 3, (struct str){ params.ptr, 5 }, 3);
	put_record(&out, PARAMS, 3, (struct str){ params.ptr + 5, params.len - 5 }, 255);
	put_record(&out, PARAMS, 3, STR(""), 8);
	put_record(&out, STDIN, 3, STR("one "), 4);
	put_record(&out, STDIN, 3, STR("two"), 0);
	put_record(&out, STDIN, 3, STR(""), 1);
	assert_true(client_send(&client, buf_str(&out)));
	expect(&client, "padded", 200, "one two");
	buf_free(&out);
	buf_free(&params);
	client_close(&client);
}

static void requests_in_one_write_are_answered_in_turn(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct buf out = { 0 };
	for (uint16_t id = 1; id <= 50; id++)
		put_request(&out, id, true, "POST", "/echo", STR("x"));
	assert_true(client_send(&client, buf_str(&out)));
	for (uint16_t id = 1; id <= 50; id++) {
		struct client_answer answer;
		assert_true(client_answer(&client, &answer));
		check_int("id", answer.id, id);
		check_text("body", answer.body, "x");
		client_answer_free(&answer);
	}
	buf_free(&out);
	client_close(&client);
}

static void large_bodies_and_answers(unused_arg void **state)
{
	static const size_t sizes[] = { 1, 8191, 65526, 65527, 65528, 65529, 131056, 1000000 };
	struct client client = client_connect(fx.path);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		for (int streamed = 0; streamed < 2; streamed++) {
			struct client_answer answer;
			char uri[64];
			(void)snprintf(uri, sizeof(uri), "/%s/%zu", streamed ? "stream" : "bytes", sizes[i]);
			assert_true(client_request(&client, 1, true, "GET", uri, STR("")));
			assert_true(client_answer(&client, &answer));
			check_int(uri, (long long)answer.body_len, (long long)sizes[i]);
			check_bool(uri, answer.body[sizes[i] - 1] == (streamed ? 's' : (char)('a' + (sizes[i] - 1) % 26)),
				   true);
			client_answer_free(&answer);
		}
	}
	client_close(&client);
}

static void head_has_headers_and_no_body(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct client_answer answer;
	assert_true(client_request(&client, 1, true, "HEAD", "/bytes/500", STR("")));
	assert_true(client_answer(&client, &answer));
	check_int("body", (long long)answer.body_len, 0);
	check_has("length", answer.text.ptr, "Content-Length: 500\r\n");
	client_answer_free(&answer);
	assert_true(client_request(&client, 1, true, "HEAD", "/stream/500", STR("")));
	expect(&client, "stream", 200, "");
	client_close(&client);
}

static void a_body_beyond_the_limit_is_read_and_reported(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	size_t size = 3000000;
	char *body = calloc(1, size);
	assert_true(client_request(&client, 1, true, "POST", "/flags", (struct str){ body, size }));
	expect(&client, "too large", 200, "large -");
	assert_true(client_request(&client, 1, true, "POST", "/flags", (struct str){ body, 100000 }));
	expect(&client, "just fits", 200, "- -");
	assert_true(client_request(&client, 1, true, "POST", "/flags", (struct str){ body, 100001 }));
	expect(&client, "one more", 200, "large -");
	free(body);
	client_close(&client);
}

static void send_with_length(struct client *client, const char *length, struct str body)
{
	struct buf out = { 0 }, params = { 0 };
	put_param(&params, STR("REQUEST_METHOD"), STR("POST"));
	put_param(&params, STR("REQUEST_URI"), STR("/flags"));
	put_param(&params, STR("CONTENT_LENGTH"), str_from(length));
	put_begin(&out, 1, 1, true);
	put_record(&out, PARAMS, 1, buf_str(&params), 0);
	put_record(&out, PARAMS, 1, STR(""), 0);
	put_record(&out, STDIN, 1, body, 0);
	if (body.len > 0)
		put_record(&out, STDIN, 1, STR(""), 0);
	assert_true(client_send(client, buf_str(&out)));
	buf_free(&out);
	buf_free(&params);
}

static void a_wrong_content_length_is_reported(unused_arg void **state)
{
	static const struct {
		const char *length;
		const char *body;
		const char *flags;
	} cases[] = {
		{ "3", "abc", "- -" },     { "", "", "- -" },         { "", "abc", "- -" },
		{ "4", "abc", "- broken" }, { "2", "abc", "- broken" }, { "-3", "abc", "- broken" },
		{ "3x", "abc", "- broken" }, { "99999999999999999999", "abc", "- broken" }, { "5", "", "- broken" },
	};
	struct client client = client_connect(fx.path);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		send_with_length(&client, cases[i].length, str_from(cases[i].body));
		expect(&client, cases[i].length, 200, cases[i].flags);
	}
	client_close(&client);
}

static void a_peer_may_half_close_after_its_request(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	assert_true(client_request(&client, 1, true, "GET", "/stream/3000000", STR("")));
	assert_int_equal(shutdown(client.fd, SHUT_WR), 0);
	expect(&client, "half-closed", 200, NULL);
	assert_true(client_closed(&client));
	client_close(&client);
}

static void an_aborted_stream_closes_the_connection_without_an_end(unused_arg void **state)
{
	struct client client = client_connect(fx.path);
	struct client_answer answer;
	assert_true(client_request(&client, 1, true, "GET", "/abort", STR("")));
	assert_false(client_answer(&client, &answer));
	client_answer_free(&answer);
	client_close(&client);
	assert_true(fixture_serves(&fx));
}

static void many_clients_at_once(unused_arg void **state)
{
	struct client clients[60];
	for (size_t i = 0; i < COUNT_OF(clients); i++)
		clients[i] = client_connect(fx.path);
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < COUNT_OF(clients); i++)
			assert_true(client_request(&clients[i], 1, true, "POST", "/echo", STR("y")));
		for (size_t i = 0; i < COUNT_OF(clients); i++)
			expect(&clients[i], "many", 200, "y");
	}
	for (size_t i = 0; i < COUNT_OF(clients); i++)
		client_close(&clients[i]);
}

static void connections_beyond_the_limit_wait_their_turn(unused_arg void **state)
{
	struct fixture small;
	fixture_start(&small, (struct fixture_options){ .connections = 3 });
	struct client first[3], late;
	for (size_t i = 0; i < 3; i++) {
		first[i] = client_connect(small.path);
		assert_true(client_request(&first[i], 1, true, "GET", "/", STR("")));
		expect(&first[i], "first", 200, "ok");
	}
	late = client_connect(small.path);
	assert_true(client_request(&late, 1, true, "GET", "/", STR("")));
	assert_false(client_readable(&late, 100));
	client_close(&first[1]);
	expect(&late, "late", 200, "ok");
	client_close(&late);
	client_close(&first[0]);
	client_close(&first[2]);
	fixture_end(&small);
}

static void tcp_peers_are_checked(unused_arg void **state)
{
	struct fixture open, closed;
	fixture_start(&open, (struct fixture_options){ .tcp_peers = "10.0.0.1, 127.0.0.1" });
	struct client client = client_connect_tcp(open.port);
	assert_true(client_request(&client, 1, true, "GET", "/", STR("")));
	expect(&client, "listed", 200, "ok");
	client_close(&client);
	fixture_end(&open);

	fixture_start(&closed, (struct fixture_options){ .tcp_peers = "127.0.0.11,10.127.0.0.1" });
	client = client_connect_tcp(closed.port);
	(void)client_request(&client, 1, true, "GET", "/", STR(""));
	assert_true(client_closed(&client));
	client_close(&client);
	fixture_end(&closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kept_connection_serves_many_requests),
		cmocka_unit_test(an_unkept_connection_is_closed_after_the_answer),
		cmocka_unit_test(an_answer_has_its_length_and_request_id),
		cmocka_unit_test(a_request_may_come_byte_by_byte),
		cmocka_unit_test(a_body_may_come_in_padded_records),
		cmocka_unit_test(requests_in_one_write_are_answered_in_turn),
		cmocka_unit_test(large_bodies_and_answers),
		cmocka_unit_test(head_has_headers_and_no_body),
		cmocka_unit_test(a_body_beyond_the_limit_is_read_and_reported),
		cmocka_unit_test(a_wrong_content_length_is_reported),
		cmocka_unit_test(a_peer_may_half_close_after_its_request),
		cmocka_unit_test(an_aborted_stream_closes_the_connection_without_an_end),
		cmocka_unit_test(many_clients_at_once),
		cmocka_unit_test(connections_beyond_the_limit_wait_their_turn),
		cmocka_unit_test(tcp_peers_are_checked),
	};
	return cmocka_run_group_tests_name("FastCGI server", tests, start, end);
}
