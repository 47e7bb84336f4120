#include "store/sqlite_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/memory.h"

#define WAIT_MIN_US  50
#define WAIT_SPAN_US 300

enum lock_byte { BYTE_NEXT, BYTE_WRITER };

/* As SQLite does with its own files: root at work on another user's database must not shut him out. */
static void leave_to_owner(int fd, const char *path)
{
	struct stat info;
	if (geteuid() == 0 && !stat(path, &info) && info.st_uid && fchown(fd, info.st_uid, info.st_gid))
		return;
}

enum itn_status sqlite_lock_open(const char *path, struct sqlite_lock *ret_lock, struct error *error)
{
	char *name;
	if (asprintf(&name, "%s-lock", path) < 0)
		memory_exhausted();
	int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int reason = errno;
	if (fd >= 0)
		leave_to_owner(fd, path);
	enum itn_status status = ITN_OK;
	if (fd < 0)
		status = error_set(error, ITN_FAILED, "can't open the lock file %s: %s", name, strerror(reason));
	else
		*ret_lock = (struct sqlite_lock){ .fd = fd, .jitter = (uint32_t)clock_monotonic_us() | 1 };
	free(name);
	return status;
}

void sqlite_lock_close(struct sqlite_lock *lock)
{
	close(lock->fd);
	lock->fd = -1;
}

static bool byte_set(struct sqlite_lock *lock, enum lock_byte byte, short type)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1 };
	return fcntl(lock->fd, F_OFD_SETLK, &range) == 0;
}

static void wait_a_little(struct sqlite_lock *lock)
{
	lock->jitter ^= lock->jitter << 13;
	lock->jitter ^= lock->jitter >> 17;
	lock->jitter ^= lock->jitter << 5;
	long us = WAIT_MIN_US + (long)(lock->jitter % WAIT_SPAN_US);
	nanosleep(&(struct timespec){ .tv_nsec = us * 1000 }, NULL);
}

static bool byte_take(struct sqlite_lock *lock, enum lock_byte byte, int64_t deadline_us)
{
	while (!byte_set(lock, byte, F_WRLCK)) {
		if (clock_monotonic_us() >= deadline_us)
			return false;
		wait_a_little(lock);
	}
	return true;
}

enum itn_status sqlite_lock_take(struct sqlite_lock *lock, int64_t deadline_us)
{
	if (!byte_take(lock, BYTE_NEXT, deadline_us))
		return ITN_UNAVAILABLE;
	bool taken = byte_take(lock, BYTE_WRITER, deadline_us);
	byte_set(lock, BYTE_NEXT, F_UNLCK);
	return taken ? ITN_OK : ITN_UNAVAILABLE;
}

void sqlite_lock_release(struct sqlite_lock *lock)
{
	byte_set(lock, BYTE_WRITER, F_UNLCK);
}
