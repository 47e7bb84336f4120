#include "world.h"

#include "core/json_in.h"
#include "http/problem.h"

static void a_value_with_control_characters_is_refused(unused_arg void **state)
{
	static const char *const bad[] = { "a\r\nSet-Cookie: x", "a\nb", "a\rb", "a\tb", "a\x7f" };
	struct world w;
	world_new(&w, "GET", "/");
	world_begin(&w, STR_NONE);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		check_bool("refused", http_set(&w.res, "X-Test", str_from(bad[i])), false);
	check_bool("NUL", http_set(&w.res, "X-Test", STR("a\0b")), false);
	check_bool("plain", http_set(&w.res, "X-Test", STR("plain")), true);
	http_empty(&w.res, 204);
	assert_true(world_finish(&w));
	check_bool("one line", strstr(strstr(w.sent.ptr, "X-Test") + 1, "X-Test") == NULL, true);
	world_free(&w);
}

static void a_buffered_answer(unused_arg void **state)
{
	static const struct {
		const char *method;
		int status;
		const char *head;
		const char *body;
	} cases[] = {
		{ "GET", 200, "Status: 200 OK\r\nX-Request-Id: ", "\r\n\r\n{\"a\":1}" },
		{ "GET", 201, "Status: 201 Created\r\nX-Request-Id: ", "" },
		{ "GET", 299, "Status: 299\r\nX-Request-Id: ", "" },
		{ "GET", 200, "Content-Length: 7\r\n\r\n", "{\"a\":1}" },
		{ "HEAD", 201, "Content-Length: 7\r\n\r\n", "\r\n\r\n" },
		{ "GET", 200, "traceparent: 00-ab\r\n", "" },
		{ "GET", 200, "Location: /api/cargo/a%2Fb%20%C3%A9\r\n", "" },
		{ "GET", 200, "ETag: \"7\"\r\n", "" },
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct world w;
		world_new(&w, cases[i].method, "/");
		world_set(&w, "HTTP_TRACEPARENT", "00-ab");
		world_begin(&w, STR_NONE);
		struct json_out out = http_json(&w.res, cases[i].status);
		json_out_object(&out);
		json_out_member_int(&out, "a", 1);
		json_out_object_end(&out);
		http_set_version(&w.res, 7);
		http_set_location(&w.res, "/api/cargo", (struct str[]){ STR("a/b \xc3\xa9"), STR_NONE });
		assert_true(world_finish(&w));
		check_has("head", w.sent.ptr, cases[i].head);
		check_bool("status first", strncmp(w.sent.ptr, "Status: ", 8) == 0, true);
		check_text("end", w.sent.ptr + strlen(w.sent.ptr) - strlen(cases[i].body), cases[i].body);
		world_free(&w);
	}
}

static void answers_without_a_body_have_no_length(unused_arg void **state)
{
	static const int statuses[] = { 204, 304 };
	for (size_t i = 0; i < COUNT_OF(statuses); i++) {
		struct world w;
		world_new(&w, "GET", "/");
		world_begin(&w, STR_NONE);
		http_empty(&w.res, statuses[i]);
		assert_true(world_finish(&w));
		assert_null(strstr(w.sent.ptr, "Content-Length"));
		world_free(&w);
	}
}

static void a_stream_goes_out_in_chunks_until_the_peer_leaves(unused_arg void **state)
{
	static char piece[10000];
	struct world w;
	world_new(&w, "GET", "/");
	world_begin(&w, STR_NONE);
	w.room = 2;
	memset(piece, 'x', sizeof(piece));
	assert_true(http_stream_begin(&w.res, 200));
	size_t written = 0, largest = 0;
	while (http_stream_write(&w.res, (struct str){ piece, sizeof(piece) })) {
		written += sizeof(piece);
		largest = w.res.body.len > largest ? w.res.body.len : largest;
	}
	check_bool("two chunks", written >= 2 * HTTP_CHUNK && written < 3 * HTTP_CHUNK, true);
	check_bool("bounded", largest <= HTTP_CHUNK, true);
	assert_false(world_finish(&w));
	world_free(&w);
}

static void head_of_a_stream_is_only_headers(unused_arg void **state)
{
	struct world w;
	world_new(&w, "HEAD", "/");
	world_begin(&w, STR_NONE);
	assert_false(http_stream_begin(&w.res, 200));
	assert_false(http_stream_write(&w.res, STR("x")));
	assert_true(world_finish(&w));
	check_int("sends", w.sends, 1);
	check_text("end", w.sent.ptr + strlen(w.sent.ptr) - 4, "\r\n\r\n");
	world_free(&w);
}

static void an_aborted_stream_is_not_finished(unused_arg void **state)
{
	static char piece[HTTP_CHUNK];
	for (unsigned chunks = 0; chunks < 3; chunks++) {
		struct world w;
		world_new(&w, "GET", "/");
		world_begin(&w, STR_NONE);
		assert_true(http_stream_begin(&w.res, 200));
		for (unsigned i = 0; i < chunks; i++)
			assert_true(http_stream_write(&w.res, (struct str){ piece, sizeof(piece) }));
		http_stream_abort(&w.res);
		assert_false(http_stream_write(&w.res, STR("x")));
		assert_false(world_finish(&w));
		check_int("sends", w.sends, chunks);
		world_free(&w);
	}
}

static void a_stream_shorter_than_a_chunk_has_a_length(unused_arg void **state)
{
	static char piece[HTTP_CHUNK];
	struct world w;
	for (size_t len = 0; len <= HTTP_CHUNK; len += HTTP_CHUNK / 3) {
		world_new(&w, "GET", "/");
		world_begin(&w, STR_NONE);
		assert_true(http_stream_begin(&w.res, 200));
		assert_true(http_stream_write(&w.res, (struct str){ piece, len }));
		assert_true(world_finish(&w));
		check_bool("length", strstr(w.sent.ptr, "\r\nContent-Length: ") != NULL, len < HTTP_CHUNK);
		world_free(&w);
	}
}

static void a_stream_too_many_is_503(unused_arg void **state)
{
	static char piece[HTTP_CHUNK];
	struct world w;
	world_new(&w, "GET", "/api/trades");
	w.full = true;
	world_begin(&w, STR_NONE);
	http_set(&w.res, "Access-Control-Allow-Origin", STR("https://a.example"));
	http_response_keep(&w.res);
	http_set(&w.res, "Content-Type", STR("text/csv"));
	assert_true(http_stream_begin(&w.res, 200));
	assert_true(http_stream_write(&w.res, (struct str){ piece, sizeof(piece) - 1 }));
	check_int("sends", w.sends, 0);
	assert_false(http_stream_write(&w.res, STR("xy")));
	assert_false(http_stream_write(&w.res, STR("x")));
	assert_true(world_finish(&w));
	check_has("status", w.sent.ptr, "Status: 503 Service Unavailable\r\n");
	check_has("retry", w.sent.ptr, "\r\nRetry-After: 1\r\n");
	check_has("type", w.sent.ptr, "\r\nContent-Type: application/problem+json\r\n");
	check_has("outcome", w.sent.ptr, "\"outcome\":\"not-done\"");
	check_bool("one type", strstr(w.sent.ptr, "text/csv") == NULL, true);
	check_has("what goes with any answer", w.sent.ptr, "\r\nAccess-Control-Allow-Origin: https://a.example\r\n");
	world_free(&w);
}

static void each_problem_is_a_document(unused_arg void **state)
{
	for (int i = 0; i < PROBLEMS; i++) {
		struct world w;
		struct json_in *doc = NULL;
		struct faults faults;
		int64_t status;
		world_new(&w, "GET", "/api/x%zz\xff?q");
		world_begin(&w, STR_NONE);
		faults_init(&faults, w.arena);
		problem_reply(&w.res, (enum problem)i, NULL, "detail with \"quotes\", \n and \xff");
		assert_int_equal(json_in_parse(w.arena, buf_str(&w.res.body), &faults, &doc), ITN_OK);
		const json_value *root = json_in_root(doc);
		assert_true(json_in_integer(json_in_member(root, "status"), &status));
		check_int(problem_code((enum problem)i), status, problem_status((enum problem)i));
		check_str("title", json_in_str(json_in_member(root, "title")), str_from(problem_title((enum problem)i)));
		check_str("instance", json_in_str(json_in_member(root, "instance")), STR("/api/x%zz\xef\xbf\xbd"));
		check_str("error", json_in_str(json_in_member(root, "error")),
			  STR("detail with \"quotes\", \n and \xef\xbf\xbd"));
		check_str("requestId", json_in_str(json_in_member(root, "requestId")), w.req.request_id);
		check_bool("message", json_in_member(root, "message") != NULL, status == 404);
		check_bool("outcome", json_in_member(root, "outcome") != NULL,
			   status == 503 || status == 507);
		assert_true(world_finish(&w));
		check_bool("retry", strstr(w.sent.ptr, "\r\nRetry-After: 1\r\n") != NULL, status == 503 || status == 507);
		check_has("type", w.sent.ptr, "\r\nContent-Type: application/problem+json\r\n");
		check_bool("phrase", http_reason((int)status)[0] != '\0', true);
		json_in_free(doc);
		world_free(&w);
	}
}

static void faults_are_listed_and_joined(unused_arg void **state)
{
	struct world w;
	struct faults faults;
	world_new(&w, "POST", "/api/trades");
	world_begin(&w, STR_NONE);
	faults_init(&faults, w.arena);
	faults_add(&faults, STR("/buyer"), "is required");
	faults_add(&faults, STR("/items/0"), "must be an object");
	problem_reply(&w.res, PROBLEM_INVALID, &faults, NULL);
	assert_true(world_finish(&w));
	check_has("errors", w.sent.ptr,
		  "\"errors\":[{\"pointer\":\"/buyer\",\"detail\":\"is required\"},{\"pointer\":\"/items/0\",\"detail\":\"must be an object\"}]");
	check_has("error", w.sent.ptr, "\"error\":\"/buyer is required; /items/0 must be an object\"");
	world_free(&w);
}

static void a_thousand_faults_are_cut(unused_arg void **state)
{
	struct world w;
	struct faults faults;
	world_new(&w, "POST", "/");
	world_begin(&w, STR_NONE);
	faults_init(&faults, w.arena);
	for (int i = 0; i < 1000; i++)
		faults_add(&faults, STR("/x"), "is wrong");
	problem_reply(&w.res, PROBLEM_INVALID, &faults, NULL);
	assert_true(world_finish(&w));
	check_has("more", w.sent.ptr, "; and 936 more");
	world_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_with_control_characters_is_refused),
		cmocka_unit_test(a_buffered_answer),
		cmocka_unit_test(answers_without_a_body_have_no_length),
		cmocka_unit_test(a_stream_goes_out_in_chunks_until_the_peer_leaves),
		cmocka_unit_test(head_of_a_stream_is_only_headers),
		cmocka_unit_test(an_aborted_stream_is_not_finished),
		cmocka_unit_test(a_stream_shorter_than_a_chunk_has_a_length),
		cmocka_unit_test(a_stream_too_many_is_503),
		cmocka_unit_test(each_problem_is_a_document),
		cmocka_unit_test(faults_are_listed_and_joined),
		cmocka_unit_test(a_thousand_faults_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
