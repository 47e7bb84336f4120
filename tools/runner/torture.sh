# The real thing, killed: tests/torture for longer than `./itn check` runs it, with the build that `./itn up` runs.

torture() { # [--minutes N] [--store sqlite|mongodb] [--seed N] [PYTEST-OPTION…]
	local passed=0 failed=0 skipped=0 at_fixed_addresses=()
	dir_make
	check_lock
	packages_need "${packages_check[@]}" "${packages_build[@]}"
	check_venv
	[ -n "$ITN_BUILD" ] || build "$bin" "$ITN_DIR/log/build.log"
	check_pytest torture "$bin" torture --basetemp "$ITN_DIR/torture" --minutes 10 "$@"
	printf '%s passed, %s failed\n' "$passed" "$failed"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
