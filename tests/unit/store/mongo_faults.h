/** The MongoDB engine when the way to the server breaks: through a proxy that spoils messages, and by the server's own
 * fail points. ITN_TEST_STORE names a server by mongodb://HOST:PORT that has nothing else to do; without it nothing is
 * tested. */
#ifndef ITN_TESTS_STORE_MONGO_FAULTS_H
#define ITN_TESTS_STORE_MONGO_FAULTS_H

#include "contract.h"
#include "mongo_proxy.h"

/** Before the server, for the test that runs. */
extern struct mongo_proxy *proxy;

/** A fixture whose store works through the proxy and waits 1.5 s. */
int faults_set_up(void **state);
int faults_tear_down(void **state);
#define FAULTS(test) cmocka_unit_test_setup_teardown(test, faults_set_up, faults_tear_down)

/** The server's commands of these names, quoted and with commas, do what `data` says. `mode` is JSON: "\"alwaysOn\"",
 * "{\"times\": 1}". */
void fail_point(struct fixture *f, const char *mode, const char *commands, const char *data);
void fail_point_off(void);
#define ONCE   "{\"times\": 1}"
#define ALWAYS "\"alwaysOn\""

/** A command as JSON on the fixture's database, past the proxy; must succeed. */
void database_command(struct fixture *f, const char *json);
/** Waits until the store answers again. */
void wait_for_recovery(struct fixture *f);

/** Whether there is a server to test on; says so when there is none. Before the first test. */
bool faults_possible(void);

#endif
