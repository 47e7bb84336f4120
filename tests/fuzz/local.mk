unit_tests += tests/fuzz/json_in
tests_fuzz_json_in_SOURCES = tests/fuzz/json_in.c tests/fuzz/replay.c
tests_fuzz_json_in_LDADD = $(core_libs)
