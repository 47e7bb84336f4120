noinst_LIBRARIES += libitngateway.a
libitngateway_a_CFLAGS = $(AM_CFLAGS) $(WEBSOCKETS_CFLAGS)
libitngateway_a_SOURCES =
