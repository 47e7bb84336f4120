check_PROGRAMS += tools/config-doc
tools_config_doc_SOURCES = tools/config_doc.c
tools_config_doc_LDADD = $(core_libs)

check_PROGRAMS += tools/operations-doc
tools_operations_doc_SOURCES = tools/operations_doc.c
tools_operations_doc_LDADD =

lints += tools/include-lint tools/config-lint tools/operations-lint tools/docs-lint tools/man-lint tools/log-lint \
	tools/guarantees-lint
dist_doc_DATA = README.md docs/api.md docs/architecture.md docs/configuration.md docs/guarantees.md docs/operations.md \
	docs/production.md docs/testing.md
dist_doc_DATA += spec/api.html spec/openapi.yaml spec/asyncapi.yaml spec/itn.postman_collection.json

.PHONY: docs
docs: tools/config-doc$(EXEEXT) tools/operations-doc$(EXEEXT)
	@mkdir -p $(top_srcdir)/docs
	tools/config-doc$(EXEEXT) > $(top_srcdir)/docs/configuration.md.new
	mv $(top_srcdir)/docs/configuration.md.new $(top_srcdir)/docs/configuration.md
	tools/operations-doc$(EXEEXT) < $(top_srcdir)/docs/operations.md > $(top_srcdir)/docs/operations.md.new
	mv $(top_srcdir)/docs/operations.md.new $(top_srcdir)/docs/operations.md
