noinst_LIBRARIES += libitnhttp.a
libitnhttp_a_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS)
libitnhttp_a_SOURCES =
