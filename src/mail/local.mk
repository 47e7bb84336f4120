noinst_LIBRARIES += libitnmail.a
libitnmail_a_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
libitnmail_a_SOURCES = \
	src/mail/credential.c src/mail/credential.h \
	src/mail/message.c src/mail/message.h \
	src/mail/smtp.c src/mail/smtp.h
