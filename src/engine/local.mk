noinst_LIBRARIES += libitnengine.a
libitnengine_a_SOURCES = \
	src/engine/alert.c src/engine/alert.h \
	src/engine/cargo_effects.c src/engine/cargo_effects.h \
	src/engine/delivery.c src/engine/delivery.h \
	src/engine/draft.c src/engine/draft.h \
	src/engine/effects.c src/engine/effects.h \
	src/engine/engine.c src/engine/engine.h \
	src/engine/lane.c src/engine/lane.h \
	src/engine/ledger.c src/engine/ledger.h \
	src/engine/lateness.c src/engine/lateness.h \
	src/engine/lease.c src/engine/lease.h \
	src/engine/loading.c src/engine/loading.h \
	src/engine/notifier.c src/engine/notifier.h \
	src/engine/notify.c src/engine/notify.h \
	src/engine/number.c src/engine/number.h \
	src/engine/observer.c src/engine/observer.h \
	src/engine/pause.c src/engine/pause.h \
	src/engine/publication.c src/engine/publication.h \
	src/engine/publisher.c src/engine/publisher.h \
	src/engine/reservation.c src/engine/reservation.h \
	src/engine/restock.c src/engine/restock.h \
	src/engine/sequencer.c src/engine/sequencer.h \
	src/engine/stock_effects.c src/engine/stock_effects.h \
	src/engine/tell.c \
	src/engine/trade_effects.c src/engine/trade_effects.h \
	src/engine/travel.c src/engine/travel.h

sbin_PROGRAMS += itn-engine
itn_engine_SOURCES = src/engine/main.c
itn_engine_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs)
