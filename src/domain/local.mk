noinst_LIBRARIES += libitndomain.a
libitndomain_a_SOURCES = \
	src/domain/alert.c src/domain/alert.h \
	src/domain/cargo.c src/domain/cargo.h \
	src/domain/cargo_json.c \
	src/domain/cargo_request.c \
	src/domain/entry.h \
	src/domain/event.c src/domain/event.h \
	src/domain/field.c src/domain/field.h \
	src/domain/line.c src/domain/line.h \
	src/domain/line_json.c src/domain/line_json.h \
	src/domain/mail_text.c src/domain/mail_text.h \
	src/domain/notification.c src/domain/notification.h \
	src/domain/position.c src/domain/position.h \
	src/domain/posting.c src/domain/posting.h \
	src/domain/stock.c src/domain/stock.h \
	src/domain/stock_take.c src/domain/stock_take.h \
	src/domain/stored.c src/domain/stored.h \
	src/domain/timeline.c src/domain/timeline.h \
	src/domain/trade.c src/domain/trade.h \
	src/domain/trade_json.c \
	src/domain/trade_request.c
