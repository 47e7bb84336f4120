noinst_LIBRARIES += libitnstore.a
libitnstore_a_CFLAGS = $(AM_CFLAGS) $(MONGOC_CFLAGS) $(SQLITE_CFLAGS)
libitnstore_a_SOURCES =
