/** The HTTP side of the gateway: which requests become WebSocket connections, and what the others are told. */
#ifndef ITN_GATEWAY_FRONT_H
#define ITN_GATEWAY_FRONT_H

#include "core/status.h"

struct lws;

#define FRONT_PATH "/api/updates/real-time"
/** Bytes of the name of a subprotocol, with its NUL; libwebsockets takes no longer one. */
#define FRONT_SUBPROTOCOL_MAX 63

/** Judges an upgrade (RFC 6455 section 4.2.1) before libwebsockets does.
 *
 *  The first subprotocol that the client offers is the one chosen, whatever it is: the frames are the same, and a
 *  browser that offered some and gets none back fails the connection. libwebsockets knows subprotocols by name only
 *  and hangs up on others, so the name of its first protocol is this buffer.
 *
 *  @param subprotocol  FRONT_SUBPROTOCOL_MAX bytes; untouched when none is offered
 *  @return 0: let libwebsockets answer 101; -1: answered, hang up */
int front_upgrade(struct lws *wsi, char *subprotocol) must_check;
/** Answers a request that is no upgrade: 426, 405 or 404 as a problem (RFC 9457).
 *  @return what the callback of libwebsockets returns */
int front_request(struct lws *wsi) must_check;

#endif
