/** A request and its answer without a server. */
#ifndef ITN_TESTS_HTTP_WORLD_H
#define ITN_TESTS_HTTP_WORLD_H

#include "../unit.h"

#include "http/request.h"
#include "http/response.h"

struct world {
	struct arena *arena;
	struct http_variable variables[16];
	size_t count;
	struct http_request req;
	struct http_response res;
	struct http_sink sink;
	struct buf sent; /**< NUL-terminated after world_finish() */
	unsigned sends;
	unsigned room; /**< after so many sends the peer is gone */
	bool full;     /**< no stream may go on */
};

/** A request with these parameters; more with world_set() before world_begin(). */
void world_new(struct world *world, const char *method, const char *uri);
void world_set(struct world *world, const char *name, const char *value);
void world_begin(struct world *world, struct str body);
/** Sends what is left; the whole answer is in `sent` then. */
bool world_finish(struct world *world);
void world_free(struct world *world);

#endif
