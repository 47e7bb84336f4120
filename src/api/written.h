/** The answer after a write: wake the engine, wait for what follows when the client prefers it, show the document. */
#ifndef ITN_API_WRITTEN_H
#define ITN_API_WRITTEN_H

#include "api/api.h"
#include "domain/event.h"

/** A document that was written, or found as wished. */
struct written {
	enum entity_kind entity;
	struct str key;
	struct str event; /**< id of the change's event; absent: nothing changed */
	struct str json;  /**< the public document as written; absent: the effects make it, or change it */
	int64_t version;
	int status;          /**< 200 or 201; 202 goes out instead when it was waited for effects, and not long enough */
	const char *message; /**< {"message":…,"trade":{…}}; NULL: the document itself */
	int wait_s;          /**< seconds to wait for effects when the client does not say how long; 0: none */
};

void written_reply(struct api *api, struct http_request *req, struct http_response *res, struct written written);

#endif
