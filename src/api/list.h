/** Lists of trades, cargo, inventories, and of what happened to them: filters, pages, and whole lists streamed at
 * constant memory. */
#ifndef ITN_API_LIST_H
#define ITN_API_LIST_H

#include "api/api.h"
#include "store/store.h"

/** Answers GET of a list. Without `limit` the whole list is streamed, in slices that grow and shrink to about a
 *  megabyte; with it one page, with Link: rel="next" when there is more. */
void list_answer(enum store_list_kind kind, struct api *api, struct http_request *req, struct http_response *res);
/** Answers GET of a list that belongs to one thing, of which `found` says whether it is there: ITN_OK; ITN_NOT_FOUND, a
 * 404 that says `not_found`; or why that can't be said. */
void list_answer_of(enum store_list_kind kind, enum itn_status found, const char *not_found, struct api *api,
		    struct http_request *req, struct http_response *res);

#endif
