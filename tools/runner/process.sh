# Processes by name. run/NAME.pid has "PID START BOOT": with the start time, a stranger that got the number later is never
# taken for ours. Each process leads a group of its own, so that its children end with it.

process_stat() { # PID: sets stat_state and stat_start
	local text
	{ text=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	set -- ${text##*) }
	stat_state=$1 stat_start=${20}
}

process_boot=-
{ read -r process_boot </proc/sys/kernel/random/boot_id; } 2>/dev/null

process_record() { # NAME PID
	process_stat "$2" || stat_start=0
	printf '%s %s %s\n' "$2" "$stat_start" "$process_boot" >"$ITN_DIR/run/$1.new"
	mv "$ITN_DIR/run/$1.new" "$ITN_DIR/run/$1.pid"
}

process_pid() { # NAME: sets pid; fails when it does not run
	local start boot
	{ read -r pid start boot <"$ITN_DIR/run/$1.pid"; } 2>/dev/null || return 1
	[ "$boot" = "$process_boot" ] && process_stat "$pid" && [ "$stat_start" = "$start" ] && [[ $stat_state != [ZX] ]]
}

process_ready() { # NAME: it runs; a daemon of ours has said that it serves
	process_pid "$1" && { [[ $1 != itn-* ]] || [ -e "$ITN_DIR/run/$1.ready" ]; }
}

process_recorded() { # names with a pid file that match the pattern
	local file
	for file in "$ITN_DIR"/run/$1.pid; do
		[ ! -e "$file" ] || basename "$file" .pid
	done
}

process_signal() { # SIGNAL NAME…: a stopped process is continued, to take it
	local signal=$1 name pid
	shift
	for name; do
		process_pid "$name" || continue
		kill -s "$signal" "$pid" 2>/dev/null
		kill -s CONT -- "-$pid" 2>/dev/null
	done
}

process_wait() { # SECONDS NAME…: until they are gone; who is not by then is killed
	local end=$((SECONDS + $1)) name pid
	shift
	for name; do
		while process_pid "$name" && ((SECONDS < end)); do sleep 0.05; done
		if process_pid "$name"; then
			say "$name did not stop in time; killed"
			kill -s KILL "$pid" 2>/dev/null
			while process_pid "$name"; do sleep 0.05; done
		fi
		process_sweep "$name"
	done
}

process_sweep() { # NAME: what is left of the group of a process that is gone
	local pid start boot
	{ read -r pid start boot <"$ITN_DIR/run/$1.pid"; } 2>/dev/null || return 0
	rm -f "$ITN_DIR/run/$1.pid"
	[ "$boot" = "$process_boot" ] || return 0
	! process_stat "$pid" || [ "$stat_start" = "$start" ] || return 0
	kill -s KILL -- "-$pid" 2>/dev/null
	return 0
}
