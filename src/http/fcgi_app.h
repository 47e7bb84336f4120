/** libfcgi behind the gate: one request of one thread, from its parameters to END_REQUEST.
 *
 *  libfcgi never reads from a peer. What the gate (fcgi_reader.h) has taken in, checked and bounded is written into a
 *  pipe of the thread's own, as BEGIN_REQUEST and PARAMS records, and FCGX_Accept_r() reads it from there: all of it is
 *  there, so it can't wait, and nothing in it can be wrong. From then on the request's descriptor is the connection, and
 *  libfcgi writes the answer to it, in records of up to FCGI_APP_RECORD bytes. The pipe is empty again after each
 *  request: libfcgi stops reading at the end of PARAMS, and STDIN stays with the gate.
 *
 *  libfcgi never closes the connection, which is the pool's: its way of closing lingers for 2 s.
 *
 *  The process must ignore SIGPIPE, and handle no signal on these threads: libfcgi takes an interrupted write for a
 *  broken one.
 */
#ifndef ITN_HTTP_FCGI_APP_H
#define ITN_HTTP_FCGI_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/error.h"
#include "core/str.h"
#include "http/request.h"

/** Content of one STDOUT record of libfcgi: its buffer of 8 KiB less the header. */
#define FCGI_APP_RECORD 8184

struct fcgi_app;

/** Readies libfcgi for the process; again is allowed. Signal handlers that it installs are taken away, SIGPIPE is
 *  ignored when it would have ended the process. Before any thread starts. */
enum itn_status fcgi_app_set_up(struct error *error) must_check;

/** Of one thread. ITN_FAILED when there is no pipe that is large enough. */
enum itn_status fcgi_app_new(struct fcgi_app **ret, struct error *error) must_check;
void fcgi_app_free(struct fcgi_app *app);

/** Begins a request whose answer goes to `fd` as request `id`. `params` are name-value pairs as fcgi_reader.h checks
 *  them, at most FCGI_PARAMS_BYTES_MAX. The variables live until fcgi_app_release().
 *  @return false when libfcgi did not take them (logged); nothing has begun then */
bool fcgi_app_begin(struct fcgi_app *app, uint16_t id, struct str params, int fd, struct arena *arena,
		    struct http_variable **ret, size_t *ret_count);
/** Bytes of STDOUT, sent in whole records; what is left waits for more. False when the peer is gone. Blocks. */
bool fcgi_app_write(struct fcgi_app *app, struct str bytes);
/** Sends what waits. False when the peer is gone. Blocks. */
bool fcgi_app_flush(struct fcgi_app *app);
/** Ends STDOUT and the request. `mark`: a record that belongs to no request follows, in the same write. False when the
 *  peer is gone. Blocks. */
bool fcgi_app_finish(struct fcgi_app *app, bool mark);
/** Forgets the request; one that was not finished is never ended, so the caller closes the connection. */
void fcgi_app_release(struct fcgi_app *app);

#endif
