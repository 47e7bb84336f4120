unit_tests += tests/unit/audit/test_tally
tests_unit_audit_test_tally_LDADD = $(audit_libs) $(core_libs) $(CMOCKA_LIBS)
