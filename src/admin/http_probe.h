/** One plain HTTP request, to see whether somebody answers. */
#ifndef ITN_ADMIN_HTTP_PROBE_H
#define ITN_ADMIN_HTTP_PROBE_H

#include "core/buf.h"
#include "core/error.h"
#include "core/status.h"

struct http_answer {
	int status;
	struct buf text; /**< the whole answer, at most some KiB; the caller frees it, also when there was none */
	struct str body; /**< in it */
};

/** GET `path` of the server at `url` (http://HOST[:PORT][/PREFIX]) with these more header fields, each ended by CRLF.
 *  Waits a few seconds at most. @return ITN_OK (any status), ITN_INVALID (the URL), ITN_UNAVAILABLE (the error says
 * why) */
enum itn_status http_probe(const char *url, const char *path, const char *fields, struct http_answer *ret,
			   struct error *error) must_check;

#endif
