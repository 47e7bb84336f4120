unit_tests += \
	tests/unit/gateway/test_follow \
	tests/unit/gateway/test_ring
tests_unit_gateway_test_follow_CFLAGS = $(AM_CFLAGS) $(WEBSOCKETS_CFLAGS)
tests_unit_gateway_test_follow_LDADD = libitngateway.a $(bus_libs) $(EV_LIBS) $(core_libs) $(CMOCKA_LIBS)
tests_unit_gateway_test_ring_LDADD = libitngateway.a $(core_libs) $(CMOCKA_LIBS)
