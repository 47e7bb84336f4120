mail_tests = \
	tests/unit/mail/test_credential \
	tests/unit/mail/test_message
unit_tests += $(mail_tests)
tests_unit_mail_test_credential_LDADD = $(mail_libs) $(core_libs) $(CMOCKA_LIBS)
tests_unit_mail_test_message_LDADD = $(mail_libs) $(core_libs) $(CMOCKA_LIBS)
