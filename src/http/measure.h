/** Counts and times the answers, for GET /metrics. */
#ifndef ITN_HTTP_MEASURE_H
#define ITN_HTTP_MEASURE_H

#include <stdint.h>

#include "http/request.h"
#include "http/response.h"
#include "http/router.h"

/** Says which values the labels route, method and status have: the patterns of the table, never a path. Before
 *  metrics_open(). */
void measure_labels(const struct route *routes, size_t count);
/** One answer that is made, and if it is streamed is out but for its end, so that a client that has its answer is
 * counted; `began_us` is when its request was complete, on the monotonic clock. Any thread. */
void measure_answer(const struct http_request *req, const struct http_response *res, int64_t began_us);

#endif
