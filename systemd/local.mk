# Units, user and folders for systemd, and the sample of their settings. Each unit is a template; service.conf and sandbox.conf are
# the lines that all services have.
unit_templates = \
	systemd/itn.target.in \
	systemd/itn-api@.service.in systemd/itn-api@.socket.in \
	systemd/itn-engine.service.in \
	systemd/itn-gateway@.service.in
units = $(unit_templates:.in=)

if SYSTEMD_UNITS
systemdsystemunit_DATA = $(units)
sysusersdir = $(prefix)/lib/sysusers.d
nodist_sysusers_DATA = systemd/itn.conf
tmpfilesdir = $(prefix)/lib/tmpfiles.d
nodist_tmpfiles_DATA = systemd/tmpfiles/itn.conf
endif
nodist_pkgdata_DATA = systemd/itn.env nginx/site.conf

deploy_files = $(units) systemd/itn.conf systemd/tmpfiles/itn.conf systemd/itn.env nginx/site.conf
CLEANFILES += $(deploy_files) systemd/places
EXTRA_DIST += $(unit_templates) systemd/service.conf systemd/sandbox.conf systemd/itn.sysusers systemd/itn.tmpfiles.in

with_places = sed -e '/^@service@$$/{' -e 'r $(srcdir)/systemd/service.conf' -e d -e '}' \
	-e '/^@sandbox@$$/{' -e 'r $(srcdir)/systemd/sandbox.conf' -e d -e '}' \
	-e 's|@sbindir[@]|$(sbindir)|g' -e 's|@sysconfdir[@]|$(sysconfdir)|g' -e 's|@localstatedir[@]|$(localstatedir)|g' \
	-e 's|@runstatedir[@]|$(runstatedir)|g' -e 's|@docdir[@]|$(docdir)|g'
make_with_places = $(AM_V_GEN)$(MKDIR_P) $(@D) && $(with_places)

# Changes when the places do, also those of `make install prefix=…`.
systemd/places: FORCE
	@$(MKDIR_P) $(@D); echo '$(sbindir) $(sysconfdir) $(localstatedir) $(runstatedir) $(docdir)' >$@.new; \
		if cmp -s $@.new $@; then rm -f $@.new; else mv -f $@.new $@; fi
FORCE:
.PHONY: FORCE

$(units): systemd/service.conf systemd/sandbox.conf systemd/places
$(units): %: %.in
	$(make_with_places) <$< >$@.new && mv $@.new $@
nginx/site.conf: nginx/site.conf.in systemd/places
	$(make_with_places) <$(srcdir)/nginx/site.conf.in >$@.new && mv $@.new $@
systemd/tmpfiles/itn.conf: systemd/itn.tmpfiles.in systemd/places
	$(make_with_places) <$(srcdir)/systemd/itn.tmpfiles.in >$@.new && mv $@.new $@
systemd/itn.conf: systemd/itn.sysusers
	$(AM_V_GEN)$(MKDIR_P) $(@D) && cp $(srcdir)/systemd/itn.sysusers $@

# The sample has each row of config.def with its default as a comment. The store is where StateDirectory= is; what the units say
# themselves is left out.
noinst_PROGRAMS += tools/config-env
tools_config_env_SOURCES = tools/config_env.c
tools_config_env_LDADD = $(core_libs)

systemd/itn.env: tools/config-env$(EXEEXT) systemd/places
	$(AM_V_GEN)$(MKDIR_P) $(@D) && tools/config-env$(EXEEXT) 'ITN_STORE=sqlite:$(localstatedir)/lib/itn/itn.db' \
		ITN_API_LISTEN= ITN_GATEWAY_LISTEN= ITN_SOCKET_MODE= ITN_INSTANCE= ITN_METRICS_DIR= >$@.new && mv $@.new $@

# What an administrator fills in is installed once; an upgrade leaves it alone, and so does `make uninstall` once it differs
# from the sample.
own_files = systemd/itn.env:$(sysconfdir)/itn/itn.env:640 nginx/site.conf:$(sysconfdir)/nginx/sites-available/itn:644
each_own_file = for own in $(own_files); do \
	sample=$${own%%:*}; file=$${own\#*:}; mode=$${file\#\#*:}; file='$(DESTDIR)'$${file%:*};

install-data-hook:
	@$(each_own_file) test -e "$$file" || { $(MKDIR_P) "`dirname "$$file"`" && \
		echo " $(INSTALL) -m $$mode $$sample '$$file'" && $(INSTALL) -m $$mode $$sample "$$file"; } || exit; done

uninstall-hook:
	@$(each_own_file) ! cmp -s $$sample "$$file" || rm -f "$$file" || exit; done
