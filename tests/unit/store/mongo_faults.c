#include "mongo_faults.h"

#include <mongoc/mongoc.h>
#include <signal.h>
#include <stdlib.h>

struct mongo_proxy *proxy;
static const char *server_uri;

/* The server itself, past the proxy. */
static void server_command(const char *database, const char *json)
{
	bson_error_t error;
	bson_t *command = bson_new_from_json((const uint8_t *)json, -1, &error);
	if (!command)
		fail_msg("%s: %s", json, error.message);
	mongoc_client_t *client = mongoc_client_new(server_uri);
	if (!mongoc_client_command_simple(client, database, command, NULL, NULL, &error))
		fail_msg("the server refuses %s: %s", json, error.message);
	mongoc_client_destroy(client);
	bson_destroy(command);
}

void database_command(struct fixture *f, const char *json)
{
	server_command(f->network, json);
}

void fail_point(struct fixture *f, const char *mode, const char *commands, const char *data)
{
	server_command("admin", arena_printf(f->arena,
					     "{\"configureFailPoint\": \"failCommand\", \"mode\": %s, \"data\": "
					     "{\"failCommands\": [%s], %s}}",
					     mode, commands, data)
					.ptr);
}

void fail_point_off(void)
{
	server_command("admin", "{\"configureFailPoint\": \"failCommand\", \"mode\": \"off\"}");
}

int faults_set_up(void **state)
{
	proxy = proxy_start(server_uri);
	setenv("ITN_TEST_STORE", proxy_uri(proxy), 1);
	int result = fixture_set_up(state);
	struct fixture *f = *state;
	store_close(f->store);
	f->config.store_timeout_ms = 1500;
	f->store = fixture_open_again(f);
	return result;
}

int faults_tear_down(void **state)
{
	fail_point_off();
	proxy_set_mode(proxy, PROXY_PASS);
	proxy_spoil(proxy, "", FAULT_NONE, 0);
	int result = fixture_tear_down(state);
	proxy_stop(proxy);
	return result;
}

void wait_for_recovery(struct fixture *f)
{
	struct store_head head;
	int64_t until = clock_monotonic_ms() + 10000;
	enum itn_status status;
	while ((status = store_head(f->store, &head)) && clock_monotonic_ms() < until)
		continue;
	check_status("it recovers by itself", status, ITN_OK);
}

bool faults_possible(void)
{
	const char *given = getenv("ITN_TEST_STORE");
	if (!given || strncmp(given, "mongodb:", 8)) {
		puts("1..0 # SKIP ITN_TEST_STORE names no MongoDB server");
		return false;
	}
	signal(SIGPIPE, SIG_IGN);
	server_uri = strdup(given);
	return true;
}
