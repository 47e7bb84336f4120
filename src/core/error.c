#include "core/error.h"

#include <stdarg.h>
#include <stdio.h>

enum itn_status error_set(struct error *error, enum itn_status status, const char *fmt, ...)
{
	va_list args;

	if (!error)
		return status;
	va_start(args, fmt);
	vsnprintf(error->text, sizeof(error->text), fmt, args);
	va_end(args);
	for (char *c = error->text; *c; c++) {
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	}
	return status;
}
