#include "../unit.h"

#include "server.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"

enum { PATIENCE_MS = 10000, GLANCE_MS = 2 };

void wait_for(const char *what, bool (*condition)(void *arg), void *arg)
{
	int64_t end = clock_monotonic_ms() + PATIENCE_MS;
	while (!condition(arg)) {
		if (clock_monotonic_ms() > end)
			fail_msg("not within %d ms: %s", PATIENCE_MS, what);
		poll(NULL, 0, GLANCE_MS);
	}
}

static bool answers(void *arg)
{
	struct server *server = arg;
	server->link = redisConnectUnix(server->socket);
	redisReply *reply = server->link->err ? NULL : redisCommand(server->link, "PING");
	bool ready = reply && reply->type == REDIS_REPLY_STATUS;
	freeReplyObject(reply);
	if (!ready) {
		redisFree(server->link);
		server->link = NULL;
	}
	return ready;
}

void server_start(struct server *server)
{
	server->pid = fork();
	if (server->pid == 0) {
		int null = open("/dev/null", O_RDWR);
		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", server->socket, "--save", "",
		       "--dir", server->folder, "--lua-time-limit", "5000", NULL);
		_exit(127);
	}
	wait_for("redis-server to answer", answers, server);
}

void server_open(struct server *server)
{
	signal(SIGPIPE, SIG_IGN);
	*server = (struct server){ .folder = "/tmp/itn-bus-XXXXXX" };
	assert_non_null(mkdtemp(server->folder));
	snprintf(server->socket, sizeof(server->socket), "%s/redis.sock", server->folder);
	snprintf(server->address, sizeof(server->address), "unix:%s", server->socket);
	server_start(server);
}

void server_kill(struct server *server)
{
	redisFree(server->link);
	server->link = NULL;
	if (server->pid == 0)
		return;
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	server->pid = 0;
}

void server_close(struct server *server)
{
	server_kill(server);
	unlink(server->socket);
	rmdir(server->folder);
}

void server_freeze(struct server *server)
{
	kill(server->pid, SIGSTOP);
}

void server_thaw(struct server *server)
{
	kill(server->pid, SIGCONT);
}

long long server_ask(struct server *server, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	redisReply *reply = redisvCommand(server->link, format, args);
	va_end(args);
	assert_non_null(reply);
	if (reply->type == REDIS_REPLY_ERROR)
		fail_msg("%s: %s", format, reply->str);
	long long value = reply->integer;
	if (reply->type == REDIS_REPLY_STRING)
		value = (long long)reply->len;
	else if (reply->type == REDIS_REPLY_ARRAY)
		value = (long long)reply->elements;
	freeReplyObject(reply);
	return value;
}
