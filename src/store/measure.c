#include "store/measure.h"

#include "core/metrics.h"

enum { KIND_FAILED, KIND_UNAVAILABLE, KIND_UNKNOWN, KIND_FULL, KIND_NO_ROOM, KINDS };

static void count(size_t kind)
{
	metrics_add_at(METRIC_STORE_ERRORS, &kind, 1);
}

void store_measure_labels(void)
{
	static const char *const kinds[KINDS] = { "failed", "unavailable", "unknown", "full", "no_room" };

	metrics_label(LABEL_KIND, kinds, KINDS);
}

enum itn_status store_measure(enum itn_status status)
{
	switch (status) {
	case ITN_FAILED:
		count(KIND_FAILED);
		break;
	case ITN_UNAVAILABLE:
		count(KIND_UNAVAILABLE);
		break;
	case ITN_UNKNOWN:
		count(KIND_UNKNOWN);
		break;
	case ITN_FULL:
		count(KIND_FULL);
		break;
	case ITN_NO_ROOM:
		count(KIND_NO_ROOM);
		break;
	default:
		break;
	}
	return status;
}
