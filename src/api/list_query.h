/** What a list's query asks for. */
#ifndef ITN_API_LIST_QUERY_H
#define ITN_API_LIST_QUERY_H

#include "http/request.h"
#include "store/store.h"

struct list_query {
	struct store_list list; /**< filters and cursor; max is the caller's */
	size_t limit;           /**< 0: everything */
};

/** The parameters that this kind of list knows, NULL-terminated. */
const char *const *list_parameters(enum store_list_kind kind);
/** Reads them; every value that can't be is a fault. */
struct list_query list_query_read(struct http_request *req, enum store_list_kind kind, struct faults *faults);
/** An integer parameter in its range, `absent` when it is not given. */
int64_t query_integer(struct http_request *req, const char *name, int64_t min, int64_t max, int64_t absent,
		      struct faults *faults);

/** An RFC 3339 time in ms, at least 1: 0 when it is not given. */
int64_t query_time(struct http_request *req, const char *name, struct faults *faults);

#endif
