unit_tests += \
	tests/unit/engine/test_alerts \
	tests/unit/engine/test_cascade \
	tests/unit/engine/test_lateness \
	tests/unit/engine/test_ledger \
	tests/unit/engine/test_publication \
	tests/unit/engine/test_random \
	tests/unit/engine/test_reservation \
	tests/unit/engine/test_sequencer \
	tests/unit/engine/test_stock_take
tests_unit_engine_test_alerts_SOURCES = tests/unit/engine/test_alerts.c tests/unit/engine/alert_book.c tests/unit/engine/alert_book.h \
	tests/unit/engine/world.c tests/unit/engine/world.h
tests_unit_engine_test_alerts_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_cascade_SOURCES = tests/unit/engine/test_cascade.c tests/unit/engine/world.c tests/unit/engine/world.h
tests_unit_engine_test_cascade_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_sequencer_SOURCES = tests/unit/engine/test_sequencer.c tests/unit/engine/world.c tests/unit/engine/world.h
tests_unit_engine_test_sequencer_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_random_SOURCES = tests/unit/engine/test_random.c tests/unit/engine/replay.c tests/unit/engine/replay.h \
	tests/unit/engine/world.c tests/unit/engine/world.h
tests_unit_engine_test_random_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_ledger_SOURCES = tests/unit/engine/test_ledger.c tests/unit/engine/world.c tests/unit/engine/world.h
tests_unit_engine_test_ledger_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_reservation_SOURCES = tests/unit/engine/test_reservation.c tests/unit/engine/mars.c tests/unit/engine/mars.h \
	tests/unit/engine/world.c tests/unit/engine/world.h
tests_unit_engine_test_reservation_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_publication_LDADD = libitnengine.a $(core_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_stock_take_SOURCES = tests/unit/engine/test_stock_take.c tests/unit/engine/mars.c tests/unit/engine/mars.h \
	tests/unit/engine/world.c tests/unit/engine/world.h
tests_unit_engine_test_stock_take_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_engine_test_lateness_SOURCES = tests/unit/engine/test_lateness.c tests/unit/engine/alert_book.c tests/unit/engine/alert_book.h \
	tests/unit/engine/world.c tests/unit/engine/world.h
tests_unit_engine_test_lateness_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs) $(CMOCKA_LIBS)
