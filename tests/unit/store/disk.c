#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define FILLER "/tmp/filler"

static bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool well = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	if (fd >= 0)
		close(fd);
	return well;
}

/* Who is not root becomes it, in a namespace of his own. */
static bool enter_namespace(void)
{
	char map[64];
	uid_t user = geteuid();
	gid_t group = getegid();
	if (user == 0)
		return unshare(CLONE_NEWNS) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		return false;
	snprintf(map, sizeof(map), "0 %u 1", user);
	if (!write_text("/proc/self/uid_map", map) || !write_text("/proc/self/setgroups", "deny"))
		return false;
	snprintf(map, sizeof(map), "0 %u 1", group);
	return write_text("/proc/self/gid_map", map);
}

bool disk_make(size_t bytes)
{
	char size[64];
	snprintf(size, sizeof(size), "size=%zu,mode=1777", bytes);
	return enter_namespace() && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("itn-test", "/tmp", "tmpfs", 0, size) == 0;
}

static void fail(const char *what)
{
	fprintf(stderr, "the test's disk: %s: %s\n", what, strerror(errno));
	abort();
}

void disk_leave(size_t bytes)
{
	struct statvfs fs;
	disk_empty();
	int fd = open(FILLER, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || statvfs("/tmp", &fs))
		fail(FILLER);
	off_t room = (off_t)(fs.f_bavail * fs.f_frsize);
	if (room > (off_t)bytes && posix_fallocate(fd, 0, room - (off_t)bytes))
		fail("fill");
	close(fd);
}

void disk_empty(void)
{
	if (unlink(FILLER) && errno != ENOENT)
		fail(FILLER);
}

void disk_read_only(bool only)
{
	if (mount(NULL, "/tmp", NULL, MS_REMOUNT | (only ? MS_RDONLY : 0), NULL))
		fail("remount");
}
