unit_tests += \
	tests/unit/core/test_arena \
	tests/unit/core/test_buf \
	tests/unit/core/test_clock \
	tests/unit/core/test_config \
	tests/unit/core/test_id \
	tests/unit/core/test_json_in \
	tests/unit/core/test_json_out \
	tests/unit/core/test_log \
	tests/unit/core/test_mailbox \
	tests/unit/core/test_map \
	tests/unit/core/test_metrics \
	tests/unit/core/test_net \
	tests/unit/core/test_service \
	tests/unit/core/test_str \
	tests/unit/core/test_utf8
threaded_tests += tests/unit/core/test_id tests/unit/core/test_log tests/unit/core/test_metrics tests/unit/core/test_service
EXTRA_DIST += tests/unit/unit.h tests/corpus
