# up, down and status.

up() {
	local detach=
	case $# in 0) ;; *) [ "$*" = --detach ] || die "up takes only --detach"; detach=yes ;; esac
	settings_warn_unknown
	dir_make
	dir_lock
	if process_pid supervisor; then up_again; return; fi
	services_stop
	up_prepare
	logs_turn
	trap up_interrupted INT TERM HUP
	setsid "$root/itn" supervise >>"$ITN_DIR/log/supervisor.log" 2>&1 </dev/null 9>&- &
	up_wait_ready $!
	up_show
	dir_unlock
	[ -n "$detach" ] || up_follow
}

up_again() {
	if status_healthy; then
		say "it runs already, at $(up_url)"
		exit 0
	fi
	status >&2
	die "it runs already, but not all of it; './itn down' stops it"
}

up_prepare() {
	local reason packages=("${packages_run[@]}" "${packages_try[@]}")
	[ -z "$own_redis" ] || packages+=("${packages_redis[@]}")
	[ -n "$ITN_BUILD" ] || packages+=("${packages_build[@]}")
	reason=$(probe_bind "$ITN_BIND" "$ITN_PORT") || die "$reason"
	up_check_redis
	up_check_store
	packages_need "${packages[@]}"
	[ -n "$ITN_BUILD" ] || build "$bin" "$ITN_DIR/log/build.log"
	up_check_programs
	nginx_configure || die "nginx's configuration can't be written to $ITN_DIR/nginx"
}

up_check_redis() {
	[ -n "$own_redis" ] || [[ $(probe "$ITN_REDIS" 3 'PING\r\n') == [+-]* ]] ||
		die "no Redis server answers at $ITN_REDIS (ITN_REDIS)"
}

up_check_store() {
	local hosts host
	case $ITN_STORE in
	mongodb://*) ;;
	mongodb+srv://* | sqlite:?*) return ;;
	*) die "ITN_STORE is sqlite:PATH or a mongodb:// URI, not '$(settings_store_shown)'" ;;
	esac
	hosts=${ITN_STORE#mongodb://}
	hosts=${hosts##*@}
	hosts=${hosts%%[/?]*}
	for host in ${hosts//,/ }; do
		[[ $host != *%* ]] || return 0
		[[ $host =~ :[0-9]+$ ]] || host+=:27017
		! probe "$host" 3 || return 0
	done
	die "no database answers at $hosts (ITN_STORE)"
}

up_check_programs() {
	local program problems
	for program in itn-api itn-engine itn-gateway; do
		[ -x "$bin/$program" ] || die "there is no $program in $bin (ITN_BUILD)"
		problems=$("$bin/$program" --check-config 2>&1) || die "$program does not accept its settings: $problems"
	done
}

up_wait_ready() { # PID of the supervisor
	local end=$((SECONDS + ITN_START_SECONDS)) waiting_for=
	until up_ready; do
		[ ! -s "$ITN_DIR/run/failed" ] || up_failed
		[ -d "/proc/$1" ] || { tail -n 5 "$ITN_DIR/log/supervisor.log" >&2; die "the supervisor ended"; }
		((SECONDS < end)) || up_timed_out
		sleep 0.1
	done
	: >"$ITN_DIR/run/ready"
	up_url_now >"$ITN_DIR/run/url"
}

# Each worker has its turn: nginx asks them one after the other.
up_ready() {
	local name n
	for name in $(services_list); do
		process_ready "$name" || { waiting_for=$name; return 1; }
	done
	for ((n = 0; n < ITN_API_PROCESSES; n++)); do
		[[ $(probe_http /livez) == HTTP/1.1\ 200* ]] || { waiting_for=/livez; return 1; }
		[[ $(probe_http /readyz) == HTTP/1.1\ 200* ]] || { waiting_for=/readyz; return 1; }
	done
	[[ $(probe_websocket) == HTTP/1.1\ 101* ]] || { waiting_for=itn-gateway; return 1; }
}

up_failed() {
	local name reason
	read -r name reason <"$ITN_DIR/run/failed"
	up_stop
	log_tail "$name"
	die "$name did not start ($reason)"
}

up_timed_out() {
	local name answer=
	case $waiting_for in
	/*)
		answer=$(probe_http "$waiting_for?verbose" | tr -d '\r' | sed '1,/^$/d')
		for name in $(process_recorded 'itn-*'); do log_tail "$name"; done
		;;
	*) log_tail "$waiting_for" ;;
	esac
	up_stop
	[ -z "$answer" ] || printf '%s\n' "$answer" >&2
	die "$waiting_for did not answer as it should within $ITN_START_SECONDS s; everything is stopped again"
}

logs_turn() { # one older log of each service is kept
	local name
	for name in supervisor access $(services_list); do
		[ ! -e "$ITN_DIR/log/$name.log" ] || mv -f "$ITN_DIR/log/$name.log" "$ITN_DIR/log/$name.log.old"
	done
}

log_tail() { # NAME
	printf -- '--- the last lines of %s:\n' "$ITN_DIR/log/$1.log" >&2
	tail -n 10 "$ITN_DIR/log/$1.log" >&2
}

up_stop() {
	process_signal TERM supervisor
	process_wait 90 supervisor >/dev/null
	services_stop
	rm -f "$ITN_DIR"/run/*
}

up_interrupted() {
	local status=130
	trap '' INT TERM HUP
	[ ! -e "$ITN_DIR/run/ready" ] || status=0
	say "stopping"
	up_stop
	exit $status
}

up_url_now() {
	printf 'http://%s\n' "$(settings_address)"
}

up_url() {
	cat "$ITN_DIR/run/url" 2>/dev/null || up_url_now
}

up_show() {
	local url
	url=$(up_url)
	cat <<END
itn: ready at $url, with the store $(settings_store_shown)

Try:
  curl -i $url/api/trades -H 'Content-Type: application/json' -d '{"buyer":"Ada","buyerEmail":"ada@example.org",
    "seller":"Bo","sellerEmail":"bo@example.org","items":[{"name":"Dilithium","quantity":10}],"destination":"Mars"}'
  curl -i $url/api/trades
  a WebSocket client at ${url/http/ws}/api/updates/real-time
  a browser at $url/api/docs, for all the rest

Logs are in $ITN_DIR/log; './itn down' stops it.
END
}

# In the foreground: shows what the supervisor says, until it ends or a signal comes.
up_follow() {
	local pid
	process_pid supervisor || return
	trap 'kill "$tail" 2>/dev/null; up_interrupted' INT TERM HUP
	tail --pid="$pid" -n 0 -f "$ITN_DIR/log/supervisor.log" &
	tail=$!
	wait "$tail"
}

down() {
	[ $# -eq 0 ] || die "down takes no arguments"
	if [ ! -d "$ITN_DIR/run" ]; then
		say "nothing runs"
		return
	fi
	dir_lock
	if [ -z "$(process_recorded '*')" ]; then
		rm -f "$ITN_DIR"/run/*
		say "nothing runs"
		return
	fi
	up_stop
	say "stopped"
}

status() {
	local name
	[ $# -eq 0 ] || [ "$*" = --pids ] || die "status takes only --pids"
	if [ $# -gt 0 ]; then
		status_pids
		return
	fi
	if [ -z "$(process_recorded '*')" ]; then
		say "nothing runs"
		return 3
	fi
	for name in $(process_recorded '*'); do status_line "$name"; done
	if status_healthy; then
		say "ready, at $(up_url)"
	else
		say "not ready"
		return 1
	fi
}

status_pids() {
	local name pid
	for name in $(process_recorded '*'); do
		! process_pid "$name" || printf '%s %s\n' "$name" "$pid"
	done
}

status_line() { # NAME
	local pid state=gone restarts
	! process_pid "$1" || state="pid $pid"
	restarts=$(grep -c -x -F -- "$1" "$ITN_DIR/run/restarts" 2>/dev/null)
	printf '%-16s %-12s restarts %s\n' "$1" "$state" "${restarts:-0}"
}

status_healthy() {
	local name pid address
	process_pid supervisor || return 1
	for name in $(process_recorded '*'); do process_ready "$name" || return 1; done
	[ -e "$ITN_DIR/run/ready" ] || return 1
	address=$(up_url)
	address=${address#http://}
	[[ $(probe "$address" 5 'GET /readyz HTTP/1.1\r\nHost: itn\r\nConnection: close\r\n\r\n') == HTTP/1.1\ 200* ]]
}
