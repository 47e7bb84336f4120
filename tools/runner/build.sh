# Building out of tree; make decides what is old.

build() { # FOLDER LOG [CONFIGURE-OPTION…]
	local folder=$1 log=$2
	shift 2
	[ -e "$folder/itn-api" ] || say "building; $log has the details"
	(build_in "$folder" "$@") >"$log" 2>&1 </dev/null && return
	grep -E -m 20 'error: |Error [0-9]|undefined reference|\*\*\*' "$log" >&2 || tail -n 15 "$log" >&2
	die "the build failed; $log has the details"
}

build_in() { # FOLDER [CONFIGURE-OPTION…]
	local folder=$1
	shift
	mkdir -p "$folder" || return
	(
		exec 8<"$root"
		flock 8
		build_configure_is_old || exit 0
		cd "$root" && autoreconf -i 8<&-
	) || return
	cd "$folder" || return
	[ config.status -nt "$root/configure" ] || "$(build_source)/configure" --quiet "$@" || return
	make -s -j"$(nproc)"
}

# The sources as configure wants to be called: it takes no path with a space in it.
build_source() {
	[[ $root == *[[:space:]]* ]] || { echo "$root"; return; }
	ln -sfn "$root" source && echo source
}

build_configure_is_old() {
	local source
	[ -e "$root/configure" ] && [ -e "$root/Makefile.in" ] || return 0
	for source in "$root"/configure.ac "$root"/m4/*.m4; do
		[ ! "$source" -nt "$root/configure" ] || return 0
	done
	return 1
}
