/** GET of one document: its JSON with its version as ETag, 304 when the client has it already. */
#ifndef ITN_API_SHOW_H
#define ITN_API_SHOW_H

#include "api/api.h"
#include "core/status.h"

typedef enum itn_status show_read_fn(struct store *store, struct str id, struct buf *out, int64_t *ret_version);

/** Reads the document that the path names with `read`. */
void show_answer(show_read_fn *read, const char *not_found, struct api *api, struct http_request *req,
		 struct http_response *res);

#endif
