/** The state of one itn-api process: what every handler is given. */
#ifndef ITN_API_API_H
#define ITN_API_API_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "api/readiness.h"
#include "core/config.h"
#include "core/json_out.h"
#include "core/str.h"
#include "http/router.h"

/** One thing that must be well for this process to be ready. */
struct health_check {
	const char *name; /**< "store" */
	/** Cheap, never waits (it reads what others keep up to date). REASON_NONE when it is well; `detail` may be given a
	 *  sentence, for people on this host. */
	enum reason (*fault)(void *context, struct buf *detail);
	void *context;
};

#define HEALTH_CHECKS_MAX 8

struct store;
struct bus_wake;
struct waiter;

struct api {
	const struct config *config;
	struct store *store;
	struct bus_wake *wake; /**< wakes the engine */
	struct waiter *waiter; /**< for those who want to see what their write came to */
	struct health_check checks[HEALTH_CHECKS_MAX];
	size_t check_count;
	struct health_check seen[HEALTH_CHECKS_MAX]; /**< of this process too, but it is ready without them */
	size_t seen_count;
	atomic_bool auditing; /**< a thread is at an audit */
};

/** The route table (routes.c): every path that exists, and nothing else decides one. */
extern const struct route api_routes[];
extern const size_t api_route_count;

/** health.c */
http_handler health_livez;
http_handler health_readyz;

/** metrics.c */
http_handler metrics_show;

/** trades.c */
http_handler trade_create;
http_handler trade_show;
http_handler trade_set_status;
http_handler trade_list;
http_handler trade_timeline;

/** cargo.c */
http_handler cargo_create;
http_handler cargo_show;
http_handler cargo_set_status;
http_handler cargo_list;
http_handler cargo_timeline;

/** inventory.c */
http_handler inventory_show;
http_handler inventory_list;
http_handler inventory_movements;

/** stock_take.c */
http_handler inventory_count;

/** alerts.c */
http_handler alert_list;
http_handler alert_show;
http_handler alert_set_acknowledged;

/** events.c */
http_handler events_list;

/** audit.c */
http_handler audit_show;

/** stats.c */
http_handler stats_show;

#endif
