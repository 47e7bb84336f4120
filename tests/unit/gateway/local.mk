unit_tests += \
	tests/unit/gateway/test_ring
tests_unit_gateway_test_ring_LDADD = libitngateway.a $(core_libs) $(CMOCKA_LIBS)
