noinst_LIBRARIES += libitnadmin.a
libitnadmin_a_SOURCES = \
	src/admin/audit.c \
	src/admin/backup.c \
	src/admin/command.c src/admin/command.h \
	src/admin/diagnosis.c src/admin/diagnosis.h \
	src/admin/doctor.c \
	src/admin/http_probe.c src/admin/http_probe.h \
	src/admin/log_print.c \
	src/admin/notifications.c \
	src/admin/rebuild.c \
	src/admin/renew_log.c

bin_PROGRAMS += itn-admin
itn_admin_SOURCES = src/admin/main.c
itn_admin_LDADD = libitnadmin.a $(audit_libs) $(bus_libs) $(store_libs) $(core_libs)
