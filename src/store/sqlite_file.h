/** The database file before SQLite opens it: where it lies, whether that can work, and its layout. */
#ifndef ITN_STORE_SQLITE_FILE_H
#define ITN_STORE_SQLITE_FILE_H

#include <stdbool.h>

#include "core/error.h"
#include "core/status.h"
#include "store/sqlite_lock.h"

/** The absolute path without symbolic links that `path` names, in *ret_path (free it). With `make` the file is made, empty
 *  and with mode 0600, when it is missing. ITN_FAILED: no such folder or file, no permission, no regular file, a network
 *  file system. */
enum itn_status sqlite_file_prepare(const char *path, bool make, char **ret_path, struct error *error) must_check;
/** Which file a path names; 0, 0 when there is none. */
struct file_identity {
	unsigned long long device, inode;
};
struct file_identity sqlite_file_identity(const char *path);
/** With `make`, makes the layout in an empty database, under the lock and until the deadline. ITN_FAILED: no database,
 *  another program's, one that a newer itn wrote; ITN_UNAVAILABLE: locked by others; ITN_NO_ROOM. */
enum itn_status sqlite_schema_prepare(const char *path, bool make, struct sqlite_lock *lock, int64_t deadline_us,
				      struct error *error) must_check;

#endif
