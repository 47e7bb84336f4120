#include "model_parts.h"

#include <stdio.h>
#include <string.h>

/* Which status may follow which for a client. */

bool status_may_follow(bool is_cargo, const char *from, const char *to)
{
	static const char *const trade[] = { "pending completed",
					     "pending canceled",
					     "pending delayed",
					     "delayed pending",
					     "delayed completed",
					     "delayed canceled",
					     NULL };
	static const char *const cargo[] = { "pending in transit",   "pending delayed",
					     "pending delivered",    "in transit delayed",
					     "in transit delivered", "delayed in transit",
					     "delayed delivered",    NULL };
	char step[40];

	snprintf(step, sizeof(step), "%s %s", from, to);
	for (const char *const *at = is_cargo ? cargo : trade; *at; at++)
		if (strcmp(*at, step) == 0)
			return true;
	return false;
}

bool status_is_open(const char *status)
{
	return strcmp(status, "pending") == 0 || strcmp(status, "delayed") == 0;
}
