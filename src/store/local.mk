noinst_LIBRARIES += libitnstore.a
libitnstore_a_CFLAGS = $(AM_CFLAGS) $(MONGOC_CFLAGS) $(SQLITE_CFLAGS)
libitnstore_a_SOURCES = \
	src/store/alerts.c src/store/alerts.h \
	src/store/batch.c src/store/batch.h \
	src/store/claims.c src/store/claims.h \
	src/store/commit_queue.c src/store/commit_queue.h \
	src/store/engine_ops.h \
	src/store/inspect.h \
	src/store/kinds.c src/store/kinds.h \
	src/store/measure.c src/store/measure.h \
	src/store/mongo.h \
	src/store/mongo_alert.c \
	src/store/mongo_apply.c \
	src/store/mongo_backlog.c \
	src/store/mongo_batch.c \
	src/store/mongo_bson.c src/store/mongo_bson.h \
	src/store/mongo_call.c src/store/mongo_call.h \
	src/store/mongo_claim.c \
	src/store/mongo_commit.c \
	src/store/mongo_document.c src/store/mongo_document.h \
	src/store/mongo_engine.c src/store/mongo_engine.h \
	src/store/mongo_inspect.c \
	src/store/mongo_lateness.c \
	src/store/mongo_link.c src/store/mongo_link.h \
	src/store/mongo_list.c \
	src/store/mongo_migrate.c \
	src/store/mongo_notification.c \
	src/store/mongo_opening.c \
	src/store/mongo_posting.c \
	src/store/mongo_prefetch.c \
	src/store/mongo_read.c \
	src/store/mongo_scan.c \
	src/store/mongo_round.c \
	src/store/mongo_schema.c src/store/mongo_schema.h \
	src/store/mongo_store.c src/store/mongo_store.h \
	src/store/mongo_write.c src/store/mongo_write.h \
	src/store/notifications.c src/store/notifications.h \
	src/store/scan.c src/store/scan.h \
	src/store/sqlite.h \
	src/store/sqlite_alert.c \
	src/store/sqlite_backup.c \
	src/store/sqlite_batch.c \
	src/store/sqlite_checkpoint.c \
	src/store/sqlite_claim.c \
	src/store/sqlite_commit.c \
	src/store/sqlite_conn.c src/store/sqlite_conn.h \
	src/store/sqlite_engine.c src/store/sqlite_engine.h \
	src/store/sqlite_file.c src/store/sqlite_file.h \
	src/store/sqlite_inspect.c \
	src/store/sqlite_layout.h \
	src/store/sqlite_list.c \
	src/store/sqlite_lock.c src/store/sqlite_lock.h \
	src/store/sqlite_migrate.c \
	src/store/sqlite_notification.c \
	src/store/sqlite_posting.c \
	src/store/sqlite_read.c \
	src/store/sqlite_scan.c \
	src/store/sqlite_schema.c src/store/sqlite_schema.def \
	src/store/sqlite_sql.def \
	src/store/sqlite_store.c src/store/sqlite_store.h \
	src/store/sqlite_write.c src/store/sqlite_write.h \
	src/store/store.c src/store/store.h \
	src/store/timeline.c src/store/timeline.h

# The store in memory: no daemon links it.
EXTRA_LIBRARIES += libitnmemory.a
CLEANFILES += libitnmemory.a
libitnmemory_a_SOURCES = \
	src/store/memory.h \
	src/store/memory_alert.c \
	src/store/memory_apply.c \
	src/store/memory_batch.c \
	src/store/memory_claim.c \
	src/store/memory_database.c src/store/memory_database.h \
	src/store/memory_engine.c src/store/memory_engine.h \
	src/store/memory_lateness.c \
	src/store/memory_list.c \
	src/store/memory_notification.c \
	src/store/memory_posting.c \
	src/store/memory_read.c \
	src/store/memory_rows.c src/store/memory_rows.h \
	src/store/memory_slice.c \
	src/store/memory_scan.c \
	src/store/memory_store.c src/store/memory_store.h \
	src/store/memory_value.c src/store/memory_value.h \
	src/store/memory_write.c
