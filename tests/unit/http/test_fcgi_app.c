#include "../unit.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../fcgi/fcgi_client.h"
#include "core/arena.h"
#include "http/fcgi.h"
#include "http/fcgi_app.h"
#include "http/response.h"

/** One thread's libfcgi and a connection to a peer. */
struct room {
	struct fcgi_app *app;
	struct arena *arena;
	struct client peer;
	int fd;
	struct http_variable *variables;
	size_t count;
};

static void room_new(struct room *room)
{
	int fds[2], size = 4 * 1024 * 1024;
	struct error error;
	*room = (struct room){ .arena = arena_new(0) };
	assert_int_equal(fcgi_app_set_up(&error), ITN_OK);
	assert_int_equal(fcgi_app_new(&room->app, &error), ITN_OK);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	(void)setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	room->fd = fds[0];
	room->peer.fd = fds[1];
}

static void room_free(struct room *room)
{
	fcgi_app_free(room->app);
	arena_free(room->arena);
	client_close(&room->peer);
	close(room->fd);
}

static bool begin(struct room *room, uint16_t id, struct str params)
{
	arena_reset(room->arena);
	return fcgi_app_begin(room->app, id, params, room->fd, room->arena, &room->variables, &room->count);
}

static unsigned open_files(void)
{
	unsigned count = 0;
	DIR *folder = opendir("/proc/self/fd");
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static void check_answer(struct room *room, const char *name, uint16_t id, struct str text)
{
	struct client_answer answer;
	check_bool(name, client_answer(&room->peer, &answer), true);
	check_int(name, answer.id, id);
	check_int(name, answer.protocol_status, 0);
	check_str(name, (struct str){ answer.text.ptr, answer.text.len - 1 }, text);
	client_answer_free(&answer);
}

static void parameters_arrive_as_they_were_sent(unused_arg void **state)
{
	static char text[FCGI_PARAMS_BYTES_MAX];
	static const size_t sizes[] = { 0, 1, 127, 128, 8000, 8170, 8192, 16384, 65000, 65524, 65525, 65530 };
	struct room room;
	room_new(&room);
	memset(text, 'v', sizeof(text));
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct buf params = { 0 };
		put_param(&params, STR("A"), (struct str){ text, sizes[i] });
		if (params.len < FCGI_PARAMS_BYTES_MAX - 10)
			put_param(&params, STR(""), STR("x=y"));
		assert_true(begin(&room, (uint16_t)(i + 1), buf_str(&params)));
		check_str("name", room.variables[0].name, STR("A"));
		check_str("value", room.variables[0].value, (struct str){ text, sizes[i] });
		if (params.len < FCGI_PARAMS_BYTES_MAX - 10) {
			check_int("count", (long long)room.count, 2);
			check_str("empty name", room.variables[1].name, STR(""));
			check_str("value with =", room.variables[1].value, STR("x=y"));
		}
		assert_true(fcgi_app_write(room.app, STR("Status: 200\r\n\r\n")));
		assert_true(fcgi_app_finish(room.app, false));
		fcgi_app_release(room.app);
		check_answer(&room, "answer", (uint16_t)(i + 1), STR("Status: 200\r\n\r\n"));
		buf_free(&params);
	}
	room_free(&room);
}

static void an_end_and_its_mark_are_one_write(unused_arg void **state)
{
	static char text[3 * FCGI_APP_RECORD];
	struct room room;
	memset(text, 't', sizeof(text));
	room_new(&room);
	for (size_t len = 0; len <= sizeof(text); len += FCGI_APP_RECORD / 4) {
		struct client_record record;
		assert_true(begin(&room, 7, STR("")));
		assert_true(fcgi_app_write(room.app, (struct str){ text, len }));
		assert_true(fcgi_app_finish(room.app, true));
		fcgi_app_release(room.app);
		check_answer(&room, "marked", 7, (struct str){ text, len });
		assert_true(client_record(&room.peer, &record));
		check_int("type", record.type, STDOUT);
		check_int("length", (long long)record.content.len, 0);
		check_bool("nothing more", client_readable(&room.peer, 0), false);
		check_int("unread", (long long)room.peer.in.len, 0);
		buf_free(&record.content);
	}
	room_free(&room);
}

static void a_peer_that_left_is_noticed_and_its_descriptor_kept(unused_arg void **state)
{
	static const bool marks[] = { false, true };
	static char text[HTTP_CHUNK];
	for (size_t i = 0; i < COUNT_OF(marks); i++) {
		struct room room;
		room_new(&room);
		unsigned before = open_files();
		assert_int_equal(shutdown(room.fd, SHUT_RDWR), 0);
		assert_true(begin(&room, 1, STR("")));
		assert_false(fcgi_app_write(room.app, (struct str){ text, sizeof(text) }));
		assert_false(fcgi_app_flush(room.app));
		assert_false(fcgi_app_finish(room.app, marks[i]));
		fcgi_app_release(room.app);
		assert_true(begin(&room, 1, STR("")));
		assert_false(fcgi_app_finish(room.app, marks[i]));
		fcgi_app_release(room.app);
		check_int("open files", open_files(), before);
		room_free(&room);
	}
}

static void an_unfinished_request_is_not_ended(unused_arg void **state)
{
	struct room room;
	room_new(&room);
	assert_true(begin(&room, 1, STR("")));
	assert_true(fcgi_app_write(room.app, STR("never sent")));
	fcgi_app_release(room.app);
	check_bool("nothing sent", client_readable(&room.peer, 0), false);
	assert_true(begin(&room, 2, STR("")));
	assert_true(fcgi_app_finish(room.app, false));
	fcgi_app_release(room.app);
	check_answer(&room, "the next", 2, STR(""));
	room_free(&room);
}

static void what_the_gate_should_have_kept_out_does_no_harm(unused_arg void **state)
{
	static const struct str bad[] = { STR("\x7f\0"), STR("\1"), STR("\1\x85" "A"), STR("\1\x80\0\0"), STR("\0") };
	struct room room;
	room_new(&room);
	unsigned before = open_files();
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		check_bool("refused", begin(&room, 1, bad[i]), false);
		check_bool("nothing sent", client_readable(&room.peer, 0), false);
		assert_true(begin(&room, 1, STR("\1\1" "AB")));
		check_int("count", (long long)room.count, 1);
		assert_true(fcgi_app_finish(room.app, false));
		fcgi_app_release(room.app);
		check_answer(&room, "the next", 1, STR(""));
		check_int("open files", open_files(), before);
	}
	room_free(&room);
}

static void signals_stay_as_they_were(unused_arg void **state)
{
	struct sigaction now;
	struct error error;
	assert_int_equal(fcgi_app_set_up(&error), ITN_OK);
	assert_int_equal(sigaction(SIGPIPE, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_IGN);
	assert_int_equal(sigaction(SIGUSR1, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_DFL);
	assert_int_equal(sigaction(SIGTERM, NULL, &now), 0);
	assert_true(now.sa_handler == SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signals_stay_as_they_were),
		cmocka_unit_test(parameters_arrive_as_they_were_sent),
		cmocka_unit_test(an_end_and_its_mark_are_one_write),
		cmocka_unit_test(a_peer_that_left_is_noticed_and_its_descriptor_kept),
		cmocka_unit_test(an_unfinished_request_is_not_ended),
		cmocka_unit_test(what_the_gate_should_have_kept_out_does_no_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
