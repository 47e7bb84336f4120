/** Brings the routes to the FastCGI server: listening sockets, threads, drain. */
#ifndef ITN_API_SERVE_H
#define ITN_API_SERVE_H

#include "api/api.h"

/** Serves until the service stops and has drained. The store and the rest of `api` stay the caller's.
 *  @return the exit status of the process */
int api_serve(struct api *api);

#endif
