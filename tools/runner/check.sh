# The tests: what they need, the build with sanitizers, each suite, the sum.

check_passed=0 check_failed=0 check_skipped=0

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
	exec 7>>"$ITN_DIR/check.lock"
	flock -n 7 || die "another './itn check' runs in $ITN_DIR"
	packages_need "${packages_check[@]}" "${packages_build[@]}"
	check_venv
	build "$ITN_DIR/build-check" "$ITN_DIR/log/build-check.log" --enable-sanitizers --enable-werror
	for name in "${suites[@]}"; do check_suite "$name" "$@"; done
	printf '\n'
	say "checked in $SECONDS s"
	[ "$check_skipped" -eq 0 ] || say "$check_skipped skipped"
	printf '%s passed, %s failed\n' "$check_passed" "$check_failed"
	[ "$check_failed" -eq 0 ] && [ "$check_passed" -gt 0 ]
}

check_suites() { # unit, then each folder with Python tests, the whole system last
	local folder
	echo unit
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

check_suite() { # NAME [PYTEST-OPTION…]
	local name=$1 began=$SECONDS passed=0 failed=0 skipped=0
	shift
	printf '\n=== %s\n' "$name"
	if [ "$name" = unit ]; then check_unit; else check_pytest "$name" "$@"; fi
	printf -- '--- %s: %s ok, %s not ok, %s skipped, %s s\n' "$name" "$passed" "$failed" "$skipped" $((SECONDS - began))
	((check_passed += passed, check_failed += failed, check_skipped += skipped))
}

check_unit() {
	local log=$ITN_DIR/log/check-unit.log status
	make -C "$ITN_DIR/build-check" -s -k -j"$(nproc)" check VERBOSE=1 >"$log" 2>&1 </dev/null
	status=$?
	grep -E '^(FAIL|ERROR|XPASS): ' "$log"
	passed=$(check_count PASS "$log")
	skipped=$(check_count SKIP "$log")
	failed=$(($(check_count FAIL "$log") + $(check_count ERROR "$log") + $(check_count XPASS "$log")))
	if [ "$status" -ne 0 ]; then
		[ "$failed" -gt 0 ] || failed=1
		tail -n 60 "$log"
	fi
}

check_count() { # WORD LOG: of automake's summary
	sed -n "s/^# $1: *\([0-9]*\)\$/\1/p" "$2" | tail -n 1 | grep . || echo 0
}

check_pytest() { # NAME [PYTEST-OPTION…]
	local report=$ITN_DIR/log/check-$1.xml folder=$root/tests/$1 build=$ITN_DIR/build-check venv=$ITN_DIR/venv
	local status numbers
	shift
	rm -f "$report"
	(
		unset $(compgen -e ITN_)
		export NODE_PATH=/usr/share/nodejs PYTHONDONTWRITEBYTECODE=1
		cd "$root/tests" && ITN_BUILD=$build exec "$venv/bin/python" -m pytest -q \
			-p no:cacheprovider --junitxml "$report" "$folder" "$@" </dev/null
	)
	status=$?
	numbers=$(grep -o -m 1 '<testsuite [^>]*>' "$report" 2>/dev/null)
	skipped=$(check_attribute skipped "$numbers")
	failed=$(($(check_attribute failures "$numbers") + $(check_attribute errors "$numbers")))
	passed=$(($(check_attribute tests "$numbers") - failed - skipped))
	[ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
}

check_attribute() { # NAME XML-TAG
	[[ $2 =~ [[:space:]]$1=\"([0-9]+)\" ]] && echo "${BASH_REMATCH[1]}" || echo 0
}
