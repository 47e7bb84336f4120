/** The write lock of one database among processes (and among handles of one process): a lock file with two byte-range locks.
 *
 *  Who wants to write takes the turnstile, then the lock, then gives the turnstile back: whoever has just written and
 *  wants to again stands behind the one who waits. The kernel releases both when a process dies. SQLite's own lock stays the
 *  one that correctness rests on.
 */
#ifndef ITN_STORE_SQLITE_LOCK_H
#define ITN_STORE_SQLITE_LOCK_H

#include <stdint.h>

#include "core/error.h"
#include "core/status.h"

struct sqlite_lock {
	int fd;
	uint32_t jitter;
};

/** Opens the lock file of the database at `path`, made when it is missing (mode 0600). */
enum itn_status sqlite_lock_open(const char *path, struct sqlite_lock *ret_lock, struct error *error) must_check;
void sqlite_lock_close(struct sqlite_lock *lock);
/** Tries until the deadline of the monotonic clock: ITN_OK or ITN_UNAVAILABLE. */
enum itn_status sqlite_lock_take(struct sqlite_lock *lock, int64_t deadline_us) must_check;
void sqlite_lock_release(struct sqlite_lock *lock);

#endif
