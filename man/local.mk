# Manual pages: the templates' prose, the settings of config.def, and what each program says of itself.
noinst_PROGRAMS += tools/man-page
tools_man_page_SOURCES = tools/man_page.c
tools_man_page_LDADD = $(core_libs)

man_MANS = man/itn-admin.8 man/itn-api.8 man/itn-engine.8 man/itn-gateway.8
EXTRA_DIST += man/itn-admin.mdoc man/itn-api.mdoc man/itn-engine.mdoc man/itn-gateway.mdoc
CLEANFILES += $(man_MANS)

SUFFIXES = .mdoc .8
.mdoc.8:
	$(AM_V_GEN)$(MKDIR_P) man && program=$(@F:.8=) && \
	summary=`./$$program$(EXEEXT) --help | sed -n "1s/^$$program - //p"` && test -n "$$summary" && \
	tools/man-page$(EXEEXT) $$program "$$summary" <$< >$@.new && mv $@.new $@
$(man_MANS): tools/man-page$(EXEEXT)
man/itn-admin.8: itn-admin$(EXEEXT)
man/itn-api.8: itn-api$(EXEEXT)
man/itn-engine.8: itn-engine$(EXEEXT)
man/itn-gateway.8: itn-gateway$(EXEEXT)
