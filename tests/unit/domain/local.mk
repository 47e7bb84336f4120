domain_tests = \
	tests/unit/domain/test_alert \
	tests/unit/domain/test_cargo \
	tests/unit/domain/test_cargo_request \
	tests/unit/domain/test_event \
	tests/unit/domain/test_line \
	tests/unit/domain/test_mail_text \
	tests/unit/domain/test_notification \
	tests/unit/domain/test_position \
	tests/unit/domain/test_posting \
	tests/unit/domain/test_stock_take \
	tests/unit/domain/test_stored \
	tests/unit/domain/test_trade \
	tests/unit/domain/test_trade_request
unit_tests += $(domain_tests)
EXTRA_DIST += tests/unit/domain/faults_text.h

tests_unit_domain_test_alert_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_cargo_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_cargo_request_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_event_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_line_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_mail_text_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_notification_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_position_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_posting_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_stock_take_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_stored_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_trade_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_domain_test_trade_request_LDADD = $(domain_libs) $(core_libs) $(CMOCKA_LIBS)
