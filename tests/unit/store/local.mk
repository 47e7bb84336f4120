store_contract_sources = \
	tests/unit/store/contract.c tests/unit/store/contract.h \
	tests/unit/store/contract_alerts.c \
	tests/unit/store/contract_batch.c \
	tests/unit/store/contract_child.c \
	tests/unit/store/contract_claims.c \
	tests/unit/store/contract_crowd.c \
	tests/unit/store/contract_engine.c \
	tests/unit/store/contract_inspect.c \
	tests/unit/store/contract_jobs.c \
	tests/unit/store/contract_lease.c \
	tests/unit/store/contract_ledger.c \
	tests/unit/store/contract_list.c \
	tests/unit/store/contract_loading.c \
	tests/unit/store/contract_notifications.c \
	tests/unit/store/contract_prefetch.c \
	tests/unit/store/contract_stock.c \
	tests/unit/store/contract_scan.c \
	tests/unit/store/contract_timeline.c \
	tests/unit/store/contract_write.c

unit_tests += tests/unit/store/test_contract
threaded_tests += tests/unit/store/test_contract
tests_unit_store_test_contract_SOURCES = tests/unit/store/test_contract.c $(store_contract_sources)
tests_unit_store_test_contract_LDADD = $(store_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/store/test_contract_memory
threaded_tests += tests/unit/store/test_contract_memory
tests_unit_store_test_contract_memory_SOURCES = tests/unit/store/test_contract.c \
	tests/unit/store/kinds_with_memory.c $(store_contract_sources)
tests_unit_store_test_contract_memory_CPPFLAGS = $(AM_CPPFLAGS) -DCONTRACT_STORE='"memory:"'
tests_unit_store_test_contract_memory_LDADD = libitnmemory.a $(store_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/store/test_memory_host
tests_unit_store_test_memory_host_SOURCES = tests/unit/store/test_memory_host.c \
	tests/unit/store/kinds_with_memory.c $(store_contract_sources)
tests_unit_store_test_memory_host_CPPFLAGS = $(AM_CPPFLAGS) -DCONTRACT_STORE='"memory:"'
tests_unit_store_test_memory_host_LDADD = libitnmemory.a $(store_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/store/test_commit_queue
threaded_tests += tests/unit/store/test_commit_queue
tests_unit_store_test_commit_queue_LDADD = $(store_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/store/test_sqlite_open
tests_unit_store_test_sqlite_open_LDADD = $(store_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/store/test_sqlite_trouble
threaded_tests += tests/unit/store/test_sqlite_trouble
tests_unit_store_test_sqlite_trouble_SOURCES = tests/unit/store/test_sqlite_trouble.c $(store_contract_sources)
tests_unit_store_test_sqlite_trouble_LDADD = $(store_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/store/test_sqlite_disk
tests_unit_store_test_sqlite_disk_SOURCES = tests/unit/store/test_sqlite_disk.c \
	tests/unit/store/disk.c tests/unit/store/disk.h $(store_contract_sources)
tests_unit_store_test_sqlite_disk_LDADD = $(store_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/store/test_sqlite_lists
tests_unit_store_test_sqlite_lists_SOURCES = tests/unit/store/test_sqlite_lists.c $(store_contract_sources)
tests_unit_store_test_sqlite_lists_LDADD = $(store_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/store/test_sqlite_migrate
tests_unit_store_test_sqlite_migrate_SOURCES = tests/unit/store/test_sqlite_migrate.c $(store_contract_sources)
tests_unit_store_test_sqlite_migrate_LDADD = $(store_libs) $(core_libs) $(CMOCKA_LIBS)
EXTRA_DIST += tests/schema/data/1.sql tests/schema/data/1.json \
	tests/schema/data/2.sql tests/schema/data/2.json \
	tests/schema/data/3.sql tests/schema/data/3.json \
	tests/schema/data/4.sql tests/schema/data/4.json \
	tests/schema/data/5.sql tests/schema/data/5.json

EXTRA_LIBRARIES += libitnmongofaults.a
CLEANFILES += libitnmongofaults.a
libitnmongofaults_a_SOURCES = tests/unit/store/mongo_faults.c tests/unit/store/mongo_faults.h \
	tests/unit/store/mongo_proxy.c tests/unit/store/mongo_proxy.h
libitnmongofaults_a_CFLAGS = $(AM_CFLAGS) $(MONGOC_CFLAGS)

mongo_faults_libs = libitnmongofaults.a $(store_libs) $(core_libs) $(CMOCKA_LIBS)

unit_tests += tests/unit/store/test_mongo_backlog
tests_unit_store_test_mongo_backlog_SOURCES = tests/unit/store/test_mongo_backlog.c $(store_contract_sources)
tests_unit_store_test_mongo_backlog_LDADD = $(mongo_faults_libs)

unit_tests += tests/unit/store/test_mongo_engine
tests_unit_store_test_mongo_engine_SOURCES = tests/unit/store/test_mongo_engine.c $(store_contract_sources)
tests_unit_store_test_mongo_engine_LDADD = $(mongo_faults_libs)

unit_tests += tests/unit/store/test_mongo_link
tests_unit_store_test_mongo_link_SOURCES = tests/unit/store/test_mongo_link.c $(store_contract_sources)
tests_unit_store_test_mongo_link_LDADD = $(mongo_faults_libs)

unit_tests += tests/unit/store/test_mongo_migrate
tests_unit_store_test_mongo_migrate_SOURCES = tests/unit/store/test_mongo_migrate.c $(store_contract_sources)
tests_unit_store_test_mongo_migrate_LDADD = $(mongo_faults_libs)

unit_tests += tests/unit/store/test_mongo_writes
tests_unit_store_test_mongo_writes_SOURCES = tests/unit/store/test_mongo_writes.c $(store_contract_sources)
tests_unit_store_test_mongo_writes_LDADD = $(mongo_faults_libs)

unit_tests += tests/unit/store/test_mongo_uri
tests_unit_store_test_mongo_uri_LDADD = $(store_libs) $(core_libs) $(CMOCKA_LIBS)
