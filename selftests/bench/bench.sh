#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh: the figures behind `make bench`, always measured in the virtual
# machine with the instruction counter as its clock, so that they can be compared
# whatever else the host does.  A table comes out, bench.json in the top folder,
# and a copy with a plot in Documentation/benchmarks.  Exit status 0 says that
# all was measured, not that it was fast.
#
# QUICK=1 takes fewer and shorter runs.  BENCH="section..." runs only these of
# bench-guest.sh: throughput solicitations peers qualify first_contact lossy_tcp
# uplinks instructions cpus.

set -u
export LC_ALL=C

selftests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
repo=${selftests%/*}
out=$(mktemp -d "${TMPDIR:-/tmp}/teredo-bench.XXXXXX") || exit 1
trap 'rm -rf "$out"' EXIT
trap 'exit 130' INT TERM

export TEREDO_BENCH_QUICK=${QUICK:-}
export VM_TIMEOUT=${VM_TIMEOUT:-7200} VM_APPEND="slab_nomerge ${VM_APPEND:-}"

# Builds, prints which kernel it is, and is the machine from then on.
kver=''
build()
{
	kver=$("$selftests/vm/run.sh" -K) || exit 1
	[[ ! -r ${KDIR:-}/include/generated/utsrelease.h ]] ||
		kver=$(cut -d'"' -f2 "$KDIR/include/generated/utsrelease.h")
	echo "# building for $kver"
	KDIR=/lib/modules/$kver/build "$selftests/check/build.sh" bench || exit 1
}

# machine NAME SECTION...: those of the sections that were asked for
machine()
{
	local name=$1 section list=()

	shift
	for section; do
		[[ " ${BENCH:-$*} " != *" $section "* ]] || list+=("$section")
	done
	((${#list[@]})) || return 0
	"$selftests/vm/run.sh" -f -k "$kver" -o "$out/$name" \
		"$selftests/bench/bench-guest.sh" "${list[@]}"
}

# One that counts instructions function by function, where QEMU has plugins.
profile()
{
	local plugin=$selftests/bench/bench-plugin.so more=''

	mkdir -p "$out/profile"
	qemu-system-x86_64 -help | grep -q '^-plugin' && [[ -r $plugin ]] &&
		more="-plugin $plugin,out=$out/profile/profile"
	VM_QEMU=$more VM_ACCEL=icount machine profile instructions
}

cd "$repo" || exit 1
build
commit=$(git -c safe.directory="$repo" -C "$repo" describe --always --dirty --abbrev=12 2>/dev/null)
echo "# running in virtual machines under $kver"

# Two machines at once, since none heeds the host's time.
{
	profile
	status=$?
	VM_ACCEL=icount machine more solicitations peers qualify || status=$?
	exit $status
} &
VM_ACCEL=icount machine throughput throughput first_contact lossy_tcp uplinks
status=$?
wait $! || status=$?
# This one does: the host should have nothing else to do.
VM_ACCEL=tcg VM_CPUS=2 machine cpus cpus || status=$?

"$selftests/bench/bench-report.py" --commit "${commit:-unknown}" --kernel "$kver" \
	--command "make bench${QUICK:+ QUICK=1}" --to "$repo" "$out"/*/ || exit 1
((status == 0)) || echo "bench: not everything could be measured (status $status)" >&2
exit $status
