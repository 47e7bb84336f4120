/** A human-readable reason for a failure: one line, made where it is known, printed at the edge. */
#ifndef ITN_CORE_ERROR_H
#define ITN_CORE_ERROR_H

#include "core/status.h"

struct error {
	char text[512]; /**< one line without newline, "" when nothing was set; cut at the end when longer */
};

/** Formats the reason; NULL error is allowed and ignored. Returns `status`, so that it can end a function. */
enum itn_status error_set(struct error *error, enum itn_status status, const char *fmt, ...) printf_like(3, 4);

#endif
