/** A TCP proxy before a MongoDB server that spoils what a test asks for: it knows messages and the commands in them. */
#ifndef ITN_TESTS_STORE_MONGO_PROXY_H
#define ITN_TESTS_STORE_MONGO_PROXY_H

#include <stdbool.h>
#include <stddef.h>

struct mongo_proxy;

/** Stands before the server of a mongodb://HOST:PORT URI; ends the process's test when it can't. */
struct mongo_proxy *proxy_start(const char *server_uri);
/** Cuts all connections and ends its threads. */
void proxy_stop(struct mongo_proxy *proxy);
/** mongodb://127.0.0.1:PORT/; valid until proxy_stop(). */
const char *proxy_uri(const struct mongo_proxy *proxy);

enum proxy_fault {
	FAULT_NONE,
	CUT_BEFORE,  /**< the connection ends instead of the command reaching the server */
	CUT_AFTER,   /**< the server gets the command, the connection ends instead of the reply */
	HANG_BEFORE, /**< the command waits until the proxy goes on */
	HANG_AFTER,  /**< the reply waits until the proxy goes on */
};
/** The next `times` commands of this name meet the fault. */
void proxy_spoil(struct mongo_proxy *proxy, const char *command, enum proxy_fault fault, int times);
/** How many of them have met it. */
int proxy_spoiled(struct mongo_proxy *proxy);
/** Lets what hangs go on, and waits until the server has answered each command that hung (nobody else may get the answer). */
void proxy_release(struct mongo_proxy *proxy);

enum proxy_mode {
	PROXY_PASS,
	PROXY_FROZEN, /**< connections stand still, new ones too */
	PROXY_AWAY,   /**< connections are cut, new ones at once */
};
void proxy_set_mode(struct mongo_proxy *proxy, enum proxy_mode mode);

/** What went through: writes outside of transactions, commits, reads outside of transactions; and how many of them did
 * not ask for the majority, with journal. */
struct proxy_seen {
	int writes, commits, reads, careless;
	char careless_command[32];
};
struct proxy_seen proxy_seen(struct mongo_proxy *proxy);

#endif
