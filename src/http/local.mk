noinst_LIBRARIES += libitnhttp.a
libitnhttp_a_CFLAGS = $(AM_CFLAGS) $(FCGI_CFLAGS)
libitnhttp_a_SOURCES = \
	src/http/fcgi.c src/http/fcgi.h \
	src/http/fcgi_app.c src/http/fcgi_app.h \
	src/http/fcgi_conn.c src/http/fcgi_conn.h \
	src/http/fcgi_pool.c src/http/fcgi_pool.h \
	src/http/fcgi_reader.c src/http/fcgi_reader.h \
	src/http/measure.c src/http/measure.h \
	src/http/negotiate.c src/http/negotiate.h \
	src/http/problem.c src/http/problem.def src/http/problem.h \
	src/http/request.c src/http/request.h \
	src/http/response.c src/http/response.h \
	src/http/router.c src/http/router.h
