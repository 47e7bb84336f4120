#include "../unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/net.h"

static char folder[64];

static int make_folder(unused_arg void **state)
{
	strcpy(folder, "/tmp/itn-net-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(unused_arg void **state)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/s", folder);
	unlink(path);
	return rmdir(folder);
}

static struct net_address socket_address(void)
{
	struct net_address address = { .is_unix = true };

	snprintf(address.host, sizeof(address.host), "%s/s", folder);
	return address;
}

static void addresses_are_read(unused_arg void **state)
{
	static const struct {
		const char *text;
		bool valid;
		bool is_unix;
		const char *host;
		int port;
	} cases[] = {
		{ "unix:/run/x.sock", true, true, "/run/x.sock", 0 },
		{ "unix:relative", true, true, "relative", 0 },
		{ "unix:/with:colon", true, true, "/with:colon", 0 },
		{ "127.0.0.1:80", true, false, "127.0.0.1", 80 },
		{ "host.example:65535", true, false, "host.example", 65535 },
		{ "localhost:0", true, false, "localhost", 0 },
		{ "[::1]:3000", true, false, "::1", 3000 },
		{ "unix:", false, false, "", 0 },
		{ "", false, false, "", 0 },
		{ ":80", false, false, "", 0 },
		{ "[]:80", false, false, "", 0 },
		{ "::1:80", false, false, "", 0 },
		{ "host", false, false, "", 0 },
		{ "host:", false, false, "", 0 },
		{ "host:http", false, false, "", 0 },
		{ "host:-1", false, false, "", 0 },
		{ "host:65536", false, false, "", 0 },
		{ "host:000080", false, false, "", 0 },
		{ "host:80 ", false, false, "", 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct error error = { "" };
		struct net_address address = { .host = "" };
		enum itn_status status = net_address_parse(cases[i].text, &address, &error);

		check_bool(cases[i].text, status == ITN_OK, cases[i].valid);
		check_bool(cases[i].text, error.text[0] == '\0', cases[i].valid);
		check_bool(cases[i].text, address.is_unix, cases[i].is_unix);
		check_text(cases[i].text, address.host, cases[i].host);
		check_int(cases[i].text, address.port, cases[i].port);
	}
}

static void a_path_has_at_most_107_bytes(unused_arg void **state)
{
	char text[128] = "unix:";
	struct net_address address;

	memset(text + 5, 'x', 107);
	assert_int_equal(net_address_parse(text, &address, NULL), ITN_OK);
	text[5 + 107] = 'x';
	assert_int_equal(net_address_parse(text, &address, NULL), ITN_INVALID);
}

static void check_conversation(const struct net_address *address, int listener)
{
	char byte = 0;
	int client;
	int server;

	assert_int_equal(net_connect(address, 2000, &client, NULL), ITN_OK);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(read(server, &byte, 1), 1);
	assert_int_equal(byte, 'x');
	assert_int_equal(fcntl(client, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(client, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(listener, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(fcntl(listener, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(client);
	close(server);
}

static void a_unix_socket_has_its_mode(unused_arg void **state)
{
	struct net_address address = socket_address();
	struct stat status;
	int listener;

	assert_int_equal(net_listen(&address, 10, 0660, &listener, NULL), ITN_OK);
	assert_int_equal(stat(address.host, &status), 0);
	check_int("mode", status.st_mode & 0777, 0660);
	check_conversation(&address, listener);
	close(listener);
}

static void a_stale_socket_is_replaced(unused_arg void **state)
{
	struct net_address address = socket_address();
	int first;
	int second;

	assert_int_equal(net_listen(&address, 10, 0600, &first, NULL), ITN_OK);
	close(first);
	assert_int_equal(net_listen(&address, 10, 0600, &second, NULL), ITN_OK);
	check_conversation(&address, second);
	close(second);
}

static void a_socket_that_answers_is_left_alone(unused_arg void **state)
{
	struct net_address address = socket_address();
	struct error error;
	int first;
	int second = -1;

	assert_int_equal(net_listen(&address, 10, 0600, &first, NULL), ITN_OK);
	assert_int_equal(net_listen(&address, 10, 0600, &second, &error), ITN_FAILED);
	check_has("reason", error.text, "another process listens on");
	check_int("nothing is handed out", second, -1);
	close(first);
}

static void a_file_that_is_no_socket_is_left_alone(unused_arg void **state)
{
	struct net_address address = socket_address();
	struct error error;
	int fd = open(address.host, O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(net_listen(&address, 10, 0600, &fd, &error), ITN_FAILED);
	check_has("reason", error.text, "is no socket");
	assert_int_equal(access(address.host, F_OK), 0);
}

static void a_tcp_port_listens_and_is_taken_once(unused_arg void **state)
{
	struct net_address address = { .host = "127.0.0.1" };
	struct sockaddr_in name;
	socklen_t size = sizeof(name);
	struct error error;
	int listener;
	int second;

	assert_int_equal(net_listen(&address, 10, 0, &listener, NULL), ITN_OK);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &size), 0);
	address.port = ntohs(name.sin_port);
	check_conversation(&address, listener);
	assert_int_equal(net_listen(&address, 10, 0, &second, &error), ITN_FAILED);
	check_has("reason", error.text, "Address already in use");
	close(listener);
	assert_int_equal(net_connect(&address, 2000, &second, &error), ITN_UNAVAILABLE);
	check_has("reason", error.text, "Connection refused");
}

static void who_is_not_there_is_unavailable(unused_arg void **state)
{
	struct net_address address = socket_address();
	struct error error;
	int fd;

	assert_int_equal(net_connect(&address, 100, &fd, &error), ITN_UNAVAILABLE);
	check_has("reason", error.text, "No such file");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(a_path_has_at_most_107_bytes),
		cmocka_unit_test_setup_teardown(a_unix_socket_has_its_mode, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_stale_socket_is_replaced, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_socket_that_answers_is_left_alone, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_file_that_is_no_socket_is_left_alone, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(who_is_not_there_is_unavailable, make_folder, remove_folder),
		cmocka_unit_test(a_tcp_port_listens_and_is_taken_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
