/** A disk of the test's own, small and soon full: a tmpfs over /tmp that this process alone sees. */
#ifndef ITN_TESTS_STORE_DISK_H
#define ITN_TESTS_STORE_DISK_H

#include <stdbool.h>
#include <stddef.h>

/** From now on /tmp is empty and has room for `bytes`. Before the process's first thread. False: the kernel doesn't let
 * us. */
bool disk_make(size_t bytes);
/** Leaves `bytes` (whole pages) of room and no more. */
void disk_leave(size_t bytes);
/** Gives all room back. */
void disk_empty(void);
/** Whether everything on it can only be read. */
void disk_read_only(bool only);

#endif
