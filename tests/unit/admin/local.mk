unit_tests += tests/unit/admin/test_diagnosis
tests_unit_admin_test_diagnosis_LDADD = libitnadmin.a $(core_libs) $(CMOCKA_LIBS)
