/** What tells one request from another. */
#ifndef ITN_API_FINGERPRINT_H
#define ITN_API_FINGERPRINT_H

#include "http/request.h"

#define FINGERPRINT_LEN 64

/** SHA-256, in hex and a NUL, of what decides what a request does: method, path as it was sent, If-Match,
 * If-None-Match, body. Equal only for equal ones, also against a client who looks for two that are. */
void fingerprint(const struct http_request *req, char ret[FINGERPRINT_LEN + 1]);

#endif
