#include "api/api.h"

const struct route api_routes[] = {
	{ HTTP_GET, "/livez", health_livez, ROLE_NONE },
	{ HTTP_GET, "/readyz", health_readyz, ROLE_NONE },
};

const size_t api_route_count = sizeof(api_routes) / sizeof(api_routes[0]);
