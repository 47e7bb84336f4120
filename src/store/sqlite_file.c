#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "core/memory.h"

/* statfs(2)'s magic numbers; the kernel's header has not all of them. */
static const struct {
	uint32_t magic;
	const char *name;
} network_systems[] = {
	{ 0x00006969, "NFS" },	{ 0x0000517b, "SMB" },	{ 0xff534d42, "CIFS" },	 { 0xfe534d42, "SMB2" },
	{ 0x5346414f, "AFS" },	{ 0x6b414653, "AFS" },	{ 0x73757245, "Coda" },	 { 0x00c36400, "Ceph" },
	{ 0x01021997, "9P" },	{ 0x01161970, "GFS2" },	{ 0x7461636f, "OCFS2" }, { 0x0bd00bd0, "Lustre" },
	{ 0x786f4256, "VirtualBox shared folder" },	{ 0x47504653, "GPFS" },	 { 0x65735546, "FUSE" },
};

static const char *network_system(const char *path)
{
	struct statfs fs;
	if (statfs(path, &fs))
		return NULL;
	for (size_t i = 0; i < sizeof(network_systems) / sizeof(network_systems[0]); i++)
		if (network_systems[i].magic == (uint32_t)fs.f_type)
			return network_systems[i].name;
	return NULL;
}

static enum itn_status folder_check(const char *path, char **ret_folder, struct error *error)
{
	char *copy = memory_strdup(path);
	char *folder = realpath(dirname(copy), NULL);
	int reason = errno;
	enum itn_status status = ITN_OK;
	const char *network = folder ? network_system(folder) : NULL;
	if (!folder)
		status = error_set(error, ITN_FAILED, "the folder of the database %s: %s", path, strerror(reason));
	else if (network)
		status = error_set(error, ITN_FAILED,
				   "the database %s is on a network file system (%s), where SQLite is not safe: "
				   "put it on a local disk, or use MongoDB for many hosts",
				   path, network);
	if (status)
		free(folder);
	else
		*ret_folder = folder;
	free(copy);
	return status;
}

static void folder_sync(const char *path)
{
	char *copy = memory_strdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

struct file_identity sqlite_file_identity(const char *path)
{
	struct stat info;
	if (stat(path, &info))
		return (struct file_identity){ 0 };
	return (struct file_identity){ info.st_dev, info.st_ino };
}

static enum itn_status file_find(const char *path, bool make, struct error *error)
{
	int fd = make ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
	if (fd >= 0) {
		close(fd);
		folder_sync(path);
	} else if (make && errno != EEXIST) {
		return error_set(error, ITN_FAILED, "can't make the database %s: %s", path, strerror(errno));
	}
	struct stat info;
	if (stat(path, &info))
		return error_set(error, ITN_FAILED, "the database %s: %s", path, strerror(errno));
	if (!S_ISREG(info.st_mode))
		return error_set(error, ITN_FAILED, "the database %s is not a file", path);
	if (access(path, R_OK))
		return error_set(error, ITN_FAILED, "the database %s: %s", path, strerror(errno));
	return ITN_OK;
}

enum itn_status sqlite_file_prepare(const char *path, bool make, char **ret_path, struct error *error)
{
	if (!*path || path[strlen(path) - 1] == '/')
		return error_set(error, ITN_INVALID, "the store sqlite:%s names no file", path);
	char *folder;
	enum itn_status status = folder_check(path, &folder, error);
	if (status)
		return status;
	const char *slash = strrchr(path, '/');
	char *named;
	if (asprintf(&named, "%s/%s", strcmp(folder, "/") ? folder : "", slash ? slash + 1 : path) < 0)
		memory_exhausted();
	free(folder);
	char *real = NULL;
	if (!(status = file_find(named, make, error)) && !(real = realpath(named, NULL)))
		status = error_set(error, ITN_FAILED, "the database %s: %s", path, strerror(errno));
	if (!status && !(status = folder_check(real, &folder, error)))
		free(folder);
	free(named);
	if (status)
		free(real);
	else
		*ret_path = real;
	return status;
}
