unit_tests += \
	tests/unit/api/test_alerts \
	tests/unit/api/test_audit \
	tests/unit/api/test_change \
	tests/unit/api/test_csv \
	tests/unit/api/test_cursor \
	tests/unit/api/test_health \
	tests/unit/api/test_list \
	tests/unit/api/test_readiness \
	tests/unit/api/test_stock_take
threaded_tests += tests/unit/api/test_change tests/unit/api/test_stock_take

# The handlers against a store that does what the test says: libitnstore.a is not linked.
api_world_files = tests/unit/api/fake_store.c tests/unit/api/fake_store.h $(http_world_files)
api_test_libs = $(api_libs) $(http_libs) $(domain_libs) $(core_libs) $(CMOCKA_LIBS)

tests_unit_api_test_alerts_SOURCES = tests/unit/api/test_alerts.c $(api_world_files)
tests_unit_api_test_alerts_LDADD = $(api_test_libs)
tests_unit_api_test_audit_SOURCES = tests/unit/api/test_audit.c $(http_world_files)
tests_unit_api_test_audit_LDADD = $(api_test_libs)
tests_unit_api_test_change_SOURCES = tests/unit/api/test_change.c $(api_world_files)
tests_unit_api_test_change_LDADD = $(api_test_libs)
tests_unit_api_test_csv_LDADD = $(api_test_libs)
tests_unit_api_test_cursor_LDADD = $(api_test_libs)
tests_unit_api_test_health_SOURCES = tests/unit/api/test_health.c $(http_world_files)
tests_unit_api_test_health_LDADD = $(api_test_libs)
tests_unit_api_test_list_SOURCES = tests/unit/api/test_list.c $(api_world_files)
tests_unit_api_test_list_LDADD = $(api_test_libs)
tests_unit_api_test_readiness_LDADD = $(api_test_libs)
tests_unit_api_test_stock_take_SOURCES = tests/unit/api/test_stock_take.c $(api_world_files)
tests_unit_api_test_stock_take_LDADD = $(api_test_libs)
