noinst_LIBRARIES += libitngateway.a
libitngateway_a_CFLAGS = $(AM_CFLAGS) $(WEBSOCKETS_CFLAGS)
libitngateway_a_SOURCES = \
	src/gateway/accept.c \
	src/gateway/accept.h \
	src/gateway/fill.c \
	src/gateway/fill.h \
	src/gateway/follow.c \
	src/gateway/follow.h \
	src/gateway/front.c \
	src/gateway/front.h \
	src/gateway/gateway.c \
	src/gateway/gateway.h \
	src/gateway/hub.c \
	src/gateway/hub.h \
	src/gateway/ring.c \
	src/gateway/ring.h \
	src/gateway/session.c \
	src/gateway/session.h \
	src/gateway/ws.c \
	src/gateway/ws.h

sbin_PROGRAMS += itn-gateway
itn_gateway_SOURCES = src/gateway/main.c
itn_gateway_LDADD = libitngateway.a $(bus_libs) $(WEBSOCKETS_LIBS) $(EV_LIBS) $(core_libs)
