#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "store/sqlite_store.h"

/* A copy under way has another name, so that a file of the wanted name is a whole one. */
#define SUFFIX ".part"

static enum itn_status file_failure(const char *path, struct error *error)
{
	enum itn_status status = errno == EEXIST ? ITN_EXISTS : errno == ENOSPC ? ITN_UNAVAILABLE : ITN_FAILED;
	return error_set(error, status, "%s: %s", path, strerror(errno));
}

static enum itn_status file_make(const char *path, struct error *error)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return file_failure(path, error);
	close(fd);
	return ITN_OK;
}

static enum itn_status file_sync(const char *path, int flags, struct error *error)
{
	int fd = open(path, flags | O_CLOEXEC);
	bool synced = fd >= 0 && fsync(fd) == 0;
	enum itn_status status = synced ? ITN_OK : file_failure(path, error);
	if (fd >= 0)
		close(fd);
	return status;
}

static enum itn_status folder_sync(const char *path, struct error *error)
{
	char *copy = memory_strdup(path);
	enum itn_status status = file_sync(dirname(copy), O_RDONLY | O_DIRECTORY, error);
	free(copy);
	return status;
}

/* All pages in one step: in several, each write of another process would make it begin anew. */
static enum itn_status pages_copy(sqlite3 *from, sqlite3 *to, struct error *error)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(to);
	int end = sqlite3_backup_finish(backup);
	if (code == SQLITE_DONE && end == SQLITE_OK)
		return ITN_OK;
	int reason = end ? end : code;
	bool may_mend = (reason & 0xff) == SQLITE_BUSY || (reason & 0xff) == SQLITE_FULL || (reason & 0xff) == SQLITE_LOCKED;
	return error_set(error, may_mend ? ITN_UNAVAILABLE : ITN_FAILED, "the copy failed: %s", sqlite3_errstr(reason));
}

static enum itn_status database_copy(struct conn *conn, const char *path, struct error *error)
{
	sqlite3 *to = NULL;
	enum itn_status status = ITN_OK;
	if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ||
	    sqlite3_exec(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", NULL, NULL, NULL))
		status = error_set(error, ITN_FAILED, "%s: %s", path, sqlite3_errmsg(to));
	if (!status)
		status = pages_copy(conn->db, to, error);
	if (sqlite3_close(to) && !status)
		status = error_set(error, ITN_FAILED, "%s can't be closed", path);
	return status;
}

static enum itn_status copy_whole(struct sqlite_store *store, const char *path, struct error *error)
{
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return error_set(error, status, "%s can't be read", store->path);
	conn->patient = true;
	status = database_copy(conn, path, error);
	conn->patient = false;
	reader_give(store, conn);
	return status ? status : file_sync(path, O_RDWR, error);
}

/* As rename(), but over nothing. */
static enum itn_status name_it(const char *part, const char *path, struct error *error)
{
	if (link(part, path))
		return file_failure(path, error);
	return ITN_OK;
}

enum itn_status sqlite_backup(struct store *base, const char *path, struct error *error)
{
	char *part = memory_calloc(strlen(path) + sizeof(SUFFIX), 1);
	stpcpy(stpcpy(part, path), SUFFIX);
	if (access(path, F_OK) == 0) {
		free(part);
		return error_set(error, ITN_EXISTS, "%s is there already", path);
	}
	enum itn_status status = file_make(part, error);
	if (!status) {
		status = copy_whole(sqlite_store_of(base), part, error);
		if (!status)
			status = name_it(part, path, error);
		unlink(part);
	}
	if (!status)
		status = folder_sync(path, error);
	free(part);
	return status;
}
