fcgi_client_files = \
	tests/fcgi/fcgi_client.c tests/fcgi/fcgi_client.h \
	tests/fcgi/fcgi_fixture.c tests/fcgi/fcgi_fixture.h

unit_tests += \
	tests/fcgi/test_drain \
	tests/fcgi/test_hostile \
	tests/fcgi/test_progress \
	tests/fcgi/test_server \
	tests/fcgi/test_streams
threaded_tests += tests/fcgi/test_drain tests/fcgi/test_hostile tests/fcgi/test_progress tests/fcgi/test_server \
	tests/fcgi/test_streams

tests_fcgi_test_drain_SOURCES = tests/fcgi/test_drain.c $(fcgi_client_files)
tests_fcgi_test_drain_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
tests_fcgi_test_hostile_SOURCES = tests/fcgi/test_hostile.c $(fcgi_client_files)
tests_fcgi_test_hostile_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
tests_fcgi_test_progress_SOURCES = tests/fcgi/test_progress.c $(fcgi_client_files)
tests_fcgi_test_progress_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
tests_fcgi_test_server_SOURCES = tests/fcgi/test_server.c $(fcgi_client_files)
tests_fcgi_test_server_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
tests_fcgi_test_streams_SOURCES = tests/fcgi/test_streams.c $(fcgi_client_files)
tests_fcgi_test_streams_LDADD = $(http_libs) $(core_libs) $(CMOCKA_LIBS)
