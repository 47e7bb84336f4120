# The parent of all services, in a session of its own. It starts again what dies: at once the first time, then later and
# later while it keeps dying young. TERM stops everything.

declare -A service_pid service_started service_deaths service_due

supervise() {
	local stopping= name names
	trap 'stopping=1' TERM INT HUP
	exec 9>&-
	cd "$ITN_DIR/run" || exit 1
	process_record supervisor $$
	export TZ=UTC
	ulimit -Sn "$(supervise_files)"
	mapfile -t names < <(services_list)
	for name in "${names[@]}"; do
		service_deaths[$name]=0
		service_start "$name"
		[ "$name" != redis ] || supervise_redis
	done
	while [ -z "$stopping" ]; do
		supervise_wait
		[ -n "$stopping" ] || supervise_scan
	done 2>/dev/null
	services_stop
}

supervise_files() {
	local hard
	hard=$(ulimit -Hn)
	if [ "$hard" = unlimited ] || ((hard > 65536)); then echo 65536; else echo "$hard"; fi
}

supervise_redis() {
	local end=$((SECONDS + 10))
	until [ -S redis.sock ] || [ -n "$stopping" ] || ((SECONDS > end)) || ! process_pid redis; do sleep 0.02; done
}

now_ms() { # VARIABLE
	local us=${EPOCHREALTIME/[.,]/}
	printf -v "$1" %s "${us%???}"
}

service_start() { # NAME
	local now
	rm -f "$1.ready"
	(service_exec "$1") >>"$ITN_DIR/log/$1.log" 2>&1 </dev/null &
	service_pid[$1]=$!
	now_ms now
	service_started[$1]=$now
	unset "service_due[$1]"
	process_record "$1" $!
}

# Until a child ends, a signal comes or something is due, and never longer than a second.
supervise_wait() {
	local now seconds=1 due tick
	now_ms now
	for due in "${service_due[@]}"; do
		due=$((due > now ? due - now : 1))
		((due >= 1000)) || seconds=$(printf '0.%03d' "$due")
	done
	sleep "$seconds" &
	tick=$!
	wait -n
	kill "$tick" 2>/dev/null
	wait "$tick" 2>/dev/null
}

supervise_scan() {
	local name now
	now_ms now
	for name in "${!service_deaths[@]}"; do
		if [ -n "${service_due[$name]:-}" ]; then
			((service_due[$name] > now)) || service_start "$name"
		elif ! process_stat "${service_pid[$name]}" || [[ $stat_state == [ZX] ]]; then
			service_died "$name" "$now"
		fi
	done
}

service_died() { # NAME NOW
	local name=$1 lived=$(($2 - service_started[$1])) code delay
	wait "${service_pid[$name]}" 2>/dev/null
	code=$?
	process_sweep "$name"
	rm -f "$name.ready"
	((lived < 10000)) || service_deaths[$name]=0
	service_deaths[$name]=$((service_deaths[$name] + 1))
	delay=$((service_deaths[$name] == 1 ? 0 : 100 << (service_deaths[$name] > 7 ? 6 : service_deaths[$name] - 1)))
	((delay < 5000)) || delay=5000
	service_due[$name]=$(($2 + delay))
	printf '%(%FT%TZ)T ' -1
	say "$name ended ($(exit_reason "$code")) after $((lived / 1000)) s; starting it again"
	echo "$name" >>restarts
	if [ ! -e ready ] && ((code == 78 || service_deaths[$name] >= 3)); then
		printf '%s %s\n' "$name" "$(exit_reason "$code")" >failed
	fi
}

exit_reason() { # CODE
	if (($1 > 128)); then echo "signal $(kill -l "$1")"; else echo "exit status $1"; fi
}
