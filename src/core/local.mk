noinst_LIBRARIES += libitncore.a
libitncore_a_CFLAGS = $(AM_CFLAGS) $(JSON_C_CFLAGS)
libitncore_a_SOURCES = \
	src/core/arena.c src/core/arena.h \
	src/core/buf.c src/core/buf.h \
	src/core/clock.c src/core/clock.h \
	src/core/config.c src/core/config.def src/core/config.h \
	src/core/config_form.c \
	src/core/config_row.c src/core/config_row.h \
	src/core/config_text.c \
	src/core/error.c src/core/error.h \
	src/core/fault.c src/core/fault.h \
	src/core/id.c src/core/id.h \
	src/core/id_new.c \
	src/core/json_in.c src/core/json_in.h \
	src/core/json_out.c src/core/json_out.h \
	src/core/json_scan.c src/core/json_scan.h \
	src/core/log.c src/core/log.h \
	src/core/mailbox.c src/core/mailbox.h \
	src/core/map.c src/core/map.h \
	src/core/memory.c src/core/memory.h \
	src/core/metrics.c src/core/metrics.def src/core/metrics.h \
	src/core/metrics_layout.h \
	src/core/metrics_process.c \
	src/core/metrics_read.c \
	src/core/metrics_text.c \
	src/core/net.c src/core/net.h \
	src/core/service.c src/core/service.h \
	src/core/status.c src/core/status.h \
	src/core/str.c src/core/str.h \
	src/core/time_text.c \
	src/core/utf8.c src/core/utf8.h
