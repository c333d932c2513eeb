#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# generate.sh FOLDER: write what specs/teredo.yaml says into FOLDER, in the
# places that the files have in the repository: the uapi header, the policies
# and the table of operations, the names that tracepoints print, and the tables of
# the netlink fuzzer.
#
# Generator and schema are the kernel's.  They come from a Debian package
# linux-source-6.12 or newer, or from KERNEL_SOURCE, an unpacked kernel, and are
# kept in a cache outside of the repository.

set -e
here=$(cd "$(dirname "$0")" && pwd)
spec=$here/specs/teredo.yaml
out=${1:?usage: generate.sh FOLDER}
cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/teredo-ynl

# parts FOLDER: what the generator needs, copied to the cache
parts()
{
	mkdir -p "$cache/tools/net" "$cache/Documentation/netlink/specs"
	cp -r "$1/tools/net/ynl" "$cache/tools/net/"
	cp "$1"/Documentation/netlink/*.yaml "$cache/Documentation/netlink/"
}

# One at a time: the cache holds the specification, too.
mkdir -p "$cache"
exec {lock}>"$cache/.lock"
flock "$lock"

if [[ ! -e $cache/MAINTAINERS ]]; then
	source=$KERNEL_SOURCE
	if [[ -z $source ]]; then
		tarball=$(printf '%s\n' /usr/src/linux-source-*.tar.xz |
			sort -V | tail -n 1)
		if [[ ! -r $tarball || $tarball = *-6.1.tar.xz ]]; then
			echo "generate: install linux-source-6.12 or set KERNEL_SOURCE" >&2
			exit 1
		fi
		source=$(mktemp -d)
		trap 'rm -r "$source"' EXIT
		tar -C "$source" --strip-components=1 -xf "$tarball" --wildcards \
			'*/tools/net/ynl' '*/Documentation/netlink/*.yaml'
	fi
	parts "$source"
	# The generator looks upwards for this file and names its input
	# relative to it.
	: >"$cache/MAINTAINERS"
fi

cp "$spec" "$cache/Documentation/netlink/specs/"
cd "$cache"

# generate MODE KIND FILE
generate()
{
	mkdir -p "$(dirname "$3")"
	python3 tools/net/ynl/ynl-gen-c.py --mode "$1" "--$2" \
		--spec Documentation/netlink/specs/teredo.yaml -o "$3"
}

[[ $out = /* ]] || out=$OLDPWD/$out
generate uapi header "$out/include/uapi/linux/teredo.h"
generate kernel header "$out/kernel/netlink/netlink-gen.h"
generate kernel source "$out/kernel/netlink/netlink-gen.c"

# names ENUM PREFIX MACRO: the values of an enum of the uapi header with the names
# that they have in the specification, as an argument for two macros; the second
# is for the last value
names()
{
	sed -n "/^enum $1 {/,/^}/s/^\t$2\([A-Z0-9_]*\).*/\1/p" \
		"$out/include/uapi/linux/teredo.h" |
	awk -v macro="$3" '
		/^PAD$/ { next }
		{ value[++n] = $1 }
		END {
			printf "\n#define %s(each, last)", macro
			for (i = 1; i <= n; i++) {
				name = tolower(value[i])
				gsub("_", "-", name)
				printf " \\\n\t%s(%s, \"%s\")",
					i < n ? "each" : "last", value[i], name
			}
			print ""
		}'
}

mkdir -p "$out/kernel/base"
{
	echo '/* SPDX-License-Identifier: GPL-2.0 */'
	echo '/* Names of values; generate.sh makes it from teredo.yaml. */'
	names teredo_stats TEREDO_A_STATS_ TEREDO_STATS_NAMES
	names teredo_peer_state TEREDO_PEER_STATE_ TEREDO_PEER_STATE_NAMES
} >"$out/kernel/base/names-gen.h"

mkdir -p "$out/selftests/fuzz"
"$here/tables.py" "$spec" >"$out/selftests/fuzz/fuzz-netlink-gen.h"
