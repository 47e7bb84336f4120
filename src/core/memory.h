/** Heap memory for those who can't go on without it: out of memory ends the process (EX_OSERR, one line on stderr). */
#ifndef ITN_CORE_MEMORY_H
#define ITN_CORE_MEMORY_H

#include <stddef.h>

/** As malloc, calloc, realloc and strdup; never NULL, also for size 0. Free with free(). */
void *memory_alloc(size_t size);
void *memory_calloc(size_t count, size_t size);
void *memory_realloc(void *ptr, size_t size);
char *memory_strdup(const char *text);

/** Says so on stderr and ends the process. */
_Noreturn void memory_exhausted(void);

#endif
