# The simulation: docs/testing.md says what it is.

simulate() { # [--seeds A..B | --seed N] [--trace] [--twice]: an optimised build, for many seeds
	local folder=$ITN_DIR/build-simulate
	dir_make
	packages_need "${packages_build[@]}"
	simulate_build "$folder" "$ITN_DIR/log/build-simulate.log" CFLAGS=-O2
	exec "$folder/tests/simulation/simulate" "$@"
}

simulate_build() { # FOLDER LOG [CONFIGURE-OPTION…]
	build "$@"
	make -C "$1" -s -j"$(nproc)" tests/simulation/simulate >>"$2" 2>&1 </dev/null ||
		{ tail -n 15 "$2" >&2; die "the build failed; $2 has the details"; }
}

mutate() { # [PART OF A NAME…]
	dir_make
	packages_need "${packages_build[@]}" "${packages_check[@]}"
	check_venv
	exec "$ITN_DIR/venv/bin/python" "$root/tools/mutate" "$root" "$ITN_DIR/mutate" "$@"
}
