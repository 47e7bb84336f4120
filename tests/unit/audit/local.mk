unit_tests += tests/unit/audit/test_tally
tests_unit_audit_test_tally_LDADD = $(audit_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/audit/test_audit
tests_unit_audit_test_audit_SOURCES = tests/unit/audit/test_audit.c tests/unit/store/kinds_with_memory.c
tests_unit_audit_test_audit_LDADD = $(audit_libs) libitnmemory.a $(store_libs) $(core_libs) $(CMOCKA_LIBS)
