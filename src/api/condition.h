/** Conditions of a write, If-Match and If-None-Match (RFC 9110, section 13), against a document's version. */
#ifndef ITN_API_CONDITION_H
#define ITN_API_CONDITION_H

#include "http/request.h"
#include "http/response.h"

/** Whether the client wants to change what is there now; a 412 that names the version is made when not.
 *  @param version  0: nothing is there
 *  @param nothing  what the 412 says then; NULL where `version` is never 0 */
bool condition_met(struct http_request *req, struct http_response *res, int64_t version, const char *nothing);

#endif
