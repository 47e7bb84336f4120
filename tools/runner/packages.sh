# Debian packages: what is needed for what, and installing what is missing.

packages_run=(nginx)
packages_redis=(redis-server)
packages_try=(curl)
packages_build=(gcc libc6-dev make autoconf automake pkg-config libjson-c-dev libsqlite3-dev libmongoc-dev
	libssl-dev libhiredis-dev libcurl4-openssl-dev libwebsockets-dev libwebsockets-evlib-ev libev-dev libfcgi-dev)
packages_check=(nginx redis-server redis-tools libcmocka-dev python3 python3-venv nodejs node-ws curl procps
	mandoc openssl systemd)

packages_missing() { # those of the arguments that are not installed
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
		awk -v wanted="$*" '$2 == "installed" { have[$1] = 1 }
			END { n = split(wanted, names, " "); for (i = 1; i <= n; i++) if (!(names[i] in have)) print names[i] }'
}

packages_need() {
	local missing
	command -v dpkg-query apt-get >/dev/null || die "this runner needs Debian (dpkg-query, apt-get)"
	missing=$(packages_missing "$@" | tr '\n' ' ')
	missing=${missing% }
	[ -n "$missing" ] || return 0
	[ "$(id -u)" -eq 0 ] ||
		die "packages are missing: $missing; install them with: sudo apt-get install --no-install-recommends $missing"
	say "installing $missing"
	(umask 022 && packages_install $missing) >"$ITN_DIR/log/packages.log" 2>&1 ||
		{ tail -n 15 "$ITN_DIR/log/packages.log" >&2; die "apt-get could not install: $missing"; }
}

# The packages must not start services of their own: ours are started by the runner.
packages_install() {
	local policy=/usr/sbin/policy-rc.d own= status
	if [ ! -e "$policy" ]; then
		own=yes
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
		trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	fi
	packages_apt "$@" || { apt-get -q update </dev/null && packages_apt "$@"; }
	status=$?
	if [ -n "$own" ]; then
		rm -f "$policy"
		trap - EXIT
	fi
	return $status
}

packages_apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confold install "$@" </dev/null
}
