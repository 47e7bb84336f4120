#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core/clock.h"
#include "store/sqlite_layout.h"
#include "store/sqlite_store.h"

/* What an unprivileged user may still write. */
static int64_t room_at(const char *path)
{
	struct statvfs fs;
	return statvfs(path, &fs) ? -1 : (int64_t)(fs.f_bavail * fs.f_frsize);
}

enum itn_status sqlite_clock(struct store *store unused_arg, int64_t *ret_now)
{
	*ret_now = clock_now_ms();
	return ITN_OK;
}

enum itn_status sqlite_vitals(struct store *base, struct store_vitals *ret_vitals)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	enum itn_status status = reader_take(store, &conn);
	if (status)
		return status;
	sqlite3_stmt *stmt = conn_sql(conn, SQL_VITALS);
	bind_int(stmt, 1, STORE_COUNT_MAX);
	struct store_vitals vitals = { .now = clock_now_ms(), .room = room_at(store->path) };
	bool found = false;
	while (conn_row(conn, stmt, &status)) {
		struct str holder = column_str(stmt, 6);
		head_columns(stmt, &vitals.head);
		vitals.lease.epoch = vitals.head.epoch;
		vitals.lease.beat = column_int(stmt, 5);
		snprintf(vitals.lease.holder, sizeof(vitals.lease.holder), "%.*s", STR_ARG(holder));
		vitals.waiting = column_int(stmt, 7);
		vitals.waiting_at = column_int(stmt, 8);
		vitals.jobs = column_int(stmt, 9);
		found = true;
	}
	reader_give(store, conn);
	if (status || !found)
		return status ? status : ITN_FAILED;
	*ret_vitals = vitals;
	return ITN_OK;
}

#define LOOK_BYTES_MAX ((off_t)1 << 30)
#define LOOK_US        30000000

static void tell_damage(store_fault_fn *fault, void *context, const char *text)
{
	char what[400];
	snprintf(what, sizeof(what), "the file is damaged (%s)", text);
	for (char *c = what; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	fault(context, what, "");
}

/* Every page, unless that would take long. */
static void look_through(struct sqlite_store *store, struct conn *conn, store_fault_fn *fault, void *context)
{
	struct stat info;
	sqlite3_stmt *stmt;
	if (stat(store->path, &info) || info.st_size > LOOK_BYTES_MAX ||
	    sqlite3_prepare_v2(conn->db, "PRAGMA quick_check(1)", -1, &stmt, NULL))
		return;
	conn->deadline_us = clock_monotonic_us() + LOOK_US;
	int rc = sqlite3_step(stmt);
	const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : NULL;
	if (text && strcmp(text, "ok"))
		tell_damage(fault, context, text);
	else if ((rc & 0xff) == SQLITE_CORRUPT)
		tell_damage(fault, context, sqlite3_errmsg(conn->db));
	sqlite3_finalize(stmt);
}

/* "CREATE TABLE head (…" is the table head; of an index and a trigger the whole statement counts, a table may have
 * grown by columns. */
static void compare(sqlite3_stmt *find, const char *statement, store_fault_fn *fault, void *context)
{
	char kind[16], name[64], what[128];
	if (sscanf(statement, "CREATE UNIQUE %15s %63s", kind, name) != 2 &&
	    sscanf(statement, "CREATE %15s %63s", kind, name) != 2)
		return;
	for (char *c = kind; *c; c++)
		*c = (char)(*c | 0x20);
	bind_str(find, 1, str_from(name));
	bool found = sqlite3_step(find) == SQLITE_ROW, table = strcmp(kind, "table") == 0;
	bool same = found && (table || str_eq(column_str(find, 0), str_from(statement)));
	sqlite3_reset(find);
	if (same)
		return;
	snprintf(what, sizeof(what), "the %s %s %s", kind, name, found ? "is not as it should be" : "is missing");
	char remedy[2048] = "";
	int len = found ? snprintf(remedy, sizeof(remedy), "DROP %s %s; ", kind, name) : 0;
	snprintf(remedy + len, sizeof(remedy) - (size_t)len, "%s", statement);
	fault(context, what, table ? "" : remedy);
}

enum itn_status sqlite_layout(struct store *base, store_fault_fn *fault, void *context, struct error *error)
{
	struct sqlite_store *store = sqlite_store_of(base);
	struct conn *conn;
	sqlite3_stmt *find;
	struct store_head head;
	enum itn_status status = sqlite_head(base, &head);
	if (!status)
		status = reader_take(store, &conn);
	if (status)
		return error_set(error, status, "%s can't be read", store->path);
	if (sqlite3_prepare_v2(conn->db, "SELECT sql FROM sqlite_schema WHERE name = ?1", -1, &find, NULL)) {
		status = conn_failure(conn, error);
	} else {
		for (size_t i = 0; i < sqlite_layout_count; i++)
			if (sqlite_layout_statements[i].schema <= head.schema)
				compare(find, sqlite_layout_statements[i].text, fault, context);
		sqlite3_finalize(find);
		look_through(store, conn, fault, context);
	}
	reader_give(store, conn);
	return status;
}
