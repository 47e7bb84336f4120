/** Addresses as settings write them, and sockets for them. */
#ifndef ITN_CORE_NET_H
#define ITN_CORE_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "core/status.h"

/** "unix:PATH" or "HOST:PORT" ("[::1]:80" for IPv6). */
struct net_address {
	bool is_unix;
	char host[256]; /**< path of a unix socket, else host name or address */
	uint16_t port;
};

/** A path has at most 107 bytes, a port is 0..65535 (0: any free one, to listen on). */
enum itn_status net_address_parse(const char *text, struct net_address *ret, struct error *error) must_check;
/** A listening stream socket, non-blocking, close-on-exec. A stale unix socket (nobody answers) is replaced;
 *  one that answers is an error, and so is a file that is no socket. `mode` are the permission bits of a unix socket.
 */
enum itn_status net_listen(const struct net_address *address, int backlog, unsigned mode, int *ret_fd,
			   struct error *error) must_check;
/** A connected stream socket, blocking, close-on-exec, within `timeout_ms` (which does not count the look-up of a
 * name). */
enum itn_status net_connect(const struct net_address *address, int timeout_ms, int *ret_fd,
			    struct error *error) must_check;

#endif
