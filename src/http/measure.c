#include "http/measure.h"

#include "core/clock.h"
#include "core/memory.h"
#include "core/metrics.h"

/* In the order of the bits of enum http_method, behind what stands for any other. */
static const char *const methods[] = { "other", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS" };

static size_t method_position(enum http_method method)
{
	return method == HTTP_OTHER ? 0 : (size_t)__builtin_ctz(method) + 1;
}

/* The first is for requests without a route. Of several rows with one pattern the first is the one that counts. */
static void label_routes(const struct route *routes, size_t count)
{
	const char **patterns = memory_calloc(count + 1, sizeof(*patterns));

	patterns[0] = "none";
	for (size_t i = 0; i < count; i++)
		patterns[i + 1] = routes[i].pattern;
	metrics_label(LABEL_ROUTE, patterns, count + 1);
}

void measure_labels(const struct route *routes, size_t count)
{
	size_t status_count;
	const char *const *statuses = http_statuses(&status_count);

	label_routes(routes, count);
	metrics_label(LABEL_METHOD, methods, sizeof(methods) / sizeof(methods[0]));
	metrics_label(LABEL_STATUS, statuses, status_count);
}

void measure_answer(const struct http_request *req, const struct http_response *res, int64_t began_us)
{
	int64_t took_us = clock_monotonic_us() - began_us;

	metrics_add_at(METRIC_HTTP_REQUESTS,
		       (const size_t[]){ req->route_position, method_position(req->method),
					 http_status_position(res->status) },
		       1);
	metrics_observe(METRIC_HTTP_DURATION, req->route_position, took_us > 0 ? (uint64_t)took_us : 0);
}
