/** ITN-Seq and ITN-Log: where the log ended before an answer read anything, so that a client can follow the feed from
 *  there. */
#ifndef ITN_API_POSITION_H
#define ITN_API_POSITION_H

#include "api/api.h"

/** Sets both headers. False: the store does not answer, and that is answered. */
bool position_set(struct api *api, struct http_response *res);

#endif
