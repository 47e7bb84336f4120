/** libwebsockets, set up as this gateway uses it: on the caller's libev loop, without listening sockets of its own. */
#ifndef ITN_GATEWAY_WS_H
#define ITN_GATEWAY_WS_H

#include "core/error.h"
#include "core/status.h"

struct ev_loop;
struct hub;
struct lws_context;
struct ws;

/** @param hub  gets the sessions; outlives it
 *  @return ITN_OK, ITN_FAILED (libwebsockets or its plugin for libev is missing or broken) */
enum itn_status ws_new(struct ev_loop *loop, struct hub *hub, struct ws **ret, struct error *error) must_check;
/** Closes all connections at once. The loop has ended. NULL is allowed. */
void ws_free(struct ws *ws);

struct lws_context *ws_context(struct ws *ws);
/** Serves a connection; owns the socket from now on. */
void ws_adopt(struct ws *ws, int fd);
/** Lets libwebsockets look at its own time limits, which it does only when a socket has something to do. */
void ws_tick(struct ws *ws);

#endif
