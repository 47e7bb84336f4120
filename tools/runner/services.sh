# What runs, in the order of starting, and how each is started and stopped. Everything runs in ITN_DIR/run and names its
# sockets by relative paths: a path of any length, with any character in it, will do.

services_list() {
	[ -z "$own_redis" ] || echo redis
	local n
	for ((n = 1; n <= ITN_ENGINE_PROCESSES; n++)); do echo "itn-engine-$n"; done
	for ((n = 1; n <= ITN_API_PROCESSES; n++)); do echo "itn-api-$n"; done
	echo itn-gateway
	echo nginx
}

# For the daemons, and for whoever looks at them: both work in ITN_DIR/run. libmongoc would leave its counters in /dev/shm
# whenever a process is killed, and complain aloud when another finds them there.
services_export() {
	export MONGOC_DISABLE_SHM=1
	export ITN_REDIS=${ITN_REDIS:-unix:redis.sock} ITN_API_URL=http://$(settings_address)
}

service_exec() { # NAME: becomes the service
	exec 9>&-
	services_export
	export ITN_API_LISTEN=unix:$1.sock ITN_GATEWAY_LISTEN=unix:itn-gateway.sock ITN_READY_FILE=$1.ready
	export ITN_INSTANCE=$1 ITN_METRICS_DIR=.
	case $1 in
	redis)
		exec setsid redis-server --port 0 --unixsocket redis.sock --unixsocketperm 600 --save '' --appendonly no \
			--dir . --daemonize no --supervised no
		;;
	itn-api-*) exec setsid "$bin/itn-api" ;;
	itn-engine-*) exec setsid "$bin/itn-engine" ;;
	itn-gateway) exec setsid "$bin/itn-gateway" ;;
	nginx) exec setsid /usr/sbin/nginx -e stderr -p "$ITN_DIR/" -c nginx/nginx.conf -g 'daemon off;' ;;
	esac
}

admin() { # COMMAND…: becomes itn-admin
	[ -x "$bin/itn-admin" ] || die "there is no itn-admin in $bin; './itn up' builds it"
	[ ! -d "$ITN_DIR/run" ] || cd "$ITN_DIR/run" || exit 1
	services_export
	exec "$bin/itn-admin" "$@"
}

nginx_configure() {
	local text servers= n user=
	text=$(<"$root/nginx/runner.conf.in")
	for ((n = 1; n <= ITN_API_PROCESSES; n++)); do servers+="		server unix:itn-api-$n.sock max_fails=0;"$'\n'; done
	[ "$(id -u)" -ne 0 ] || user="user root;"
	text=${text//@USER@/"$user"}
	text=${text//@API_SERVERS@/"${servers%$'\n'}"}
	text=${text//@LISTEN@/"$(settings_listen)"}
	mkdir -p "$ITN_DIR"/nginx/{itn,docs} && cp "$root"/nginx/*.conf "$ITN_DIR/nginx/itn/" &&
		cp "$root"/spec/* "$ITN_DIR/nginx/docs/" &&
		printf '%s\n' "$text" >"$ITN_DIR/nginx/nginx.conf"
}

# No new requests, then the workers finish what they have begun, then the engine; the gateway says goodbye to its
# clients through nginx, which ends with the last of them.
services_stop() {
	local drain=$((${ITN_DRAIN_MS:-10000} / 1000 + 2)) pattern names
	process_signal QUIT nginx
	for pattern in 'itn-api-*' 'itn-engine-*' itn-gateway; do
		names=$(process_recorded "$pattern")
		process_signal TERM $names
		process_wait "$drain" $names
	done
	process_wait 5 nginx
	process_signal TERM redis
	process_wait 5 redis
	find "$ITN_DIR/run" -mindepth 1 ! -name supervisor.pid -delete
}
