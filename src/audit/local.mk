noinst_LIBRARIES += libitnaudit.a
libitnaudit_a_SOURCES = \
	src/audit/audit.c src/audit/audit.h \
	src/audit/check.h \
	src/audit/claims.c \
	src/audit/counters.c \
	src/audit/log.c \
	src/audit/rebuild.c src/audit/rebuild.h \
	src/audit/rules.def \
	src/audit/state.c \
	src/audit/tally.c src/audit/tally.h
