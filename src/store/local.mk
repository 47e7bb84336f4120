noinst_LIBRARIES += libitnstore.a
libitnstore_a_CFLAGS = $(AM_CFLAGS) $(MONGOC_CFLAGS) $(SQLITE_CFLAGS)
libitnstore_a_SOURCES = \
	src/store/batch.c src/store/batch.h \
	src/store/engine_ops.h \
	src/store/mongo.h \
	src/store/sqlite.h \
	src/store/store.c src/store/store.h
