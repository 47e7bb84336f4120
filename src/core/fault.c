#include "core/fault.h"

#include <stdarg.h>
#include <stdio.h>

void faults_init(struct faults *faults, struct arena *arena)
{
	faults->arena = arena;
	faults->count = 0;
}

void faults_add(struct faults *faults, struct str pointer, const char *fmt, ...)
{
	char text[512];
	struct fault *fault;
	va_list args;

	if (faults->count++ >= FAULTS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fault = &faults->at[faults->count - 1];
	fault->pointer = str_is_set(pointer) ? arena_str(faults->arena, pointer) : STR("");
	fault->detail = arena_str(faults->arena, str_from(text));
}
