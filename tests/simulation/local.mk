# The simulation: one program, of the product's own objects and of what stands in for its surroundings (see sim.h).
if TSAN
EXTRA_PROGRAMS += tests/simulation/simulate
else
check_PROGRAMS += tests/simulation/simulate
endif
EXTRA_DIST += tests/mutation/mutations.txt tools/mutate
tests_simulation_simulate_SOURCES = \
	tests/simulation/alerts.c \
	tests/simulation/auditor.c \
	tests/simulation/chaos.c \
	tests/simulation/check.c \
	tests/simulation/clients.c tests/simulation/clients.h \
	tests/simulation/engine.c \
	tests/simulation/faults.def \
	tests/simulation/fiber.c \
	tests/simulation/gateway.c \
	tests/simulation/host.c \
	tests/simulation/keyed.c \
	tests/simulation/kinds.c \
	tests/simulation/known.c \
	tests/simulation/ledger.c tests/simulation/ledger.h \
	tests/simulation/main.c \
	tests/simulation/model.c tests/simulation/model.h tests/simulation/model_parts.h \
	tests/simulation/model_alerts.c \
	tests/simulation/model_cargo.c \
	tests/simulation/model_frames.c \
	tests/simulation/model_goods.c \
	tests/simulation/model_lanes.c \
	tests/simulation/model_loading.c \
	tests/simulation/model_reserving.c \
	tests/simulation/model_status.c \
	tests/simulation/model_stock.c \
	tests/simulation/model_trades.c \
	tests/simulation/model_warnings.c \
	tests/simulation/model_works.c \
	tests/simulation/readers.c \
	tests/simulation/redis.c tests/simulation/redis.h \
	tests/simulation/rules.def tests/simulation/rules.h \
	tests/simulation/sim.c tests/simulation/sim.h \
	tests/simulation/sources.c \
	tests/simulation/worker.c \
	tests/simulation/writes.c
tests_simulation_simulate_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/simulation
tests_simulation_simulate_LDADD = libitngateway.a libitnengine.a $(api_libs) libitnmemory.a $(http_libs) libitnstore.a \
	libitndomain.a $(core_libs)
