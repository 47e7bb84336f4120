noinst_LIBRARIES += libitnbus.a
libitnbus_a_CFLAGS = $(AM_CFLAGS) $(HIREDIS_CFLAGS)
libitnbus_a_SOURCES = \
	src/bus/evlink.c \
	src/bus/evlink.h \
	src/bus/feed.c \
	src/bus/feed.h \
	src/bus/feed_message.c \
	src/bus/feed_message.h \
	src/bus/link.c \
	src/bus/link.h \
	src/bus/listener.c \
	src/bus/listener.h \
	src/bus/publisher.c \
	src/bus/publisher.h \
	src/bus/redis.c \
	src/bus/redis.h \
	src/bus/vitals.c \
	src/bus/vitals.h \
	src/bus/wake.c \
	src/bus/wake.h
