check_PROGRAMS += tools/config-doc
tools_config_doc_SOURCES = tools/config_doc.c
tools_config_doc_LDADD = $(core_libs)

lints += tools/include-lint tools/config-lint tools/docs-lint tools/man-lint
EXTRA_DIST += tools/include-lint tools/config-lint tools/docs-lint tools/man-lint README.md docs/architecture.md docs/configuration.md
EXTRA_DIST += tools/fresh-machine tools/readme-run

.PHONY: docs
docs: tools/config-doc$(EXEEXT)
	@mkdir -p $(top_srcdir)/docs
	tools/config-doc$(EXEEXT) > $(top_srcdir)/docs/configuration.md.new
	mv $(top_srcdir)/docs/configuration.md.new $(top_srcdir)/docs/configuration.md
