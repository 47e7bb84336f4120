noinst_LIBRARIES += libitnapi.a
libitnapi_a_SOURCES = \
	src/api/api.h \
	src/api/health.c \
	src/api/routes.c \
	src/api/serve.c src/api/serve.h

bin_PROGRAMS += itn-api
itn_api_SOURCES = src/api/main.c
itn_api_LDADD = libitnapi.a $(http_libs) $(core_libs)
