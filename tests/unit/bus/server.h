/** A redis-server of a test's own, on a unix socket in a temporary folder. */
#ifndef ITN_TESTS_BUS_SERVER_H
#define ITN_TESTS_BUS_SERVER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
	char folder[64];
	char socket[96];
	char address[112]; /**< for the setting `redis` */
	pid_t pid;         /**< 0: not running */
	redisContext *link;
};

/** Makes the folder and starts the server; fails the test when it does not answer. */
void server_open(struct server *server);
/** Stops it and removes the folder. */
void server_close(struct server *server);

void server_start(struct server *server);
void server_kill(struct server *server);
void server_freeze(struct server *server);
void server_thaw(struct server *server);

/** A command whose answer is wanted: an integer, or the length of a text or an array. */
long long server_ask(struct server *server, const char *format, ...);

/** Waits up to 10 s for a condition; fails the test, naming it, when it does not come. */
void wait_for(const char *what, bool (*condition)(void *arg), void *arg);

#endif
