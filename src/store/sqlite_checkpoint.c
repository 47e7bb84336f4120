#include "core/clock.h"
#include "store/sqlite_store.h"

#define PASSIVE_PAGES	4000
#define RESTART_PAGES	16384
#define RETRY_PAGES	1000
#define RESTART_WAIT_US 50000

static int count_pages(void *arg, sqlite3 *db unused_arg, const char *name unused_arg, int pages)
{
	*(int *)arg = pages;
	return SQLITE_OK;
}

void checkpoint_watch(struct conn *conn, int *pages)
{
	sqlite3_wal_hook(conn->db, count_pages, pages);
}

static void checkpoint(struct conn *conn, int mode, int64_t deadline_us)
{
	conn->deadline_us = deadline_us;
	sqlite3_wal_checkpoint_v2(conn->db, NULL, mode, NULL, NULL);
}

void checkpoint_when_due(struct conn *conn, struct sqlite_lock *lock, int pages, int *copied)
{
	if (pages < *copied)
		*copied = 0;
	if (pages - *copied < (pages < RESTART_PAGES ? PASSIVE_PAGES : RETRY_PAGES))
		return;
	*copied = pages;
	checkpoint(conn, SQLITE_CHECKPOINT_PASSIVE, 0);
	if (pages < RESTART_PAGES)
		return;
	int64_t deadline_us = clock_monotonic_us() + RESTART_WAIT_US;
	if (sqlite_lock_take(lock, deadline_us))
		return;
	checkpoint(conn, SQLITE_CHECKPOINT_RESTART, deadline_us);
	sqlite_lock_release(lock);
}
