noinst_LIBRARIES += libitnstore.a
libitnstore_a_CFLAGS = $(AM_CFLAGS) $(MONGOC_CFLAGS) $(SQLITE_CFLAGS)
libitnstore_a_SOURCES = \
	src/store/batch.c src/store/batch.h \
	src/store/commit_queue.c src/store/commit_queue.h \
	src/store/engine_ops.h \
	src/store/mongo.h \
	src/store/mongo_store.c \
	src/store/sqlite.h \
	src/store/sqlite_batch.c \
	src/store/sqlite_checkpoint.c \
	src/store/sqlite_commit.c \
	src/store/sqlite_conn.c src/store/sqlite_conn.h \
	src/store/sqlite_engine.c src/store/sqlite_engine.h \
	src/store/sqlite_file.c src/store/sqlite_file.h \
	src/store/sqlite_list.c \
	src/store/sqlite_lock.c src/store/sqlite_lock.h \
	src/store/sqlite_read.c \
	src/store/sqlite_schema.c src/store/sqlite_schema.def \
	src/store/sqlite_sql.def \
	src/store/sqlite_store.c src/store/sqlite_store.h \
	src/store/sqlite_write.c \
	src/store/store.c src/store/store.h
