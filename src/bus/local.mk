noinst_LIBRARIES += libitnbus.a
libitnbus_a_CFLAGS = $(AM_CFLAGS) $(HIREDIS_CFLAGS)
libitnbus_a_SOURCES = \
	src/bus/feed.h \
	src/bus/listener.h \
	src/bus/publisher.h \
	src/bus/redis.h \
	src/bus/wake.h
