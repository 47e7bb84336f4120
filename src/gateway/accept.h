/** Takes new connections from a listening socket. */
#ifndef ITN_GATEWAY_ACCEPT_H
#define ITN_GATEWAY_ACCEPT_H

#include "core/error.h"
#include "core/status.h"

struct accept;
struct ev_loop;
struct ws;

/** Listens at an address ("HOST:PORT" or "unix:PATH", the latter with the permission bits `mode`) and hands each connection to `ws`.
 *  When the process has no more descriptors, it waits ACCEPT_PAUSE_MS and lets connections queue.
 *  @return ITN_OK, ITN_INVALID (the address), ITN_UNAVAILABLE or ITN_FAILED as net_listen() */
enum itn_status accept_new(struct ev_loop *loop, const char *address, unsigned mode, struct ws *ws,
			   struct accept **ret, struct error *error) must_check;
/** Stops listening. NULL is allowed. */
void accept_free(struct accept *accept);

#define ACCEPT_PAUSE_MS 100

#endif
