unit_tests += \
	tests/unit/bus/test_feed_message \
	tests/unit/bus/test_publisher \
	tests/unit/bus/test_redis \
	tests/unit/bus/test_wake
threaded_tests += tests/unit/bus/test_publisher tests/unit/bus/test_wake
tests_unit_bus_test_feed_message_LDADD = $(bus_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_bus_test_publisher_SOURCES = tests/unit/bus/test_publisher.c tests/unit/bus/server.c tests/unit/bus/server.h
tests_unit_bus_test_publisher_LDADD = $(bus_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_bus_test_redis_LDADD = $(bus_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_bus_test_wake_SOURCES = tests/unit/bus/test_wake.c tests/unit/bus/server.c tests/unit/bus/server.h
tests_unit_bus_test_wake_LDADD = $(bus_libs) $(core_libs) $(CMOCKA_LIBS)
