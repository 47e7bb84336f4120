check_PROGRAMS += tools/config-doc
tools_config_doc_SOURCES = tools/config_doc.c
tools_config_doc_LDADD = $(core_libs)

check_PROGRAMS += tools/metrics-doc
tools_metrics_doc_SOURCES = tools/metrics_doc.c
tools_metrics_doc_LDADD =

lints += tools/include-lint tools/config-lint tools/metrics-lint tools/docs-lint tools/man-lint
dist_doc_DATA = README.md docs/architecture.md docs/configuration.md docs/operations.md docs/production.md

.PHONY: docs
docs: tools/config-doc$(EXEEXT) tools/metrics-doc$(EXEEXT)
	@mkdir -p $(top_srcdir)/docs
	tools/config-doc$(EXEEXT) > $(top_srcdir)/docs/configuration.md.new
	mv $(top_srcdir)/docs/configuration.md.new $(top_srcdir)/docs/configuration.md
	tools/metrics-doc$(EXEEXT) | awk 'FILENAME == "-" { table = table $$0 "\n"; next } \
		/^<!-- end -->/ { inside = 0 } !inside { print } /^<!-- by `make docs`/ { printf "%s", table; inside = 1 }' \
		- $(top_srcdir)/docs/operations.md > $(top_srcdir)/docs/operations.md.new
	mv $(top_srcdir)/docs/operations.md.new $(top_srcdir)/docs/operations.md
