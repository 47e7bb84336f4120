noinst_LIBRARIES += libitnbus.a
libitnbus_a_CFLAGS = $(AM_CFLAGS) $(HIREDIS_CFLAGS)
libitnbus_a_SOURCES =
