unit_tests += tests/unit/api/test_health
tests_unit_api_test_health_SOURCES = tests/unit/api/test_health.c $(http_world_files)
tests_unit_api_test_health_LDADD = libitnapi.a $(http_libs) $(core_libs) $(CMOCKA_LIBS)
