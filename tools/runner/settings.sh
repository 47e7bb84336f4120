# Settings of the runner: name, default, one line of help. The daemons' own are in src/core/config.def and go through.

settings_table="
ITN_PORT|3000|Port that nginx listens on
ITN_BIND|127.0.0.1|Address that nginx listens on
ITN_DIR|var/ in the checkout|Sockets, logs, data, builds
ITN_STORE|sqlite:ITN_DIR/itn.db|Where the data is: sqlite:PATH or a mongodb:// URI
ITN_REDIS|a redis-server of its own|A given Redis server: HOST:PORT or unix:PATH
ITN_API_PROCESSES|2|Processes of itn-api
ITN_ENGINE_PROCESSES|1|Processes of itn-engine; one works, the others stand by
ITN_BUILD|ITN_DIR/build|A finished build to run instead of one's own
ITN_START_SECONDS|60|How long everything may take until it answers
"

die() {
	printf 'itn: %s\n' "$*" >&2
	exit 1
}

say() {
	printf 'itn: %s\n' "$*"
}

settings_help() {
	local name default help
	while IFS='|' read -r name default help; do
		[ -z "$name" ] || printf '  %-22s%s (%s)\n' "$name" "$help" "$default"
	done <<<"$settings_table"
}

settings_load() {
	umask 077
	ITN_PORT=${ITN_PORT:-3000}
	ITN_BIND=${ITN_BIND:-127.0.0.1}
	ITN_DIR=${ITN_DIR:-$root/var}
	[[ $ITN_DIR == /* ]] || ITN_DIR=$PWD/$ITN_DIR
	ITN_STORE=${ITN_STORE:-sqlite:$ITN_DIR/itn.db}
	ITN_API_PROCESSES=${ITN_API_PROCESSES:-2}
	ITN_ENGINE_PROCESSES=${ITN_ENGINE_PROCESSES:-1}
	ITN_START_SECONDS=${ITN_START_SECONDS:-60}
	ITN_BUILD=${ITN_BUILD:-}
	ITN_REDIS=${ITN_REDIS:-}
	own_redis=
	[ -n "$ITN_REDIS" ] || own_redis=yes
	bin=${ITN_BUILD:-$ITN_DIR/build}
	[[ $bin == /* ]] || bin=$PWD/$bin
	[[ $ITN_STORE != sqlite:[!/]* ]] || ITN_STORE=sqlite:$PWD/${ITN_STORE#sqlite:}
	[[ $ITN_REDIS != unix:[!/]* ]] || ITN_REDIS=unix:$PWD/${ITN_REDIS#unix:}
	settings_number ITN_PORT 1 65535
	settings_number ITN_API_PROCESSES 1 256
	settings_number ITN_ENGINE_PROCESSES 1 16
	settings_number ITN_START_SECONDS 1 3600
	[[ $ITN_BIND =~ ^[0-9A-Za-z.:-]+$ ]] || die "ITN_BIND is no address: '$ITN_BIND'"
	export ITN_PORT ITN_BIND ITN_DIR ITN_STORE ITN_API_PROCESSES ITN_ENGINE_PROCESSES ITN_START_SECONDS
}

settings_number() { # NAME MIN MAX
	local value=${!1}
	[[ $value =~ ^[0-9]{1,5}$ ]] && ((10#$value >= $2 && 10#$value <= $3)) ||
		die "$1 is a number from $2 to $3, not '$value'"
	printf -v "$1" %d "$((10#$value))"
}

settings_warn_unknown() {
	local name known
	known=" $(grep -o 'ITN_[A-Z_]*' "$root/src/core/config.def" | tr '\n' ' ')"
	known+=$(cut -d '|' -f 1 <<<"$settings_table" | tr '\n' ' ')
	for name in $(compgen -e ITN_); do
		case $name in
		ITN_API_LISTEN | ITN_GATEWAY_LISTEN | ITN_API_URL | ITN_INSTANCE | ITN_METRICS_DIR)
			printf 'itn: %s is not used: the runner chooses it\n' "$name" >&2 ;;
		*)
			[[ $known == *" $name "* ]] || printf 'itn: %s is not a setting; it has no effect\n' "$name" >&2 ;;
		esac
	done
}

settings_listen() { # as nginx writes it; an address for a URL is the same
	if [[ $ITN_BIND == *:* ]]; then printf '[%s]:%s' "$ITN_BIND" "$ITN_PORT"; else printf '%s:%s' "$ITN_BIND" "$ITN_PORT"; fi
}

settings_address() { # where a process of this host reaches nginx
	case $ITN_BIND in
	0.0.0.0) printf '127.0.0.1:%s' "$ITN_PORT" ;;
	::) printf '[::1]:%s' "$ITN_PORT" ;;
	*) settings_listen ;;
	esac
}

settings_store_shown() { # ITN_STORE without what may be secret: user name, password, options
	local authority
	case $ITN_STORE in
	sqlite:*) printf '%s' "$ITN_STORE" ;;
	*://*@*) authority=${ITN_STORE##*@}; printf '%s://…@%s' "${ITN_STORE%%://*}" "${authority%%\?*}" ;;
	*) printf '%s' "${ITN_STORE%%\?*}" ;;
	esac
}

dir_make() {
	local folder
	for folder in "$ITN_DIR" "$ITN_DIR"/{run,log,nginx}; do
		[ -d "$folder" ] || mkdir -p -m 700 -- "$folder" 2>/dev/null || die "the folder $folder can't be made (ITN_DIR)"
	done
	: 2>/dev/null >"$ITN_DIR/lock" || die "the folder $ITN_DIR can't be written (ITN_DIR)"
}

dir_lock() { # one up or down at a time; fd 9 is closed for everything that is started
	exec 9>>"$ITN_DIR/lock"
	flock -n 9 && return
	say "another ./itn is starting or stopping it; waiting"
	flock -w 300 9 || die "another ./itn holds $ITN_DIR/lock"
}

dir_unlock() {
	exec 9>&-
}
