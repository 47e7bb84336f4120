/** What comes before and after a write that is the same for every resource: reading its body, saying what the store
 *  said. */
#ifndef ITN_API_BODY_H
#define ITN_API_BODY_H

#include "core/json_in.h"
#include "core/status.h"
#include "http/request.h"
#include "http/response.h"

/** Parses the body; an answer is made when it is not JSON. The caller frees the document after his last use of its
 *  texts. */
bool body_read(struct http_request *req, struct http_response *res, struct faults *faults, struct json_in **ret_doc)
	must_check;

/** The answer to a call of the store that failed for a reason that is not the client's: 503, 507 when its disk is full, or
 *  500 for a bug. */
void store_failure_reply(struct http_response *res, enum itn_status status);

#endif
