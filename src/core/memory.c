#include "core/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

void memory_exhausted(void)
{
	static const char text[] = "out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(EX_OSERR);
	_exit(EX_OSERR);
}

static void *present(void *ptr)
{
	if (!ptr)
		memory_exhausted();
	return ptr;
}

void *memory_alloc(size_t size)
{
	return present(malloc(size ? size : 1));
}

void *memory_calloc(size_t count, size_t size)
{
	return present(calloc(count ? count : 1, size ? size : 1));
}

void *memory_realloc(void *ptr, size_t size)
{
	return present(realloc(ptr, size ? size : 1));
}

char *memory_strdup(const char *text)
{
	return present(strdup(text));
}
