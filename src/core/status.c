#include "core/status.h"

static const char *const names[] = {
	[ITN_OK] = "ok",
	[ITN_INVALID] = "invalid",
	[ITN_NOT_FOUND] = "not-found",
	[ITN_EXISTS] = "exists",
	[ITN_CONFLICT] = "conflict",
	[ITN_FULL] = "full",
	[ITN_NO_ROOM] = "no-room",
	[ITN_UNAVAILABLE] = "unavailable",
	[ITN_UNKNOWN] = "unknown",
	[ITN_LOST_LEASE] = "lost-lease",
	[ITN_GAP] = "gap",
	[ITN_FAILED] = "failed",
};

const char *itn_status_name(enum itn_status status)
{
	unsigned index = (unsigned)status;
	return index < sizeof(names) / sizeof(names[0]) ? names[index] : "no such status";
}
