#include "api/api.h"

#define CHANGE (HTTP_PUT | HTTP_PATCH)

const struct route api_routes[] = {
	{ HTTP_POST, "/api/trades", trade_create, ROLE_TRADER },
	{ HTTP_GET, "/api/trades", trade_list, ROLE_READER },
	{ HTTP_GET, "/api/getalltrades", trade_list, ROLE_READER },
	{ HTTP_GET, "/api/trades/:transactionId", trade_show, ROLE_READER },
	{ HTTP_GET, "/api/trades/:transactionId/timeline", trade_timeline, ROLE_READER },
	{ CHANGE, "/api/trades/:transactionId/status", trade_set_status, ROLE_TRADER },

	{ HTTP_POST, "/api/cargo", cargo_create, ROLE_TRADER },
	{ HTTP_GET, "/api/cargo", cargo_list, ROLE_READER },
	{ HTTP_GET, "/api/getallCargo", cargo_list, ROLE_READER },
	{ HTTP_GET, "/api/cargo/:shipmentId", cargo_show, ROLE_READER },
	{ HTTP_GET, "/api/cargo/:shipmentId/timeline", cargo_timeline, ROLE_READER },
	{ CHANGE, "/api/cargo/:shipmentId/status", cargo_set_status, ROLE_TRADER },

	{ HTTP_GET, "/api/inventory", inventory_list, ROLE_READER },
	{ HTTP_GET, "/api/getinventory", inventory_list, ROLE_READER },
	{ HTTP_GET, "/api/inventory/:stationId", inventory_show, ROLE_READER },
	{ HTTP_PUT, "/api/inventory/:stationId", inventory_count, ROLE_OPERATOR },
	{ HTTP_GET, "/api/inventory/:stationId/movements", inventory_movements, ROLE_READER },

	{ HTTP_GET, "/api/alerts", alert_list, ROLE_READER },
	{ HTTP_GET, "/api/alerts/:alertId", alert_show, ROLE_READER },
	{ CHANGE, "/api/alerts/:alertId/acknowledge", alert_set_acknowledged, ROLE_TRADER },

	{ HTTP_GET, "/api/events", events_list, ROLE_READER },
	{ HTTP_GET, "/api/stats", stats_show, ROLE_READER },
	{ HTTP_GET, "/api/audit", audit_show, ROLE_OPERATOR },

	{ CHANGE, "/api/:transactionId{id}/status", trade_set_status, ROLE_TRADER },

	{ HTTP_GET, "/livez", health_livez, ROLE_NONE },
	{ HTTP_GET, "/readyz", health_readyz, ROLE_NONE },
	{ HTTP_GET, "/metrics", metrics_show, ROLE_NONE },
};

const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);
