noinst_LIBRARIES += libitnapi.a
libitnapi_a_SOURCES = \
	src/api/alerts.c \
	src/api/api.h \
	src/api/audit.c \
	src/api/body.c src/api/body.h \
	src/api/cargo.c \
	src/api/change.c \
	src/api/condition.c src/api/condition.h \
	src/api/create.c \
	src/api/csv.c src/api/csv.h \
	src/api/cursor.c src/api/cursor.h \
	src/api/document.h \
	src/api/events.c \
	src/api/fingerprint.c src/api/fingerprint.h \
	src/api/health.c \
	src/api/idempotency.c src/api/idempotency.h \
	src/api/inventory.c \
	src/api/list.c src/api/list.h \
	src/api/list_query.c src/api/list_query.h \
	src/api/metrics.c \
	src/api/position.c src/api/position.h \
	src/api/readiness.c src/api/readiness.def src/api/readiness.h \
	src/api/request.c src/api/request.h \
	src/api/routes.c \
	src/api/serve.c src/api/serve.h \
	src/api/show.c src/api/show.h \
	src/api/stats.c \
	src/api/stock_take.c \
	src/api/trades.c \
	src/api/waiter.c src/api/waiter.h \
	src/api/worker.c src/api/worker.h \
	src/api/written.c src/api/written.h

# SHA-256 is OpenSSL's, which libmongoc and libwebsockets bring with them.
sbin_PROGRAMS += itn-api
itn_api_SOURCES = src/api/main.c
itn_api_LDADD = $(api_libs) $(http_libs) $(bus_libs) $(store_libs) $(core_libs)
