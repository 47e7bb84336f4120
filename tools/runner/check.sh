# The tests: what they need, the build with sanitizers, each suite, the sum.

check_passed=0 check_failed=0 check_skipped=0
# Seeds that the simulation runs; ./itn simulate runs any number.
check_seeds=2000

check() {
	local suites=() all name
	all=$(check_suites | tr '\n' ' ')
	while [ $# -gt 0 ] && [[ $1 != -* ]]; do
		[[ " $all" == *" $1 "* ]] || die "there is no suite '$1'; there are: $all"
		suites+=("$1")
		shift
	done
	[ ${#suites[@]} -gt 0 ] || suites=($all)
	dir_make
	check_lock
	packages_need "${packages_check[@]}" "${packages_build[@]}"
	check_venv
	[[ " ${suites[*]} " != *" spec "* ]] || check_npm
	[ "${suites[*]}" = threads ] || build "$ITN_DIR/build-check" "$ITN_DIR/log/build-check.log" --enable-sanitizers --enable-werror
	for name in "${suites[@]}"; do check_suite "$name" "$@"; done
	printf '\n'
	say "checked in $SECONDS s"
	[ "$check_skipped" -eq 0 ] || say "$check_skipped skipped"
	printf '%s passed, %s failed\n' "$check_passed" "$check_failed"
	[ "$check_failed" -eq 0 ] && [ "$check_passed" -gt 0 ]
}

check_lock() { # one at a time
	exec 7>>"$ITN_DIR/check.lock"
	flock -n 7 || die "another './itn check' or './itn torture' runs in $ITN_DIR"
}

check_suites() { # unit, threads, then each folder with Python tests, the whole system last
	local folder
	printf '%s\n' unit threads simulation
	for folder in "$root"/tests/*/; do
		folder=$(basename "$folder")
		[ "$folder" = system ] || ! compgen -G "$root/tests/$folder/test_*.py" >/dev/null || echo "$folder"
	done
	echo system
}

check_venv() {
	local venv=$ITN_DIR/venv wanted
	wanted=$(sha256sum <"$root/tests/requirements.txt")
	[ "$(cat "$venv/made-from" 2>/dev/null)" != "$wanted" ] || return 0
	say "installing the Python packages of tests/requirements.txt"
	rm -rf "$venv"
	{ /usr/bin/python3 -m venv "$venv" && "$venv/bin/python" -m pip install --no-input --disable-pip-version-check \
		-r "$root/tests/requirements.txt"; } >"$ITN_DIR/log/venv.log" 2>&1 </dev/null ||
		{ tail -n 15 "$ITN_DIR/log/venv.log" >&2; die "the Python packages could not be installed"; }
	printf '%s\n' "$wanted" >"$venv/made-from"
}

# npm itself is one of the Python packages: Debian's brings hundreds of others. The tools run on Debian's node.
check_npm() {
	local npm=$ITN_DIR/npm wanted
	wanted=$(sha256sum <"$root/tests/spec/package-lock.json")
	[ "$(cat "$npm/made-from" 2>/dev/null)" != "$wanted" ] || return 0
	say "installing the npm packages of tests/spec/package.json"
	rm -rf "$npm"
	mkdir -p "$npm" && cp "$root"/tests/spec/package*.json "$npm"
	(cd "$npm" && PATH=$ITN_DIR/venv/bin:$PATH npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier) \
		>"$ITN_DIR/log/npm.log" 2>&1 </dev/null ||
		{ tail -n 15 "$ITN_DIR/log/npm.log" >&2; die "the npm packages could not be installed"; }
	printf '%s\n' "$wanted" >"$npm/made-from"
}

check_suite() { # NAME [PYTEST-OPTION…]
	local name=$1 began=$SECONDS passed=0 failed=0 skipped=0 at_fixed_addresses=()
	shift
	printf '\n=== %s\n' "$name"
	case $name in
	unit) check_unit ;;
	threads) check_threads "$@" ;;
	simulation) check_simulation ;;
	*) check_pytest "$name" "$ITN_DIR/build-check" "$name" "$@" ;;
	esac
	printf -- '--- %s: %s ok, %s not ok, %s skipped, %s s\n' "$name" "$passed" "$failed" "$skipped" $((SECONDS - began))
	((check_passed += passed, check_failed += failed, check_skipped += skipped))
}

check_unit() {
	check_make "$ITN_DIR/build-check" "$ITN_DIR/log/check-unit.log"
}

# ThreadSanitizer over what has threads: the unit tests named in threaded_tests, then the daemons at work on SQLite and the
# store on MongoDB. The kernel may place memory where it can't be watched, so at fixed addresses, where that is allowed.
check_threads() { # [PYTEST-OPTION…]
	local folder=$ITN_DIR/build-threads
	! setarch "$(uname -m)" -R true 2>/dev/null || at_fixed_addresses=(setarch "$(uname -m)" -R)
	(build "$folder" "$ITN_DIR/log/build-threads.log" --enable-tsan --enable-werror) || { failed=1; return; }
	check_make "$folder" "$ITN_DIR/log/check-threads-unit.log" "${at_fixed_addresses[@]}"
	check_pytest threads "$folder" api conversation mail metrics mongo -k 'sqlite or test_contract' "$@"
}

# Half of the seeds on each of two processors; the other half on what is left of one when there is no second.
check_simulation() {
	local program=$ITN_DIR/build-check/tests/simulation/simulate log=$ITN_DIR/log/check-simulation half=$((check_seeds / 2)) other
	(simulate_build "$ITN_DIR/build-check" "$ITN_DIR/log/build-check.log" --enable-sanitizers --enable-werror) || { failed=1; return; }
	"$program" --seeds "1..$half" >"$log-1.log" 2>&1 </dev/null &
	other=$!
	check_seeds_run "$program" "$((half + 1))..$check_seeds" "$log-2.log"
	check_seeds_run "$program" 1..20 "$log-3.log" --twice
	wait "$other" && passed=$((passed + 1)) || { failed=$((failed + 1)); tail -n 20 "$log-1.log"; }
}

check_seeds_run() { # PROGRAM SEEDS LOG [OPTION…]
	"$1" --seeds "$2" "${@:4}" >"$3" 2>&1 </dev/null && passed=$((passed + 1)) || { failed=$((failed + 1)); tail -n 20 "$3"; }
}

check_make() { # BUILD LOG [COMMAND THAT RUNS IT…]
	local build=$1 log=$2 status not_passed
	shift 2
	"$@" make -C "$build" -s -k -j"$(nproc)" check VERBOSE=1 >"$log" 2>&1 </dev/null
	status=$?
	grep -E '^(FAIL|ERROR|XPASS): ' "$log"
	not_passed=$(($(check_count FAIL "$log") + $(check_count ERROR "$log") + $(check_count XPASS "$log")))
	if [ "$status" -ne 0 ]; then
		[ "$not_passed" -gt 0 ] || not_passed=1
		tail -n 60 "$log"
	fi
	((passed += $(check_count PASS "$log"), skipped += $(check_count SKIP "$log"), failed += not_passed))
}

check_count() { # WORD LOG: of automake's summary
	sed -n "s/^# $1: *\([0-9]*\)\$/\1/p" "$2" | tail -n 1 | grep . || echo 0
}

check_pytest() { # NAME BUILD FOLDER… [PYTEST-OPTION…]: folders of tests/
	local report=$ITN_DIR/log/check-$1.xml build=$2 venv=$ITN_DIR/venv npm=$ITN_DIR/npm status numbers not_passed
	shift 2
	rm -f "$report"
	(
		unset $(compgen -e ITN_)
		export NODE_PATH=/usr/share/nodejs PYTHONDONTWRITEBYTECODE=1 ITN_NODE_MODULES=$npm/node_modules
		cd "$root/tests" && ITN_BUILD=$build exec "${at_fixed_addresses[@]}" "$venv/bin/python" -m pytest -q \
			-p no:cacheprovider --junitxml "$report" "$@" </dev/null
	)
	status=$?
	numbers=$(grep -o -m 1 '<testsuite [^>]*>' "$report" 2>/dev/null)
	not_passed=$(($(check_attribute failures "$numbers") + $(check_attribute errors "$numbers")))
	((passed += $(check_attribute tests "$numbers") - not_passed - $(check_attribute skipped "$numbers")))
	((skipped += $(check_attribute skipped "$numbers")))
	[ "$status" -eq 0 ] || [ "$not_passed" -gt 0 ] || not_passed=1
	((failed += not_passed))
}

check_attribute() { # NAME XML-TAG
	[[ $2 =~ [[:space:]]$1=\"([0-9]+)\" ]] && echo "${BASH_REMATCH[1]}" || echo 0
}
