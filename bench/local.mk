# Not built by `make`: `make bench/seed bench/cascade bench/raw_fcgi`.
EXTRA_PROGRAMS += bench/seed bench/cascade bench/raw_fcgi

bench_seed_SOURCES = bench/seed.c
bench_seed_LDADD = $(store_libs) $(core_libs)
bench_cascade_SOURCES = bench/cascade.c
bench_cascade_LDADD = libitnengine.a $(bus_libs) $(mail_libs) $(store_libs) $(core_libs)
bench_raw_fcgi_SOURCES = bench/raw_fcgi.c
bench_raw_fcgi_LDADD =
