include tests/fcgi/local.mk

unit_tests += \
	tests/unit/http/test_fcgi_app \
	tests/unit/http/test_fcgi_reader \
	tests/unit/http/test_negotiate \
	tests/unit/http/test_request \
	tests/unit/http/test_response \
	tests/unit/http/test_router

http_world_files = tests/unit/http/world.c tests/unit/http/world.h

tests_unit_http_test_negotiate_SOURCES = tests/unit/http/test_negotiate.c $(http_world_files)
tests_unit_http_test_negotiate_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_http_test_request_SOURCES = tests/unit/http/test_request.c $(http_world_files)
tests_unit_http_test_request_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_http_test_response_SOURCES = tests/unit/http/test_response.c $(http_world_files)
tests_unit_http_test_response_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_http_test_router_SOURCES = tests/unit/http/test_router.c $(http_world_files)
tests_unit_http_test_router_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_http_test_fcgi_app_SOURCES = tests/unit/http/test_fcgi_app.c tests/fcgi/fcgi_client.c tests/fcgi/fcgi_client.h
tests_unit_http_test_fcgi_app_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_http_test_fcgi_reader_SOURCES = tests/unit/http/test_fcgi_reader.c tests/fcgi/fcgi_client.c tests/fcgi/fcgi_client.h
tests_unit_http_test_fcgi_reader_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
